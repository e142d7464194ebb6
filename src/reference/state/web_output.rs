//! Puts stored members into outputs, wherever the contract has a member of the same name that can hold the value.

use crate::contract::{Contract, MemberLocation, ShapeId, ShapeKind};
use crate::reference::sample::smallest_value;
use serde_json::{Map, Value};

/// Maximum depth of structures to which an output is filled.
const MAX_DEPTH: usize = 2;
/// Maximum depth to which a value is compared with its shape.
const MAX_VALUE_DEPTH: usize = 16;

/// Fills an output with stored members.
pub(super) fn fill_members(
    contract: &Contract,
    id: &ShapeId,
    stored: &Map<String, Value>,
    output: &mut Value,
    depth: usize,
) {
    let members = contract.shapes.get(id).and_then(|shape| shape.kind.members());
    let (Some(members), Some(out)) = (members, output.as_object_mut()) else { return };
    let in_body = members.iter().filter(|(_, member)| member.location == MemberLocation::Body);
    for (name, member) in in_body {
        match stored.get(name).filter(|value| value_fits(contract, &member.shape, value, 0)) {
            Some(value) => {
                out.insert(name.clone(), value.clone());
            }
            None if depth < MAX_DEPTH && contract.shapes[&member.shape].kind.members().is_some() => {
                let is_known = out.contains_key(name);
                let mut inner = match out.get(name) {
                    Some(inner) => inner.clone(),
                    None => smallest_value(contract, &member.shape).unwrap_or_default(),
                };
                let before = inner.clone();
                fill_members(contract, &member.shape, stored, &mut inner, depth + 1);
                if is_known || inner != before {
                    out.insert(name.clone(), inner);
                }
            }
            None => {}
        }
    }
}

/// Returns true if a value has the type of a shape.
pub(super) fn value_fits(contract: &Contract, id: &ShapeId, value: &Value, depth: usize) -> bool {
    let Some(shape) = contract.shapes.get(id).filter(|_| depth < MAX_VALUE_DEPTH) else { return false };
    match (&shape.kind, value) {
        (_, Value::Null) => shape.nullable,
        (ShapeKind::Document, _)
        | (ShapeKind::Boolean, Value::Bool(_))
        | (ShapeKind::String | ShapeKind::Blob, Value::String(_))
        | (ShapeKind::Timestamp, Value::String(_) | Value::Number(_))
        | (ShapeKind::Float | ShapeKind::Double, Value::Number(_)) => true,
        (ShapeKind::Enum { values }, Value::String(text)) => values.contains(text),
        (ShapeKind::Integer | ShapeKind::Long, Value::Number(number)) => number.is_i64() || number.is_u64(),
        (ShapeKind::List { member }, Value::Array(items)) => {
            items.iter().all(|item| value_fits(contract, member, item, depth + 1))
        }
        (ShapeKind::Map { value: entry, .. }, Value::Object(entries)) => {
            entries.values().all(|item| value_fits(contract, entry, item, depth + 1))
        }
        (ShapeKind::Structure { members } | ShapeKind::Union { members }, Value::Object(given)) => {
            let has_required = members.iter().all(|(name, member)| !member.required || given.contains_key(name));
            has_required
                && given.iter().all(|(name, value)| {
                    members.get(name).is_none_or(|member| value_fits(contract, &member.shape, value, depth + 1))
                })
        }
        _ => false,
    }
}
