//! The state behind generic operations: members that were written to a resource are returned by reads of it.
//!
//! For contracts of which only the shapes are known: an output member with the name of a written member returns the
//! written value, if its shape has such values. Never used for services that have behaviour of their own.

use super::resource_store::{ResourceStore, approximate_size};
use super::tag_members::{TagChange, change_tags, holds_tag_keys, holds_tags, shown_tags};
use crate::contract::{Contract, MemberLocation, ShapeId, ShapeKind};
use crate::reference::misbehavior::MisbehaviorSet;
use crate::reference::sample::smallest_value;
use serde_json::{Map, Value};
use std::convert::Infallible;

/// Maximum size of a value that is stored.
const MAX_VALUE_SIZE: usize = 64 << 10;
/// Maximum depth of structures to which an output is filled.
const MAX_DEPTH: usize = 2;

/// A request that writes members to a resource, and the response that shows them.
pub(in crate::reference) struct MemberWrite<'a> {
    pub(in crate::reference) operation: &'a str,
    pub(in crate::reference) input_shape: Option<&'a ShapeId>,
    pub(in crate::reference) input: &'a Map<String, Value>,
    pub(in crate::reference) output_shape: Option<&'a ShapeId>,
    /// The output with nothing but what is required.
    pub(in crate::reference) smallest: &'a Value,
}

/// Stores the members of an operation's input under a resource. Returns the output filled with the stored members, or
/// `None` if there are none for it. No other request comes in between.
pub(in crate::reference) fn write_members(
    contract: &Contract,
    store: &ResourceStore,
    resource: &str,
    request: &MemberWrite<'_>,
) -> Option<Value> {
    let written: Result<Option<Value>, Infallible> = store.write(resource, MisbehaviorSet::default(), |record| {
        store_input(contract, record, request);
        Ok(fill_smallest(contract, record, request.output_shape, request.smallest))
    });
    let Ok(output) = written;
    output
}

/// Returns an output filled with the stored members, or `None` if there are none for it.
pub(in crate::reference) fn read_members(
    contract: &Contract,
    store: &ResourceStore,
    resource: &str,
    output_shape: Option<&ShapeId>,
    smallest: &Value,
) -> Option<Value> {
    store.read(resource, MisbehaviorSet::default(), |record| fill_smallest(contract, record, output_shape, smallest))
}

fn store_input(contract: &Contract, record: &mut Map<String, Value>, request: &MemberWrite<'_>) {
    let change = TagChange::of_operation(request.operation);
    let members = request.input_shape.and_then(|id| contract.shapes.get(id)?.kind.members());
    let shape_of = |name: &String| members.and_then(|members| members.get(name)).map(|member| &member.shape);
    for (name, value) in request.input {
        let Some(shape) = shape_of(name).filter(|_| !value.is_null() && approximate_size(value) <= MAX_VALUE_SIZE)
        else {
            continue;
        };
        let is_change = holds_tags(contract, name, shape) && change != TagChange::Remove
            || holds_tag_keys(contract, name, shape) && change == TagChange::Remove;
        if is_change {
            change_tags(contract, record, change, (shape, value));
        } else if is_plain_number(contract, shape, value) {
            record.insert(name.clone(), value.clone());
        }
    }
}

fn fill_smallest(
    contract: &Contract,
    record: &Map<String, Value>,
    output_shape: Option<&ShapeId>,
    smallest: &Value,
) -> Option<Value> {
    let output_shape = output_shape.filter(|_| !record.is_empty())?;
    let mut output = smallest.clone();
    fill_output(contract, output_shape, record, &mut output, 0).then_some(output)
}

/// Returns true if a shape has this value, as far as types tell.
fn has_value(contract: &Contract, id: &ShapeId, value: &Value) -> bool {
    let Some(shape) = contract.shapes.get(id) else { return false };
    match (&shape.kind, value) {
        (ShapeKind::Enum { values }, Value::String(text)) => values.contains(text),
        (ShapeKind::String | ShapeKind::Blob, Value::String(_)) | (ShapeKind::Boolean, Value::Bool(_)) => true,
        (ShapeKind::Integer, Value::Number(number)) => {
            number.as_i64().is_some_and(|whole| i32::try_from(whole).is_ok())
        }
        (ShapeKind::Long, Value::Number(number)) => number.is_i64() || number.is_u64(),
        (ShapeKind::Float | ShapeKind::Double | ShapeKind::Timestamp, Value::Number(_)) => true,
        (ShapeKind::List { member }, Value::Array(items)) => items.iter().all(|item| has_value(contract, member, item)),
        (ShapeKind::Map { value, .. }, Value::Object(entries)) => {
            entries.values().all(|entry| has_value(contract, value, entry))
        }
        (ShapeKind::Structure { members } | ShapeKind::Union { members }, Value::Object(given)) => {
            let is_member = |(name, value): (&String, &Value)| {
                members.get(name).is_some_and(|member| value.is_null() || has_value(contract, &member.shape, value))
            };
            let is_complete = members.iter().all(|(name, member)| !member.required || given.contains_key(name));
            is_complete && given.iter().all(is_member)
        }
        (ShapeKind::Document, _) => true,
        _ => false,
    }
}

/// Returns true if a number was sent as a number; one that was accepted in another form is not returned later.
fn is_plain_number(contract: &Contract, shape: &ShapeId, value: &Value) -> bool {
    match contract.shapes.get(shape).map(|shape| &shape.kind) {
        Some(ShapeKind::Integer | ShapeKind::Long) => value.is_i64() || value.is_u64(),
        Some(ShapeKind::Float | ShapeKind::Double | ShapeKind::Timestamp) => value.is_number(),
        _ => true,
    }
}

fn fill_output(
    contract: &Contract,
    id: &ShapeId,
    record: &Map<String, Value>,
    answer: &mut Value,
    depth: usize,
) -> bool {
    let (Some(ShapeKind::Structure { members }), Some(output_members)) =
        (contract.shapes.get(id).map(|shape| &shape.kind), answer.as_object_mut())
    else {
        return false;
    };
    let mut changed = false;
    let in_body = members
        .iter()
        .filter(|(_, member)| member.location.is_in_document() || member.location == MemberLocation::Form);
    for (name, member) in in_body {
        let stored = record.get(name).filter(|value| has_value(contract, &member.shape, value)).cloned();
        let tags = || shown_tags(contract, record, &member.shape).filter(|_| holds_tags(contract, name, &member.shape));
        if let Some(value) = stored.or_else(tags) {
            output_members.insert(name.clone(), value);
            changed = true;
            continue;
        }
        // A list of structures shows the resource as its only item.
        let (inside, is_list) = match contract.shapes.get(&member.shape).map(|shape| &shape.kind) {
            Some(ShapeKind::List { member }) => (member, true),
            _ => (&member.shape, false),
        };
        let is_structure = contract.shapes.get(inside).is_some_and(|shape| shape.kind.members().is_some());
        if depth >= MAX_DEPTH || !is_structure || is_list && depth > 0 {
            continue;
        }
        let current = output_members.get(name).map(|value| if is_list { value.get(0) } else { Some(value) });
        let mut inner = current.flatten().cloned().or_else(|| smallest_value(contract, inside)).unwrap_or_default();
        if fill_output(contract, inside, record, &mut inner, depth + 1) {
            output_members.insert(name.clone(), if is_list { Value::Array(vec![inner]) } else { inner });
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::testing::contract_of_shapes;
    use serde_json::json;

    fn put(contract: &Contract, store: &ResourceStore, resource: &str, input: &Map<String, Value>) -> Option<Value> {
        let (input_shape, output_shape) = (ShapeId::from("In"), ShapeId::from("Out"));
        let request = MemberWrite {
            operation: "Put",
            input_shape: Some(&input_shape),
            input,
            output_shape: Some(&output_shape),
            smallest: &json!({}),
        };
        write_members(contract, store, resource, &request)
    }

    #[test]
    fn concurrent_writes_return_their_own_members() {
        let contract = contract_of_shapes(json!({
            "In": {"type": "structure", "members": {"name": {"shape": "Text"}}},
            "Out": {"type": "structure", "members": {"name": {"shape": "Text"}}},
            "Text": {"type": "string"}
        }));
        let store = ResourceStore::default();
        let write_often = |name: &str| {
            for _ in 0..5_000 {
                let input = Map::from_iter([("name".to_owned(), json!(name))]);
                assert_eq!(put(&contract, &store, "r", &input), Some(json!({ "name": name })));
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| write_often("one"));
            scope.spawn(|| write_often("two"));
        });
    }

    #[test]
    fn plain_values_match_by_name_and_others_by_shape_too() {
        let kinds = ["string", "boolean", "integer", "long", "double", "timestamp"];
        for kind in kinds {
            for other in kinds {
                let contract = contract_of_shapes(json!({
                    "In": {"type": "structure", "members": {"a": {"shape": "One"}}},
                    "Out": {"type": "structure", "members": {"a": {"shape": "Other"}}},
                    "One": {"type": kind}, "Other": {"type": other}
                }));
                let (store, output) = (ResourceStore::default(), ShapeId::from("Out"));
                let keeps = |value: Value| {
                    let input_members = Map::from_iter([("a".to_owned(), value)]);
                    put(&contract, &store, "r", &input_members);
                    read_members(&contract, &store, "r", Some(&output), &json!({}))
                };
                let value = match kind {
                    "string" => json!("x"),
                    "boolean" => json!(true),
                    "integer" | "long" => json!(7),
                    _ => json!(1.5),
                };
                // A number that was sent as a string is accepted, but not returned as a number.
                if !matches!(kind, "string" | "boolean") {
                    assert_eq!(keeps(json!("7")), None, "{kind} {other}");
                }
                if matches!(kind, "integer" | "long") {
                    assert_eq!(keeps(json!(1.5)), None, "{kind} {other}");
                }
                let is_whole = |kind: &str| matches!(kind, "integer" | "long");
                let is_number = |kind: &str| matches!(kind, "double" | "timestamp");
                let alike = kind == other
                    || is_number(other) && (is_number(kind) || is_whole(kind))
                    || is_whole(kind) && is_whole(other);
                let expected = alike.then(|| json!({ "a": value }));
                assert_eq!(keeps(value), expected, "{kind} {other}");
            }
        }
        for (kind, value, plain) in [
            ("long", json!(u64::MAX), true),
            ("long", json!(i64::MIN), true),
            ("long", json!(1.5), false),
            ("double", json!(1.5), true),
            ("double", json!("1.5"), false),
            ("timestamp", json!("1970-01-01T00:00:00Z"), false),
            ("string", json!(7), true),
        ] {
            let contract = contract_of_shapes(json!({"N": {"type": kind}}));
            assert_eq!(is_plain_number(&contract, &ShapeId::from("N"), &value), plain, "{kind} {value}");
        }
    }

    #[test]
    fn outputs_are_filled_to_a_maximum_depth() {
        let contract = contract_of_shapes(json!({
            "In": {"type": "structure", "members": {"one": {"shape": "Text"}, "two": {"shape": "Text"},
                "three": {"shape": "Text"}}},
            "Out": {"type": "structure", "members": {"a": {"shape": "A"}}},
            "A": {"type": "structure", "members": {"one": {"shape": "Text"}, "b": {"shape": "B"}}},
            "B": {"type": "structure", "members": {"two": {"shape": "Text"}, "c": {"shape": "C"}}},
            "C": {"type": "structure", "members": {"three": {"shape": "Text"}}},
            "Text": {"type": "string"}
        }));
        let (store, output) = (ResourceStore::default(), ShapeId::from("Out"));
        let input_members: Map<String, Value> =
            ["one", "two", "three"].map(|name| (name.to_owned(), json!(name))).into_iter().collect();
        put(&contract, &store, "r", &input_members);
        let read = read_members(&contract, &store, "r", Some(&output), &json!({}));
        assert_eq!(read, Some(json!({"a": {"one": "one", "b": {"two": "two"}}})));
    }

    #[test]
    fn written_members_are_returned_by_reads() {
        let contract = contract_of_shapes(json!({
            "In": {"type": "structure", "members": {
                "name": {"shape": "Text"}, "tags": {"shape": "Tags"}, "unknown": {"shape": "Text"}}},
            "Out": {"type": "structure", "members": {"cart": {"shape": "Cart"}, "name": {"shape": "Number"}}},
            "Cart": {"type": "structure", "members": {
                "name": {"shape": "Name"}, "tags": {"shape": "Tags"}, "size": {"shape": "Number", "required": true}}},
            "Tags": {"type": "list", "member": "Text"}, "Number": {"type": "integer"},
            "Text": {"type": "string"}, "Name": {"type": "string"}
        }));
        let (store, output) = (ResourceStore::default(), ShapeId::from("Out"));
        let input_members = |value: Value| value.as_object().cloned().expect("an object");
        let read = |resource: &str| read_members(&contract, &store, resource, Some(&output), &json!({}));
        assert_eq!(read("a"), None);
        put(&contract, &store, "a", &input_members(json!({"name": "one", "tags": ["x"], "more": 1})));
        put(&contract, &store, "a", &input_members(json!({"name": "two", "tags": null})));
        assert_eq!(read("a"), Some(json!({"cart": {"name": "two", "tags": ["x"], "size": 0}})));
        assert_eq!(read("b"), None);
        let large = "x".repeat(MAX_VALUE_SIZE + 1);
        put(&contract, &store, "a", &input_members(json!({ "name": large })));
        assert_eq!(read("a"), Some(json!({"cart": {"name": "two", "tags": ["x"], "size": 0}})));
    }
}
