//! Builds the steps around the steps under test: fixtures are created before them and deleted afterwards.
//!
//! It never decides what a case tests.

use super::plan_context::PlanContext;
use super::template_filler::TemplateFiller;
use crate::case::{Authorization, Capture, CaseId, FixtureStep, Step, StepPurpose, StepRequest, Value};
use crate::contract::Operation;
use crate::scenario::{RawRequest, Scenario};
use std::collections::HashSet;

/// Adds set-up steps before `acts` and tear-down steps after them, for every fixture that they mention and every
/// fixture that those fixtures need. Returns the steps and the index of the first act.
pub(crate) fn surround_with_fixtures(
    plan_context: &PlanContext<'_>,
    case: &CaseId,
    own_steps: Vec<Step>,
) -> (Vec<Step>, usize) {
    let (scenario, who) = (plan_context.scenario, &plan_context.default_authorization());
    let templates = TemplateFiller::new(scenario, case);
    let mut needed: Vec<(Vec<Step>, Vec<Step>)> = Vec::new();
    let mut mentioned = HashSet::new();
    own_steps.iter().for_each(|step| add_fixtures_of_step(scenario, step, &mut mentioned));
    // A fixture comes after those that it needs, so in reverse order every need is known before its fixture is visited.
    for (name, fixture) in scenario.fixtures.iter().rev() {
        if !mentioned.contains(name) {
            continue;
        }
        let of = |requests: &[RawRequest], purpose| -> Vec<Step> {
            requests
                .iter()
                .map(|request| build_fixture_step(plan_context, request, name, &templates, purpose, who))
                .collect()
        };
        let (create, delete) = (of(&fixture.create, StepPurpose::SetUp), of(&fixture.delete, StepPurpose::TearDown));
        create.iter().chain(&delete).for_each(|step| add_fixtures_of_step(scenario, step, &mut mentioned));
        needed.push((create, delete));
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
    steps.extend(own_steps.into_iter().map(|act| Step { turn: act.turn + judged as u32, ..act }));
    let first = steps.iter().map(|step| step.turn + 1).max().unwrap_or(0);
    // Fixtures are deleted in reverse order of creation.
    let delete = delete.into_iter().rev().flatten().zip(first..);
    steps.extend(delete.map(|(step, turn)| Step { turn, ..step }));
    (steps, judged)
}

/// Builds a step from a request of a fixture. The turn is set later.
pub(super) fn build_fixture_step(
    plan_context: &PlanContext<'_>,
    request: &RawRequest,
    fixture: &str,
    templates: &TemplateFiller<'_>,
    purpose: StepPurpose,
    who: &Authorization,
) -> Step {
    let in_place = |value: Value| match &request.stands_for {
        Some(other) => replace_fixture(value, other, fixture),
        None => value,
    };
    let send = match request.operation_name() {
        Some(name) => StepRequest::Operation {
            name: name.into(),
            input: match &request.input {
                Some(input) => in_place(templates.fill_json(input)),
                None => in_place(plain_input(plan_context, name, templates)),
            },
            damage: Vec::new(),
        },
        None => {
            let line = match in_place(templates.fill_text(&request.request)) {
                Value::Text(text) => text.replace('{', "{{").replace('}', "}}"),
                Value::Template(text) => text,
                _ => String::new(),
            };
            let (method, target) = line.split_once(' ').unwrap_or(("GET", line.as_str()));
            StepRequest::Raw {
                method: method.to_owned(),
                target: target.trim().to_owned(),
                body: request.json.as_ref().map(|json| in_place(templates.fill_json(json))),
            }
        }
    };
    let capture = |(capture_name, path): (&String, &String)| Capture {
        name: format!("{fixture}.{capture_name}"),
        path: path.clone(),
    };
    Step {
        purpose,
        request: send,
        authorization: who.clone(),
        captures: request.captures.iter().map(capture).collect(),
        turn: 0,
        fixture: Some(FixtureStep {
            name: fixture.to_owned(),
            accepts: request.success_statuses.clone(),
            until: request.ready_condition.clone(),
        }),
    }
}

/// Replaces the placeholders of a fixture by those of another one.
pub(crate) fn replace_fixture(value: Value, fixture: &str, other: &str) -> Value {
    match value {
        Value::Template(text) => Value::Template(text.replace(&format!("{{{fixture}."), &format!("{{{other}."))),
        Value::List(items) => {
            Value::List(items.into_iter().map(|item| replace_fixture(item, fixture, other)).collect())
        }
        Value::Map(members) => Value::Map(
            members.into_iter().map(|(name, member)| (name, replace_fixture(member, fixture, other))).collect(),
        ),
        other => other,
    }
}

/// Name of the fixture that stands for what the judged step creates.
const CREATED: &str = "made";

/// Returns the fixture link of a judged step that creates a resource.
pub(super) fn created_by_judged_step() -> FixtureStep {
    FixtureStep { name: CREATED.to_owned(), accepts: Vec::new(), until: None }
}

/// Returns the step that deletes what an operation created from this input, and the captures that it needs from the
/// response. Returns `None` if the scenario has no cleanup for the operation.
pub(super) fn build_cleanup(
    plan_context: &PlanContext<'_>,
    operation: &Operation,
    case: &CaseId,
    input: &Value,
) -> Option<(Step, Vec<Capture>)> {
    let request = plan_context.scenario.operation_notes(operation.name.as_str())?.cleanup.as_ref()?;
    let who = plan_context.default_authorization();
    let templates = TemplateFiller::new(plan_context.scenario, case);
    let mut step = build_fixture_step(plan_context, request, CREATED, &templates, StepPurpose::TearDown, &who);
    step.turn = 1;
    let mut captures = Vec::new();
    match &mut step.request {
        StepRequest::Operation { input: given, .. } => fill_from_request(given, input, &mut captures),
        StepRequest::Raw { body, .. } => body.iter_mut().for_each(|body| fill_from_request(body, input, &mut captures)),
    }
    Some((step, captures))
}

/// Fills `{made.PATH}` with values of the request; values that the request lacks are captured from the response.
fn fill_from_request(value: &mut Value, input: &Value, captures: &mut Vec<Capture>) {
    match value {
        Value::Template(text) => {
            let Some(path) = text.strip_prefix("{made.").and_then(|rest| rest.strip_suffix('}')) else { return };
            let given_value = path.split('.').try_fold(input, |value, name| value.member(name));
            match given_value {
                Some(given_value) => *value = given_value.clone(),
                None => captures.push(Capture { name: format!("{CREATED}.{path}"), path: path.to_owned() }),
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| fill_from_request(item, input, captures)),
        Value::Map(members) => members.values_mut().for_each(|member| fill_from_request(member, input, captures)),
        _ => {}
    }
}

/// Returns the plain valid input of an operation, for this case.
fn plain_input(plan_context: &PlanContext<'_>, operation: &str, templates: &TemplateFiller<'_>) -> Value {
    let others = plan_context.supporting.iter().map(|other| other.contract);
    let mut all = std::iter::once(plan_context.contract).chain(others);
    let known = all.find_map(|contract| contract.operation(operation));
    known.map_or_else(Value::empty_map, |operation| plan_context.input_sampler(operation, templates.case).plain_input())
}

/// Adds the names of the fixtures that a step mentions, and of those that its operation needs.
fn add_fixtures_of_step(scenario: &Scenario, step: &Step, names: &mut HashSet<String>) {
    match &step.request {
        StepRequest::Operation { name, input, .. } => {
            add_fixtures_of_value(input, names);
            let notes = scenario.operation_notes(name.as_str());
            names.extend(notes.iter().flat_map(|notes| notes.needs.iter().cloned()));
        }
        StepRequest::Raw { target, body, .. } => {
            add_fixtures_of_template(target, names);
            body.iter().for_each(|body| add_fixtures_of_value(body, names));
        }
    }
}

fn add_fixtures_of_value(value: &Value, names: &mut HashSet<String>) {
    match value {
        Value::Template(text) => add_fixtures_of_template(text, names),
        Value::List(items) => items.iter().for_each(|item| add_fixtures_of_value(item, names)),
        Value::Map(members) => {
            for (key, item) in members {
                Value::as_template_key(key).into_iter().for_each(|key| add_fixtures_of_template(key, names));
                add_fixtures_of_value(item, names);
            }
        }
        _ => {}
    }
}

/// Adds `note` for each placeholder such as `{note.id}`.
fn add_fixtures_of_template(text: &str, names: &mut HashSet<String>) {
    for after in text.split('{').skip(1) {
        if let Some((name, _)) = after.split_once('.') {
            names.insert(name.to_owned());
        }
    }
}

/// Returns true if a value mentions a fixture of the scenario.
pub(crate) fn mentions_fixture(scenario: &Scenario, value: &Value) -> bool {
    let mut names = HashSet::new();
    add_fixtures_of_value(value, &mut names);
    names.iter().any(|name| scenario.fixtures.contains_key(name))
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
        let (scenario, _) = crate::scenario::read_scenario("t", text).expect("it reads");
        let id = "t/Op/valid/control/plain".parse().expect("an id");
        let act = Step {
            purpose: StepPurpose::Act,
            request: StepRequest::Raw { method: "GET".into(), target: "/n/{note.id}".into(), body: None },
            authorization: Authorization::Anonymous,
            captures: Vec::new(),
            turn: 0,
            fixture: None,
        };
        let contract = crate::contract::Contract::new("t");
        let plan_context = PlanContext {
            contract: &contract,
            scenario: &scenario,
            options: crate::generate::GenerationOptions::default(),
            patterns: std::sync::Arc::default(),
            testable: std::sync::Arc::default(),
            shared_key_patterns: crate::generate::input_checker::SharedKeyPatterns::from_contract(&contract).into(),
            is_only_modelled: false,
            supporting: std::sync::Arc::new([]),
        };
        let (steps, judged) = surround_with_fixtures(&plan_context, &id, vec![act.clone(), Step { turn: 1, ..act }]);
        let summary: Vec<String> = steps
            .iter()
            .map(|step| match &step.request {
                StepRequest::Operation { name, .. } => format!("{} {name}", step.turn),
                StepRequest::Raw { method, target, .. } => format!("{} {method} {target}", step.turn),
            })
            .collect();
        assert_eq!(
            summary,
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
