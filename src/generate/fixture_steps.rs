//! Builds the steps around the steps under test: fixtures are created before them and deleted afterwards.
//!
//! It never decides what a case tests.

use super::Value;
use super::case::{Authorization, Capture, CaseId, FixtureStep, Purpose, Send, Step};
use super::draft::Planner;
use super::template::Templates;
use crate::contract::Operation;
use crate::scenario::RawRequest;

/// Adds set-up steps before `acts` and tear-down steps after them, for every fixture that they mention and every
/// fixture that those fixtures need. Returns the steps and the index of the first act.
pub(crate) fn surround(planner: &Planner<'_>, case: &CaseId, acts: Vec<Step>) -> (Vec<Step>, usize) {
    let (scenario, who) = (planner.scenario, &planner.authorization());
    let templates = Templates::new(scenario, case);
    let mut needed: Vec<(Vec<Step>, Vec<Step>)> = Vec::new();
    // A fixture comes after those that it needs, so in reverse order every need is known before its fixture is visited.
    for (name, fixture) in scenario.fixtures.iter().rev() {
        let hole = format!("{{{name}.");
        let steps = needed.iter().flat_map(|(create, delete)| create.iter().chain(delete));
        if acts.iter().chain(steps).any(|step| mentions(step, &hole)) {
            let of = |requests: &[RawRequest], purpose| {
                requests.iter().map(|request| written(planner, request, name, &templates, purpose, who)).collect()
            };
            let (create, delete) = (of(&fixture.create, Purpose::SetUp), of(&fixture.delete, Purpose::TearDown));
            needed.push((create, delete));
        }
    }
    let mut steps: Vec<Step> = Vec::new();
    let mut delete = Vec::new();
    for (create, remove) in needed.into_iter().rev() {
        steps.extend(create);
        delete.push(remove);
    }
    for (turn, step) in steps.iter_mut().enumerate() {
        step.turn = turn as u32;
    }
    let judged = steps.len();
    steps.extend(acts.into_iter().map(|act| Step { turn: act.turn + judged as u32, ..act }));
    let first = steps.iter().map(|step| step.turn + 1).max().unwrap_or(0);
    // Fixtures are deleted in reverse order of creation.
    let delete = delete.into_iter().rev().flatten().zip(first..);
    steps.extend(delete.map(|(step, turn)| Step { turn, ..step }));
    (steps, judged)
}

/// Builds a step from a request of a fixture. The turn is set later.
pub(super) fn written(
    planner: &Planner<'_>,
    request: &RawRequest,
    fixture: &str,
    templates: &Templates<'_>,
    purpose: Purpose,
    who: &Authorization,
) -> Step {
    let send = match request.operation() {
        Some(name) => Send::Operation {
            name: name.into(),
            input: match &request.input {
                Some(input) => templates.json(input),
                None => plain(planner, name, templates),
            },
            damage: Vec::new(),
        },
        None => {
            let line = match templates.text(&request.request) {
                Value::Text(text) => text.replace('{', "{{").replace('}', "}}"),
                Value::Template(text) => text,
                _ => String::new(),
            };
            let (method, target) = line.split_once(' ').unwrap_or(("GET", line.as_str()));
            Send::Raw {
                method: method.to_owned(),
                target: target.trim().to_owned(),
                body: request.json.as_ref().map(|json| templates.json(json)),
            }
        }
    };
    let capture = |(hole, path): (&String, &String)| Capture { name: format!("{fixture}.{hole}"), path: path.clone() };
    Step {
        purpose,
        send,
        authorization: who.clone(),
        captures: request.capture.iter().map(capture).collect(),
        turn: 0,
        fixture: Some(FixtureStep {
            name: fixture.to_owned(),
            accepts: request.status.clone(),
            until: request.until.clone(),
        }),
    }
}

/// Name of the fixture that stands for what the judged step creates.
const MADE: &str = "made";

/// Returns the fixture link of a judged step that creates a resource.
pub(super) fn made() -> FixtureStep {
    FixtureStep { name: MADE.to_owned(), accepts: Vec::new(), until: None }
}

/// Returns the step that deletes what an operation created from this input, and the captures that it needs from the
/// response. Returns `None` if the scenario has no cleanup for the operation.
pub(super) fn cleanup(
    planner: &Planner<'_>,
    operation: &Operation,
    case: &CaseId,
    input: &Value,
) -> Option<(Step, Vec<Capture>)> {
    let request = planner.scenario.notes(operation.name.as_str())?.cleanup.as_ref()?;
    let who = planner.authorization();
    let templates = Templates::new(planner.scenario, case);
    let mut step = written(planner, request, MADE, &templates, Purpose::TearDown, &who);
    step.turn = 1;
    let mut captures = Vec::new();
    match &mut step.send {
        Send::Operation { input: given, .. } => known_of(given, input, &mut captures),
        Send::Raw { body, .. } => body.iter_mut().for_each(|body| known_of(body, input, &mut captures)),
    }
    Some((step, captures))
}

/// Fills `{made.PATH}` with values of the request; values that the request lacks are captured from the response.
fn known_of(value: &mut Value, input: &Value, captures: &mut Vec<Capture>) {
    match value {
        Value::Template(text) => {
            let Some(path) = text.strip_prefix("{made.").and_then(|rest| rest.strip_suffix('}')) else { return };
            let said = path.split('.').try_fold(input, |value, name| value.member(name));
            match said {
                Some(said) => *value = said.clone(),
                None => captures.push(Capture { name: format!("{MADE}.{path}"), path: path.to_owned() }),
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| known_of(item, input, captures)),
        Value::Map(members) => members.values_mut().for_each(|member| known_of(member, input, captures)),
        _ => {}
    }
}

/// Returns the plain valid input of an operation, for this case.
fn plain(planner: &Planner<'_>, operation: &str, templates: &Templates<'_>) -> Value {
    let known = planner.contract.operation(operation);
    known.map_or_else(Value::empty, |operation| planner.sampler(operation, templates.case).plain())
}

fn mentions(step: &Step, hole: &str) -> bool {
    match &step.send {
        Send::Operation { input, .. } => holds(input, hole),
        Send::Raw { target, body, .. } => target.contains(hole) || body.as_ref().is_some_and(|body| holds(body, hole)),
    }
}

/// Returns true if a placeholder with this beginning occurs anywhere in a value.
pub(crate) fn holds(value: &Value, hole: &str) -> bool {
    match value {
        Value::Template(text) => text.contains(hole),
        Value::List(items) => items.iter().any(|item| holds(item, hole)),
        Value::Map(members) => members.iter().any(|(key, item)| {
            Value::as_template_key(key).is_some_and(|template| template.contains(hole)) || holds(item, hole)
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixtures_are_created_in_dependency_order_and_deleted_in_reverse() {
        let text = "sources = [\"x\"]\n\
            [fixtures.note]\n\
            create = [{ request = \"POST /n\", json = { in = \"{folder.id}\" }, capture = { id = \"id\" } }, \
                      { request = \"PUT /n/{note.id}\", status = [200, 409] }]\n\
            delete = { request = \"DeleteNote\", input = { id = \"{note.id}\" } }\n\
            [fixtures.other]\ncreate = { request = \"POST /o\" }\n\
            [fixtures.folder]\ncreate = { request = \"POST /f\" }\ncapture = { id = \"id\" }\n\
            delete = { request = \"DELETE /f/{folder.id}\" }\n";
        let (scenario, _) = crate::scenario::read("t", text).expect("it reads");
        let id = CaseId("t/Op/valid/control/plain".into());
        let act = Step {
            purpose: Purpose::Act,
            send: Send::Raw { method: "GET".into(), target: "/n/{note.id}".into(), body: None },
            authorization: Authorization::Anonymous,
            captures: Vec::new(),
            turn: 0,
            fixture: None,
        };
        let contract = crate::contract::Contract::new("t");
        let planner = Planner {
            contract: &contract,
            scenario: &scenario,
            options: crate::generate::Options::default(),
            patterns: std::sync::Arc::default(),
            kin: crate::generate::label::Kin::of(&contract).into(),
            modelled: false,
        };
        let (steps, judged) = surround(&planner, &id, vec![act.clone(), Step { turn: 1, ..act }]);
        let told: Vec<String> = steps
            .iter()
            .map(|step| match &step.send {
                Send::Operation { name, .. } => format!("{} {name}", step.turn),
                Send::Raw { method, target, .. } => format!("{} {method} {target}", step.turn),
            })
            .collect();
        assert_eq!(
            told,
            [
                "0 POST /f",
                "1 POST /n",
                "2 PUT /n/{note.id}",
                "3 GET /n/{note.id}",
                "4 GET /n/{note.id}",
                "5 DeleteNote",
                "6 DELETE /f/{folder.id}"
            ]
        );
        assert_eq!(judged, 3);
        let part = steps[2].fixture.as_ref().expect("a part of a fixture");
        assert!(part.is_success(409) && !part.is_success(201));
    }
}
