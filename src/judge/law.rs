//! Judges laws: compares what was read with a model of the documented state.
//!
//! The model starts from whatever the first read returns, so no resource has to be empty. Behaviour that the documents
//! do not promise is never a violation.

use super::law_abort::{LawAbort, step_response};
use super::response_checks::check_responses;
use super::state::{ExpectedState, LawViolation, read_state};
use super::{ObservedOutcome, Verdict};
use crate::case::{Case, Law, Resource, StateEvent, StateModel, StepEvent, StepRequest};
use crate::contract::{Contract, ErrorRole, find_documented_place};
use crate::run::{CaseOutcome, HttpResponse};
use crate::scenario::Scenario;
use crate::wire;
use std::collections::HashMap;

/// Note of a law that holds.
const LAW_HOLDS: &str = "kept";
/// Note of a law that reads a place which neither a response nor the documentation has.
pub const UNKNOWN_PLACE: &str = "unknown place";

pub(super) type LawDecision = (Verdict, ObservedOutcome, String);

/// Judges a law.
///
/// # Errors
/// Returns the index of the step that got no response, which the caller judges as for any other case.
pub(super) fn judge_law(
    contract: &Contract,
    scenario: &Scenario,
    outcome: &CaseOutcome,
    relation: &Law,
) -> Result<LawDecision, usize> {
    let checked = match relation {
        Law::State { model, events } => check_state(contract, scenario, outcome, *model, events),
        Law::Echo { step, place, value } => check_echo(contract, outcome, *step, place, value),
        Law::Responses(checks) => check_responses(contract, scenario, outcome, checks),
    };
    let observed_with_note = |note: &str| ObservedOutcome { note: Some(note.to_owned()), ..ObservedOutcome::default() };
    match checked {
        Ok(()) => Ok((Verdict::Pass, observed_with_note(LAW_HOLDS), "the law holds".to_owned())),
        Err(LawAbort::NoResponse(step)) => Err(step),
        Err(LawAbort::Inconclusive(why)) => Ok((Verdict::Indeterminate, observed_with_note("not learnt"), why)),
        Err(LawAbort::Undocumented(why)) => Ok((Verdict::Unspecified, observed_with_note("not documented"), why)),
        Err(LawAbort::UnknownPlace(place)) => {
            let why = format!("no response has `{place}`, which `read` in the scenario names");
            Ok((Verdict::Indeterminate, observed_with_note(UNKNOWN_PLACE), why))
        }
        Err(LawAbort::BadResponse { status, note, why }) => {
            let observed = ObservedOutcome { status: Some(status), ..observed_with_note(&note) };
            Ok((Verdict::Diverges, observed, why))
        }
        Err(LawAbort::Violated(LawViolation { note, why })) => Ok((Verdict::Diverges, observed_with_note(&note), why)),
    }
}

fn check_echo(
    contract: &Contract,
    outcome: &CaseOutcome,
    step: usize,
    place: &str,
    value: &serde_json::Value,
) -> Result<(), LawAbort> {
    let answer = step_response(outcome, step)?;
    if !(200..300).contains(&answer.status) {
        return Err(LawAbort::Inconclusive(format!("the request got status {}", answer.status)));
    }
    let document = wire::decode_document(contract.protocol, &answer.body, answer.header("content-type"))
        .map_err(|reason| LawAbort::Inconclusive(reason.to_string()))?;
    match wire::value_at(&document, place) {
        Some(found) if found == value => Ok(()),
        Some(found) => Err(LawViolation::new(
            format!("`{place}` names another"),
            format!(
                "`{place}` is {}, but {} was requested",
                super::state::shorten_value(found),
                super::state::shorten_value(value)
            ),
        )
        .into()),
        None => Err(LawViolation::new(format!("`{place}` missing"), format!("the response has no `{place}`")).into()),
    }
}

fn check_state(
    contract: &Contract,
    scenario: &Scenario,
    outcome: &CaseOutcome,
    model: StateModel,
    events: &[StepEvent],
) -> Result<(), LawAbort> {
    let case = &outcome.case;
    let turn = |event: &StepEvent| case.steps.get(event.step).map_or(0, |step| step.turn);
    let mut states: HashMap<Resource, ExpectedState> = HashMap::new();
    let mut was_shown = false;
    for group in events.chunk_by(|one, other| turn(one) == turn(other)) {
        let writes = |resource: Resource| {
            group
                .iter()
                .filter(|event| event.resource == resource && matches!(event.event, StateEvent::Write { .. }))
                .count()
        };
        let mut raced: Vec<Resource> = Vec::new();
        for event in group {
            let side_by_side = writes(event.resource) > 1;
            let known = states.entry(event.resource).or_insert_with(|| ExpectedState::new(model));
            let response = step_response(outcome, event.step)?;
            let accepted = (200..300).contains(&response.status);
            match &event.event {
                StateEvent::Write { effect, .. } if accepted => {
                    known.apply_write(effect, side_by_side && raced.contains(&event.resource));
                    raced.push(event.resource);
                }
                StateEvent::Write { certainty, .. } => {
                    judge_rejected_write(
                        contract,
                        scenario,
                        case,
                        event,
                        response,
                        certainty.is_certain() && !known.has_foreign_entries(),
                    )?;
                }
                StateEvent::RejectedWrite(effect) if !accepted => known.record_rejected_write(effect),
                StateEvent::RejectedWrite(_) => {
                    let why = "a request that must be rejected was accepted, which another case reports";
                    return Err(LawAbort::Inconclusive(why.to_owned()));
                }
                // The response to one of several concurrent writes may date from before the others.
                StateEvent::Read(_) if side_by_side => {}
                StateEvent::Read(view) if accepted => {
                    let document =
                        wire::decode_document(contract.protocol, &response.body, response.header("content-type"))
                            .map_err(|reason| LawAbort::Inconclusive(reason.to_string()))?;
                    if view.optional && known.is_never_visible(wire::value_at(&document, &view.place)) {
                        return Err(LawAbort::Inconclusive(format!("the response does not show `{}`", view.place)));
                    }
                    was_shown |= wire::value_at(&document, &view.place).is_some();
                    let checked = read_state(model.kind, &document, view).and_then(|found| known.check_read(found));
                    // A path that neither a response nor the documentation has says nothing about what is stored.
                    if checked.is_err() && !was_shown && !is_documented_place(contract, case, event.step, &view.place) {
                        return Err(LawAbort::UnknownPlace(view.place.clone()));
                    }
                    checked?;
                }
                StateEvent::Read(_) if known.has_been_read() && response.status != 429 => {
                    return Err(LawViolation::new(
                        format!("reading is answered with {}", response.status),
                        "the resource was readable before, but is no longer".to_owned(),
                    )
                    .into());
                }
                StateEvent::Read(_) => {
                    return Err(LawAbort::Inconclusive(format!(
                        "the stored state cannot be read: status {}",
                        response.status
                    )));
                }
            }
        }
    }
    Ok(())
}

/// Returns true if the documented result of a step's operation has this place.
fn is_documented_place(contract: &Contract, case: &Case, step: usize, place: &str) -> bool {
    let Some(StepRequest::Operation { name, .. }) = case.steps.get(step).map(|step| &step.request) else {
        return false;
    };
    let output = contract.operation(name.as_str()).and_then(|operation| operation.output.as_ref());
    output.is_some_and(|output| find_documented_place(contract, output, place).is_ok())
}

/// Judges a rejected write that should have been accepted.
fn judge_rejected_write(
    contract: &Contract,
    scenario: &Scenario,
    case: &Case,
    event: &StepEvent,
    response: &HttpResponse,
    certain: bool,
) -> Result<(), LawAbort> {
    let code = scenario.error_code.as_deref();
    let error = wire::find_error(contract.protocol, response.status, &response.headers, &response.body, code);
    let name = error.map(|seen| seen.code);
    let words = match &name {
        Some(name) => format!("{} {name}", response.status),
        None => response.status.to_string(),
    };
    let role = contract.operation(case.operation.as_str()).and_then(|operation| {
        contract
            .operation_errors(operation)
            .find(|(other, error)| match error.unnamed {
                true => error.status == Some(response.status),
                false => Some(error.code.as_deref().unwrap_or(other.as_str())) == name.as_deref(),
            })
            .map(|(_, error)| error.role)
    });
    let excused =
        matches!(role, Some(ErrorRole::Conflict | ErrorRole::Throttled | ErrorRole::Limit)) || response.status == 429;
    if (certain || response.status >= 500) && !excused {
        let why = format!("step {} is a valid request, but got {words}", event.step + 1);
        return Err(LawViolation::new(format!("a write is answered with {words}"), why).into());
    }
    Err(LawAbort::Inconclusive(format!("a write that the law needs got {words}")))
}
