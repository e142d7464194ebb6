//! Tracks what the actions of a fuzz case do to the state under test, and adds the check of the final state.
//!
//! If the effect of an action is unknown, the final state is not judged.

use super::expectations::{count_text_bytes, has_control_characters, has_repeated_item};
use super::fuzz_case::FuzzCheck;
use super::fuzz_case_builder::{FuzzCaseBuilder, SentRequest};
use super::generator::StatefulTarget;
use super::placeholders::uses_foreign_identifier;
use crate::case::{
    Expectation, Intent, JudgedPart, Law, StateEvent, StateKind, StepEvent, StepPurpose, Value, WriteEffect,
};
use crate::contract::{Operation, OperationName, ShapeRule};
use crate::generate::stateful::stored_member::StateReader;

impl SentRequest<'_> {
    fn event(&self, event: StateEvent) -> StepEvent {
        StepEvent { step: self.step, resource: self.resource, event }
    }

    /// Returns true if every violation is certain.
    fn has_only_certain_violations(&self) -> bool {
        self.violations.iter().all(|violation| violation.is_certain)
    }
}

impl FuzzCaseBuilder<'_, '_> {
    /// Records what a request does to the state under test.
    pub(super) fn record_effect(&mut self, request: SentRequest<'_>) {
        let (Some(target), Some(mut events)) = (self.target, self.events.take()) else { return };
        self.events = self.effect_of(target, request).map(|effects| {
            events.extend(effects);
            events
        });
    }

    /// Returns what a request does to the state, or `None` if that is unknown.
    fn effect_of(&self, target: &StatefulTarget<'_>, request: SentRequest<'_>) -> Option<Vec<StepEvent>> {
        let stored_member = &target.stored_member;
        let name = &request.operation.name;
        if matches!(&stored_member.reader, StateReader::Operation(reader) if reader.name == *name) {
            return Some(Vec::new());
        }
        match target.removal {
            Some((removal, member)) if removal.name == *name => removal_effect(request, member),
            _ if *name == stored_member.operation.name => self.write_effect(target, request),
            _ => None,
        }
    }

    fn write_effect(&self, target: &StatefulTarget<'_>, request: SentRequest<'_>) -> Option<Vec<StepEvent>> {
        let stored_member = &target.stored_member;
        if matches!(request.damaged, Some(intent) if intent != Intent::Malformed) {
            return None;
        }
        let Some(value) = stored_member.path.top_member().and_then(|top| request.input.member(top)) else {
            return Some(Vec::new());
        };
        if !request.has_only_certain_violations()
            || has_repeated_item(value, stored_member.kind)
            || has_control_characters(value)
        {
            return None;
        }
        if !request.violations.is_empty() || request.damaged.is_some() {
            let effect = stored_member.write_effect(value);
            return Some(effect.map(|effect| request.event(StateEvent::RejectedWrite(effect))).into_iter().collect());
        }
        // A write to another resource, or of a kind that the reader does not return, cannot be tracked.
        let mut whole = request.input.clone();
        let context = self.generator.context();
        if !stored_member.has_compared_part(value)
            || uses_foreign_identifier(context, request.operation, &self.id, request.resource, &mut whole)
        {
            return None;
        }
        let effect = stored_member.write_effect(value)?;
        let mut events = vec![request.event(StateEvent::Write { effect, is_certain: false })];
        if matches!(stored_member.reader, StateReader::Response) {
            events.push(request.event(StateEvent::Read(stored_member.view.clone())));
        }
        Some(events)
    }

    /// Adds a step that reads the state.
    pub(super) fn add_read(&mut self, operation: &OperationName, member: &str, resource: u32) -> Option<()> {
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

    /// Adds the sizes of an input to those written before. Returns true if repeated writes now exceed a member's limit.
    pub(super) fn record_written_sizes(&mut self, operation: &Operation, input: &Value) -> bool {
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

    /// Adds the check of the final state, if the effect of every action is known.
    pub(super) fn add_state_check(&mut self) {
        let (Some(target), Some(events)) = (self.target, self.events.take()) else { return };
        let plan_context = self.generator.context();
        let stored_member = &target.stored_member;
        let writes =
            events.iter().any(|event| matches!(event.event, StateEvent::Write { .. } | StateEvent::RejectedWrite(_)));
        // Without a promise that writes merge, the final state cannot be predicted.
        if !writes || (stored_member.kind != StateKind::Field && !stored_member.has_law(plan_context, "merges")) {
            return;
        }
        self.checks.push(FuzzCheck {
            id: plan_context.case_id(stored_member.operation, "law", "sequence", &self.name),
            action_index: None,
            operation: stored_member.operation.name.clone(),
            intent: Intent::Law,
            member: None,
            constraint: None,
            class: "law",
            judged: JudgedPart::Law(Box::new(Law::State {
                model: stored_member.state_model(plan_context, "sequence"),
                events,
            })),
            expectation: Expectation::LawHolds { law: "sequence".to_owned() },
            rule: "after any sequence of requests, a read returns what was written".to_owned(),
            source: stored_member.law_source(plan_context, "merges"),
        });
    }
}

/// Returns what a removal of entries does to the state, or `None` if that is unknown.
fn removal_effect(request: SentRequest<'_>, member: &str) -> Option<Vec<StepEvent>> {
    if request.damaged.is_some() || !request.has_only_certain_violations() {
        return None;
    }
    if !request.violations.is_empty() {
        return Some(Vec::new());
    }
    let Some(Value::List(items)) = request.input.member(member) else { return None };
    let keys = items.iter().map(|item| match item {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    });
    let effect = WriteEffect::Remove(keys.collect::<Option<_>>()?);
    Some(vec![request.event(StateEvent::Write { effect, is_certain: false })])
}
