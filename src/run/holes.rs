//! Holes in texts, filled while a case runs: `{run}`, `{case}`, variables, secrets, captures.
//!
//! It never invents a value: a hole that nothing fills is an error that says its name.

use super::Plan;
use crate::generate::{CaseId, Send, Value};
use crate::wire::percent_encode;
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::HashMap;

/// A hole that nothing fills, or a template that is not well formed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoleError {
    /// Nothing of this name is known.
    #[error("nothing fills `{{{0}}}`")]
    Empty(String),
    /// A brace without its partner.
    #[error("a brace in `{0}` has no partner; `{{{{` and `}}}}` are braces")]
    Unbalanced(String),
    /// Variables that stand in each other.
    #[error("`{{{0}}}` stands in its own value")]
    Circular(String),
}

/// What fills the holes of one case.
pub(super) struct Holes<'a> {
    plan: &'a Plan<'a>,
    case: &'a CaseId,
    captured: HashMap<String, Json>,
}

/// Variables may name variables, but not forever.
const DEEPEST: usize = 8;

impl<'a> Holes<'a> {
    pub(super) fn new(plan: &'a Plan<'a>, case: &'a CaseId) -> Self {
        Self { plan, case, captured: HashMap::new() }
    }

    /// Keeps a value of an answer.
    pub(super) fn capture(&mut self, name: &str, value: Json) {
        self.captured.insert(name.to_owned(), value);
    }

    /// A step's request without holes.
    pub(super) fn fill_send(&self, send: &Send) -> Result<Send, HoleError> {
        let mut filled = send.clone();
        match &mut filled {
            Send::Operation { input, .. } => self.fill_value(input)?,
            Send::Raw { method, target, body } => {
                *method = self.fill(method)?.into_owned();
                // What fills a hole in a path must stay inside its segment.
                *target = self.fill_with(target, 0, &|text| percent_encode(&text, b""))?.into_owned();
                body.as_mut().map_or(Ok(()), |body| self.fill_value(body))?;
            }
        }
        Ok(filled)
    }

    /// Whether a request has any hole; most have none, and are sent without being copied.
    pub(super) fn any(send: &Send) -> bool {
        match send {
            Send::Operation { input, .. } => has_template(input),
            Send::Raw { .. } => true,
        }
    }

    /// Leaves no template in a value. A template that is one hole and nothing else takes the type of what
    /// fills it.
    fn fill_value(&self, value: &mut Value) -> Result<(), HoleError> {
        match value {
            Value::Template(template) => {
                let alone = template.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
                *value = match alone.and_then(|name| self.captured.get(name)) {
                    Some(captured) => Value::from_json(captured),
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
                    *members = keyed.collect::<Result<_, HoleError>>()?;
                }
                members.values_mut().try_for_each(|member| self.fill_value(member))
            }
            _ => Ok(()),
        }
    }

    /// A text without holes.
    pub(super) fn fill<'t>(&self, template: &'t str) -> Result<Cow<'t, str>, HoleError> {
        self.fill_with(template, 0, &|text| text)
    }

    fn fill_with<'t>(
        &self,
        template: &'t str,
        depth: usize,
        shape: &dyn Fn(String) -> String,
    ) -> Result<Cow<'t, str>, HoleError> {
        if !template.contains(['{', '}']) {
            return Ok(Cow::Borrowed(template));
        }
        let unbalanced = || HoleError::Unbalanced(template.to_owned());
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
                out.push_str(&shape(self.value(name, depth)?));
                rest = after;
            }
        }
        out.push_str(rest);
        Ok(Cow::Owned(out))
    }

    fn value(&self, name: &str, depth: usize) -> Result<String, HoleError> {
        if depth >= DEEPEST {
            return Err(HoleError::Circular(name.to_owned()));
        }
        match name {
            "run" => return Ok(self.plan.run_id.clone()),
            "case" => return Ok(self.case.token(1)),
            _ => {}
        }
        if let Some(number) = name.strip_prefix("case:").and_then(|number| number.parse().ok()) {
            return Ok(self.case.token(number));
        }
        if let Some(captured) = self.captured.get(name) {
            return Ok(captured.as_str().map_or_else(|| captured.to_string(), str::to_owned));
        }
        if let Some((fixture, name)) = name.split_once('.')
            && let Some(template) = self.plan.scenario.fixtures.get(fixture).and_then(|fixture| fixture.names.get(name))
        {
            return Ok(self.fill_with(template, depth + 1, &|text| text)?.into_owned());
        }
        let given = self.plan.values.get(name);
        let template = given.or_else(|| self.plan.scenario.variables.get(name).map(|variable| &variable.value));
        let template = template.ok_or_else(|| HoleError::Empty(name.to_owned()))?;
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
