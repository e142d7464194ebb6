//! Converts JSON documents between the wire names of members and their names in the contract.
//!
//! Never parses bytes: [`super::super::body_parser`] does.

use super::scalars::scalar_to_text;
use super::{ShapeRef, timestamps};
use crate::contract::{MemberLocation, ShapeKind, TimestampFormat};
use crate::reference::body_parser::ReadFailure;
use serde_json::{Map, Value};

/// How strictly the format of timestamps is checked.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::reference) enum TimestampStrictness {
    /// Only the expected format is accepted.
    Strict,
    /// Any date format is accepted: parsers differ, and their behaviour is undocumented.
    Lenient,
}

/// Converts a value to the contract's form. Values that the contract does not know are kept as they are.
pub(in crate::reference) fn from_wire(
    shape: ShapeRef<'_>,
    value: Value,
    exact: TimestampStrictness,
) -> Result<Value, ReadFailure> {
    Ok(match (shape.kind(), value) {
        (ShapeKind::Structure { .. } | ShapeKind::Union { .. }, Value::Object(found)) => {
            Value::Object(members_from_wire(shape, found, exact, |_| true)?)
        }
        (ShapeKind::List { .. }, Value::Array(values)) => match shape.items() {
            Some(items) => {
                values.into_iter().map(|value| from_wire(items, value, exact)).collect::<Result<Vec<_>, _>>()?.into()
            }
            None => values.into(),
        },
        (ShapeKind::Map { .. }, Value::Object(found)) => match shape.entries() {
            Some((_, values)) => found
                .into_iter()
                .map(|(key, value)| Ok((key, from_wire(values, value, exact)?)))
                .collect::<Result<Map<_, _>, ReadFailure>>()?
                .into(),
            None => found.into(),
        },
        (ShapeKind::Timestamp, value) => timestamp_from_wire(shape, value, exact)?,
        (_, value) => value,
    })
}

/// Converts the members of a structure to the contract's form, limited to the wanted locations.
pub(in crate::reference) fn members_from_wire(
    shape: ShapeRef<'_>,
    mut found: Map<String, Value>,
    exact: TimestampStrictness,
    wanted: impl Fn(MemberLocation) -> bool,
) -> Result<Map<String, Value>, ReadFailure> {
    let Some(known) = shape.members() else { return Ok(found) };
    let mut out = Map::new();
    for (name, member) in known.iter().filter(|(_, member)| wanted(member.location)) {
        if let Some(value) = found.swap_remove(member.wire_name(name)) {
            out.insert(name.clone(), from_wire(shape.member(member), value, exact)?);
        }
    }
    out.extend(found.into_iter().filter(|(name, _)| !known.contains_key(name)));
    Ok(out)
}

fn timestamp_from_wire(shape: ShapeRef<'_>, value: Value, exact: TimestampStrictness) -> Result<Value, ReadFailure> {
    let format = shape.timestamp_format(TimestampFormat::EpochSeconds);
    match (value, exact) {
        (Value::String(text), TimestampStrictness::Lenient) => {
            Ok(timestamps::parse_any(&text).unwrap_or(Value::String(text)))
        }
        (Value::String(text), TimestampStrictness::Strict) => match format {
            TimestampFormat::EpochSeconds => {
                Err(ReadFailure::Malformed("a timestamp must be a number of seconds".to_owned()))
            }
            format => timestamps::parse(&text, format)
                .ok_or_else(|| ReadFailure::Malformed(format!("`{text}` is not a timestamp in the expected format"))),
        },
        (Value::Number(number), TimestampStrictness::Strict) if format != TimestampFormat::EpochSeconds => {
            Err(ReadFailure::Malformed(format!("`{number}` is not a timestamp in the expected format")))
        }
        (value, _) => Ok(value),
    }
}

/// Converts a value to its form in a document, with wire names and formatted timestamps.
pub(in crate::reference) fn to_wire(shape: ShapeRef<'_>, value: &Value) -> Value {
    match (shape.kind(), value) {
        (ShapeKind::Structure { members } | ShapeKind::Union { members }, Value::Object(found)) => found
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| match members.get(name) {
                Some(member) => (member.wire_name(name).to_owned(), to_wire(shape.member(member), value)),
                None => (name.clone(), value.clone()),
            })
            .collect::<Map<_, _>>()
            .into(),
        (ShapeKind::List { .. }, Value::Array(values)) => match shape.items() {
            Some(items) => values.iter().map(|value| to_wire(items, value)).collect(),
            None => value.clone(),
        },
        (ShapeKind::Map { .. }, Value::Object(found)) => match shape.entries() {
            Some((_, values)) => {
                found.iter().map(|(key, value)| (key.clone(), to_wire(values, value))).collect::<Map<_, _>>().into()
            }
            None => value.clone(),
        },
        (ShapeKind::Timestamp, value) => {
            timestamps::format_value(value, shape.timestamp_format(TimestampFormat::EpochSeconds))
        }
        (ShapeKind::String, value) if !value.is_string() && shape.is_json_string() => scalar_to_text(value).into(),
        (_, value) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Contract;
    use crate::reference::testing::contract_of_shapes;
    use serde_json::json;

    fn contract() -> Contract {
        contract_of_shapes(json!({
            "In": {"type": "structure", "members": {
                "Text": {"shape": "Text", "wire": "txt"}, "Plain": {"shape": "Text"}, "At": {"shape": "At"},
                "On": {"shape": "On"}, "By": {"shape": "By"}, "Json": {"shape": "Json"}}},
            "Text": {"type": "string"}, "At": {"type": "timestamp"},
            "On": {"type": "timestamp", "traits": {"timestampFormat": "date-time"}},
            "By": {"type": "timestamp", "traits": {"timestampFormat": "http-date"}},
            "Json": {"type": "string", "traits": {"jsonValue": true}}
        }))
    }

    #[test]
    fn members_are_read_by_their_wire_names() {
        let contract = contract();
        let id = "In".into();
        let read = |value: Value| from_wire(ShapeRef::new(&contract, &id), value, TimestampStrictness::Strict).ok();
        for (document, expected) in [
            (json!({"txt": "a", "Plain": "b"}), Some(json!({"Text": "a", "Plain": "b"}))),
            // The name in the contract is unknown on the wire and does not set the member.
            (json!({"Text": "a"}), Some(json!({}))),
            (json!({"more": 1}), Some(json!({"more": 1}))),
            (json!({"At": 1.5}), Some(json!({"At": 1.5}))),
            (json!({"At": "1970-01-01T00:00:01Z"}), None),
            (json!({"On": "1970-01-01T00:00:01Z"}), Some(json!({"On": 1}))),
            (json!({"On": 1}), None),
            (json!({"On": "Thu, 01 Jan 1970 00:00:01 GMT"}), None),
            (json!({"By": "Thu, 01 Jan 1970 00:00:01 GMT"}), Some(json!({"By": 1}))),
            (json!({"By": true}), Some(json!({"By": true}))),
        ] {
            assert_eq!(read(document.clone()), expected, "{document}");
        }
        let any = |value: Value| from_wire(ShapeRef::new(&contract, &id), value, TimestampStrictness::Lenient).ok();
        assert_eq!(any(json!({"At": "1970-01-01T00:00:01Z"})), Some(json!({"At": 1})));
        assert_eq!(any(json!({"On": 1})), Some(json!({"On": 1})));
    }

    #[test]
    fn values_are_written_in_wire_format() {
        let contract = contract();
        let id = "In".into();
        let place = ShapeRef::new(&contract, &id);
        for (value, expected) in [
            (json!({"Text": "a", "Plain": "b"}), json!({"txt": "a", "Plain": "b"})),
            (json!({"Text": null}), json!({})),
            (json!({"At": 1, "On": 1}), json!({"At": 1, "On": "1970-01-01T00:00:01Z"})),
            (json!({"Json": {"a": 1}}), json!({"Json": "{\"a\":1}"})),
            (json!({"Json": "a"}), json!({"Json": "a"})),
            (json!({"Plain": 1}), json!({"Plain": 1})),
            (json!({"more": {"a": null}}), json!({"more": {"a": null}})),
        ] {
            assert_eq!(to_wire(place, &value), expected, "{value}");
        }
    }
}
