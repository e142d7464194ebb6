//! Lossless conversion of values to JSON and back. What JSON cannot express becomes an object whose only member begins
//! with `$`.
//!
//! The format is stored in files that outlive the generator. It never depends on shapes.

use crate::case::Value;
use serde_json::{Map, Value as Json, json};

/// Converts a value to JSON.
pub(super) fn value_to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(truth) => Json::Bool(*truth),
        Value::Number(literal) => match serde_json::from_str::<serde_json::Number>(literal) {
            Ok(number) if number.to_string() == *literal => Json::Number(number),
            _ => json!({ "$number": literal }),
        },
        Value::Text(text) => Json::String(text.clone()),
        Value::Template(text) => json!({ "$template": text }),
        Value::Raw(text) => json!({ "$raw": text }),
        Value::Blob(bytes) => json!({ "$blob": data_encoding::BASE64.encode(bytes) }),
        Value::List(items) => Json::Array(items.iter().map(value_to_json).collect()),
        Value::Map(members) => {
            let inner: Map<String, Json> =
                members.iter().map(|(name, value)| (name.clone(), value_to_json(value))).collect();
            let is_taken = inner.len() == 1 && inner.keys().all(|name| name.starts_with('$'));
            if is_taken { json!({ "$map": inner }) } else { Json::Object(inner) }
        }
    }
}

/// Reads the value that [`value_to_json`] wrote. Returns `None` for an object with an unknown `$` member.
pub(super) fn value_from_json(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Boolean(*truth),
        Json::Number(number) => Value::Number(number.to_string()),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value_from_json).collect::<Option<_>>()?),
        Json::Object(members) => match (members.len(), members.iter().next()) {
            (1, Some((name, inner))) if name.starts_with('$') => match (name.as_str(), inner) {
                ("$number", Json::String(text)) => Value::Number(text.clone()),
                ("$template", Json::String(text)) => Value::Template(text.clone()),
                ("$raw", Json::String(text)) => Value::Raw(text.clone()),
                ("$blob", Json::String(text)) => Value::Blob(data_encoding::BASE64.decode(text.as_bytes()).ok()?),
                ("$map", Json::Object(members)) => parse_map(members)?,
                _ => return None,
            },
            _ => parse_map(members)?,
        },
    })
}

fn parse_map(members: &Map<String, Json>) -> Option<Value> {
    let members = members.iter().map(|(name, value)| Some((name.clone(), value_from_json(value)?)));
    Some(Value::Map(members.collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Boolean),
            prop_oneof!["-?[0-9]{1,25}", Just("2.0".to_owned()), Just("1e400".to_owned()), Just("NaN".to_owned())]
                .prop_map(Value::Number),
            any::<String>().prop_map(Value::Text),
            "\\{[a-z]{1,5}\\}".prop_map(Value::Template),
            any::<String>().prop_map(Value::Raw),
            any::<Vec<u8>>().prop_map(Value::Blob),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let names = prop_oneof!["[$a-z]{0,4}", Just("$raw".to_owned()), Just("$map".to_owned())];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                proptest::collection::vec((names, inner), 0..4).prop_map(|all| Value::Map(all.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn values_survive_a_round_trip_through_json(value in values()) {
            let text = value_to_json(&value).to_string();
            let read = value_from_json(&serde_json::from_str(&text).expect("JSON"));
            prop_assert_eq!(read, Some(value));
        }
    }
}
