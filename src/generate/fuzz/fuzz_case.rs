//! Builds a fuzz case from actions: its steps, a [`FuzzCheck`] for each response, and one for the final state.
//!
//! It never sends anything. A case's steps are sent once, and several of its responses are judged.

use super::act::Act;
use super::carried::{carried, is_literal, is_unclear};
use super::choose::has_document;
use super::expected::{Before, bytes_in, damaged, is_a_removal, is_a_write, label, odd, repeats, silent};
use super::source::{Family, Wild, show, strays};
use crate::contract::{Constraint, MemberPath, Operation, OperationName, Provenance, Rule};
use crate::generate::case::{Case, CaseId, Damage, Intent, Judged, Purpose, Send, Step};
use crate::generate::expectation::Expectation;
use crate::generate::keeper::Reader;
use crate::generate::label::Breach;
use crate::generate::relation::{Effect, Event, Relation, StateKind, What};
use crate::generate::{Value, fixture};
use std::collections::HashMap;

/// A sequence of requests and the checks that its responses must pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Tale {
    /// The case to send. Its own expectation is that of the first check.
    pub case: Case,
    /// One check for each meaningful response, and one for the final state if it can be predicted. Never empty.
    pub claims: Vec<Claim>,
}

/// What one response of a fuzz case is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The id under which the result is reported.
    pub id: CaseId,
    /// Index of the action whose response is checked; `None` for the check of the final state.
    pub act: Option<usize>,
    /// The operation under test.
    pub operation: OperationName,
    /// As [`Case::intent`].
    pub intent: Intent,
    /// As [`Case::member`].
    pub member: Option<MemberPath>,
    /// As [`Case::constraint`].
    pub constraint: Option<Constraint>,
    /// As [`Case::class`].
    pub class: &'static str,
    /// As [`Case::judged`].
    pub judged: Judged,
    /// As [`Case::expectation`].
    pub expectation: Expectation,
    /// As [`Case::rule`].
    pub rule: String,
    /// As [`Case::source`].
    pub source: Option<Provenance>,
}

impl Claim {
    /// Makes this check the one by which `case`, which has the same steps, is judged.
    pub fn apply(&self, case: &mut Case) {
        case.id = self.id.clone();
        case.operation = self.operation.clone();
        case.intent = self.intent;
        case.member.clone_from(&self.member);
        case.constraint = self.constraint;
        case.class = self.class;
        case.judged = self.judged.clone();
        case.expectation = self.expectation.clone();
        case.rule.clone_from(&self.rule);
        case.source.clone_from(&self.source);
    }
}

impl Tale {
    /// Returns one case per check. Each contains all steps.
    pub fn cases(&self) -> impl Iterator<Item = Case> + '_ {
        self.claims.iter().map(|claim| {
            let mut case = self.case.clone();
            claim.apply(&mut case);
            case
        })
    }
}

struct Telling<'w, 'a> {
    wild: &'w Wild<'a>,
    id: CaseId,
    name: String,
    many: bool,
    acts: Vec<Step>,
    after: Vec<Step>,
    claims: Vec<Claim>,
    events: Option<Vec<Event>>,
    family: Option<&'w Family<'a>>,
    made: bool,
    /// Number of entries and bytes written so far to each operation's members.
    written: HashMap<(OperationName, String), (u64, u64)>,
}

pub(super) fn tell(wild: &Wild<'_>, name: &str, acts: &[Act]) -> Option<Tale> {
    let about = acts.iter().rev().find_map(|act| match act {
        Act::Send { operation, .. } => Some(operation),
        Act::Look { .. } => None,
    })?;
    let id = CaseId(format!("{}/{about}/fuzz/requests/{name}", wild.planner().scenario.name));
    tell_as(wild, id, name, acts)
}

/// Like [`build_fuzz_case`], but under the given id, which determines the resources that the case uses.
pub(super) fn tell_as(wild: &Wild<'_>, id: CaseId, name: &str, acts: &[Act]) -> Option<Tale> {
    let family = acts.iter().find_map(|act| match act {
        Act::Look { operation, member, .. } => wild.family(operation.as_str(), member),
        Act::Send { .. } => None,
    });
    let mut telling = Telling {
        wild,
        id,
        name: name.to_owned(),
        many: acts.len() > 1,
        acts: Vec::new(),
        after: Vec::new(),
        claims: Vec::new(),
        events: family.map(|_| Vec::new()),
        family,
        made: false,
        written: HashMap::new(),
    };
    let mut before = Before::default();
    for (index, act) in acts.iter().enumerate() {
        match act {
            Act::Send { operation, resource, input, damage } => {
                telling.send(index, operation, *resource, input, damage, before)?;
                let changes = wild.ground(operation.as_str())?.operation;
                before.writes |= is_a_write(changes);
                before.removals |= is_a_removal(changes);
            }
            Act::Look { operation, member, resource } => telling.look(operation, member, *resource)?,
        }
    }
    telling.told()
}

impl<'a> Telling<'_, 'a> {
    fn step(&mut self, purpose: Purpose, send: Send) -> usize {
        let authorization = self.wild.planner().authorization();
        let turn = self.acts.len() as u32;
        self.acts.push(Step { purpose, send, authorization, captures: Vec::new(), turn, fixture: None });
        self.acts.len() - 1
    }

    fn send(
        &mut self,
        index: usize,
        name: &OperationName,
        resource: u32,
        input: &Value,
        damage: &[Damage],
        before: Before,
    ) -> Option<()> {
        let planner = self.wild.planner();
        let ground = self.wild.ground(name.as_str())?;
        let operation = ground.operation;
        let mut input = input.clone();
        show(planner, operation, &self.id, resource, &mut input);
        let input = carried(planner.contract, operation, input)?;
        let breaches = match &operation.input {
            Some(shape) => planner.labels().breaches(shape, &input),
            None => Vec::new(),
        };
        // The cleanup deletes one created resource; a second one would be left behind.
        let cleanup = fixture::cleanup(planner, operation, &self.id, &input);
        if cleanup.is_some() && std::mem::replace(&mut self.made, true) {
            return None;
        }
        let send = Send::Operation { name: name.clone(), input: input.clone(), damage: damage.to_vec() };
        let step = self.step(Purpose::Act, send);
        if let Some((takes_away, captures)) = cleanup {
            self.acts[step].fixture = Some(fixture::made());
            self.acts[step].captures = captures;
            self.after.push(takes_away);
        }
        let is_damaged = !damage.is_empty();
        let before = Before { crowded: self.is_crowded(operation, &input), ..before };
        let is_literal = is_literal(&input);
        let (intent, expectation) = if is_unclear(planner.contract, operation, &input) {
            silent("a path segment or header that servers may interpret differently")
        } else if is_literal {
            silent("a literal that parsers read in different ways")
        } else if is_damaged {
            damaged(self.wild, operation, damage, &breaches, has_document(ground, &input))
        } else {
            label(self.wild, operation, &self.id, &input, resource, &breaches, before)
        };
        let damaged = (is_damaged || is_literal).then_some(intent);
        self.effect(operation, resource, &input, &breaches, damaged, step);
        let claim = self.claim(index, operation, intent, expectation, &breaches, step);
        self.claims.push(claim);
        Some(())
    }

    /// Adds the sizes of an input to those written before. Returns true if repeated writes now exceed a member's limit.
    fn is_crowded(&mut self, operation: &Operation, input: &Value) -> bool {
        let contract = self.wild.planner().contract;
        let (Some(shape), Value::Map(given)) = (&operation.input, input) else { return false };
        let Some(members) = contract.shape(shape).kind.members() else { return false };
        let mut crowded = false;
        for (name, value) in given {
            let (Some(member), Value::List(_) | Value::Map(_)) = (members.get(name), value) else { continue };
            let shape = contract.shape(&member.shape);
            let written = self.written.entry((operation.name.clone(), name.clone())).or_default();
            let before = *written;
            written.0 += match value {
                Value::List(items) => items.len() as u64,
                Value::Map(entries) => entries.len() as u64,
                _ => 0,
            };
            written.1 += bytes_in(value);
            let too_many = shape.length().max.is_some_and(|max| written.0 > max);
            let too_large =
                shape.rules.iter().any(|rule| matches!(rule, Rule::MaxTotalBytes { max, .. } if written.1 > *max));
            crowded |= before != (0, 0) && (too_many || too_large);
        }
        crowded
    }

    fn claim(
        &self,
        index: usize,
        operation: &Operation,
        intent: Intent,
        expectation: Expectation,
        breaches: &[Breach],
        step: usize,
    ) -> Claim {
        let planner = self.wild.planner();
        let certain = || breaches.iter().filter(|breach| breach.certain);
        // A single violated constraint gives the check its member; several belong to no member.
        let one = certain().next().filter(|first| {
            intent == Intent::Violates
                && certain().all(|other| other.path == first.path && other.constraint == first.constraint)
        });
        let class = match intent {
            Intent::Valid => "valid",
            Intent::Violates if one.is_some() => "member",
            Intent::Violates => "pair",
            Intent::Malformed => "malformed",
            Intent::Missing => "missing",
            Intent::Auth => "auth",
            Intent::Law => "law",
            Intent::Probe => "probe",
        };
        let (place, kind) = match one {
            Some(breach) if breach.path.0.is_empty() => ("input".to_owned(), breach.constraint.name()),
            Some(breach) => (breach.path.to_string(), breach.constraint.name()),
            None => (class.to_owned(), "fuzz"),
        };
        let variant = if self.many { format!("{}.{index}", self.name) } else { self.name.clone() };
        let told = |breach: &Breach| self.wild.rule_of(operation, breach);
        let rule = match (one, intent) {
            (Some(breach), _) => told(breach),
            (None, Intent::Valid) => "a valid request is accepted".to_owned(),
            (None, Intent::Violates) => {
                let broken = certain().take(3).map(|breach| match breach.path.to_string() {
                    path if path.is_empty() => told(breach),
                    path => format!("`{path}`: {}", told(breach)),
                });
                broken.collect::<Vec<_>>().join("; ")
            }
            (None, Intent::Malformed) => "the body must be a complete document".to_owned(),
            (None, Intent::Missing) => "the resource must exist".to_owned(),
            _ => "no request may make the server fail".to_owned(),
        };
        let source = match one {
            Some(breach) => self.wild.source_of(operation, breach),
            None => operation.sources.first().cloned(),
        };
        Claim {
            id: planner.id(operation, &place, kind, &variant),
            act: Some(index),
            operation: operation.name.clone(),
            intent,
            member: one.map(|breach| breach.path.clone()),
            constraint: one.map(|breach| breach.constraint),
            class,
            judged: Judged::Step(step),
            expectation,
            rule,
            source,
        }
    }

    /// Records what an action does to the state under test. If that is unknown, the final state is not judged.
    fn effect(
        &mut self,
        operation: &'a Operation,
        resource: u32,
        input: &Value,
        breaches: &[Breach],
        damaged: Option<Intent>,
        step: usize,
    ) {
        let (Some(family), Some(events)) = (self.family, &mut self.events) else { return };
        let keeper = &family.keeper;
        let told = 'told: {
            if matches!(&keeper.reader, Reader::Operation(reader) if reader.name == operation.name) {
                break 'told Some(Vec::new());
            }
            if let Some((undoing, member)) = family.undoing
                && undoing.name == operation.name
            {
                if !breaches.is_empty() || damaged.is_some() {
                    break 'told breaches
                        .iter()
                        .all(|breach| breach.certain)
                        .then(Vec::new)
                        .filter(|_| damaged.is_none());
                }
                let keys = match input.member(member) {
                    Some(Value::List(items)) => items
                        .iter()
                        .map(|item| match item {
                            Value::Text(text) => Some(text.clone()),
                            _ => None,
                        })
                        .collect::<Option<Vec<String>>>(),
                    _ => None,
                };
                break 'told keys.map(|keys| {
                    vec![Event { step, resource, what: What::Write { effect: Effect::Remove(keys), certain: false } }]
                });
            }
            if operation.name != keeper.operation.name || matches!(damaged, Some(intent) if intent != Intent::Malformed)
            {
                break 'told None;
            }
            let Some(value) = keeper.path.top().and_then(|top| input.member(top)) else { break 'told Some(Vec::new()) };
            if breaches.iter().any(|breach| !breach.certain) || repeats(value, keeper.kind) || odd(value) {
                break 'told None;
            }
            let refused = !breaches.is_empty() || damaged.is_some();
            // A write to another resource, or of a kind that the reader does not return, cannot be tracked.
            let mut whole = input.clone();
            if !refused
                && (!keeper.is_shown(value) || strays(self.wild.planner(), operation, &self.id, resource, &mut whole))
            {
                break 'told None;
            }
            break 'told match keeper.effect(value) {
                Some(effect) if refused => Some(vec![Event { step, resource, what: What::Refused(effect) }]),
                None if refused => Some(Vec::new()),
                Some(effect) => {
                    let mut told = vec![Event { step, resource, what: What::Write { effect, certain: false } }];
                    if matches!(keeper.reader, Reader::Answer) {
                        told.push(Event { step, resource, what: What::Look(keeper.view.clone()) });
                    }
                    Some(told)
                }
                None => None,
            };
        };
        match told {
            Some(told) => events.extend(told),
            None => self.events = None,
        }
    }

    fn look(&mut self, operation: &OperationName, member: &str, resource: u32) -> Option<()> {
        let family = self.wild.family(operation.as_str(), member)?;
        if matches!(family.keeper.reader, Reader::Answer) {
            return Some(());
        }
        let send = family.keeper.look(self.wild.planner(), &self.id, resource)?;
        let step = self.step(Purpose::ReadBack, send);
        let is_same = |other: &Family<'_>| std::ptr::eq(other, family);
        match (&mut self.events, self.family) {
            (Some(events), Some(own)) if is_same(own) => {
                events.push(Event { step, resource, what: What::Look(family.keeper.view.clone()) });
            }
            (events, _) => *events = None,
        }
        Some(())
    }

    fn told(mut self) -> Option<Tale> {
        let planner = self.wild.planner();
        let turns = self.acts.len() as u32;
        for (number, step) in self.after.iter_mut().enumerate() {
            step.turn = turns + number as u32;
        }
        let alone = self.family.is_some_and(|family| !family.is_apart);
        self.law();
        let mut acts = self.acts;
        acts.append(&mut self.after);
        let (steps, first) = fixture::surround(planner, &self.id, acts);
        for claim in &mut self.claims {
            match &mut claim.judged {
                Judged::Step(step) => *step += first,
                Judged::Law(relation) => {
                    if let Relation::State { events, .. } = &mut **relation {
                        events.iter_mut().for_each(|event| event.step += first);
                    }
                }
            }
        }
        let mut case = Case {
            id: self.id.clone(),
            operation: self.claims.last()?.operation.clone(),
            intent: Intent::Probe,
            member: None,
            constraint: None,
            class: "fuzz",
            steps,
            judged: Judged::Step(first),
            expectation: Expectation::Unspecified { reason: String::new() },
            rule: String::new(),
            source: None,
            unsendable: None,
            alone,
        };
        self.claims.first()?.apply(&mut case);
        case.id = self.id;
        Some(Tale { case, claims: self.claims })
    }

    /// Adds the check of the final state, if the effect of every action is known.
    fn law(&mut self) {
        let (Some(family), Some(events)) = (self.family, self.events.take()) else { return };
        let planner = self.wild.planner();
        let keeper = &family.keeper;
        let writes = events.iter().any(|event| matches!(event.what, What::Write { .. } | What::Refused(_)));
        // Without a promise that writes merge, the final state cannot be predicted.
        if !writes || (keeper.kind != StateKind::Field && !keeper.promises(planner, "merges")) {
            return;
        }
        self.claims.push(Claim {
            id: planner.id(keeper.operation, "law", "sequence", &self.name),
            act: None,
            operation: keeper.operation.name.clone(),
            intent: Intent::Law,
            member: None,
            constraint: None,
            class: "law",
            judged: Judged::Law(Box::new(Relation::State { model: keeper.model(planner, "sequence"), events })),
            expectation: Expectation::Keep { law: "sequence".to_owned() },
            rule: "after any sequence of requests, a read returns what was written".to_owned(),
            source: keeper.source(planner, "merges"),
        });
    }
}
