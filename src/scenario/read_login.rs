//! Reads the step with which a caller logs in.

use super::fixtures::{is_request_line, parse_request_name};
use super::login::LoginStep;
use super::tables::{TomlTable, error_at};
use super::{ScenarioError, ScenarioWarning};
use indexmap::IndexMap;

/// Name of the captured value if the scenario gives none.
const TOKEN: &str = "token";

/// Reads `login = { request = "POST /token", form = { … }, capture = "access_token" }`.
pub(super) fn parse_login(
    table: &TomlTable<'_, '_>,
    warnings: &mut Vec<ScenarioWarning>,
) -> Result<LoginStep, ScenarioError> {
    table.warn_of_unknown_keys(&["request", "input", "json", "form", "basic", "capture"], warnings);
    let request = parse_request_name(table)?;
    let is_line = is_request_line(&request);
    for (key, belongs) in [("json", is_line), ("form", is_line), ("input", !is_line)] {
        if let Some(entry) = table.entry(key).filter(|_| !belongs) {
            let other = if is_line { "`json` or `form`" } else { "`input`" };
            return Err(ScenarioError {
                hint: Some(format!("use {other} instead")),
                ..error_at(format!("`{key}` cannot be used with `{request}`"), entry.span())
            });
        }
    }
    let mut form = IndexMap::new();
    for entry in table.table_entries("form")? {
        let value = entry.text()?;
        form.insert(entry.key, value);
    }
    let basic = match table.table("basic")? {
        Some(basic) => {
            basic.warn_of_unknown_keys(&["user", "password"], warnings);
            Some((basic.text("user")?.unwrap_or_default(), basic.text("password")?.unwrap_or_default()))
        }
        None => None,
    };
    let json = |key: &str| table.entry(key).map(|entry| entry.to_json()).transpose();
    let (input, json) = (json("input")?, json("json")?);
    Ok(LoginStep { request, input, json, form, basic, captures: parse_captures(table)? })
}

/// Reads `capture = "access_token"`, or `capture = { token = "access_token" }`.
fn parse_captures(table: &TomlTable<'_, '_>) -> Result<IndexMap<String, String>, ScenarioError> {
    let Some(entry) = table.entry("capture") else {
        return Err(ScenarioError {
            hint: Some("say where the response has the token: `capture = \"access_token\"`".to_owned()),
            ..error_at(format!("`{}` has no `capture`", table.name), table.span.clone())
        });
    };
    if entry.is_text() {
        return Ok([(TOKEN.to_owned(), entry.text()?)].into_iter().collect());
    }
    let mut captures = IndexMap::new();
    for entry in table.table_entries("capture")? {
        let path = entry.text()?;
        captures.insert(entry.key, path);
    }
    Ok(captures)
}
