//! The smallest valid value of a documented output.
//!
//! Fills required members only, under the contract's names. Never runs a pattern backwards: it tries texts of common forms.

use super::pattern::Pattern;
use crate::contract::{Contract, Kind, Shape, ShapeId};
use serde_json::{Map, Value, json};

pub(super) const COMMON: &[&str] = &[
    "a",
    "A",
    "0",
    "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
    "arn:aws:service:us-east-1:123456789012:resource/a",
    "2020-01-01T00:00:00Z",
    "2020-01-01",
    "123456789012",
    "a@example.com",
    "https://example.com/",
    "+12025550123",
    "us-east-1",
    "/",
    "a:b",
    "a/b",
];

/// The smallest value, or none where recursion leaves no small one.
pub(super) fn smallest(contract: &Contract, id: &ShapeId) -> Option<Value> {
    value(contract, id, &mut Vec::new())
}

fn value<'a>(contract: &'a Contract, id: &'a ShapeId, above: &mut Vec<&'a ShapeId>) -> Option<Value> {
    if above.contains(&id) {
        return None;
    }
    let shape = contract.shapes.get(id)?;
    above.push(id);
    let entries = shape.length().min.unwrap_or(0).min(64) as usize;
    let made = match &shape.kind {
        Kind::Blob => Some(data_encoding::BASE64.encode(&vec![0; entries]).into()),
        Kind::Boolean => Some(false.into()),
        Kind::String => Some(text(shape).into()),
        Kind::Enum { values } => values.first().map(|value| value.as_str().into()),
        Kind::Integer | Kind::Long => Some(json!(at_least(shape) as i64)),
        Kind::Float | Kind::Double => Some(json!(at_least(shape))),
        Kind::Timestamp => Some(json!(0)),
        Kind::Document => Some(json!({})),
        Kind::List { .. } if entries == 0 => Some(json!([])),
        Kind::List { member } => value(contract, member, above).map(|item| Value::Array(vec![item; entries])),
        Kind::Map { key, value: held } => (0..entries)
            .map(|number| {
                let key = value(contract, key, above)?.as_str()?.to_owned();
                let key = if number == 0 { key } else { format!("{key}{number}") };
                Some((key, value(contract, held, above)?))
            })
            .collect::<Option<Map<_, _>>>()
            .map(Value::Object),
        Kind::Structure { members } => members
            .iter()
            .filter(|(_, member)| member.required)
            .map(|(name, member)| Some((name.clone(), value(contract, &member.shape, above)?)))
            .collect::<Option<Map<_, _>>>()
            .map(Value::Object),
        Kind::Union { members } => members.iter().find_map(|(name, member)| {
            let value = value(contract, &member.shape, above)?;
            Some(Value::Object(Map::from_iter([(name.clone(), value)])))
        }),
    };
    above.pop();
    made
}

fn at_least(shape: &Shape) -> f64 {
    let end = |end: &Option<serde_json::Number>| end.as_ref().and_then(serde_json::Number::as_f64);
    let (min, max) = shape.range.as_ref().map_or((None, None), |range| (end(&range.min), end(&range.max)));
    0_f64.max(min.unwrap_or(0.0)).min(max.unwrap_or(f64::MAX))
}

/// A text that fits; where none of the common ones does, one that is at least long enough.
fn text(shape: &Shape) -> String {
    let least = shape.length().min.unwrap_or(0).min(4096) as usize;
    let pattern = shape.pattern.as_deref().and_then(|pattern| Pattern::new(pattern, false).ok());
    let padded = ["a", "A", "0", "-"].into_iter().map(|one| one.repeat(least));
    let fits =
        |text: &String| text.chars().count() >= least && pattern.as_ref().is_none_or(|pattern| pattern.found_in(text));
    padded.chain(COMMON.iter().map(|text| (*text).to_owned())).find(fits).unwrap_or_else(|| "a".repeat(least.max(1)))
}
