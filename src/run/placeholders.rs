//! Fills placeholders in texts while a case runs: `{run}`, `{case}`, variables, secrets, captures.
//!
//! It never invents a value: a placeholder without a value is an error that names it.

use super::RunPlan;
use super::similar_identifier::similar_identifier;
use crate::case::{CaseId, StepRequest, UniqueText, Value};
use crate::wire::percent_encode;
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::HashMap;

/// Error for a placeholder without a value or a malformed template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceholderError {
    /// There is no value with this name.
    #[error("no value for placeholder `{{{0}}}`")]
    Undefined(String),
    /// A brace is unbalanced.
    #[error("unbalanced brace in `{0}`; write `{{{{` and `}}}}` for literal braces")]
    Unbalanced(String),
    /// No identifier similar to a captured one has the form that the case needs.
    #[error("`{0}` has no form `{1}`")]
    NoSimilar(String, String),
    /// Variables refer to each other in a cycle.
    #[error("variable `{{{0}}}` refers to itself")]
    Circular(String),
}

/// Returns the placeholder, with its braces, of the [`PlaceholderError::Undefined`] that a reason for not sending a case
/// quotes.
pub fn undefined_placeholder(reason: &str) -> Option<&str> {
    let (_, quoted) = reason.split_once("no value for placeholder `")?;
    quoted.split_once('`').map(|(placeholder, _)| placeholder)
}

/// Values for the placeholders of one case.
pub(super) struct Placeholders<'a> {
    plan: &'a RunPlan<'a>,
    case: &'a CaseId,
    captured: HashMap<String, Json>,
}

/// Maximum depth of variables that refer to variables.
const MAX_DEPTH: usize = 8;

impl<'a> Placeholders<'a> {
    pub(super) fn new(plan: &'a RunPlan<'a>, case: &'a CaseId) -> Self {
        Self { plan, case, captured: HashMap::new() }
    }

    /// Returns the id of the case.
    pub(super) fn case_id(&self) -> &'a str {
        self.case.as_str()
    }

    /// Stores a value captured from a response.
    pub(super) fn add_captured(&mut self, name: &str, value: Json) {
        self.captured.insert(name.to_owned(), value);
    }

    /// Returns a step's request with all placeholders filled.
    pub(super) fn fill_request(&self, step_request: &StepRequest) -> Result<StepRequest, PlaceholderError> {
        let mut filled = step_request.clone();
        match &mut filled {
            StepRequest::Operation { input, .. } => self.fill_value(input)?,
            StepRequest::Raw { method, target, body } => {
                *method = self.fill(method)?.into_owned();
                // A value in a path is percent-encoded so that it stays inside its segment.
                *target = self.fill_with(target, 0, &|text| percent_encode(&text, b""))?.into_owned();
                body.as_mut().map_or(Ok(()), |body| self.fill_value(body))?;
            }
        }
        Ok(filled)
    }

    /// Returns true if a request may contain placeholders; most do not, and are sent without a copy.
    pub(super) fn has_placeholders(step_request: &StepRequest) -> bool {
        match step_request {
            StepRequest::Operation { input, .. } => has_template(input),
            StepRequest::Raw { .. } => true,
        }
    }

    /// Fills all templates in a value. A template that consists of a single placeholder takes the type of its value.
    fn fill_value(&self, value: &mut Value) -> Result<(), PlaceholderError> {
        match value {
            Value::Template(template) => {
                let alone = template.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
                *value = match alone.and_then(|name| self.find_captured(name)).transpose()? {
                    Some(captured) => Value::from_json(&captured),
                    None => Value::Text(self.fill(template)?.into_owned()),
                };
                Ok(())
            }
            Value::List(items) => items.iter_mut().try_for_each(|item| self.fill_value(item)),
            Value::Map(members) => {
                if members.keys().any(|key| Value::as_template_key(key).is_some()) {
                    let keyed = std::mem::take(members).into_iter().map(|(key, member)| {
                        let key = match Value::as_template_key(&key) {
                            Some(template) => self.fill(template)?.into_owned(),
                            None => key,
                        };
                        Ok((key, member))
                    });
                    *members = keyed.collect::<Result<_, PlaceholderError>>()?;
                }
                members.values_mut().try_for_each(|member| self.fill_value(member))
            }
            _ => Ok(()),
        }
    }

    /// Returns the captured value of this name; behind a `~` stands the form in which a similar value is wanted. Returns
    /// an error if no similar value has the form.
    fn find_captured(&self, name: &str) -> Option<Result<Json, PlaceholderError>> {
        match name.split_once('~') {
            None => self.captured.get(name).cloned().map(Ok),
            Some((base, form)) => {
                let similar = similar_identifier(self.captured.get(base)?, form);
                Some(similar.ok_or_else(|| PlaceholderError::NoSimilar(base.to_owned(), form.to_owned())))
            }
        }
    }

    /// Returns a text with all placeholders filled.
    pub(super) fn fill<'t>(&self, template: &'t str) -> Result<Cow<'t, str>, PlaceholderError> {
        self.fill_with(template, 0, &|text| text)
    }

    fn fill_with<'t>(
        &self,
        template: &'t str,
        depth: usize,
        encode: &dyn Fn(String) -> String,
    ) -> Result<Cow<'t, str>, PlaceholderError> {
        if !template.contains(['{', '}']) {
            return Ok(Cow::Borrowed(template));
        }
        let unbalanced = || PlaceholderError::Unbalanced(template.to_owned());
        let mut out = String::with_capacity(template.len() + 32);
        let mut rest = template;
        while let Some(at) = rest.find(['{', '}']) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("{{") {
                out.push('{');
                rest = after;
            } else if let Some(after) = rest.strip_prefix("}}") {
                out.push('}');
                rest = after;
            } else {
                let inner = rest.strip_prefix('{').ok_or_else(unbalanced)?;
                let (name, after) = inner.split_once('}').ok_or_else(unbalanced)?;
                out.push_str(&encode(self.resolve(name, depth)?));
                rest = after;
            }
        }
        out.push_str(rest);
        Ok(Cow::Owned(out))
    }

    fn resolve(&self, name: &str, depth: usize) -> Result<String, PlaceholderError> {
        if depth >= MAX_DEPTH {
            return Err(PlaceholderError::Circular(name.to_owned()));
        }
        match name {
            "run" => return Ok(self.plan.run_id.clone()),
            "case" => return Ok(self.case.token(1)),
            _ => {}
        }
        if let Some(number) = name.strip_prefix("case:").and_then(|number| number.parse().ok()) {
            return Ok(self.case.token(number));
        }
        if let Some(unique) = UniqueText::parse(name) {
            return Ok(unique.text(&self.plan.run_id, self.case));
        }
        if let Some(captured) = self.find_captured(name).transpose()? {
            return Ok(captured.as_str().map_or_else(|| captured.to_string(), str::to_owned));
        }
        if let Some((fixture, name)) = name.split_once('.')
            && let Some(template) = self.plan.scenario.fixtures.get(fixture).and_then(|fixture| fixture.names.get(name))
        {
            return Ok(self.fill_with(template, depth + 1, &|text| text)?.into_owned());
        }
        let overridden = self.plan.overrides.get(name);
        let template = overridden.or_else(|| self.plan.scenario.variables.get(name).map(|variable| &variable.value));
        let template = template.ok_or_else(|| PlaceholderError::Undefined(name.to_owned()))?;
        Ok(self.fill_with(template, depth + 1, &|text| text)?.into_owned())
    }
}

fn has_template(value: &Value) -> bool {
    match value {
        Value::Template(_) => true,
        Value::List(items) => items.iter().any(has_template),
        Value::Map(members) => {
            members.iter().any(|(key, member)| Value::as_template_key(key).is_some() || has_template(member))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_undefined_placeholder_is_found_in_a_reason() {
        let error = PlaceholderError::Undefined("queue.QueueUrl".to_owned());
        assert_eq!(undefined_placeholder(&format!("not sent: {error}")), Some("{queue.QueueUrl}"));
        let other = PlaceholderError::Circular("queue".to_owned());
        assert_eq!(undefined_placeholder(&other.to_string()), None);
    }
}
