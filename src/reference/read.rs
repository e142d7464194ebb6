//! Reads a request into an operation's input: one object with the input's members under their own names.
//!
//! Checks no constraint; only what cannot be read at all is refused here.

use super::compile::Op;
use super::request::Request;
use super::route::Labels;
use super::tree::{NodeKind, Slot, Tree};
use super::trick::{Trick, Tricks};
use crate::contract::Location;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Why a request could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// Its bytes are no document, or a text in it is no text.
    Malformed(String),
    /// A faulty server breaks down over it.
    Crash,
    /// A faulty server takes it as it is.
    Accepted,
}

pub(super) fn input(
    op: &Op,
    labels: Labels<'_>,
    query: &str,
    request: &Request<'_>,
) -> Result<Map<String, Value>, Unread> {
    let Some(tree) = &op.tree else { return Ok(Map::new()) };
    let mut input = if op.reads_body { body(request.body, op.tricks)? } else { Map::new() };
    if op.body_names_are_members {
        for slot in tree.slots().iter().filter(|slot| slot.location != Location::Body) {
            input.swap_remove(&slot.name);
        }
    } else if op.payload.is_none() {
        let mut renamed = Map::new();
        for slot in tree.slots().iter().filter(|slot| slot.location == Location::Body) {
            if let Some(value) = input.swap_remove(op.wire_name(&slot.name)) {
                renamed.insert(slot.name.clone(), value);
            }
        }
        input = renamed;
    }
    if let Some(payload) = &op.payload {
        input = Map::new();
        if let Some(value) = payload_value(tree, payload, request.body, op.tricks)? {
            input.insert(payload.name.clone(), value);
        }
    }
    for (name, value) in labels {
        let value = value.ok_or_else(|| Unread::Malformed(format!("label `{name}` is not UTF-8")))?;
        if let Some(slot) = tree.slots().iter().find(|slot| slot.name == name || op.wire_name(&slot.name) == name) {
            input.insert(slot.name.clone(), scalar(tree, slot.node, value));
        }
    }
    if op.has_query {
        self::query(op, tree, query, &mut input)?;
    }
    if op.has_headers {
        headers(op, tree, request, &mut input)?;
    }
    Ok(input)
}

fn body(bytes: &[u8], tricks: Tricks) -> Result<Map<String, Value>, Unread> {
    if bytes.is_empty() {
        return match () {
            () if tricks.has(Trick::EmptyBodyCrashes) => Err(Unread::Crash),
            () if tricks.has(Trick::EmptyBodyAccepted) => Err(Unread::Accepted),
            () => Ok(Map::new()),
        };
    }
    match document(bytes, tricks)? {
        Value::Object(members) => Ok(members),
        _ if tricks.has(Trick::NotObjectCrashes) => Err(Unread::Crash),
        _ if tricks.has(Trick::NotObjectAccepted) => Err(Unread::Accepted),
        _ => Err(Unread::Malformed("the body is not a JSON object".to_owned())),
    }
}

fn document(bytes: &[u8], tricks: Tricks) -> Result<Value, Unread> {
    let bytes = if tricks.is_empty() { Cow::Borrowed(bytes) } else { tricked(bytes, tricks)? };
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(value) => {
            if tricks.has(Trick::NullCrashes) && any(&value, &|value| value.is_null())
                || tricks.has(Trick::HugeNumberCrashes) && any(&value, &is_huge)
            {
                return Err(Unread::Crash);
            }
            Ok(value)
        }
        Err(error) => {
            let reason = error.to_string();
            let crashes = tricks.has(Trick::MalformedCrashes)
                || tricks.has(Trick::SurrogateCrashes)
                    && (reason.contains("surrogate") || reason.contains("hex escape"))
                || tricks.has(Trick::HugeNumberCrashes) && reason.contains("number out of range");
            match () {
                () if crashes => Err(Unread::Crash),
                () if tricks.has(Trick::MalformedAccepted) => Err(Unread::Accepted),
                () if tricks.has(Trick::TruncatedAccepted) && error.is_eof() => Err(Unread::Accepted),
                () => Err(Unread::Malformed(format!("the body is not JSON: {reason}"))),
            }
        }
    }
}

fn is_huge(value: &Value) -> bool {
    value.as_f64().is_some_and(|number| number.abs() > f64::from(u32::MAX))
}

fn any(value: &Value, test: &impl Fn(&Value) -> bool) -> bool {
    test(value)
        || match value {
            Value::Array(items) => items.iter().any(|value| any(value, test)),
            Value::Object(members) => members.values().any(|value| any(value, test)),
            _ => false,
        }
}

/// What faulty servers do with bytes before they read them.
fn tricked(bytes: &[u8], tricks: Tricks) -> Result<Cow<'_, [u8]>, Unread> {
    let text = String::from_utf8_lossy(bytes);
    let invalid = std::str::from_utf8(bytes).is_err();
    let crashes = tricks.has(Trick::DeepCrashes) && depth(bytes) > 32
        || tricks.has(Trick::InvalidUtf8Crashes) && invalid
        || tricks.has(Trick::NulCrashes) && (text.contains("\\u0000") || bytes.contains(&0))
        || tricks.has(Trick::AstralCrashes) && text.chars().any(|c| c > '\u{ffff}')
        || tricks.has(Trick::NonAsciiCrashes) && !text.is_ascii();
    if crashes {
        return Err(Unread::Crash);
    }
    if tricks.has(Trick::InvalidUtf8Accepted) && invalid {
        return Ok(Cow::Owned(text.into_owned().into_bytes()));
    }
    if tricks.has(Trick::TrailingBytes) {
        let mut stream = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
        if let Some(Ok(first)) = stream.next() {
            return Ok(Cow::Owned(first.to_string().into_bytes()));
        }
    }
    if tricks.has(Trick::NanAccepted) && (text.contains("NaN") || text.contains("Infinity")) {
        return Err(Unread::Accepted);
    }
    Ok(Cow::Borrowed(bytes))
}

fn depth(bytes: &[u8]) -> usize {
    let (mut depth, mut most, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                most = most.max(depth);
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    most
}

fn payload_value(tree: &Tree, slot: &Slot, bytes: &[u8], tricks: Tricks) -> Result<Option<Value>, Unread> {
    if bytes.is_empty() {
        return Ok(None);
    }
    match tree.nodes[slot.node].kind {
        NodeKind::Blob => Ok(Some(Value::String(data_encoding::BASE64.encode(bytes)))),
        NodeKind::Text | NodeKind::Enum { .. } => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Some(Value::String(text.to_owned()))),
            Err(_) => Err(Unread::Malformed("the body is not UTF-8".to_owned())),
        },
        _ => document(bytes, tricks).map(Some),
    }
}

/// A text of path, query or header as a value of its node's type; itself where it is none, so that the check refuses it.
fn scalar(tree: &Tree, node: usize, text: String) -> Value {
    match tree.nodes[node].kind {
        NodeKind::Integer { .. } | NodeKind::Float => match text.parse::<serde_json::Number>() {
            Ok(number) => Value::Number(number),
            Err(_) => Value::String(text),
        },
        NodeKind::Boolean if text == "true" || text == "false" => Value::Bool(text == "true"),
        _ => Value::String(text),
    }
}

fn query(op: &Op, tree: &Tree, query: &str, input: &mut Map<String, Value>) -> Result<(), Unread> {
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (decoded(name, op.tricks)?, decoded(value, op.tricks)?);
        let slots = || tree.slots().iter().filter(|slot| slot.location == Location::Query);
        let Some(slot) = slots().find(|slot| op.wire_name(&slot.name) == name) else {
            // A map in the query takes every parameter that nobody else does.
            if let Some(slot) = slots().find(|slot| matches!(tree.nodes[slot.node].kind, NodeKind::Map { .. }))
                && let Value::Object(entries) =
                    input.entry(slot.name.clone()).or_insert_with(|| Value::Object(Map::new()))
            {
                entries.insert(name, Value::String(value));
            }
            continue;
        };
        if let NodeKind::List { item } = tree.nodes[slot.node].kind {
            let value = scalar(tree, item, value);
            let items = input.entry(slot.name.clone()).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(items) = items {
                if op.tricks.has(Trick::QueryLastOnly) {
                    items.clear();
                }
                items.push(value);
            }
        } else {
            input.insert(slot.name.clone(), scalar(tree, slot.node, value));
        }
    }
    Ok(())
}

fn decoded(text: &str, tricks: Tricks) -> Result<String, Unread> {
    if tricks.has(Trick::QueryUndecoded) {
        return Ok(text.to_owned());
    }
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced)
        .decode_utf8()
        .map(Cow::into_owned)
        .map_err(|_| Unread::Malformed("the query is not UTF-8".to_owned()))
}

fn headers(op: &Op, tree: &Tree, request: &Request<'_>, input: &mut Map<String, Value>) -> Result<(), Unread> {
    for slot in tree.slots().iter().filter(|slot| slot.location == Location::Header) {
        let wire = op.wire_name(&slot.name);
        if let NodeKind::Map { .. } = tree.nodes[slot.node].kind {
            let prefixed: Map<String, Value> = request
                .headers
                .iter()
                .filter(|(name, _)| {
                    name.len() > wire.len()
                        && name.get(..wire.len()).is_some_and(|start| start.eq_ignore_ascii_case(wire))
                })
                .map(|(name, value)| (name[wire.len()..].to_owned(), String::from_utf8_lossy(value).into()))
                .collect();
            if !prefixed.is_empty() {
                input.insert(slot.name.clone(), Value::Object(prefixed));
            }
            continue;
        }
        let Some(bytes) = request.header(wire) else { continue };
        let text =
            std::str::from_utf8(bytes).map_err(|_| Unread::Malformed(format!("header `{wire}` is not UTF-8")))?.trim();
        let value = match tree.nodes[slot.node].kind {
            NodeKind::List { item } => {
                Value::Array(text.split(',').map(|one| scalar(tree, item, one.trim().to_owned())).collect())
            }
            _ => scalar(tree, slot.node, text.to_owned()),
        };
        input.insert(slot.name.clone(), value);
    }
    Ok(())
}
