//! Reads `[fixtures.NAME]`: resources that are created for a case and deleted after it, sorted by dependency.
//!
//! This file never checks whether an operation of the contract has the name that a fixture uses.

use super::read::line_of;
use super::tables::{Entry, Table, did_you_mean, wrong};
use super::{Fixture, RawRequest, Scenario, ScenarioError, Until, Warning};
use indexmap::IndexMap;
use serde_json::Value as Json;
use std::ops::Range;

/// Reads all fixtures.
pub(super) fn fixtures(
    root: &Table<'_, '_>,
    text: &str,
    warnings: &mut Vec<Warning>,
) -> Result<IndexMap<String, Fixture>, ScenarioError> {
    let mut fixtures = IndexMap::new();
    for entry in root.tables("fixtures")? {
        let fixture = fixture(&entry.table()?, text, warnings)?;
        fixtures.insert(entry.key, fixture);
    }
    Ok(fixtures)
}

fn fixture(table: &Table<'_, '_>, text: &str, warnings: &mut Vec<Warning>) -> Result<Fixture, ScenarioError> {
    table.expect_keys(&["create", "capture", "delete", "name"], warnings);
    let mut create = requests(table, "create", text, warnings)?;
    let delete = requests(table, "delete", text, warnings)?;
    let capture = captures(table)?;
    match (table.entry("capture"), create.as_mut_slice()) {
        (None, _) => {}
        (Some(_), [only]) => only.capture.extend(capture),
        (Some(entry), []) => {
            return Err(ScenarioError {
                hint: Some("values are captured from the response to `create`".to_owned()),
                ..wrong(format!("`{}` has `capture` but no `create`", table.name), entry.span())
            });
        }
        (Some(entry), _) => {
            return Err(ScenarioError {
                hint: Some("move `capture` into the step of `create` whose response contains the value".to_owned()),
                ..wrong(
                    format!("`{}` has several `create` steps; `capture` must be in one of them", table.name),
                    entry.span(),
                )
            });
        }
    }
    let mut names = IndexMap::new();
    for entry in table.tables("name")? {
        let template = entry.text()?;
        names.insert(entry.key, template);
    }
    Ok(Fixture { create, delete, names })
}

fn steps<'a, 'i>(entry: &Entry<'a, 'i>) -> Result<Vec<Table<'a, 'i>>, ScenarioError> {
    if entry.is_list() { entry.list_of_tables() } else { Ok(vec![entry.table()?]) }
}

fn requests(
    table: &Table<'_, '_>,
    key: &str,
    text: &str,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<RawRequest>, ScenarioError> {
    let Some(entry) = table.entry(key) else { return Ok(Vec::new()) };
    steps(&entry)?.iter().map(|step| request(step, text, warnings)).collect()
}

fn captures(table: &Table<'_, '_>) -> Result<IndexMap<String, String>, ScenarioError> {
    let mut capture = IndexMap::new();
    for entry in table.tables("capture")? {
        let path = entry.text()?;
        capture.insert(entry.key, path);
    }
    Ok(capture)
}

pub(super) fn request(
    table: &Table<'_, '_>,
    text: &str,
    warnings: &mut Vec<Warning>,
) -> Result<RawRequest, ScenarioError> {
    table.expect_keys(&["request", "json", "input", "capture", "status", "until"], warnings);
    let entry = table
        .entry("request")
        .ok_or_else(|| wrong(format!("`{}` has no `request`", table.name), table.span.clone()))?;
    let request = entry.text()?;
    let is_line = is_request_line(&request);
    let is_name = !request.is_empty() && request.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_line && !is_name {
        return Err(ScenarioError {
            hint: Some(
                "use a method and a path: `POST /v1/contacts`; or the name of an operation, with `input`".to_owned(),
            ),
            ..wrong(format!("invalid request `{request}`"), entry.span())
        });
    }
    for (key, belongs, other) in [("json", is_line, "input"), ("input", is_name, "json")] {
        if let Some(entry) = table.entry(key).filter(|_| !belongs) {
            return Err(ScenarioError {
                hint: Some(format!("use `{other}` instead")),
                ..wrong(format!("`{key}` cannot be used with `{request}`"), entry.span())
            });
        }
    }
    Ok(RawRequest {
        line: line_of(text, entry.span().start),
        request,
        json: table.entry("json").map(|entry| entry.json()).transpose()?,
        input: table.entry("input").map(|entry| entry.json()).transpose()?,
        capture: captures(table)?,
        status: statuses(table)?,
        until: table.table("until")?.map(|table| until(&table, warnings)).transpose()?,
    })
}

/// Reads `until = { value = "Table.TableStatus", is = ["ACTIVE"] }`.
fn until(table: &Table<'_, '_>, warnings: &mut Vec<Warning>) -> Result<Until, ScenarioError> {
    table.expect_keys(&["value", "is"], warnings);
    let missing = |key: &str| wrong(format!("`{}` has no `{key}`", table.name), table.span.clone());
    let value = table.text("value")?.ok_or_else(|| missing("value"))?;
    let is = match table.entry("is") {
        Some(entry) if entry.is_text() => vec![entry.text()?],
        Some(_) => table.texts("is")?,
        None => Vec::new(),
    };
    if is.is_empty() {
        return Err(missing("is"));
    }
    Ok(Until { value, is })
}

/// Reads `status = 201` or `status = [201, 409]`.
fn statuses(table: &Table<'_, '_>) -> Result<Vec<u16>, ScenarioError> {
    let Some(entry) = table.entry("status") else { return Ok(Vec::new()) };
    let given = entry.json()?;
    let items = given.as_array().cloned().unwrap_or_else(|| vec![given.clone()]);
    let status = |item: &Json| item.as_u64().filter(|status| (100..=599).contains(status)).map(|status| status as u16);
    items
        .iter()
        .map(|item| status(item).ok_or_else(|| entry.mistyped("a status or a list of them: `201`, `[201, 409]`")))
        .collect()
}

/// Returns true if a text consists of a method and a path.
pub(super) fn is_request_line(text: &str) -> bool {
    text.split_once(' ').is_some_and(|(method, target)| {
        !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase()) && target.starts_with('/')
    })
}

/// Returns the placeholders of a text that may refer to a fixture: `contact.id`.
fn holes(text: &str) -> Vec<String> {
    let plain = text.replace("{{", "").replace("}}", "");
    plain
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(hole, _)| hole.to_owned())
        .filter(|hole| hole.contains('.'))
        .collect()
}

fn texts(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::String(text) => found.extend(holes(text)),
        Json::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Json::Object(members) => members.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

/// Collects the placeholders of all texts below an entry, with the entry's byte range.
fn below(entry: &Entry<'_, '_>, found: &mut Vec<(String, Range<usize>)>) -> Result<(), ScenarioError> {
    let mut names = Vec::new();
    texts(&entry.json()?, &mut names);
    found.extend(names.into_iter().map(|name| (name, entry.span())));
    Ok(())
}

/// Sorts the fixtures so that each comes after those that it needs, and checks every reference to one.
pub(super) fn order(scenario: &mut Scenario, root: &Table<'_, '_>) -> Result<(), ScenarioError> {
    let mut needs: IndexMap<String, Vec<(String, Range<usize>)>> = IndexMap::new();
    for entry in root.tables("fixtures")? {
        let mut own = Vec::new();
        let table = entry.table()?;
        for key in ["create", "delete"] {
            let mut captured: Vec<String> = Vec::new();
            for step in table.entry(key).map(|entry| steps(&entry)).transpose()?.unwrap_or_default() {
                let mut mentioned = Vec::new();
                for key in ["request", "json", "input"] {
                    step.entry(key).map(|entry| below(&entry, &mut mentioned)).transpose()?;
                }
                for (hole, span) in mentioned {
                    mention(scenario, &hole, &span)?;
                    let (name, capture) = hole.split_once('.').unwrap_or((&hole, ""));
                    if name != entry.key {
                        own.push((name.to_owned(), span));
                    } else if key == "create" && !captured.iter().any(|one| one == capture) {
                        return Err(ScenarioError {
                            hint: Some("a captured value is only available to the steps after its own".to_owned()),
                            ..wrong(format!("`{{{hole}}}` is used before it is captured"), span)
                        });
                    }
                }
                captured.extend(captures(&step)?.into_keys());
            }
        }
        needs.insert(entry.key, own);
    }
    let mut elsewhere = Vec::new();
    for entry in root.tables("use")? {
        below(&entry, &mut elsewhere)?;
    }
    for entry in root.tables("operations")? {
        let table = entry.table()?;
        for key in ["use", "read"] {
            table.entry(key).map(|entry| below(&entry, &mut elsewhere)).transpose()?;
        }
    }
    elsewhere.iter().try_for_each(|(hole, span)| mention(scenario, hole, span))?;
    let mut sorted = IndexMap::new();
    while sorted.len() < needs.len() {
        let is_sorted = |(name, _): &(String, Range<usize>)| sorted.contains_key(name) || !needs.contains_key(name);
        let next = needs.iter().find(|(name, own)| !sorted.contains_key(*name) && own.iter().all(is_sorted));
        let Some((name, _)) = next else { return Err(circle(&needs, &sorted)) };
        sorted.insert(name.clone(), scenario.fixtures[name].clone());
    }
    scenario.fixtures = sorted;
    Ok(())
}

/// Returns the error for a dependency cycle: follows the dependencies until a fixture repeats.
fn circle(needs: &IndexMap<String, Vec<(String, Range<usize>)>>, sorted: &IndexMap<String, Fixture>) -> ScenarioError {
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
fn mention(scenario: &Scenario, hole: &str, span: &Range<usize>) -> Result<(), ScenarioError> {
    if scenario.variables.contains_key(hole) {
        return Ok(());
    }
    let (name, capture) = hole.split_once('.').unwrap_or((hole, ""));
    let Some(fixture) = scenario.fixtures.get(name) else {
        let known: Vec<&str> = scenario.fixtures.keys().map(String::as_str).collect();
        let hint = did_you_mean(name, &known)
            .unwrap_or_else(|| format!("`{{{hole}}}` refers to a value that `[fixtures.{name}]` captures"));
        return Err(ScenarioError { hint: Some(hint), ..wrong(format!("unknown fixture `{name}`"), span.clone()) });
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
        ..wrong(format!("fixture `{name}` does not capture `{capture}`"), span.clone())
    })
}
