//! Finds the members that an operation stores and that can be read back, and the laws documented for them.
//!
//! It never decides what is sent.

use super::case::{CaseId, Send};
use super::draft::Planner;
use super::relation::{Effect, Model, StateKind, View};
use super::value::Value;
use crate::contract::{Contract, Kind, Location, MemberPath, Operation, Provenance, ShapeId};
use crate::scenario::ReadBack;
use indexmap::IndexMap;
use serde_json::Value as Json;

/// A member of an operation's input that the service stores, with the way to read it back.
#[derive(Clone)]
pub(crate) struct Keeper<'p> {
    /// The writing operation.
    pub operation: &'p Operation,
    /// The member, at the top of the input.
    pub path: MemberPath,
    /// The shape of the member.
    pub shape: &'p ShapeId,
    /// The kind of state.
    pub kind: StateKind,
    /// What reads the state.
    pub reader: Reader<'p>,
    /// The place of the state in the reader's response.
    pub view: View,
    /// The path, inside a written entry, of the part that is compared.
    of: Option<String>,
}

/// What reads a state.
#[derive(Clone)]
pub(crate) enum Reader<'p> {
    /// The response to the write itself.
    Answer,
    /// An operation of the contract.
    Operation(&'p Operation),
    /// A request written by the user.
    Raw(&'p str),
}

/// Returns the members that an operation stores and that can be read back.
pub(crate) fn keepers<'p>(planner: &Planner<'p>, operation: &'p Operation) -> Vec<Keeper<'p>> {
    let reads = planner.scenario.notes(operation.name.as_str()).map_or(&[][..], |notes| &notes.reads);
    kept(planner.contract, operation, reads)
}

/// Returns true if anything that an operation writes can be read back.
pub fn is_kept(contract: &Contract, operation: &str, reads: &[ReadBack]) -> bool {
    contract.operation(operation).is_some_and(|operation| !kept(contract, operation, reads).is_empty())
}

fn kept<'p>(contract: &'p Contract, operation: &'p Operation, reads: &'p [ReadBack]) -> Vec<Keeper<'p>> {
    if reads.is_empty() {
        return shown_by_answer(contract, operation).into_iter().collect();
    }
    reads.iter().filter_map(|read| keeper(contract, operation, read)).collect()
}

fn keeper<'p>(contract: &'p Contract, operation: &'p Operation, read: &'p ReadBack) -> Option<Keeper<'p>> {
    let members = contract.shape(operation.input.as_ref()?).kind.members()?;
    let stored = |name: &str| {
        let (name, member) = members.get_key_value(name)?;
        Some((name, &member.shape))
    };
    let last = read.value.rsplit(['.', ']']).next().unwrap_or_default();
    let named = match &read.member {
        Some(member) => stored(member),
        None => stored(last),
    };
    let only = || {
        let mut many = members.iter().filter(|(_, member)| {
            matches!(contract.shape(&member.shape).kind, Kind::Map { .. } | Kind::List { .. })
                && member.location == Location::Body
        });
        match (many.next(), many.next()) {
            (Some((name, member)), None) => Some((name, &member.shape)),
            _ => None,
        }
    };
    let (name, shape) = named.or_else(|| if read.member.is_none() { only() } else { None })?;
    let reader = match read.request.as_str() {
        "answer" => Reader::Answer,
        request if request.contains(' ') => Reader::Raw(request),
        request => Reader::Operation(contract.operation(request)?),
    };
    let view =
        View { place: read.value.clone(), key: read.key.clone(), item: read.item.clone(), optional: read.optional };
    let kind = kind(contract, shape);
    Some(Keeper { operation, path: MemberPath::root().member(name), shape, kind, reader, view, of: read.of.clone() })
}

fn kind(contract: &Contract, shape: &ShapeId) -> StateKind {
    match contract.shape(shape).kind {
        Kind::Map { .. } => StateKind::Map,
        Kind::List { .. } => StateKind::List,
        _ => StateKind::Field,
    }
}

/// Returns the stored member to use if the scenario names none: a map or list of the input that occurs under the same
/// name in the response, provided that the documents state a law about it.
fn shown_by_answer<'p>(contract: &'p Contract, operation: &'p Operation) -> Option<Keeper<'p>> {
    if operation.laws.is_empty() {
        return None;
    }
    let members = contract.shape(operation.input.as_ref()?).kind.members()?;
    let output = operation.output.as_ref()?;
    members.iter().find_map(|(name, member)| {
        let kind = kind(contract, &member.shape);
        if kind == StateKind::Field || member.location != Location::Body {
            return None;
        }
        let place = place_of(contract, output, name, kind, 0)?;
        Some(Keeper {
            operation,
            path: MemberPath::root().member(name),
            shape: &member.shape,
            kind,
            reader: Reader::Answer,
            view: View { place, ..View::default() },
            of: None,
        })
    })
}

fn place_of(contract: &Contract, id: &ShapeId, name: &str, wanted: StateKind, depth: usize) -> Option<String> {
    let members = contract.shape(id).kind.members()?;
    if let Some(member) = members.get(name)
        && kind(contract, &member.shape) == wanted
    {
        return Some(member.wire_name(name).to_owned());
    }
    if depth > 3 {
        return None;
    }
    members.iter().find_map(|(outer, member)| {
        let below = place_of(contract, &member.shape, name, wanted, depth + 1)?;
        Some(format!("{}.{below}", member.wire_name(outer)))
    })
}

impl<'p> Keeper<'p> {
    /// Returns true if a law holds for the operation: because a document or the scenario says so, or because every read
    /// implies it.
    pub fn promises(&self, planner: &Planner<'_>, law: &str) -> bool {
        let said = planner.scenario.notes(self.operation.name.as_str());
        matches!(law, "read-your-write" | "isolated")
            || self.operation.laws.iter().any(|one| one == law)
            || said.is_some_and(|notes| notes.laws.iter().any(|one| one == law))
    }

    /// Returns where a law is documented.
    pub fn source(&self, planner: &Planner<'_>, law: &str) -> Option<Provenance> {
        law_source(planner, self.operation, law)
    }

    /// Returns the operation that undoes what this one writes, and the member of its input that names the entries.
    pub fn undoing(&self, planner: &Planner<'p>) -> Option<(&'p Operation, &'p str)> {
        planner.scenario.operations.iter().find_map(|(name, notes)| {
            let undoes = notes.undoes.as_ref()?;
            let fits = undoes.operation == self.operation.name.as_str()
                && undoes.of.as_ref().is_none_or(|of| *of == self.path.to_string());
            fits.then_some(())?;
            Some((planner.contract.operation(name)?, undoes.member.as_str()))
        })
    }

    /// Returns the request that reads the state of a resource. Returns `None` if no separate request does, or if the
    /// scenario's request has no method.
    pub fn look(&self, planner: &Planner<'_>, id: &CaseId, resource: u32) -> Option<Send> {
        match &self.reader {
            Reader::Answer => None,
            Reader::Operation(reader) => {
                let input = planner.sampler(reader, id).of_resource(resource).plain();
                Some(Send::Operation { name: reader.name.clone(), input, damage: Vec::new() })
            }
            Reader::Raw(request) => {
                let sampler = planner.sampler(self.operation, id).of_resource(resource);
                let line = match sampler.templates.text(request) {
                    Value::Text(text) => text.replace('{', "{{").replace('}', "}}"),
                    Value::Template(text) => text,
                    _ => return None,
                };
                let (method, target) = line.split_once(' ')?;
                Some(Send::Raw { method: method.to_owned(), target: target.trim().to_owned(), body: None })
            }
        }
    }

    /// Returns the documented model of the state, in which `law` holds whether it is documented or not.
    pub fn model(&self, planner: &Planner<'_>, law: &str) -> Model {
        let holds = |one: &str| one == law || self.promises(planner, one);
        Model {
            kind: self.kind,
            merges: holds("merges"),
            deduplicates: holds("deduplicates"),
            ordered: holds("keeps-order"),
        }
    }

    /// Returns true if every entry of a value has the part that is compared.
    pub fn is_shown(&self, value: &Value) -> bool {
        let Some(place) = &self.of else { return true };
        let has = |value: &Value| json(value).is_some_and(|json| at(&json, place).is_some_and(|part| !part.is_null()));
        match (self.kind, value) {
            (StateKind::Map, Value::Map(entries)) => entries.values().all(has),
            (StateKind::List, Value::List(items)) => items.iter().all(has),
            (_, value) => has(value),
        }
    }

    /// Returns the effect on the state of writing a valid value to the member, in the form in which it is compared.
    pub fn effect(&self, value: &Value) -> Option<Effect> {
        let compared = |value: &Value| {
            let json = json(value)?;
            match &self.of {
                Some(place) => Some(at(&json, place).cloned().unwrap_or(Json::Null)),
                None => Some(json),
            }
        };
        Some(match (self.kind, value) {
            (StateKind::Map, Value::Map(entries)) => Effect::Put(
                entries.iter().map(|(key, value)| Some((key.clone(), compared(value)?))).collect::<Option<_>>()?,
            ),
            (StateKind::List, Value::List(items)) => Effect::Append(items.iter().map(compared).collect::<Option<_>>()?),
            (StateKind::Field, value) => Effect::Set(compared(value)?),
            _ => return None,
        })
    }
}

/// Returns where a law of an operation is stated: in a document, in the scenario, or else where the operation itself is
/// documented.
pub(crate) fn law_source(planner: &Planner<'_>, operation: &Operation, law: &str) -> Option<Provenance> {
    let path = format!("laws/{law}");
    if let Some(fact) = operation.facts.iter().find(|fact| fact.path == path) {
        return Some(fact.provenance());
    }
    let notes = planner.scenario.notes(operation.name.as_str());
    match notes.filter(|notes| notes.laws_line > 0 && notes.laws.iter().any(|one| one == law)) {
        Some(notes) => Some(Provenance::new(format!("{}.toml", planner.scenario.name), notes.laws_line)),
        None => operation.sources.first().cloned(),
    }
}

fn at<'j>(json: &'j Json, place: &str) -> Option<&'j Json> {
    place.split('.').try_fold(json, |json, name| json.get(name))
}

/// Converts a value to JSON. Returns `None` for placeholders and for what JSON cannot express.
pub(crate) fn json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Boolean(truth) => Json::Bool(*truth),
        Value::Number(literal) => serde_json::from_str(literal).ok()?,
        Value::Text(text) => Json::String(text.clone()),
        Value::List(items) => Json::Array(items.iter().map(json).collect::<Option<_>>()?),
        Value::Map(members) => {
            Json::Object(members.iter().map(|(name, value)| Some((name.clone(), json(value)?))).collect::<Option<_>>()?)
        }
        Value::Template(_) | Value::Blob(_) | Value::Raw(_) => return None,
    })
}

/// Returns the value with its free-text member set to `text`; if the value is a text itself, returns `text`.
pub(crate) fn with_text(contract: &Contract, id: &ShapeId, value: Value, text: &str) -> Option<Value> {
    match (&contract.shape(id).kind, value) {
        (Kind::String, _) => Some(Value::text(text)),
        (Kind::Structure { members } | Kind::Union { members }, Value::Map(mut entry)) => {
            let name = members.iter().find(|(_, member)| {
                let shape = contract.shape(&member.shape);
                matches!(shape.kind, Kind::String) && shape.pattern.is_none()
            });
            entry.insert(name?.0.clone(), Value::text(text));
            Some(Value::Map(entry))
        }
        _ => None,
    }
}

/// Builds a map value from entries.
pub(crate) fn map(entries: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::Map(entries.into_iter().collect::<IndexMap<_, _>>())
}
