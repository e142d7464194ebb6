//! JSON documents: between the names that members have on the wire and those that the contract gives them.
//!
//! Never reads bytes: what is in them is [`super::super::read`]'s to say.

use super::{Place, moments, scalar_text};
use crate::contract::{Kind, Location, TimestampFormat};
use crate::reference::read::Unread;
use serde_json::{Map, Value};

/// How exact moments have to be.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::reference) enum Moments {
    /// In the format that is due there.
    Exact,
    /// Whatever says a date: readers differ, and what they make of it is nowhere documented.
    Any,
}

/// A value in the contract's terms. What the contract does not know stays as it is.
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

/// The members of a structure in the contract's terms, of those places that are asked for.
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
            TimestampFormat::EpochSeconds => Err(Unread::Malformed("a moment is a number of seconds".to_owned())),
            format => moments::read(&text, format)
                .ok_or_else(|| Unread::Malformed(format!("`{text}` is no moment in the format that is due"))),
        },
        (Value::Number(number), Moments::Exact) if format != TimestampFormat::EpochSeconds => {
            Err(Unread::Malformed(format!("`{number}` is no moment in the format that is due")))
        }
        (value, _) => Ok(value),
    }
}

/// A value as it stands in a document: members by their names on the wire, moments as they are written there.
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
