//! Steps around the step that acts: what a case needs is made before and taken away afterwards.

use super::Value;
use super::case::{Authorization, Capture, CaseId, Purpose, Send, Step};
use super::template::Templates;
use crate::scenario::{Fixture, RawRequest, Scenario};

/// Puts set-up steps before `act` and tear-down steps after it, for every fixture that it mentions.
/// Returns the steps and the index of `act`.
pub(crate) fn surround(scenario: &Scenario, case: &CaseId, mut act: Step, who: &Authorization) -> (Vec<Step>, usize) {
    let needed: Vec<(&String, &Fixture)> =
        scenario.fixtures.iter().filter(|(name, _)| mentions(&act, &format!("{{{name}."))).collect();
    let templates = Templates { scenario, case };
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
    act.turn = judged as u32;
    steps.push(act);
    for (_, fixture) in needed.iter().rev() {
        if let Some(delete) = &fixture.delete {
            steps.push(raw(delete, &templates, Purpose::TearDown, Vec::new(), steps.len() as u32, who));
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
    fn within(value: &Value, hole: &str) -> bool {
        match value {
            Value::Template(text) => text.contains(hole),
            Value::List(items) => items.iter().any(|item| within(item, hole)),
            Value::Map(members) => members.values().any(|item| within(item, hole)),
            _ => false,
        }
    }
    match &step.send {
        Send::Operation { input, .. } => within(input, hole),
        Send::Raw { target, body, .. } => target.contains(hole) || body.as_ref().is_some_and(|body| within(body, hole)),
    }
}
