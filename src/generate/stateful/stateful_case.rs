//! Builds the steps of a law: reads, writes and rejected writes, sequential or concurrent, with their effects on the
//! documented state.
//!
//! It never judges, and it never assumes that a resource is empty.

use crate::case::{
    Authorization, Case, CaseId, Certainty, Damage, Expectation, Intent, JudgedPart, Law, LawName, Resource,
    StateEvent, Step, StepEvent, StepPurpose, StepRequest, Value, WriteEffect,
};
use crate::contract::{MemberPath, Operation, Provenance};
use crate::generate::fixture_steps;
use crate::generate::input_sampler::InputChange;
use crate::generate::plan_context::PlanContext;
use crate::generate::resource_status::{ResourceStatus, classify_resources};
use crate::generate::stateful::stored_member::{StateReader, StoredMember};

/// Builds a case about a law, step by step.
pub(crate) struct StatefulCaseBuilder<'s, 'p> {
    plan_context: &'s PlanContext<'p>,
    pub member: &'s StoredMember<'p>,
    pub id: CaseId,
    steps: Vec<Step>,
    events: Vec<StepEvent>,
    turn: u32,
    is_concurrent: bool,
}

/// What a case about a law states apart from its steps.
pub(crate) struct CaseMetadata<'p> {
    /// The operation that the case belongs to.
    pub operation: &'p Operation,
    pub rule: String,
    pub source: Option<Provenance>,
    /// Whether the law is documented. If not, its outcome is only recorded.
    pub is_documented: bool,
}

impl<'s, 'p> StatefulCaseBuilder<'s, 'p> {
    /// Starts a case without steps. Its id is `…/law/<law>/<variant>` under `operation`.
    pub fn new(
        plan_context: &'s PlanContext<'p>,
        member: &'s StoredMember<'p>,
        operation: &Operation,
        law: LawName,
        variant: &str,
    ) -> Self {
        let id = plan_context.law_case_id(operation, law, variant);
        Self { plan_context, member, id, steps: Vec::new(), events: Vec::new(), turn: 0, is_concurrent: false }
    }

    /// Sends the following steps concurrently, until [`Self::end_concurrent`].
    pub fn begin_concurrent(&mut self) {
        self.is_concurrent = true;
    }

    /// Sends the following steps one after another again.
    pub fn end_concurrent(&mut self) {
        self.is_concurrent = false;
        self.turn += 1;
    }

    fn push_step(&mut self, purpose: StepPurpose, send: StepRequest, authorization: Option<Authorization>) -> usize {
        let authorization = authorization.unwrap_or_else(|| self.plan_context.default_authorization());
        self.steps.push(Step {
            purpose,
            request: send,
            authorization,
            captures: Vec::new(),
            turn: self.turn,
            fixture: None,
        });
        self.turn += u32::from(!self.is_concurrent);
        self.steps.len() - 1
    }

    fn push_event(&mut self, step: usize, resource: Resource, what: StateEvent) {
        self.events.push(StepEvent { step, resource, event: what });
    }

    /// Adds a step that reads the state of a resource. Adds nothing if only responses to writes show the state.
    pub fn read_state(&mut self, resource: Resource) -> Option<()> {
        if matches!(self.member.reader, StateReader::Response) {
            return Some(());
        }
        let send = self.member.build_read(self.plan_context, &self.id, resource)?;
        let step = self.push_step(StepPurpose::ReadBack, send, None);
        self.push_event(step, resource, StateEvent::Read(self.member.view.clone()));
        Some(())
    }

    /// Adds a step that reads with one member of the reader's input set to a value. The result counts as a separate
    /// state, that of `shown_as`.
    pub fn read_state_with(&mut self, path: &MemberPath, value: Value, shown_as: Resource) -> Option<()> {
        let StateReader::Operation(reader) = &self.member.reader else { return None };
        let input = self.plan_context.input_sampler(reader, &self.id).input_with(&[(path, InputChange::Set(value))]);
        if !self.plan_context.input_checker().violations(reader.input.as_ref()?, &input).is_empty() {
            return None;
        }
        let send = StepRequest::Operation { name: reader.name.clone(), input, damage: Vec::new() };
        let step = self.push_step(StepPurpose::ReadBack, send, None);
        self.push_event(step, shown_as, StateEvent::Read(self.member.view.clone()));
        Some(())
    }

    /// Returns the complete input that writes a value to the member.
    fn build_input(&self, resource: Resource, value: &Value) -> Value {
        let sampler = self.plan_context.input_sampler(self.member.operation, &self.id).for_resource(resource);
        sampler.input_with(&[(&self.member.path, InputChange::Set(self.member.sent_form(value)))])
    }

    /// Adds a step that writes a value. Returns `None` unless every interpretation of the documents allows the value and
    /// the scenario owns the resource.
    pub fn write_value(&mut self, resource: Resource, value: &Value, certainty: Certainty) -> Option<()> {
        let operation = self.member.operation;
        let input = self.build_input(resource, value);
        if !self.plan_context.input_checker().violations(operation.input.as_ref()?, &input).is_empty()
            || (resource == Resource::FIRST
                && classify_resources(self.plan_context, operation, &self.id, &input) != ResourceStatus::Owned)
        {
            return None;
        }
        let effect = self.member.write_effect(value)?;
        let send = StepRequest::Operation { name: operation.name.clone(), input, damage: Vec::new() };
        let step = self.push_step(StepPurpose::Act, send, None);
        self.push_event(step, resource, StateEvent::Write { effect, certainty });
        if matches!(self.member.reader, StateReader::Response) {
            self.push_event(step, resource, StateEvent::Read(self.member.view.clone()));
        }
        Some(())
    }

    /// Adds a write that must be rejected because of its value, its bytes or its credentials. `traces` is the valid
    /// part of the value. Returns `None` if some endpoint could accept the write.
    pub fn write_rejected(
        &mut self,
        value: &Value,
        traces: &Value,
        damage: Vec<Damage>,
        caller: Option<Authorization>,
    ) -> Option<()> {
        let operation = self.member.operation;
        let input = self.build_input(Resource::FIRST, value);
        let violations = self.plan_context.input_checker().violations(operation.input.as_ref()?, &input);
        let at_fault = !damage.is_empty() || caller.is_some();
        if violations.iter().any(|violation| !violation.certainty.is_certain()) || violations.is_empty() != at_fault {
            return None;
        }
        let effect = self.member.write_effect(traces)?;
        let send = StepRequest::Operation { name: operation.name.clone(), input, damage };
        let step = self.push_step(StepPurpose::Act, send, caller);
        self.push_event(step, Resource::FIRST, StateEvent::RejectedWrite(effect));
        Some(())
    }

    /// Adds a step in which another operation removes entries by their keys.
    pub fn remove_entries(
        &mut self,
        resource: Resource,
        operation: &Operation,
        member: &str,
        keys: &[String],
    ) -> Option<()> {
        let path = MemberPath::root().join_member(member);
        let list = Value::List(keys.iter().map(Value::text).collect());
        let sampler = self.plan_context.input_sampler(operation, &self.id).for_resource(resource);
        let input = sampler.input_with(&[(&path, InputChange::Set(list))]);
        if !self.plan_context.input_checker().violations(operation.input.as_ref()?, &input).is_empty() {
            return None;
        }
        let send = StepRequest::Operation { name: operation.name.clone(), input, damage: Vec::new() };
        let step = self.push_step(StepPurpose::Act, send, None);
        self.push_event(
            step,
            resource,
            StateEvent::Write { effect: WriteEffect::Remove(keys.to_vec()), certainty: Certainty::Certain },
        );
        Some(())
    }

    /// Returns true if the case can address several distinct resources.
    pub fn has_distinct_resources(&self) -> bool {
        self.has_own_resource_per_case() && !self.mentions_fixtures()
    }

    /// Returns true if the scenario has another parent under which the same resource name can exist.
    pub fn has_other_parent(&self) -> bool {
        let of = |resource| {
            self.plan_context.input_sampler(self.member.operation, &self.id).for_resource(resource).plain_input()
        };
        !self.plan_context.scenario.elsewhere_values.is_empty()
            && of(Resource::FIRST) != of(Resource::OtherParent)
            && !self.mentions_fixtures()
    }

    /// Returns true if each case has its own resource.
    fn has_own_resource_per_case(&self) -> bool {
        let of = |resource| {
            self.plan_context.input_sampler(self.member.operation, &self.id).for_resource(resource).plain_input()
        };
        of(Resource::FIRST) != of(Resource::SECOND)
    }

    fn mentions_fixtures(&self) -> bool {
        let plain = self.plan_context.input_sampler(self.member.operation, &self.id).plain_input();
        fixture_steps::mentions_fixture(self.plan_context.scenario, &plain)
    }

    /// Builds the case, which is judged by what its reads return.
    pub fn build(self, metadata: CaseMetadata<'_>) -> Option<Case> {
        let model = self.member.state_model(self.plan_context, self.id.law()?);
        // If all cases share one resource, writes of other cases would be attributed to this one.
        let alone = !self.has_own_resource_per_case() && !self.mentions_fixtures();
        let relation = Law::State { model, events: self.events };
        build_law_case(self.plan_context, self.id, self.steps, relation, metadata)
            .map(|case| Case { is_exclusive: alone, ..case })
    }
}

/// Builds a case about a law and adds the steps that its fixtures need.
pub(crate) fn build_law_case(
    plan_context: &PlanContext<'_>,
    id: CaseId,
    acts: Vec<Step>,
    mut relation: Law,
    metadata: CaseMetadata<'_>,
) -> Option<Case> {
    let (steps, first) = fixture_steps::surround_with_fixtures(plan_context, &id, acts);
    match &mut relation {
        Law::State { events, .. } => events.iter_mut().for_each(|event| event.step += first),
        Law::Echo { step, .. } => *step += first,
        Law::Responses(checks) => checks.iter_mut().for_each(|check| check.shift(first)),
    }
    let law = id.law()?;
    Some(Case {
        operation: metadata.operation.name.clone(),
        intent: if metadata.is_documented { Intent::Law } else { Intent::Probe },
        member: None,
        constraint: None,
        steps,
        judged: JudgedPart::Law(Box::new(relation)),
        expectation: if metadata.is_documented {
            Expectation::LawHolds { law }
        } else {
            Expectation::Unspecified { reason: "this law is not documented".to_owned() }
        },
        rule: metadata.rule,
        source: metadata.source,
        unsendable_reason: None,
        is_exclusive: false,
        id,
    })
}
