//! The resources of a web API: created, listed, changed, acted on and deleted as its routes and documents say.
//!
//! Never checks a constraint, and never decides what an operation is; see [`super::WebModel`]. Bounded: the oldest
//! resources are forgotten first.

use super::web_model::{WebModel, WebOperation};
use super::web_output::fill_members;
use crate::contract::{Contract, MemberLocation, ShapeId};
use crate::reference::sample::smallest_value;
use crate::reference::server_config::ResourceIdentifier;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Maximum number of resources and of idempotency keys.
const MAX_ENTRIES: usize = 1 << 14;

/// Why what is stored does not allow a request.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::reference) enum StateProblem {
    /// The request conflicts with what is stored.
    Conflict(&'static str),
    /// The resource is below another parent.
    Missing,
}

/// The resources of one server.
#[derive(Debug, Default)]
pub(in crate::reference) struct WebStore(Mutex<WebEntries>);

#[derive(Debug, Default)]
struct WebEntries {
    entries: Vec<WebEntry>,
    /// Inputs and outputs by operation and idempotency key.
    replies: HashMap<(String, String), (Map<String, Value>, Value)>,
}

#[derive(Debug)]
struct WebEntry {
    /// The operation that created it.
    kind: String,
    id: String,
    /// Kind and identifier of the resource that it is below.
    parent: Option<(String, String)>,
    members: Map<String, Value>,
    last_action: Option<String>,
}

/// A validated request.
pub(in crate::reference) struct WebRequest<'a> {
    pub name: &'a str,
    pub input_shape: Option<&'a ShapeId>,
    pub output_shape: Option<&'a ShapeId>,
    pub input: &'a Map<String, Value>,
    /// The smallest output, with the identifier of what is created.
    pub output: Value,
}

fn text_of(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl WebStore {
    fn lock(&self) -> MutexGuard<'_, WebEntries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the stored response to a request that repeats an idempotency key.
    ///
    /// # Errors
    /// Returns an error if the key was used with another body, or if the request conflicts with what is stored.
    pub(in crate::reference) fn check(
        &self,
        contract: &Contract,
        model: &WebModel,
        name: &str,
        input_shape: Option<&ShapeId>,
        input: &Map<String, Value>,
    ) -> Result<Option<Value>, StateProblem> {
        let Some(operation) = model.operation(name) else { return Ok(None) };
        let state = self.lock();
        if let Some(key) = operation.idempotency_key.as_ref().and_then(|member| text_of(input.get(member)))
            && let Some((body, output)) = state.replies.get(&(name.to_owned(), key))
        {
            return if *body == body_members(contract, input_shape, input) {
                Ok(Some(output.clone()))
            } else {
                Err(StateProblem::Conflict("the idempotency key was used with another body"))
            };
        }
        let subject = operation.subject.as_ref().and_then(|(label, kind)| Some((kind, text_of(input.get(label))?)));
        if let Some((kind, unique)) = &operation.unique {
            let is_self = |entry: &WebEntry| {
                operation.is_item && subject.as_ref().is_some_and(|(own, id)| entry.kind == **own && entry.id == *id)
            };
            let has_same = |entry: &WebEntry| {
                unique
                    .iter()
                    .any(|member| input.get(member).is_some_and(|value| entry.members.get(member) == Some(value)))
            };
            if state.entries.iter().any(|entry| entry.kind == *kind && !is_self(entry) && has_same(entry)) {
                return Err(StateProblem::Conflict("the name is taken"));
            }
        }
        let Some((kind, id)) = subject else { return Ok(None) };
        let own = state.entries.iter().find(|entry| entry.kind == *kind && entry.id == id);
        let has_other_parent = own.and_then(|own| own.parent.as_ref()).is_some_and(|(kind, parent)| {
            let given = operation.outer.iter().find(|(_, outer)| outer == kind);
            given.is_some_and(|(label, _)| text_of(input.get(label)).is_some_and(|given| given != *parent))
        });
        if has_other_parent {
            return Err(StateProblem::Missing);
        }
        if operation.states("rejects-repetition") && own.is_some_and(|own| own.last_action.as_deref() == Some(name)) {
            return Err(StateProblem::Conflict("this was done already"));
        }
        let is_parent =
            |entry: &WebEntry| entry.parent.as_ref().is_some_and(|(of, parent)| of == kind && *parent == id);
        if operation.states("protects-children") && state.entries.iter().any(is_parent) {
            return Err(StateProblem::Conflict("others depend on it"));
        }
        Ok(None)
    }

    /// Carries a request out and returns its output.
    pub(in crate::reference) fn apply(&self, contract: &Contract, model: &WebModel, request: WebRequest<'_>) -> Value {
        let Some(operation) = model.operation(request.name) else { return request.output };
        let mut state = self.lock();
        let subject = operation
            .subject
            .as_ref()
            .and_then(|(label, kind)| Some((kind.clone(), text_of(request.input.get(label))?)));
        if let Some(list) = &operation.list {
            let below = |entry: &&WebEntry| entry.kind == list.kind && entry.parent == subject;
            let entries: Vec<(&str, &Map<String, Value>)> =
                state.entries.iter().filter(below).map(|entry| (entry.id.as_str(), &entry.members)).collect();
            return list.page(contract, request.input, &entries, request.output);
        }
        let body = body_members(contract, request.input_shape, request.input);
        if let Some(identifier) = &operation.creates {
            return state.create(contract, operation, identifier, (subject, body), request);
        }
        let Some((kind, id)) = subject else { return request.output };
        if operation.method == "DELETE" && operation.is_item {
            state.delete(&kind, &id);
            return request.output;
        }
        let is_item = operation.is_item;
        let Some(own) = state.entries.iter_mut().find(|entry| entry.kind == kind && entry.id == id) else {
            return request.output;
        };
        match operation.method.as_str() {
            "PUT" | "PATCH" if is_item => {
                if operation.states("replaces") {
                    own.members.clear();
                }
                own.members.extend(body);
            }
            "POST" => own.last_action = Some(request.name.to_owned()),
            _ => {}
        }
        let mut output = request.output;
        if let Some(shape) = request.output_shape {
            show(contract, shape, own, &mut output);
            include(contract, shape, request.input, &mut output);
        }
        output
    }
}

impl WebEntries {
    fn create(
        &mut self,
        contract: &Contract,
        operation: &WebOperation,
        identifier: &ResourceIdentifier,
        (subject, body): (Option<(String, String)>, Map<String, Value>),
        request: WebRequest<'_>,
    ) -> Value {
        let id = match identifier {
            ResourceIdentifier::FromInput(member) => text_of(request.input.get(member)),
            ResourceIdentifier::FromOutput(path) => {
                text_of(path.split('.').try_fold(&request.output, |value, name| value.get(name)))
            }
        };
        let Some(id) = id else { return request.output };
        // The label of what is named by the caller is not that of a parent.
        let parent = subject.filter(|(kind, _)| kind != request.name);
        self.entries.retain(|entry| entry.kind != request.name || entry.id != id || entry.parent != parent);
        let entry = WebEntry { kind: request.name.to_owned(), id, parent, members: body.clone(), last_action: None };
        let mut output = request.output;
        if let Some(shape) = request.output_shape {
            show(contract, shape, &entry, &mut output);
        }
        self.entries.push(entry);
        if self.entries.len() > MAX_ENTRIES {
            self.entries.remove(0);
        }
        if let Some(key) = operation.idempotency_key.as_ref().and_then(|member| text_of(request.input.get(member))) {
            if self.replies.len() > MAX_ENTRIES {
                self.replies.clear();
            }
            self.replies.insert((request.name.to_owned(), key), (body, output.clone()));
        }
        output
    }

    /// Deletes a resource and all that is below it.
    fn delete(&mut self, kind: &str, id: &str) {
        self.entries.retain(|entry| entry.kind != kind || entry.id != id);
        let below: Vec<(String, String)> = self
            .entries
            .iter()
            .filter(|entry| entry.parent.as_ref().is_some_and(|(of, parent)| of == kind && parent == id))
            .map(|entry| (entry.kind.clone(), entry.id.clone()))
            .collect();
        below.iter().for_each(|(kind, id)| self.delete(kind, id));
    }
}

/// Returns the members of an input that are in the body.
fn body_members(contract: &Contract, shape: Option<&ShapeId>, input: &Map<String, Value>) -> Map<String, Value> {
    let members = shape.and_then(|id| contract.shapes.get(id)?.kind.members());
    let is_body = |name: &String| {
        members.and_then(|members| members.get(name)).is_some_and(|member| member.location == MemberLocation::Body)
    };
    input.iter().filter(|(name, _)| is_body(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Puts what is stored of a resource, and its identifier, into an output.
fn show(contract: &Contract, shape: &ShapeId, entry: &WebEntry, output: &mut Value) {
    let mut members = entry.members.clone();
    let number = entry.id.parse::<u64>().ok();
    for name in ["id", "uuid", "uid", "key", "name", "slug"] {
        if !members.contains_key(name) {
            members.insert(name.to_owned(), number.map_or_else(|| Value::from(entry.id.as_str()), Value::from));
        }
    }
    // Only the first member that looks like an identifier is one.
    let outer = contract.shapes.get(shape).and_then(|shape| shape.kind.members());
    let inner = outer.into_iter().flatten().find_map(|(_, member)| contract.shapes.get(&member.shape)?.kind.members());
    let shown =
        |name: &str| outer.is_some_and(|it| it.contains_key(name)) || inner.is_some_and(|it| it.contains_key(name));
    let mut is_found = false;
    for name in ["id", "uuid", "uid", "key", "name", "slug"] {
        if is_found && !entry.members.contains_key(name) {
            members.remove(name);
        }
        is_found |= shown(name);
    }
    fill_members(contract, shape, &members, output, 0);
}

/// Adds the members that a request asks to include.
fn include(contract: &Contract, shape: &ShapeId, input: &Map<String, Value>, output: &mut Value) {
    let (Some(members), Some(out)) =
        (contract.shapes.get(shape).and_then(|shape| shape.kind.members()), output.as_object_mut())
    else {
        return;
    };
    let wanted = ["include", "expand", "embed", "with"].into_iter().filter_map(|name| input.get(name));
    for name in wanted.flat_map(|value| match value {
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>(),
        value => value.as_str().into_iter().collect(),
    }) {
        if let Some(member) = members.get(name)
            && !out.contains_key(name)
            && let Some(value) = smallest_value(contract, &member.shape)
        {
            out.insert(name.to_owned(), value);
        }
    }
}
