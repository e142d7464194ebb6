//! Builds a fuzz case from actions: its steps, a [`FuzzCheck`] for each response, and one for the final state.
//!
//! It never sends anything. A case's steps are sent once, and several of its responses are judged.

use super::action::Action;
use super::action_draw::has_body_document;
use super::expectations::{
    PriorEffects, count_text_bytes, expect_damaged, expect_response, has_control_characters, has_repeated_item,
    is_removal, is_write, unspecified,
};
use super::generator::{FuzzGenerator, StatefulTarget, fill_placeholders, uses_foreign_identifier};
use super::wire_input::{has_raw_literal, input_on_wire, is_ambiguous_on_wire};
use crate::case::{
    Case, CaseClass, CaseId, CaseKind, CaseSubject, Certainty, Damage, Expectation, Intent, JudgedPart, Law, LawName,
    Resource, StateEvent, StateKind, Step, StepEvent, StepPurpose, StepRequest, Value, WriteEffect,
};
use crate::contract::{Constraint, MemberPath, Operation, OperationName, Provenance, ShapeRule};
use crate::generate::fixture_steps;
use crate::generate::input_checker::Violation;
use crate::generate::stateful::stored_member::StateReader;
use std::collections::HashMap;

/// A sequence of requests and the checks that its responses must pass.
#[derive(Clone, Debug, PartialEq)]
pub struct FuzzCase {
    /// The case to send. Its own expectation is that of the first check.
    pub case: Case,
    /// One check for each meaningful response, and one for the final state if it can be predicted. Never empty.
    pub checks: Vec<FuzzCheck>,
}

/// What one response of a fuzz case is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct FuzzCheck {
    /// The id under which the result is reported.
    pub id: CaseId,
    /// Index of the action whose response is checked; `None` for the check of the final state.
    pub action_index: Option<usize>,
    /// The operation under test.
    pub operation: OperationName,
    /// As [`Case::intent`].
    pub intent: Intent,
    /// As [`Case::member`].
    pub member: Option<MemberPath>,
    /// As [`Case::constraint`].
    pub constraint: Option<Constraint>,
    /// As [`Case::judged`].
    pub judged: JudgedPart,
    /// As [`Case::expectation`].
    pub expectation: Expectation,
    /// As [`Case::rule`].
    pub rule: String,
    /// As [`Case::source`].
    pub source: Option<Provenance>,
}

impl FuzzCheck {
    /// Makes this check the one by which `case`, which has the same steps, is judged.
    pub fn apply_to(&self, case: &mut Case) {
        case.id = self.id.clone();
        case.operation = self.operation.clone();
        case.intent = self.intent;
        case.member.clone_from(&self.member);
        case.constraint = self.constraint;
        case.judged = self.judged.clone();
        case.expectation = self.expectation.clone();
        case.rule.clone_from(&self.rule);
        case.source.clone_from(&self.source);
    }
}

impl FuzzCase {
    /// Returns one case per check. Each contains all steps.
    pub fn to_cases(&self) -> impl Iterator<Item = Case> + '_ {
        self.checks.iter().map(|claim| {
            let mut case = self.case.clone();
            claim.apply_to(&mut case);
            case
        })
    }
}

struct FuzzCaseBuilder<'w, 'a> {
    generator: &'w FuzzGenerator<'a>,
    id: CaseId,
    name: String,
    is_sequence: bool,
    steps: Vec<Step>,
    cleanup_steps: Vec<Step>,
    checks: Vec<FuzzCheck>,
    events: Option<Vec<StepEvent>>,
    target: Option<&'w StatefulTarget<'a>>,
    has_created_resource: bool,
    /// Number of entries and bytes written so far to each operation's members.
    written_totals: HashMap<(OperationName, String), (u64, u64)>,
}

pub(super) fn build_fuzz_case(generator: &FuzzGenerator<'_>, name: &str, actions: &[Action]) -> Option<FuzzCase> {
    let about = actions.iter().rev().find_map(|act| match act {
        Action::Send { operation, .. } => Some(operation),
        Action::Read { .. } => None,
    })?;
    let (scenario, class) = (&generator.context().scenario.name, CaseSubject::Class(CaseClass::Fuzz));
    let id = CaseId::new(scenario, about.as_str(), class, CaseKind::FuzzRequests, name);
    build_fuzz_case_with_id(generator, id, name, actions)
}

/// Like [`build_fuzz_case`], but under the given id, which determines the resources that the case uses.
pub(super) fn build_fuzz_case_with_id(
    generator: &FuzzGenerator<'_>,
    id: CaseId,
    name: &str,
    actions: &[Action],
) -> Option<FuzzCase> {
    let target = actions.iter().find_map(|act| match act {
        Action::Read { operation, member, .. } => generator.stateful_target(operation.as_str(), member),
        Action::Send { .. } => None,
    });
    let mut builder = FuzzCaseBuilder {
        generator,
        id,
        name: name.to_owned(),
        is_sequence: actions.len() > 1,
        steps: Vec::new(),
        cleanup_steps: Vec::new(),
        checks: Vec::new(),
        events: target.map(|_| Vec::new()),
        target,
        has_created_resource: false,
        written_totals: HashMap::new(),
    };
    let mut prior = PriorEffects::default();
    for (index, act) in actions.iter().enumerate() {
        match act {
            Action::Send { operation, resource, input, damage } => {
                builder.add_request(index, operation, *resource, input, damage, prior)?;
                let changes = generator.operation_info(operation.as_str())?.operation;
                prior.may_have_written |= is_write(changes);
                prior.may_have_removed |= is_removal(changes);
            }
            Action::Read { operation, member, resource } => builder.add_read(operation, member, *resource)?,
        }
    }
    builder.finish()
}

impl<'a> FuzzCaseBuilder<'_, 'a> {
    fn add_step(&mut self, purpose: StepPurpose, send: StepRequest) -> usize {
        let authorization = self.generator.context().default_authorization();
        let turn = self.steps.len() as u32;
        self.steps.push(Step { purpose, request: send, authorization, captures: Vec::new(), turn, fixture: None });
        self.steps.len() - 1
    }

    fn add_request(
        &mut self,
        index: usize,
        name: &OperationName,
        resource: Resource,
        input: &Value,
        damage: &[Damage],
        before: PriorEffects,
    ) -> Option<()> {
        let planner = self.generator.context();
        let info = self.generator.operation_info(name.as_str())?;
        let operation = info.operation;
        let mut input = input.clone();
        fill_placeholders(planner, operation, &self.id, resource, &mut input);
        let input = input_on_wire(planner.contract, operation, input)?;
        let violations = match &operation.input {
            Some(shape) => planner.input_checker().violations(shape, &input),
            None => Vec::new(),
        };
        // The cleanup deletes one created resource; a second one would be left behind.
        let cleanup = fixture_steps::build_cleanup(planner, operation, &self.id, &input);
        if cleanup.is_some() && std::mem::replace(&mut self.has_created_resource, true) {
            return None;
        }
        let send = StepRequest::Operation { name: name.clone(), input: input.clone(), damage: damage.to_vec() };
        let step = self.add_step(StepPurpose::Act, send);
        if let Some((cleanup_step, captures)) = cleanup {
            self.steps[step].fixture = Some(fixture_steps::created_by_judged_step());
            self.steps[step].captures = captures;
            self.cleanup_steps.push(cleanup_step);
        }
        let is_damaged = !damage.is_empty();
        let before = PriorEffects { may_exceed_stored_limit: self.record_written_sizes(operation, &input), ..before };
        let is_literal = has_raw_literal(&input);
        let (intent, expectation) = if is_ambiguous_on_wire(planner.contract, operation, &input) {
            unspecified("a path segment or header that servers may interpret differently")
        } else if is_literal {
            unspecified("a literal that parsers read in different ways")
        } else if is_damaged {
            expect_damaged(self.generator, operation, damage, &violations, has_body_document(info, &input))
        } else {
            expect_response(self.generator, operation, &self.id, &input, resource, &violations, before)
        };
        let damaged = (is_damaged || is_literal).then_some(intent);
        self.record_effect(operation, resource, &input, &violations, damaged, step);
        let claim = self.build_check(index, operation, intent, expectation, &violations, step);
        self.checks.push(claim);
        Some(())
    }

    /// Adds the sizes of an input to those written before. Returns true if repeated writes now exceed a member's limit.
    fn record_written_sizes(&mut self, operation: &Operation, input: &Value) -> bool {
        let contract = self.generator.context().contract;
        let (Some(shape), Value::Map(given)) = (&operation.input, input) else { return false };
        let Some(members) = contract.shape(shape).kind.members() else { return false };
        let mut crowded = false;
        for (name, value) in given {
            let (Some(member), Value::List(_) | Value::Map(_)) = (members.get(name), value) else { continue };
            let shape = contract.shape(&member.shape);
            let written = self.written_totals.entry((operation.name.clone(), name.clone())).or_default();
            let before = *written;
            written.0 += match value {
                Value::List(items) => items.len() as u64,
                Value::Map(entries) => entries.len() as u64,
                _ => 0,
            };
            written.1 += count_text_bytes(value);
            let too_many = shape.length().max.is_some_and(|max| written.0 > max);
            let too_large =
                shape.rules.iter().any(|rule| matches!(rule, ShapeRule::MaxTotalBytes { max, .. } if written.1 > *max));
            crowded |= before != (0, 0) && (too_many || too_large);
        }
        crowded
    }

    fn build_check(
        &self,
        index: usize,
        operation: &Operation,
        intent: Intent,
        expectation: Expectation,
        violations: &[Violation],
        step: usize,
    ) -> FuzzCheck {
        let planner = self.generator.context();
        let certain_violations = || violations.iter().filter(|breach| breach.certainty.is_certain());
        // A single violated constraint gives the check its member; several belong to no member.
        let single_violation = certain_violations().next().filter(|first| {
            intent == Intent::Violates
                && certain_violations().all(|other| other.path == first.path && other.constraint == first.constraint)
        });
        let (subject, kind) = match single_violation {
            Some(breach) => (CaseSubject::Member(breach.path.clone()), CaseKind::Constraint(breach.constraint)),
            None => (CaseSubject::Class(class_of_intent(intent)), CaseKind::FuzzResponse),
        };
        let variant = if self.is_sequence { format!("{}.{index}", self.name) } else { self.name.clone() };
        let describe_rule = |breach: &Violation| self.generator.describe_rule(operation, breach);
        let rule = match (single_violation, intent) {
            (Some(breach), _) => describe_rule(breach),
            (None, Intent::Valid) => "a valid request is accepted".to_owned(),
            (None, Intent::Violates) => {
                let violated_rules = certain_violations().take(3).map(|breach| match breach.path.to_string() {
                    path if path.is_empty() => describe_rule(breach),
                    path => format!("`{path}`: {}", describe_rule(breach)),
                });
                violated_rules.collect::<Vec<_>>().join("; ")
            }
            (None, Intent::Malformed) => "the body must be a complete document".to_owned(),
            (None, Intent::Missing) => "the resource must exist".to_owned(),
            _ => "no request may make the server fail".to_owned(),
        };
        let source = match single_violation {
            Some(breach) => self.generator.find_source(operation, breach),
            None => operation.sources.first().cloned(),
        };
        FuzzCheck {
            id: planner.case_id(operation, subject, kind, &variant),
            action_index: Some(index),
            operation: operation.name.clone(),
            intent,
            member: single_violation.map(|breach| breach.path.clone()),
            constraint: single_violation.map(|breach| breach.constraint),
            judged: JudgedPart::Step(step),
            expectation,
            rule,
            source,
        }
    }

    /// Records what an action does to the state under test. If that is unknown, the final state is not judged.
    fn record_effect(
        &mut self,
        operation: &'a Operation,
        resource: Resource,
        input: &Value,
        violations: &[Violation],
        damaged: Option<Intent>,
        step: usize,
    ) {
        let (Some(family), Some(events)) = (self.target, &mut self.events) else { return };
        let stored_member = &family.stored_member;
        let told = 'told: {
            if matches!(&stored_member.reader, StateReader::Operation(reader) if reader.name == operation.name) {
                break 'told Some(Vec::new());
            }
            if let Some((removal, member)) = family.removal
                && removal.name == operation.name
            {
                if !violations.is_empty() || damaged.is_some() {
                    break 'told violations
                        .iter()
                        .all(|breach| breach.certainty.is_certain())
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
                    vec![StepEvent {
                        step,
                        resource,
                        event: StateEvent::Write { effect: WriteEffect::Remove(keys), certainty: Certainty::Uncertain },
                    }]
                });
            }
            if operation.name != stored_member.operation.name
                || matches!(damaged, Some(intent) if intent != Intent::Malformed)
            {
                break 'told None;
            }
            let Some(value) = stored_member.path.top_member().and_then(|top| input.member(top)) else {
                break 'told Some(Vec::new());
            };
            if violations.iter().any(|breach| !breach.certainty.is_certain())
                || has_repeated_item(value, stored_member.kind)
                || has_control_characters(value)
            {
                break 'told None;
            }
            let is_rejected = !violations.is_empty() || damaged.is_some();
            // A write to another resource, or of a kind that the reader does not return, cannot be tracked.
            let mut whole = input.clone();
            if !is_rejected
                && (!stored_member.has_compared_part(value)
                    || uses_foreign_identifier(self.generator.context(), operation, &self.id, resource, &mut whole))
            {
                break 'told None;
            }
            break 'told match stored_member.write_effect(value) {
                Some(effect) if is_rejected => {
                    Some(vec![StepEvent { step, resource, event: StateEvent::RejectedWrite(effect) }])
                }
                None if is_rejected => Some(Vec::new()),
                Some(effect) => {
                    let mut told = vec![StepEvent {
                        step,
                        resource,
                        event: StateEvent::Write { effect, certainty: Certainty::Uncertain },
                    }];
                    if matches!(stored_member.reader, StateReader::Response) {
                        told.push(StepEvent { step, resource, event: StateEvent::Read(stored_member.view.clone()) });
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

    fn add_read(&mut self, operation: &OperationName, member: &str, resource: Resource) -> Option<()> {
        let target = self.generator.stateful_target(operation.as_str(), member)?;
        if matches!(target.stored_member.reader, StateReader::Response) {
            return Some(());
        }
        let send = target.stored_member.build_read(self.generator.context(), &self.id, resource)?;
        let step = self.add_step(StepPurpose::ReadBack, send);
        let is_same = |other: &StatefulTarget<'_>| std::ptr::eq(other, target);
        match (&mut self.events, self.target) {
            (Some(events), Some(own)) if is_same(own) => {
                events.push(StepEvent { step, resource, event: StateEvent::Read(target.stored_member.view.clone()) });
            }
            (events, _) => *events = None,
        }
        Some(())
    }

    fn finish(mut self) -> Option<FuzzCase> {
        let planner = self.generator.context();
        let turns = self.steps.len() as u32;
        for (number, step) in self.cleanup_steps.iter_mut().enumerate() {
            step.turn = turns + number as u32;
        }
        let must_run_alone = self.target.is_some_and(|family| !family.is_isolated);
        self.add_state_check();
        let mut own_steps = self.steps;
        own_steps.append(&mut self.cleanup_steps);
        let (steps, first) = fixture_steps::surround_with_fixtures(planner, &self.id, own_steps);
        for claim in &mut self.checks {
            match &mut claim.judged {
                JudgedPart::Step(step) => *step += first,
                JudgedPart::Law(relation) => {
                    if let Law::State { events, .. } = &mut **relation {
                        events.iter_mut().for_each(|event| event.step += first);
                    }
                }
            }
        }
        let mut case = Case {
            id: self.id.clone(),
            operation: self.checks.last()?.operation.clone(),
            intent: Intent::Probe,
            member: None,
            constraint: None,
            steps,
            judged: JudgedPart::Step(first),
            expectation: Expectation::Unspecified { reason: String::new() },
            rule: String::new(),
            source: None,
            unsendable_reason: None,
            is_exclusive: must_run_alone,
        };
        self.checks.first()?.apply_to(&mut case);
        case.id = self.id;
        Some(FuzzCase { case, checks: self.checks })
    }

    /// Adds the check of the final state, if the effect of every action is known.
    fn add_state_check(&mut self) {
        let (Some(target), Some(events)) = (self.target, self.events.take()) else { return };
        let planner = self.generator.context();
        let stored_member = &target.stored_member;
        let writes =
            events.iter().any(|event| matches!(event.event, StateEvent::Write { .. } | StateEvent::RejectedWrite(_)));
        // Without a promise that writes merge, the final state cannot be predicted.
        if !writes || (stored_member.kind != StateKind::Field && !stored_member.has_law(planner, LawName::Merges)) {
            return;
        }
        self.checks.push(FuzzCheck {
            id: planner.law_case_id(stored_member.operation, LawName::Sequence, &self.name),
            action_index: None,
            operation: stored_member.operation.name.clone(),
            intent: Intent::Law,
            member: None,
            constraint: None,
            judged: JudgedPart::Law(Box::new(Law::State {
                model: stored_member.state_model(planner, LawName::Sequence),
                events,
            })),
            expectation: Expectation::LawHolds { law: LawName::Sequence },
            rule: "after any sequence of requests, a read returns what was written".to_owned(),
            source: stored_member.law_source(planner, LawName::Merges),
        });
    }
}

/// Returns the class of a response that is not about one member.
fn class_of_intent(intent: Intent) -> CaseClass {
    match intent {
        Intent::Valid => CaseClass::Valid,
        Intent::Violates => CaseClass::Pair,
        Intent::Malformed => CaseClass::Malformed,
        Intent::Missing => CaseClass::Missing,
        Intent::Auth => CaseClass::Auth,
        Intent::Law => CaseClass::Law,
        Intent::Probe => CaseClass::Probe,
    }
}
