//! Converts JSON documents between the wire names of members and their names in the contract.
//!
//! Never parses bytes: [`super::super::body_parser`] does.

use super::{Place, moments, scalar_text};
use crate::contract::{Kind, Location, TimestampFormat};
use crate::reference::read::Unread;
use serde_json::{Map, Value};

/// How strictly the format of timestamps is checked.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::reference) enum Moments {
    /// Only the expected format is accepted.
    Exact,
    /// Any date format is accepted: parsers differ, and their behaviour is undocumented.
    Any,
}

/// Converts a value to the contract's form. Values that the contract does not know are kept as they are.
pub(in crate::reference) fn named(place: Place<'_>, value: Value, exact: Moments) -> Result<Value, Unread> {
    Ok(match (place.kind(), value) {
        (Kind::Structure { .. } | Kind::Union { .. }, Value::Object(found)) => {
            Value::Object(members(place, found, exact, |_| true)?)
        }
        (Kind::List { .. }, Value::Array(values)) => match place.items() {
            Some(items) => {
                values.into_iter().map(|value| named(items, value, exact)).collect::<Result<Vec<_>, _>>()?.into()
            }
            None => values.into(),
        },
        (Kind::Map { .. }, Value::Object(found)) => match place.entries() {
            Some((_, values)) => found
                .into_iter()
                .map(|(key, value)| Ok((key, named(values, value, exact)?)))
                .collect::<Result<Map<_, _>, Unread>>()?
                .into(),
            None => found.into(),
        },
        (Kind::Timestamp, value) => moment(place, value, exact)?,
        (_, value) => value,
    })
}

/// Converts the members of a structure to the contract's form, limited to the wanted locations.
pub(in crate::reference) fn members(
    place: Place<'_>,
    mut found: Map<String, Value>,
    exact: Moments,
    wanted: impl Fn(Location) -> bool,
) -> Result<Map<String, Value>, Unread> {
    let Some(known) = place.members() else { return Ok(found) };
    let mut out = Map::new();
    for (name, member) in known.iter().filter(|(_, member)| wanted(member.location)) {
        if let Some(value) = found.swap_remove(member.wire_name(name)) {
            out.insert(name.clone(), named(place.of(member), value, exact)?);
        }
    }
    out.extend(found.into_iter().filter(|(name, _)| !known.contains_key(name)));
    Ok(out)
}

fn moment(place: Place<'_>, value: Value, exact: Moments) -> Result<Value, Unread> {
    let format = place.moments(TimestampFormat::EpochSeconds);
    match (value, exact) {
        (Value::String(text), Moments::Any) => Ok(moments::read_any(&text).unwrap_or(Value::String(text))),
        (Value::String(text), Moments::Exact) => match format {
            TimestampFormat::EpochSeconds => {
                Err(Unread::Malformed("a timestamp must be a number of seconds".to_owned()))
            }
            format => moments::read(&text, format)
                .ok_or_else(|| Unread::Malformed(format!("`{text}` is not a timestamp in the expected format"))),
        },
        (Value::Number(number), Moments::Exact) if format != TimestampFormat::EpochSeconds => {
            Err(Unread::Malformed(format!("`{number}` is not a timestamp in the expected format")))
        }
        (value, _) => Ok(value),
    }
}

/// Converts a value to its form in a document, with wire names and formatted timestamps.
pub(in crate::reference) fn written(place: Place<'_>, value: &Value) -> Value {
    match (place.kind(), value) {
        (Kind::Structure { members } | Kind::Union { members }, Value::Object(found)) => found
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| match members.get(name) {
                Some(member) => (member.wire_name(name).to_owned(), written(place.of(member), value)),
                None => (name.clone(), value.clone()),
            })
            .collect::<Map<_, _>>()
            .into(),
        (Kind::List { .. }, Value::Array(values)) => match place.items() {
            Some(items) => values.iter().map(|value| written(items, value)).collect(),
            None => value.clone(),
        },
        (Kind::Map { .. }, Value::Object(found)) => match place.entries() {
            Some((_, values)) => {
                found.iter().map(|(key, value)| (key.clone(), written(values, value))).collect::<Map<_, _>>().into()
            }
            None => value.clone(),
        },
        (Kind::Timestamp, value) => moments::write(value, place.moments(TimestampFormat::EpochSeconds)),
        (Kind::String, value) if !value.is_string() && place.is_json_text() => scalar_text(value).into(),
        (_, value) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Contract;
    use crate::reference::testing::of_shapes;
    use serde_json::json;

    fn contract() -> Contract {
        of_shapes(json!({
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
        let read = |value: Value| named(Place::new(&contract, &id), value, Moments::Exact).ok();
        for (document, due) in [
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
            assert_eq!(read(document.clone()), due, "{document}");
        }
        let any = |value: Value| named(Place::new(&contract, &id), value, Moments::Any).ok();
        assert_eq!(any(json!({"At": "1970-01-01T00:00:01Z"})), Some(json!({"At": 1})));
        assert_eq!(any(json!({"On": 1})), Some(json!({"On": 1})));
    }

    #[test]
    fn values_are_written_in_wire_format() {
        let contract = contract();
        let id = "In".into();
        let place = Place::new(&contract, &id);
        for (value, due) in [
            (json!({"Text": "a", "Plain": "b"}), json!({"txt": "a", "Plain": "b"})),
            (json!({"Text": null}), json!({})),
            (json!({"At": 1, "On": 1}), json!({"At": 1, "On": "1970-01-01T00:00:01Z"})),
            (json!({"Json": {"a": 1}}), json!({"Json": "{\"a\":1}"})),
            (json!({"Json": "a"}), json!({"Json": "a"})),
            (json!({"Plain": 1}), json!({"Plain": 1})),
            (json!({"more": {"a": null}}), json!({"more": {"a": null}})),
        ] {
            assert_eq!(written(place, &value), due, "{value}");
        }
    }
}
