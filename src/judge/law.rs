//! Judges laws: compares what was read with a model of the documented state.
//!
//! The model starts from whatever the first read returns, so no resource has to be empty. Behaviour that the documents
//! do not promise is never a violation.

use super::state::{Broken, State, seen};
use super::{Observed, Verdict};
use crate::contract::{Contract, Role};
use crate::generate::{Case, Event, Model, Relation, What};
use crate::run::{Answer, Outcome};
use crate::scenario::Scenario;
use crate::wire;
use std::collections::HashMap;

/// Note of a law that holds.
const KEPT: &str = "kept";

pub(super) type Decision = (Verdict, Observed, String);

/// Why the check of a law ends early.
pub(super) enum Early {
    /// A step got no response.
    Silent(usize),
    /// The responses are inconclusive for the law.
    Open(String),
    /// The law is violated, or one of its requests was rejected that must be accepted.
    Broken(Broken),
}

impl From<Broken> for Early {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// Judges a law.
///
/// # Errors
/// Returns the index of the step that got no response, which the caller judges as for any other case.
pub(super) fn law(
    contract: &Contract,
    scenario: &Scenario,
    outcome: &Outcome,
    relation: &Relation,
) -> Result<Decision, usize> {
    let told = match relation {
        Relation::State { model, events } => state(contract, scenario, outcome, *model, events),
        Relation::Echo { step, place, value } => echo(contract, outcome, *step, place, value),
    };
    let noted = |note: &str| Observed { note: Some(note.to_owned()), ..Observed::default() };
    match told {
        Ok(()) => Ok((Verdict::Pass, noted(KEPT), "the law holds".to_owned())),
        Err(Early::Silent(step)) => Err(step),
        Err(Early::Open(why)) => Ok((Verdict::Indeterminate, noted("not learnt"), why)),
        Err(Early::Broken(Broken { note, why })) => Ok((Verdict::Diverges, noted(&note), why)),
    }
}

fn answer(outcome: &Outcome, step: usize) -> Result<&Answer, Early> {
    match outcome.exchanges.get(step).and_then(Option::as_ref) {
        None => {
            let why = outcome.not_sent.clone().unwrap_or_else(|| "a step was not sent".to_owned());
            Err(Early::Open(why))
        }
        Some(exchange) => exchange.answer.as_ref().map_err(|_| Early::Silent(step)),
    }
}

fn echo(
    contract: &Contract,
    outcome: &Outcome,
    step: usize,
    place: &str,
    value: &serde_json::Value,
) -> Result<(), Early> {
    let answer = answer(outcome, step)?;
    if !(200..300).contains(&answer.status) {
        return Err(Early::Open(format!("the request got status {}", answer.status)));
    }
    let document = wire::document(contract.protocol, &answer.body, answer.header("content-type"))
        .map_err(|reason| Early::Open(reason.to_string()))?;
    match wire::value_at(&document, place) {
        Some(found) if found == value => Ok(()),
        Some(found) => Err(Broken::new(
            format!("`{place}` names another"),
            format!("`{place}` is {}, but {} was requested", super::state::short(found), super::state::short(value)),
        )
        .into()),
        None => Err(Broken::new(format!("`{place}` missing"), format!("the response has no `{place}`")).into()),
    }
}

fn state(
    contract: &Contract,
    scenario: &Scenario,
    outcome: &Outcome,
    model: Model,
    events: &[Event],
) -> Result<(), Early> {
    let case = &outcome.case;
    let turn = |event: &Event| case.steps.get(event.step).map_or(0, |step| step.turn);
    let mut states: HashMap<u32, State> = HashMap::new();
    for group in events.chunk_by(|one, other| turn(one) == turn(other)) {
        let writes = |resource: u32| {
            group.iter().filter(|event| event.resource == resource && matches!(event.what, What::Write { .. })).count()
        };
        let mut raced: Vec<u32> = Vec::new();
        for event in group {
            let side_by_side = writes(event.resource) > 1;
            let known = states.entry(event.resource).or_insert_with(|| State::new(model));
            let came = answer(outcome, event.step)?;
            let accepted = (200..300).contains(&came.status);
            match &event.what {
                What::Write { effect, .. } if accepted => {
                    known.write(effect, side_by_side && raced.contains(&event.resource));
                    raced.push(event.resource);
                }
                What::Write { certain, .. } => {
                    refused(contract, scenario, case, event, came, *certain && !known.holds_others())?;
                }
                What::Refused(effect) if !accepted => known.refuse(effect),
                What::Refused(_) => {
                    let why = "a request that must be rejected was accepted, which another case reports";
                    return Err(Early::Open(why.to_owned()));
                }
                // The response to one of several concurrent writes may date from before the others.
                What::Look(_) if side_by_side => {}
                What::Look(view) if accepted => {
                    let document = wire::document(contract.protocol, &came.body, came.header("content-type"))
                        .map_err(|reason| Early::Open(reason.to_string()))?;
                    if view.optional && known.is_hidden(wire::value_at(&document, &view.place)) {
                        return Err(Early::Open(format!("the response does not show `{}`", view.place)));
                    }
                    let found = seen(model.kind, &document, view)?;
                    known.look(found)?;
                }
                What::Look(_) if known.was_seen() && came.status != 429 => {
                    return Err(Broken::new(
                        format!("reading is answered with {}", came.status),
                        "the resource was readable before, but is no longer".to_owned(),
                    )
                    .into());
                }
                What::Look(_) => {
                    return Err(Early::Open(format!("the stored state cannot be read: status {}", came.status)));
                }
            }
        }
    }
    Ok(())
}

/// Judges a rejected write that should have been accepted.
fn refused(
    contract: &Contract,
    scenario: &Scenario,
    case: &Case,
    event: &Event,
    came: &Answer,
    certain: bool,
) -> Result<(), Early> {
    let code = scenario.error_code.as_deref();
    let error = wire::error_seen(contract.protocol, came.status, &came.headers, &came.body, code);
    let name = error.map(|seen| seen.code);
    let words = match &name {
        Some(name) => format!("{} {name}", came.status),
        None => came.status.to_string(),
    };
    let role = contract.operation(case.operation.as_str()).and_then(|operation| {
        contract
            .errors_of(operation)
            .find(|(other, error)| Some(error.code.as_deref().unwrap_or(other.as_str())) == name.as_deref())
            .map(|(_, error)| error.role)
    });
    let excused = matches!(role, Some(Role::Conflict | Role::Throttled | Role::Limit)) || came.status == 429;
    if (certain || came.status >= 500) && !excused {
        let why = format!("step {} is a valid request, but got {words}", event.step + 1);
        return Err(Broken::new(format!("a write is answered with {words}"), why).into());
    }
    Err(Early::Open(format!("a write that the law needs got {words}")))
}
