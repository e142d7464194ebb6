//! Reads around a write whose stored entries count towards a byte budget.
//!
//! It never changes what is written.

use super::input_checker::count_total_bytes;
use super::plan_context::PlanContext;
use crate::case::{Case, Expectation, JudgedPart, StateAssumption, Step, StepPurpose, StepRequest, Value};
use crate::contract::{ByteScope, Operation, ShapeRule};

/// Adds reads before and after an accepted write if stored entries count towards the budget, so that a rejection is a
/// mismatch only if the budget had room.
pub(crate) fn reserve_byte_budget(plan_context: &PlanContext<'_>, operation: &Operation, mut case: Case) -> Case {
    let Expectation::Accept(accept) = &mut case.expectation else { return case };
    let notes = plan_context.scenario.operation_notes(operation.name.as_str());
    let JudgedPart::Step(judged) = case.judged else { return case };
    let Some(Step { request: StepRequest::Operation { input, .. }, turn, .. }) = case.steps.get(judged) else {
        return case;
    };
    let Some((member, written, room)) = find_budgeted_member(plan_context, operation, input) else { return case };
    let reads = notes.map_or(&[][..], |notes| &notes.read_backs);
    let Some(read) = reads.iter().find(|read_back| read_back.member.as_ref().is_none_or(|of| *of == member)) else {
        return case;
    };
    let Some(reader) = plan_context.contract.operation(&read.request) else { return case };
    let turn = *turn;
    accept.assumption = Some(StateAssumption {
        steps: vec![judged, judged + 2],
        path: read.value_path.clone(),
        written_keys: written,
        max_other_bytes: room,
    });
    let input = plan_context.input_sampler(reader, &case.id).plain_input();
    let read_step = |turn: u32| Step {
        purpose: StepPurpose::ReadBack,
        request: StepRequest::Operation { name: reader.name.clone(), input: input.clone(), damage: Vec::new() },
        authorization: plan_context.default_authorization(),
        captures: Vec::new(),
        turn,
        fixture: None,
    };
    for step in &mut case.steps {
        step.turn += u32::from(step.turn >= turn) + u32::from(step.turn > turn);
    }
    case.steps.insert(judged, read_step(turn));
    case.steps.insert(judged + 2, read_step(turn + 2));
    case.judged = JudgedPart::Step(judged + 1);
    case
}

/// Returns the member with a stored budget that an input writes to, the keys written, and how many bytes they leave
/// under the strictest reading.
fn find_budgeted_member(
    plan_context: &PlanContext<'_>,
    operation: &Operation,
    input: &Value,
) -> Option<(String, Vec<String>, u64)> {
    let members = plan_context.contract.shape(operation.input.as_ref()?).kind.members()?;
    members.iter().find_map(|(name, member)| {
        let Some(Value::Map(entries)) = input.member(name) else { return None };
        let rules = &plan_context.contract.shape(&member.shape).rules;
        rules.iter().find_map(|rule| match rule {
            ShapeRule::MaxTotalBytes { max, stored: true, .. } => {
                let remaining = max.saturating_sub(count_total_bytes(entries, ByteScope::KeysAndValues));
                Some((name.clone(), entries.keys().cloned().collect(), remaining))
            }
            _ => None,
        })
    })
}
