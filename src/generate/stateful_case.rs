//! Builds the steps of a law: reads, writes and rejected writes, sequential or concurrent, with their effects on the
//! documented state.
//!
//! It never judges, and it never assumes that a resource is empty.

use super::case::{Authorization, Case, CaseId, Damage, Intent, Judged, Purpose, Send, Step};
use super::draft::Planner;
use super::expectation::Expectation;
use super::keeper::{Keeper, Reader};
use super::relation::{Effect, Event, Relation, What};
use super::resource::{Resources, resources};
use super::sample::{Change, ELSEWHERE};
use super::{Value, fixture};
use crate::contract::{MemberPath, Operation, Provenance};

/// Builds a case about a law, step by step.
pub(crate) struct Story<'s, 'p> {
    planner: &'s Planner<'p>,
    pub keeper: &'s Keeper<'p>,
    pub id: CaseId,
    steps: Vec<Step>,
    events: Vec<Event>,
    turn: u32,
    beside: bool,
}

/// What a case about a law states apart from its steps.
pub(crate) struct Told<'p> {
    /// The operation that the case belongs to.
    pub operation: &'p Operation,
    pub rule: String,
    pub source: Option<Provenance>,
    /// Whether the law is documented. If not, its outcome is only recorded.
    pub promised: bool,
}

impl<'s, 'p> Story<'s, 'p> {
    /// Starts a case without steps. Its id is `…/law/<law>/<variant>` under `operation`.
    pub fn new(
        planner: &'s Planner<'p>,
        keeper: &'s Keeper<'p>,
        operation: &Operation,
        law: &str,
        variant: &str,
    ) -> Self {
        let id = planner.id(operation, "law", law, variant);
        Self { planner, keeper, id, steps: Vec::new(), events: Vec::new(), turn: 0, beside: false }
    }

    /// Sends the following steps concurrently, until [`Self::end_concurrent`].
    pub fn side_by_side(&mut self) {
        self.beside = true;
    }

    /// Sends the following steps one after another again.
    pub fn one_by_one(&mut self) {
        self.beside = false;
        self.turn += 1;
    }

    fn push(&mut self, purpose: Purpose, send: Send, authorization: Option<Authorization>) -> usize {
        let authorization = authorization.unwrap_or_else(|| self.planner.authorization());
        self.steps.push(Step { purpose, send, authorization, captures: Vec::new(), turn: self.turn, fixture: None });
        self.turn += u32::from(!self.beside);
        self.steps.len() - 1
    }

    fn event(&mut self, step: usize, resource: u32, what: What) {
        self.events.push(Event { step, resource, what });
    }

    /// Adds a step that reads the state of a resource. Adds nothing if only responses to writes show the state.
    pub fn look(&mut self, resource: u32) -> Option<()> {
        if matches!(self.keeper.reader, Reader::Answer) {
            return Some(());
        }
        let send = self.keeper.look(self.planner, &self.id, resource)?;
        let step = self.push(Purpose::ReadBack, send, None);
        self.event(step, resource, What::Look(self.keeper.view.clone()));
        Some(())
    }

    /// Adds a step that reads with one member of the reader's input set to a value. The result counts as a separate
    /// state, with the resource number `shown_as`.
    pub fn look_with(&mut self, path: &MemberPath, value: Value, shown_as: u32) -> Option<()> {
        let Reader::Operation(reader) = &self.keeper.reader else { return None };
        let input = self.planner.sampler(reader, &self.id).with(&[(path, Change::Set(value))]);
        if !self.planner.labels().breaches(reader.input.as_ref()?, &input).is_empty() {
            return None;
        }
        let send = Send::Operation { name: reader.name.clone(), input, damage: Vec::new() };
        let step = self.push(Purpose::ReadBack, send, None);
        self.event(step, shown_as, What::Look(self.keeper.view.clone()));
        Some(())
    }

    /// Returns the complete input that writes a value to the member.
    fn input(&self, resource: u32, value: &Value) -> Value {
        let sampler = self.planner.sampler(self.keeper.operation, &self.id).of_resource(resource);
        sampler.with(&[(&self.keeper.path, Change::Set(value.clone()))])
    }

    /// Adds a step that writes a value. Returns `None` unless every interpretation of the documents allows the value and
    /// the scenario owns the resource.
    pub fn write(&mut self, resource: u32, value: &Value, certain: bool) -> Option<()> {
        let operation = self.keeper.operation;
        let input = self.input(resource, value);
        if !self.planner.labels().breaches(operation.input.as_ref()?, &input).is_empty()
            || (resource == 1 && resources(self.planner, operation, &self.id, &input) != Resources::Owned)
        {
            return None;
        }
        let effect = self.keeper.effect(value)?;
        let send = Send::Operation { name: operation.name.clone(), input, damage: Vec::new() };
        let step = self.push(Purpose::Act, send, None);
        self.event(step, resource, What::Write { effect, certain });
        if matches!(self.keeper.reader, Reader::Answer) {
            self.event(step, resource, What::Look(self.keeper.view.clone()));
        }
        Some(())
    }

    /// Adds a write that must be rejected because of its value, its bytes or its credentials. `traces` is the valid
    /// part of the value. Returns `None` if some endpoint could accept the write.
    pub fn refused(
        &mut self,
        value: &Value,
        traces: &Value,
        damage: Vec<Damage>,
        who: Option<Authorization>,
    ) -> Option<()> {
        let operation = self.keeper.operation;
        let input = self.input(1, value);
        let breaches = self.planner.labels().breaches(operation.input.as_ref()?, &input);
        let at_fault = !damage.is_empty() || who.is_some();
        if breaches.iter().any(|breach| !breach.certain) || breaches.is_empty() != at_fault {
            return None;
        }
        let effect = self.keeper.effect(traces)?;
        let send = Send::Operation { name: operation.name.clone(), input, damage };
        let step = self.push(Purpose::Act, send, who);
        self.event(step, 1, What::Refused(effect));
        Some(())
    }

    /// Adds a step in which another operation removes entries by their keys.
    pub fn take_back(&mut self, resource: u32, operation: &Operation, member: &str, keys: &[String]) -> Option<()> {
        let path = MemberPath::root().member(member);
        let list = Value::List(keys.iter().map(Value::text).collect());
        let sampler = self.planner.sampler(operation, &self.id).of_resource(resource);
        let input = sampler.with(&[(&path, Change::Set(list))]);
        if !self.planner.labels().breaches(operation.input.as_ref()?, &input).is_empty() {
            return None;
        }
        let send = Send::Operation { name: operation.name.clone(), input, damage: Vec::new() };
        let step = self.push(Purpose::Act, send, None);
        self.event(step, resource, What::Write { effect: Effect::Remove(keys.to_vec()), certain: true });
        Some(())
    }

    /// Returns true if the case can address several distinct resources.
    pub fn has_others(&self) -> bool {
        self.is_apart() && !self.mentions_fixtures()
    }

    /// Returns true if the scenario has another parent under which the same resource name can exist.
    pub fn has_elsewhere(&self) -> bool {
        let of = |resource| self.planner.sampler(self.keeper.operation, &self.id).of_resource(resource).plain();
        !self.planner.scenario.elsewhere.is_empty() && of(1) != of(ELSEWHERE) && !self.mentions_fixtures()
    }

    /// Returns true if each case has its own resource.
    fn is_apart(&self) -> bool {
        let of = |resource| self.planner.sampler(self.keeper.operation, &self.id).of_resource(resource).plain();
        of(1) != of(2)
    }

    fn mentions_fixtures(&self) -> bool {
        let plain = self.planner.sampler(self.keeper.operation, &self.id).plain();
        self.planner.scenario.fixtures.keys().any(|name| fixture::holds(&plain, &format!("{{{name}.")))
    }

    /// Builds the case, which is judged by what its reads return.
    pub fn told(self, told: Told<'_>) -> Option<Case> {
        let law = self.id.0.split('/').nth(3).unwrap_or_default();
        let model = self.keeper.model(self.planner, law);
        // If all cases share one resource, writes of other cases would be attributed to this one.
        let alone = !self.is_apart() && !self.mentions_fixtures();
        let relation = Relation::State { model, events: self.events };
        finish(self.planner, self.id, self.steps, relation, told).map(|case| Case { alone, ..case })
    }
}

/// Builds a case about a law and adds the steps that its fixtures need.
pub(crate) fn finish(
    planner: &Planner<'_>,
    id: CaseId,
    acts: Vec<Step>,
    mut relation: Relation,
    told: Told<'_>,
) -> Option<Case> {
    let (steps, first) = fixture::surround(planner, &id, acts);
    match &mut relation {
        Relation::State { events, .. } => events.iter_mut().for_each(|event| event.step += first),
        Relation::Echo { step, .. } => *step += first,
    }
    let law = id.0.split('/').nth(3).unwrap_or("law").to_owned();
    Some(Case {
        operation: told.operation.name.clone(),
        intent: if told.promised { Intent::Law } else { Intent::Probe },
        member: None,
        constraint: None,
        class: "law",
        steps,
        judged: Judged::Law(Box::new(relation)),
        expectation: if told.promised {
            Expectation::Keep { law }
        } else {
            Expectation::Unspecified { reason: "this law is not documented".to_owned() }
        },
        rule: told.rule,
        source: told.source,
        unsendable: None,
        alone: false,
        id,
    })
}
