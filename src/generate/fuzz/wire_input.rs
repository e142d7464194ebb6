//! Converts an input to what the wire carries: outside a body there are only texts, and null members are not sent.
//!
//! It never decides whether a value is valid.

use crate::contract::{Contract, Kind, Location, Operation, ShapeId};
use crate::generate::Value;

/// Returns the input that the server receives, or `None` if the wire cannot express it.
pub(super) fn carried(contract: &Contract, operation: &Operation, mut input: Value) -> Option<Value> {
    let Some(shape) = &operation.input else { return Some(input) };
    let (Some(members), Value::Map(given)) = (contract.shape(shape).kind.members(), &mut input) else {
        return Some(input);
    };
    let mut absent = Vec::new();
    for (name, value) in given.iter_mut() {
        let Some(member) = members.get(name) else { continue };
        if matches!(member.location, Location::Body | Location::Payload) {
            continue;
        }
        if *value == Value::Null {
            absent.push(name.clone());
            continue;
        }
        *value = as_text(contract, &member.shape, std::mem::replace(value, Value::Null))?;
    }
    for name in absent {
        given.shift_remove(&name);
    }
    Some(input)
}

/// Returns the value that a server reads from this value's text, given the shape.
fn as_text(contract: &Contract, id: &ShapeId, value: Value) -> Option<Value> {
    let text = match (&contract.shape(id).kind, value) {
        (Kind::List { member }, Value::List(items)) => {
            let items = items.into_iter().map(|item| as_text(contract, member, item));
            return items.collect::<Option<_>>().map(Value::List);
        }
        (Kind::List { member }, scalar) => {
            return as_text(contract, member, scalar).map(|item| Value::List(vec![item]));
        }
        (Kind::Map { key: _, value: inner }, Value::Map(entries)) => {
            let entries = entries.into_iter().map(|(name, item)| Some((name, as_text(contract, inner, item)?)));
            return entries.collect::<Option<_>>().map(Value::Map);
        }
        (_, template @ Value::Template(_)) => return Some(template),
        (Kind::Blob, blob @ Value::Blob(_)) => return Some(blob),
        (_, Value::Text(text) | Value::Number(text)) => text,
        (_, Value::Boolean(truth)) => truth.to_string(),
        _ => return None,
    };
    Some(match contract.shape(id).kind {
        Kind::Boolean if text == "true" || text == "false" => Value::Boolean(text == "true"),
        Kind::Integer | Kind::Long | Kind::Float | Kind::Double | Kind::Timestamp if is_number(&text) => {
            Value::Number(text)
        }
        _ => Value::Text(text),
    })
}

fn is_number(text: &str) -> bool {
    serde_json::from_str::<serde_json::Number>(text).is_ok()
}

/// Returns true if a text of the input may change its meaning on the way: a segment that changes the path, or a header
/// with spaces at its ends.
pub(super) fn is_unclear(contract: &Contract, operation: &Operation, input: &Value) -> bool {
    let (Some(shape), Value::Map(given)) = (&operation.input, input) else { return false };
    let Some(members) = contract.shape(shape).kind.members() else { return false };
    given.iter().any(|(name, value)| {
        let location = members.get(name).map_or(Location::Body, |member| member.location);
        texts(value).into_iter().any(|text| match location {
            Location::Label => matches!(text, "" | "." | ".."),
            Location::Header => text.is_empty() || text.trim() != text || !text.is_ascii() || text.contains(','),
            _ => false,
        })
    })
}

/// Returns true if an input contains a raw literal, which servers read in different ways or reject as malformed.
pub(super) fn is_literal(value: &Value) -> bool {
    match value {
        Value::Raw(_) => true,
        Value::List(items) => items.iter().any(is_literal),
        Value::Map(members) => members.values().any(is_literal),
        _ => false,
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Text(text) => vec![text],
        Value::List(items) => items.iter().flat_map(texts).collect(),
        Value::Map(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
