//! Relations between steps: what was read against what a model of the documented state says.
//!
//! The model starts from whatever the first look finds, so that no resource has to be empty. What the
//! documents do not promise is never held against a server.

use super::state::{Broken, State, seen};
use super::{Observed, Verdict};
use crate::contract::{Contract, Role};
use crate::generate::{Case, Event, Model, Relation, What};
use crate::run::{Answer, Outcome};
use crate::scenario::Scenario;
use crate::wire;
use std::collections::HashMap;

/// What a law that holds is observed as.
const KEPT: &str = "kept";

pub(super) type Decision = (Verdict, Observed, String);

/// Why a law's case ends before all was looked at.
pub(super) enum Early {
    /// No answer came to a step.
    Silent(usize),
    /// What came says nothing about the law.
    Open(String),
    /// The law is broken, or a request of it was refused that must not be.
    Broken(Broken),
}

impl From<Broken> for Early {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// Judges a relation; `None` with the step where no answer came, which is judged as everywhere.
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
        Ok(()) => Ok((Verdict::Pass, noted(KEPT), "the law is kept".to_owned())),
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
        return Err(Early::Open(format!("the request was answered with {}", answer.status)));
    }
    let document = wire::document(contract.protocol, &answer.body, answer.header("content-type"))
        .map_err(|reason| Early::Open(reason.to_string()))?;
    match wire::value_at(&document, place) {
        Some(found) if found == value => Ok(()),
        Some(found) => Err(Broken::new(
            format!("`{place}` names another"),
            format!("`{place}` is {}, and {} was asked for", super::state::short(found), super::state::short(value)),
        )
        .into()),
        None => Err(Broken::new(format!("`{place}` missing"), format!("the answer has no `{place}`")).into()),
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
                    let why = "a request that must be refused was accepted, which is another case's finding";
                    return Err(Early::Open(why.to_owned()));
                }
                // An answer to one of several writes side by side may have been given before the others.
                What::Look(_) if side_by_side => {}
                What::Look(view) if accepted => {
                    let document = wire::document(contract.protocol, &came.body, came.header("content-type"))
                        .map_err(|reason| Early::Open(reason.to_string()))?;
                    if view.optional && known.is_hidden(wire::value_at(&document, &view.place)) {
                        return Err(Early::Open(format!("`{}` is not shown", view.place)));
                    }
                    let found = seen(model.kind, &document, view)?;
                    known.look(found)?;
                }
                What::Look(_) if known.was_seen() && came.status != 429 => {
                    return Err(Broken::new(
                        format!("reading is answered with {}", came.status),
                        "what could be read before cannot be read any more".to_owned(),
                    )
                    .into());
                }
                What::Look(_) => {
                    return Err(Early::Open(format!("what is stored cannot be read: {}", came.status)));
                }
            }
        }
    }
    Ok(())
}

/// What a refused write means that should have been accepted.
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
        let why = format!("step {} is a valid request, and was answered with {words}", event.step + 1);
        return Err(Broken::new(format!("a write is answered with {words}"), why).into());
    }
    Err(Early::Open(format!("a write that the law needs was answered with {words}")))
}
