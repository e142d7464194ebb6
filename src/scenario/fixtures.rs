//! Reads `[fixtures.NAME]`: resources that are created for a case and deleted after it, sorted by dependency.
//!
//! This file never checks whether an operation of the contract has the name that a fixture uses.

use super::tables::{TomlEntry, TomlTable, did_you_mean, error_at, line_number};
use super::{Fixture, RawRequest, Scenario, ScenarioError, ScenarioWarning};
use crate::case::ReadyCondition;
use indexmap::IndexMap;
use serde_json::Value as Json;
use std::ops::Range;

/// Reads all fixtures.
pub(super) fn parse_fixtures(
    root: &TomlTable<'_, '_>,
    text: &str,
    warnings: &mut Vec<ScenarioWarning>,
) -> Result<IndexMap<String, Fixture>, ScenarioError> {
    let mut fixtures = IndexMap::new();
    for entry in root.table_entries("fixtures")? {
        let fixture = parse_fixture(&entry.table()?, text, warnings)?;
        fixtures.insert(entry.key, fixture);
    }
    Ok(fixtures)
}

fn parse_fixture(
    table: &TomlTable<'_, '_>,
    text: &str,
    warnings: &mut Vec<ScenarioWarning>,
) -> Result<Fixture, ScenarioError> {
    table.warn_of_unknown_keys(&["create", "capture", "delete", "name"], warnings);
    let mut create = parse_requests(table, "create", text, warnings)?;
    let delete = parse_requests(table, "delete", text, warnings)?;
    let capture = parse_captures(table)?;
    match (table.entry("capture"), create.as_mut_slice()) {
        (None, _) => {}
        (Some(_), [only]) => only.captures.extend(capture),
        (Some(entry), []) => {
            return Err(ScenarioError {
                hint: Some("values are captured from the response to `create`".to_owned()),
                ..error_at(format!("`{}` has `capture` but no `create`", table.name), entry.span())
            });
        }
        (Some(entry), _) => {
            return Err(ScenarioError {
                hint: Some("move `capture` into the step of `create` whose response contains the value".to_owned()),
                ..error_at(
                    format!("`{}` has several `create` steps; `capture` must be in one of them", table.name),
                    entry.span(),
                )
            });
        }
    }
    let mut names = IndexMap::new();
    for entry in table.table_entries("name")? {
        let template = entry.text()?;
        names.insert(entry.key, template);
    }
    Ok(Fixture { create, delete, names })
}

fn request_tables<'a, 'i>(entry: &TomlEntry<'a, 'i>) -> Result<Vec<TomlTable<'a, 'i>>, ScenarioError> {
    if entry.is_list() { entry.list_of_tables() } else { Ok(vec![entry.table()?]) }
}

fn parse_requests(
    table: &TomlTable<'_, '_>,
    key: &str,
    text: &str,
    warnings: &mut Vec<ScenarioWarning>,
) -> Result<Vec<RawRequest>, ScenarioError> {
    let Some(entry) = table.entry(key) else { return Ok(Vec::new()) };
    request_tables(&entry)?.iter().map(|step| parse_request(step, text, warnings)).collect()
}

fn parse_captures(table: &TomlTable<'_, '_>) -> Result<IndexMap<String, String>, ScenarioError> {
    let mut capture = IndexMap::new();
    for entry in table.table_entries("capture")? {
        let path = entry.text()?;
        capture.insert(entry.key, path);
    }
    Ok(capture)
}

/// Reads `request`: a method and a path, or the name of an operation.
pub(super) fn parse_request_name(table: &TomlTable<'_, '_>) -> Result<String, ScenarioError> {
    let entry = table
        .entry("request")
        .ok_or_else(|| error_at(format!("`{}` has no `request`", table.name), table.span.clone()))?;
    let request = entry.text()?;
    let is_name = !request.is_empty() && request.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_request_line(&request) || is_name {
        return Ok(request);
    }
    Err(ScenarioError {
        hint: Some(
            "use a method and a path: `POST /v1/contacts`; or the name of an operation, with `input`".to_owned(),
        ),
        ..error_at(format!("invalid request `{request}`"), entry.span())
    })
}

pub(super) fn parse_request(
    table: &TomlTable<'_, '_>,
    text: &str,
    warnings: &mut Vec<ScenarioWarning>,
) -> Result<RawRequest, ScenarioError> {
    table.warn_of_unknown_keys(&["request", "json", "input", "capture", "status", "until"], warnings);
    let request = parse_request_name(table)?;
    let line_start = table.entry("request").map_or(table.span.start, |entry| entry.span().start);
    let is_line = is_request_line(&request);
    let is_name = !is_line;
    for (key, belongs, other) in [("json", is_line, "input"), ("input", is_name, "json")] {
        if let Some(entry) = table.entry(key).filter(|_| !belongs) {
            return Err(ScenarioError {
                hint: Some(format!("use `{other}` instead")),
                ..error_at(format!("`{key}` cannot be used with `{request}`"), entry.span())
            });
        }
    }
    Ok(RawRequest {
        stands_for: None,
        line: line_number(text, line_start),
        request,
        json: table.entry("json").map(|entry| entry.to_json()).transpose()?,
        input: table.entry("input").map(|entry| entry.to_json()).transpose()?,
        captures: parse_captures(table)?,
        success_statuses: parse_statuses(table)?,
        ready_condition: table.table("until")?.map(|table| parse_ready_condition(&table, warnings)).transpose()?,
    })
}

/// Reads `until = { value = "Table.TableStatus", is = ["ACTIVE"] }`.
fn parse_ready_condition(
    table: &TomlTable<'_, '_>,
    warnings: &mut Vec<ScenarioWarning>,
) -> Result<ReadyCondition, ScenarioError> {
    table.warn_of_unknown_keys(&["value", "is"], warnings);
    let missing = |key: &str| error_at(format!("`{}` has no `{key}`", table.name), table.span.clone());
    let value = table.text("value")?.ok_or_else(|| missing("value"))?;
    let is = match table.entry("is") {
        Some(entry) if entry.is_text() => vec![entry.text()?],
        Some(_) => table.text_list("is")?,
        None => Vec::new(),
    };
    if is.is_empty() {
        return Err(missing("is"));
    }
    Ok(ReadyCondition { path: value, accepted_values: is, is_inferred: false })
}

/// Reads `status = 201` or `status = [201, 409]`.
fn parse_statuses(table: &TomlTable<'_, '_>) -> Result<Vec<u16>, ScenarioError> {
    let Some(entry) = table.entry("status") else { return Ok(Vec::new()) };
    let value = entry.to_json()?;
    let items = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
    let status = |item: &Json| item.as_u64().filter(|status| (100..=599).contains(status)).map(|status| status as u16);
    items
        .iter()
        .map(|item| status(item).ok_or_else(|| entry.type_error("a status or a list of them: `201`, `[201, 409]`")))
        .collect()
}

/// Returns true if a text consists of a method and a path.
pub(super) fn is_request_line(text: &str) -> bool {
    text.split_once(' ').is_some_and(|(method, target)| {
        !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase()) && target.starts_with('/')
    })
}

/// Returns the placeholders of a text that may refer to a fixture: `contact.id`.
fn fixture_placeholders(text: &str) -> Vec<String> {
    let plain = text.replace("{{", "").replace("}}", "");
    plain
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.to_owned())
        .filter(|name| name.contains('.'))
        .collect()
}

fn collect_placeholders(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::String(text) => found.extend(fixture_placeholders(text)),
        Json::Array(items) => items.iter().for_each(|item| collect_placeholders(item, found)),
        Json::Object(members) => members.values().for_each(|value| collect_placeholders(value, found)),
        _ => {}
    }
}

/// Collects the placeholders of all texts below an entry, with the entry's byte range.
fn collect_entry_placeholders(
    entry: &TomlEntry<'_, '_>,
    found: &mut Vec<(String, Range<usize>)>,
) -> Result<(), ScenarioError> {
    let mut names = Vec::new();
    collect_placeholders(&entry.to_json()?, &mut names);
    found.extend(names.into_iter().map(|name| (name, entry.span())));
    Ok(())
}

/// The fixtures that each fixture refers to, with the places of the references.
type FixtureNeeds = IndexMap<String, Vec<(String, Range<usize>)>>;

/// Sorts the fixtures so that each comes after those that it needs, and checks every reference to one.
pub(super) fn sort_fixtures(scenario: &mut Scenario, root: &TomlTable<'_, '_>) -> Result<(), ScenarioError> {
    let mut needs = FixtureNeeds::new();
    for entry in root.table_entries("fixtures")? {
        let own_needs = find_needs(scenario, &entry)?;
        needs.insert(entry.key, own_needs);
    }
    check_other_references(scenario, root)?;
    let mut sorted = IndexMap::new();
    while sorted.len() < needs.len() {
        let is_sorted = |(name, _): &(String, Range<usize>)| sorted.contains_key(name) || !needs.contains_key(name);
        let next = needs.iter().find(|(name, own)| !sorted.contains_key(*name) && own.iter().all(is_sorted));
        let Some((name, _)) = next else { return Err(cycle_error(&needs, &sorted)) };
        sorted.insert(name.clone(), scenario.fixtures[name].clone());
    }
    scenario.fixtures = sorted;
    Ok(())
}

/// Returns the other fixtures that a fixture refers to; checks its references to itself.
fn find_needs(scenario: &Scenario, fixture: &TomlEntry<'_, '_>) -> Result<Vec<(String, Range<usize>)>, ScenarioError> {
    let mut needs = Vec::new();
    let table = fixture.table()?;
    for key in ["create", "delete"] {
        let mut captured: Vec<String> = Vec::new();
        for step in table.entry(key).map(|entry| request_tables(&entry)).transpose()?.unwrap_or_default() {
            for (placeholder, span) in step_placeholders(&step)? {
                check_placeholder(scenario, &placeholder, &span)?;
                let (name, capture) = placeholder.split_once('.').unwrap_or((&placeholder, ""));
                if name != fixture.key {
                    needs.push((name.to_owned(), span));
                } else if key == "create" && !captured.iter().any(|one| one == capture) {
                    return Err(ScenarioError {
                        hint: Some("a captured value is only available to the steps after its own".to_owned()),
                        ..error_at(format!("`{{{placeholder}}}` is used before it is captured"), span)
                    });
                }
            }
            captured.extend(parse_captures(&step)?.into_keys());
        }
    }
    Ok(needs)
}

/// Returns the placeholders in a request, with their places.
fn step_placeholders(step: &TomlTable<'_, '_>) -> Result<Vec<(String, Range<usize>)>, ScenarioError> {
    let mut found = Vec::new();
    for key in ["request", "json", "input"] {
        step.entry(key).map(|entry| collect_entry_placeholders(&entry, &mut found)).transpose()?;
    }
    Ok(found)
}

/// Checks the references to fixtures in `use` and `operations`.
fn check_other_references(scenario: &Scenario, root: &TomlTable<'_, '_>) -> Result<(), ScenarioError> {
    let mut found = Vec::new();
    for entry in root.table_entries("use")? {
        collect_entry_placeholders(&entry, &mut found)?;
    }
    let mut of_operations = Vec::new();
    for entry in root.table_entries("operations")? {
        let table = entry.table()?;
        for key in ["use", "read"] {
            table.entry(key).map(|entry| collect_entry_placeholders(&entry, &mut of_operations)).transpose()?;
        }
    }
    // Fixtures of operations may be inferred, which only their documents show.
    let is_known =
        |placeholder: &str| placeholder.split('.').next().is_some_and(|name| scenario.fixtures.contains_key(name));
    of_operations.retain(|(placeholder, _)| scenario.disable_inference || is_known(placeholder));
    found.extend(of_operations);
    found.iter().try_for_each(|(placeholder, span)| check_placeholder(scenario, placeholder, span))
}

/// Returns the error for a dependency cycle: follows the dependencies until a fixture repeats.
fn cycle_error(needs: &FixtureNeeds, sorted: &IndexMap<String, Fixture>) -> ScenarioError {
    let mut path: Vec<&str> = Vec::new();
    let mut at = needs.keys().find(|name| !sorted.contains_key(*name)).map_or("", String::as_str);
    let mut span = None;
    while !path.contains(&at) {
        path.push(at);
        let next = needs[at].iter().find(|(name, _)| needs.contains_key(name) && !sorted.contains_key(name));
        let Some((name, place)) = next else { break };
        (at, span) = (name, Some(place.clone()));
    }
    let from = path.iter().position(|name| *name == at).unwrap_or(0);
    let names: Vec<String> = path[from..].iter().chain([&at]).map(|name| format!("`{name}`")).collect();
    ScenarioError {
        reason: format!("fixtures depend on each other in a cycle: {}", names.join(" needs ")),
        span,
        hint: Some("one of them must not depend on the others".to_owned()),
    }
}

/// Checks that a placeholder which looks like a captured value of a fixture is one.
fn check_placeholder(scenario: &Scenario, placeholder: &str, span: &Range<usize>) -> Result<(), ScenarioError> {
    if scenario.variables.contains_key(placeholder) {
        return Ok(());
    }
    let (name, capture) = placeholder.split_once('.').unwrap_or((placeholder, ""));
    let Some(fixture) = scenario.fixtures.get(name) else {
        let known: Vec<&str> = scenario.fixtures.keys().map(String::as_str).collect();
        let hint = did_you_mean(name, &known)
            .unwrap_or_else(|| format!("`{{{placeholder}}}` refers to a value that `[fixtures.{name}]` captures"));
        return Err(ScenarioError { hint: Some(hint), ..error_at(format!("unknown fixture `{name}`"), span.clone()) });
    };
    let known: Vec<&str> = fixture.captures().map(|(name, _)| name.as_str()).collect();
    if known.contains(&capture) {
        return Ok(());
    }
    let hint = did_you_mean(capture, &known).unwrap_or_else(|| match known.as_slice() {
        [] => format!("capture it from the response: `capture = {{ {capture} = \"data.{capture}\" }}`"),
        known => format!("it captures {}", known.join(", ")),
    });
    Err(ScenarioError {
        hint: Some(hint),
        ..error_at(format!("fixture `{name}` does not capture `{capture}`"), span.clone())
    })
}
