//! Steps around the step that acts: what a case needs is made before and taken away afterwards.

use super::Value;
use super::case::{Authorization, Capture, CaseId, Purpose, Send, Step};
use super::template::Templates;
use crate::scenario::{Fixture, RawRequest, Scenario};

/// Puts set-up steps before `acts` and tear-down steps after them, for every fixture that they mention.
/// Returns the steps and the index of the first act.
pub(crate) fn surround(scenario: &Scenario, case: &CaseId, acts: Vec<Step>, who: &Authorization) -> (Vec<Step>, usize) {
    let needed: Vec<(&String, &Fixture)> = scenario
        .fixtures
        .iter()
        .filter(|(name, _)| acts.iter().any(|act| mentions(act, &format!("{{{name}."))))
        .collect();
    let templates = Templates::new(scenario, case);
    let mut steps = Vec::new();
    for (name, fixture) in &needed {
        let Some(create) = &fixture.create else { continue };
        let captures = fixture
            .capture
            .iter()
            .map(|(hole, path)| Capture { name: format!("{name}.{hole}"), path: path.clone() })
            .collect();
        steps.push(raw(create, &templates, Purpose::SetUp, captures, steps.len() as u32, who));
    }
    let judged = steps.len();
    steps.extend(acts.into_iter().map(|act| Step { turn: act.turn + judged as u32, ..act }));
    let mut turn = steps.iter().map(|step| step.turn + 1).max().unwrap_or(0);
    for (_, fixture) in needed.iter().rev() {
        if let Some(delete) = &fixture.delete {
            steps.push(raw(delete, &templates, Purpose::TearDown, Vec::new(), turn, who));
            turn += 1;
        }
    }
    (steps, judged)
}

fn raw(
    request: &RawRequest,
    templates: &Templates<'_>,
    purpose: Purpose,
    captures: Vec<Capture>,
    turn: u32,
    who: &Authorization,
) -> Step {
    let line = match templates.text(&request.request) {
        Value::Text(text) => text.replace('{', "{{").replace('}', "}}"),
        Value::Template(text) => text,
        _ => String::new(),
    };
    let (method, target) = line.split_once(' ').unwrap_or(("GET", line.as_str()));
    Step {
        purpose,
        send: Send::Raw {
            method: method.to_owned(),
            target: target.trim().to_owned(),
            body: request.json.as_ref().map(|json| templates.json(json)),
        },
        authorization: who.clone(),
        captures,
        turn,
    }
}

fn mentions(step: &Step, hole: &str) -> bool {
    match &step.send {
        Send::Operation { input, .. } => holds(input, hole),
        Send::Raw { target, body, .. } => target.contains(hole) || body.as_ref().is_some_and(|body| holds(body, hole)),
    }
}

/// Whether a hole that begins so stands anywhere in a value.
pub(crate) fn holds(value: &Value, hole: &str) -> bool {
    match value {
        Value::Template(text) => text.contains(hole),
        Value::List(items) => items.iter().any(|item| holds(item, hole)),
        Value::Map(members) => members.values().any(|item| holds(item, hole)),
        _ => false,
    }
}
