//! The state behind generic operations: members that were written to a resource are returned by reads of it.
//!
//! For contracts of which only the shapes are known: an output member with the name and the shape of a written member
//! returns the written value. Never used for services that have behaviour of their own.

use super::sample::smallest;
use super::state::{Store, weight};
use super::trick::Tricks;
use crate::contract::{Contract, Http, Kind, Location, Operation, ShapeId};
use serde_json::{Map, Value};
use std::convert::Infallible;

/// Maximum size of a value that is stored.
const LARGEST: usize = 64 << 10;
/// Maximum depth of structures to which an output is filled.
const DEEPEST: usize = 2;

/// Returns true if an operation is read-only, judged by its method or its name.
pub(super) fn only_looks(operation: &Operation) -> bool {
    let method = operation.http.as_ref().map(|Http { method, .. }| method.as_str());
    matches!(method, Some("GET" | "HEAD"))
        || ["Get", "Describe", "List", "Head", "Search", "Query", "Scan", "Lookup", "BatchGet"].iter().any(|verb| {
            let rest = operation.name.as_str().strip_prefix(verb);
            rest.is_some_and(|rest| rest.chars().next().is_none_or(char::is_uppercase))
        })
}

/// Stores the members of an input under a resource.
pub(super) fn remember(
    contract: &Contract,
    store: &Store,
    resource: &str,
    input: Option<&ShapeId>,
    said: &Map<String, Value>,
) {
    let members = input.and_then(|id| contract.shapes.get(id)?.kind.members());
    let known = |name: &String| members.and_then(|members| members.get(name)).map(|member| &member.shape);
    let done: Result<(), Infallible> = store.write(resource, Tricks::default(), |record| {
        for (name, value) in said {
            if let Some(shape) = known(name)
                && !value.is_null()
                && weight(value) <= LARGEST
                && is_plain(contract, shape, value)
            {
                record.insert(key(contract, name, shape), value.clone());
            }
        }
        Ok(())
    });
    let Ok(()) = done;
}

/// Returns an output filled with the stored members, or `None` if there are none for it.
pub(super) fn recall(
    contract: &Contract,
    store: &Store,
    resource: &str,
    output: Option<&ShapeId>,
    least: &Value,
) -> Option<Value> {
    let output = output?;
    store.read(resource, Tricks::default(), |record| {
        if record.is_empty() {
            return None;
        }
        let mut answer = least.clone();
        fill(contract, output, record, &mut answer, 0).then_some(answer)
    })
}

/// Returns the key of a stored member: strings, integers and booleans go by their type and name, all others by their
/// shape and name.
fn key(contract: &Contract, name: &str, shape: &ShapeId) -> String {
    match contract.shapes.get(shape).map(|shape| &shape.kind) {
        Some(Kind::String) => format!("text {name}"),
        Some(Kind::Boolean) => format!("truth {name}"),
        Some(Kind::Integer) => format!("integer {name}"),
        Some(Kind::Long) => format!("long {name}"),
        _ => format!("{shape} {name}"),
    }
}

/// Returns true if a number was sent as a number; one that was accepted in another form is not returned later.
fn is_plain(contract: &Contract, shape: &ShapeId, value: &Value) -> bool {
    match contract.shapes.get(shape).map(|shape| &shape.kind) {
        Some(Kind::Integer | Kind::Long) => value.is_i64() || value.is_u64(),
        Some(Kind::Float | Kind::Double | Kind::Timestamp) => value.is_number(),
        _ => true,
    }
}

fn fill(contract: &Contract, id: &ShapeId, record: &Map<String, Value>, answer: &mut Value, depth: usize) -> bool {
    let (Some(Kind::Structure { members }), Some(said)) =
        (contract.shapes.get(id).map(|shape| &shape.kind), answer.as_object_mut())
    else {
        return false;
    };
    let mut changed = false;
    let in_body = members.iter().filter(|(_, member)| matches!(member.location, Location::Body | Location::Payload));
    for (name, member) in in_body {
        if let Some(value) = record.get(&key(contract, name, &member.shape)) {
            said.insert(name.clone(), value.clone());
            changed = true;
        } else if depth < DEEPEST
            && let Some(Kind::Structure { .. }) = contract.shapes.get(&member.shape).map(|shape| &shape.kind)
        {
            let mut inner = said.get(name).cloned().or_else(|| smallest(contract, &member.shape)).unwrap_or_default();
            if fill(contract, &member.shape, record, &mut inner, depth + 1) {
                said.insert(name.clone(), inner);
                changed = true;
            }
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::testing::of_shapes;
    use serde_json::json;

    #[test]
    fn read_only_operations_are_recognized_by_method_or_name() {
        for (name, method, looks) in [
            ("GetThing", None, true),
            ("Get", None, true),
            ("DescribeThings", None, true),
            ("Getaway", None, false),
            ("MakeThing", None, false),
            ("GetThing", Some("POST"), true),
            ("MakeThing", Some("POST"), false),
            ("Thing", Some("GET"), true),
            ("Thing", Some("HEAD"), true),
        ] {
            let mut operation = Operation::new(name.into());
            operation.http =
                method.map(|method| Http { method: method.to_owned(), uri: "/x".to_owned(), success: None });
            assert_eq!(only_looks(&operation), looks, "{name} {method:?}");
        }
    }

    #[test]
    fn plain_values_match_by_name_and_others_by_shape_too() {
        let kinds = ["string", "boolean", "integer", "long", "double", "timestamp"];
        for kind in kinds {
            for other in kinds {
                let contract = of_shapes(json!({
                    "In": {"type": "structure", "members": {"a": {"shape": "One"}}},
                    "Out": {"type": "structure", "members": {"a": {"shape": "Other"}}},
                    "One": {"type": kind}, "Other": {"type": other}
                }));
                let (store, input, output) = (Store::default(), ShapeId::from("In"), ShapeId::from("Out"));
                let keeps = |value: Value| {
                    let said = Map::from_iter([("a".to_owned(), value)]);
                    remember(&contract, &store, "r", Some(&input), &said);
                    recall(&contract, &store, "r", Some(&output), &json!({}))
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
                let alike = kind == other && !matches!(kind, "double" | "timestamp");
                let due = alike.then(|| json!({ "a": value }));
                assert_eq!(keeps(value), due, "{kind} {other}");
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
            let contract = of_shapes(json!({"N": {"type": kind}}));
            assert_eq!(is_plain(&contract, &ShapeId::from("N"), &value), plain, "{kind} {value}");
        }
    }

    #[test]
    fn outputs_are_filled_to_a_maximum_depth() {
        let contract = of_shapes(json!({
            "In": {"type": "structure", "members": {"one": {"shape": "Text"}, "two": {"shape": "Text"},
                "three": {"shape": "Text"}}},
            "Out": {"type": "structure", "members": {"a": {"shape": "A"}}},
            "A": {"type": "structure", "members": {"one": {"shape": "Text"}, "b": {"shape": "B"}}},
            "B": {"type": "structure", "members": {"two": {"shape": "Text"}, "c": {"shape": "C"}}},
            "C": {"type": "structure", "members": {"three": {"shape": "Text"}}},
            "Text": {"type": "string"}
        }));
        let (store, input, output) = (Store::default(), ShapeId::from("In"), ShapeId::from("Out"));
        let said: Map<String, Value> =
            ["one", "two", "three"].map(|name| (name.to_owned(), json!(name))).into_iter().collect();
        remember(&contract, &store, "r", Some(&input), &said);
        let shown = recall(&contract, &store, "r", Some(&output), &json!({}));
        assert_eq!(shown, Some(json!({"a": {"one": "one", "b": {"two": "two"}}})));
    }

    #[test]
    fn written_members_are_returned_by_reads() {
        let contract = of_shapes(json!({
            "In": {"type": "structure", "members": {
                "name": {"shape": "Text"}, "tags": {"shape": "Tags"}, "unknown": {"shape": "Text"}}},
            "Out": {"type": "structure", "members": {"cart": {"shape": "Cart"}, "name": {"shape": "Number"}}},
            "Cart": {"type": "structure", "members": {
                "name": {"shape": "Name"}, "tags": {"shape": "Tags"}, "size": {"shape": "Number", "required": true}}},
            "Tags": {"type": "list", "member": "Text"}, "Number": {"type": "integer"},
            "Text": {"type": "string"}, "Name": {"type": "string"}
        }));
        let (store, input, output) = (Store::default(), ShapeId::from("In"), ShapeId::from("Out"));
        let said = |value: Value| value.as_object().cloned().expect("an object");
        let read = |resource: &str| recall(&contract, &store, resource, Some(&output), &json!({}));
        assert_eq!(read("a"), None);
        remember(&contract, &store, "a", Some(&input), &said(json!({"name": "one", "tags": ["x"], "more": 1})));
        remember(&contract, &store, "a", Some(&input), &said(json!({"name": "two", "tags": null})));
        assert_eq!(read("a"), Some(json!({"cart": {"name": "two", "tags": ["x"], "size": 0}})));
        assert_eq!(read("b"), None);
        let large = "x".repeat(LARGEST + 1);
        remember(&contract, &store, "a", Some(&input), &said(json!({ "name": large })));
        assert_eq!(read("a"), Some(json!({"cart": {"name": "two", "tags": ["x"], "size": 0}})));
    }
}
