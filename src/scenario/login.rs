//! The step with which a caller logs in: a request, and the values of its response that the caller's credentials use.
//!
//! It never sends a request.

use super::fixtures::{is_request_line, parse_request_name};
use super::tables::{TomlTable, error_at};
use super::{ScenarioError, ScenarioWarning, Template};
use indexmap::IndexMap;
use serde_json::Value as Json;

/// Name of the captured value if the scenario gives none.
const TOKEN: &str = "token";

/// The step with which a caller logs in. Texts may contain placeholders for secret variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginStep {
    /// `POST /token`, or the name of an operation of the contract.
    pub request: Template,
    /// The operation's input.
    pub input: Option<Json>,
    /// The JSON body.
    pub json: Option<Json>,
    /// The fields of a form.
    pub form: IndexMap<String, Template>,
    /// The user and the password of a basic scheme, with which clients of OAuth 2 authenticate.
    pub basic: Option<(Template, Template)>,
    /// Values to capture from the response: name to path.
    pub captures: IndexMap<String, String>,
}

impl LoginStep {
    /// Returns the name of the operation; `None` if the request is written as method and path.
    pub fn operation_name(&self) -> Option<&str> {
        (!self.request.contains(' ')).then_some(self.request.as_str())
    }

    /// Returns the texts that prove who the caller is, for modification.
    pub fn secret_texts_mut(&mut self) -> Vec<&mut String> {
        let mut texts: Vec<&mut String> = self.form.values_mut().collect();
        if let Some((user, password)) = &mut self.basic {
            texts.extend([user, password]);
        }
        for json in self.input.iter_mut().chain(&mut self.json) {
            collect_texts(json, &mut texts);
        }
        texts
    }

    /// Returns the texts with the names of their members or fields.
    pub fn named_texts(&self) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = self.form.clone().into_iter().collect();
        found.extend(self.basic.iter().map(|(_, password)| ("password".to_owned(), password.clone())));
        for (name, value) in self.input.iter().chain(&self.json).filter_map(Json::as_object).flatten() {
            found.extend(value.as_str().map(|text| (name.clone(), text.to_owned())));
        }
        found
    }

    /// Returns the texts that prove who the caller is.
    pub fn secret_texts(&self) -> Vec<String> {
        self.clone().secret_texts_mut().into_iter().map(|text| text.clone()).collect()
    }
}

fn collect_texts<'j>(json: &'j mut Json, texts: &mut Vec<&'j mut String>) {
    match json {
        Json::String(text) => texts.push(text),
        Json::Array(items) => items.iter_mut().for_each(|item| collect_texts(item, texts)),
        Json::Object(members) => members.values_mut().for_each(|member| collect_texts(member, texts)),
        _ => {}
    }
}

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
