//! Converts an input to what the wire carries: outside a body there are only texts, and null members are not sent.
//!
//! It never decides whether a value is valid.

use crate::case::Value;
use crate::contract::{Contract, MemberLocation, Operation, ShapeId, ShapeKind};

/// Returns the input that the server receives, or `None` if the wire cannot express it.
pub(super) fn input_on_wire(contract: &Contract, operation: &Operation, mut input: Value) -> Option<Value> {
    let Some(shape) = &operation.input else { return Some(input) };
    let (Some(members), Value::Map(given)) = (contract.shape(shape).kind.members(), &mut input) else {
        return Some(input);
    };
    let mut absent = Vec::new();
    for (name, value) in given.iter_mut() {
        let Some(member) = members.get(name) else { continue };
        if member.location.is_in_document() {
            continue;
        }
        if *value == Value::Null {
            absent.push(name.clone());
            continue;
        }
        *value = value_from_text(contract, &member.shape, std::mem::replace(value, Value::Null))?;
    }
    for name in absent {
        given.shift_remove(&name);
    }
    Some(input)
}

/// Returns the value that a server reads from this value's text, given the shape.
fn value_from_text(contract: &Contract, id: &ShapeId, value: Value) -> Option<Value> {
    let text = match (&contract.shape(id).kind, value) {
        (ShapeKind::List { member }, Value::List(items)) => {
            let items = items.into_iter().map(|item| value_from_text(contract, member, item));
            return items.collect::<Option<_>>().map(Value::List);
        }
        (ShapeKind::List { member }, scalar) => {
            return value_from_text(contract, member, scalar).map(|item| Value::List(vec![item]));
        }
        (ShapeKind::Map { key: _, value: inner }, Value::Map(entries)) => {
            let entries = entries.into_iter().map(|(name, item)| Some((name, value_from_text(contract, inner, item)?)));
            return entries.collect::<Option<_>>().map(Value::Map);
        }
        (_, template @ Value::Template(_)) => return Some(template),
        (ShapeKind::Blob, blob @ Value::Blob(_)) => return Some(blob),
        (_, Value::Text(text) | Value::Number(text)) => text,
        (_, Value::Boolean(truth)) => truth.to_string(),
        _ => return None,
    };
    Some(match contract.shape(id).kind {
        ShapeKind::Boolean if text == "true" || text == "false" => Value::Boolean(text == "true"),
        ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double | ShapeKind::Timestamp
            if is_number(&text) =>
        {
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
pub(super) fn is_ambiguous_on_wire(contract: &Contract, operation: &Operation, input: &Value) -> bool {
    let (Some(shape), Value::Map(given)) = (&operation.input, input) else { return false };
    let Some(members) = contract.shape(shape).kind.members() else { return false };
    given.iter().any(|(name, value)| {
        let member = members.get(name);
        let location = member.map_or(MemberLocation::Body, |member| member.location);
        let separator = member.and_then(|member| member.traits.separator.as_deref());
        if separator.is_some_and(|it| collect_texts(value).iter().any(|text| text.is_empty() || text.contains(it))) {
            return true;
        }
        collect_texts(value).into_iter().any(|text| match location {
            MemberLocation::Label => matches!(text, "" | "." | ".."),
            MemberLocation::Cookie => text.is_empty() || !text.chars().all(|c| c.is_ascii_alphanumeric()),
            MemberLocation::Form => text.is_empty(),
            MemberLocation::Header => text.is_empty() || text.trim() != text || !text.is_ascii() || text.contains(','),
            _ => false,
        })
    })
}

/// Returns true if an input contains a raw literal, which servers read in different ways or reject as malformed.
pub(super) fn has_raw_literal(value: &Value) -> bool {
    match value {
        Value::Raw(_) => true,
        Value::List(items) => items.iter().any(has_raw_literal),
        Value::Map(members) => members.values().any(has_raw_literal),
        _ => false,
    }
}

fn collect_texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Text(text) => vec![text],
        Value::List(items) => items.iter().flat_map(collect_texts).collect(),
        Value::Map(members) => members.values().flat_map(collect_texts).collect(),
        _ => Vec::new(),
    }
}
