//! Computes what a parser can see of an input in its protocol: in textual protocols a number looks like its digits,
//! and an empty value may leave no trace.
//!
//! It never writes a request. JSON and CBOR show everything, so their inputs stay unchanged.

use super::site::is_framing_header;
use crate::case::Value;
use crate::contract::{Contract, MemberLocation, Operation, Protocol, ShapeId, ShapeKind};
use indexmap::IndexMap;
use std::borrow::Cow;

/// Returns an input as every parser of the protocol sees it.
pub(crate) fn as_seen_on_wire<'v>(contract: &Contract, operation: &Operation, input: &'v Value) -> Cow<'v, Value> {
    let (Some(protocol), Some(id), Value::Map(_)) = (contract.protocol, &operation.input, input) else {
        return Cow::Borrowed(input);
    };
    let input = match normalize_bindings(contract, id, input) {
        Some(input) => Cow::Owned(input),
        None => Cow::Borrowed(input),
    };
    if !writes_only_texts(protocol) {
        return input;
    }
    let shape = WireShape { contract, protocol, id, location: MemberLocation::Body, flattened: false };
    Cow::Owned(shape.visible_value(&input).unwrap_or_else(Value::empty_map))
}

/// Returns the input as it can be seen outside of a document, if that differs: a header list of one empty text looks like
/// an empty list, any bytes in a blob payload are a blob, an empty payload looks absent, and an absent payload structure
/// without required members looks like an empty one.
fn normalize_bindings(contract: &Contract, id: &ShapeId, input: &Value) -> Option<Value> {
    let Value::Map(given) = input else { return None };
    let mut changes: Vec<(&String, Option<Value>)> = Vec::new();
    for (name, member) in contract.shape(id).kind.members()? {
        if member.location == MemberLocation::Body {
            continue;
        }
        let kind = &contract.shape(&member.shape).kind;
        let Some(value) = given.get(name) else {
            // A parser may take a missing or an empty body as a structure without required members.
            let needs_nothing = kind.members().is_some_and(|inner| inner.values().all(|inner| !inner.required));
            if member.required && member.location == MemberLocation::Payload && needs_nothing {
                changes.push((name, Some(Value::empty_map())));
            }
            continue;
        };
        match (member.location, kind, value) {
            (MemberLocation::Header, ShapeKind::List { .. }, Value::List(items)) if *items == [Value::text("")] => {
                changes.push((name, Some(Value::List(Vec::new()))));
            }
            (_, ShapeKind::List { .. }, Value::List(items)) if member.traits.separator.is_some() => {
                let separator = member.traits.separator.as_deref().unwrap_or_default();
                changes.extend(split_as_read(items, separator).map(|items| (name, Some(Value::List(items)))));
            }
            // A form cannot tell a field without a text from one that is not filled in.
            (MemberLocation::Form, _, Value::Text(text)) if text.is_empty() => changes.push((name, None)),
            (MemberLocation::Payload, ShapeKind::Blob | ShapeKind::String | ShapeKind::Enum { .. }, value)
                if !is_non_empty_payload(value) =>
            {
                changes.push((name, None));
            }
            (MemberLocation::Payload, ShapeKind::Blob, Value::Text(text)) => {
                changes.push((name, Some(Value::Blob(text.clone().into_bytes()))));
            }
            (MemberLocation::Payload, ShapeKind::Structure { .. } | ShapeKind::Union { .. }, Value::Map(members))
                if members.is_empty() && !member.required =>
            {
                changes.push((name, None));
            }
            _ => {}
        }
    }
    if changes.is_empty() {
        return None;
    }
    let mut visible = given.clone();
    for (name, value) in changes {
        match value {
            Some(value) => visible.insert(name.clone(), value),
            None => visible.shift_remove(name),
        };
    }
    Some(Value::Map(visible))
}

/// Returns the items of a list that is one text as they are read, if that differs: an item that contains the separator
/// is several, and a single empty item is none.
fn split_as_read(items: &[Value], separator: &str) -> Option<Vec<Value>> {
    let is_split = |item: &Value| matches!(item, Value::Text(text) if text.is_empty() || text.contains(separator));
    if !items.iter().any(is_split) {
        return None;
    }
    let mut read = Vec::new();
    for item in items {
        match item {
            Value::Text(text) => read.extend(text.split(separator).map(Value::text)),
            other => read.push(other.clone()),
        }
    }
    Some(if read == [Value::text("")] { Vec::new() } else { read })
}

/// Returns the header of an input that HTTP itself sets, if there is one. A second one would change how the message is
/// framed.
pub(crate) fn framing_header(contract: &Contract, operation: &Operation, input: &Value) -> Option<String> {
    let (Some(id), Value::Map(given)) = (&operation.input, input) else { return None };
    let members = contract.shape(id).kind.members()?;
    given.keys().find_map(|name| {
        let member = members.get(name).filter(|member| is_framing_header(name, member))?;
        Some(member.wire_name(name).to_owned())
    })
}

/// Returns true for bytes or text that are not empty.
fn is_non_empty_payload(value: &Value) -> bool {
    match value {
        Value::Blob(bytes) => !bytes.is_empty(),
        Value::Text(text) | Value::Template(text) => !text.is_empty(),
        _ => false,
    }
}

/// Returns true if a protocol writes all values as texts.
pub(crate) fn writes_only_texts(protocol: Protocol) -> bool {
    match protocol {
        Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml => true,
        Protocol::RestJson1
        | Protocol::RestJson
        | Protocol::AwsJson1_0
        | Protocol::AwsJson1_1
        | Protocol::RpcV2Cbor => false,
    }
}

/// A shape with its place in the request.
#[derive(Clone, Copy)]
struct WireShape<'a> {
    contract: &'a Contract,
    protocol: Protocol,
    id: &'a ShapeId,
    location: MemberLocation,
    /// Whether its parts are written into the enclosing element, without an element or name of its own.
    flattened: bool,
}

impl<'a> WireShape<'a> {
    fn inner(self, id: &'a ShapeId) -> Self {
        let flattened = self.contract.shape(id).traits.flattened;
        Self { id, flattened, ..self }
    }

    /// Returns what a parser sees of a value, or `None` if the value leaves no trace or one that parsers ignore.
    fn visible_value(self, value: &Value) -> Option<Value> {
        let shape = self.contract.shape(self.id);
        match (&shape.kind, value) {
            (ShapeKind::Document, value) => Some(value.clone()),
            (_, Value::Null) => Some(Value::Null),
            (ShapeKind::Structure { members } | ShapeKind::Union { members }, Value::Map(given)) => {
                let mut out = IndexMap::new();
                for (name, value) in given {
                    let Some(member) = members.get(name) else { continue };
                    let location =
                        if member.location == MemberLocation::Body { self.location } else { member.location };
                    let inner = self.inner(&member.shape);
                    let flattened = inner.flattened || member.traits.flattened;
                    out.extend(
                        Self { location, flattened, ..inner }.visible_value(value).map(|value| (name.clone(), value)),
                    );
                }
                (!out.is_empty() || self.is_visible_when_empty()).then_some(Value::Map(out))
            }
            (ShapeKind::List { member }, Value::List(items)) => {
                let given = items.len();
                let items = self.visible_items(self.inner(member), items);
                let named = match self.location {
                    MemberLocation::Header => true,
                    MemberLocation::Query => false,
                    // Only a list without items is written as an empty list; a list of invisible items is not.
                    _ => self.protocol == Protocol::AwsQuery && given == 0 || self.is_visible_when_empty(),
                };
                (!items.is_empty() || named).then_some(Value::List(items))
            }
            (ShapeKind::Map { value: entry, .. }, Value::Map(given)) => {
                // A key can be seen even if its value cannot.
                let visible = |(key, value): (&String, &Value)| {
                    (key.clone(), self.inner(entry).visible_value(value).unwrap_or(Value::Null))
                };
                let out: IndexMap<String, Value> = given.iter().map(visible).collect();
                (!out.is_empty() || self.is_visible_when_empty()).then_some(Value::Map(out))
            }
            // A scalar in place of a list or structure, or the reverse, is an unknown name or a text between elements,
            // which parsers ignore.
            (kind, Value::List(_) | Value::Map(_)) if is_scalar_kind(kind) => None,
            (kind, _) if !is_scalar_kind(kind) => None,
            (kind, value) => Some(parse_scalar(kind, value)),
        }
    }

    /// Returns the visible items of a list. The number of a later item reveals that an invisible one precedes it.
    fn visible_items(self, item: Self, given: &[Value]) -> Vec<Value> {
        let empty = match &self.contract.shape(item.id).kind {
            ShapeKind::List { .. } => Some(Value::List(Vec::new())),
            kind => (!is_scalar_kind(kind)).then(Value::empty_map),
        };
        let mut visible: Vec<Option<Value>> = given.iter().map(|value| item.visible_value(value)).collect();
        while visible.last().is_some_and(Option::is_none) {
            visible.pop();
        }
        visible.into_iter().filter_map(|value| value.or_else(|| empty.clone())).collect()
    }

    /// Returns true if the value can be seen even if it is empty.
    fn is_visible_when_empty(self) -> bool {
        self.protocol == Protocol::RestXml
            && !self.flattened
            && matches!(self.location, MemberLocation::Body | MemberLocation::Payload)
    }
}

fn is_scalar_kind(kind: &ShapeKind) -> bool {
    !matches!(
        kind,
        ShapeKind::List { .. } | ShapeKind::Map { .. } | ShapeKind::Structure { .. } | ShapeKind::Union { .. }
    )
}

/// Returns a value as its characters are parsed at a place of this kind.
fn parse_scalar(kind: &ShapeKind, value: &Value) -> Value {
    let text = match value {
        Value::Text(text) => text.clone(),
        Value::Number(literal) => literal.clone(),
        Value::Boolean(truth) => truth.to_string(),
        other => return other.clone(),
    };
    match kind {
        ShapeKind::Boolean if text == "true" || text == "false" => Value::Boolean(text == "true"),
        ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double if is_number_literal(&text) => {
            Value::Number(text)
        }
        ShapeKind::Timestamp if matches!(value, Value::Number(_)) => value.clone(),
        ShapeKind::Blob => match data_encoding::BASE64.decode(text.as_bytes()) {
            Ok(bytes) => Value::Blob(bytes),
            Err(_) => Value::Text(text),
        },
        _ => Value::Text(text),
    }
}

/// Returns true if a text is a number literal of any size.
fn is_number_literal(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit() || first == '-')
        && text.parse::<f64>().is_ok()
        && text.ends_with(|last: char| last.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_parsed_from_their_characters() {
        for (kind, value, expected) in [
            (ShapeKind::Integer, Value::text("1"), Value::integer(1)),
            (ShapeKind::Integer, Value::text("one"), Value::text("one")),
            (ShapeKind::Long, Value::Number("1e400".to_owned()), Value::Number("1e400".to_owned())),
            (ShapeKind::String, Value::integer(123), Value::text("123")),
            (ShapeKind::String, Value::Boolean(true), Value::text("true")),
            (ShapeKind::Boolean, Value::text("true"), Value::Boolean(true)),
            (ShapeKind::Boolean, Value::integer(1), Value::text("1")),
            (ShapeKind::Blob, Value::text("YQ=="), Value::Blob(b"a".to_vec())),
            (ShapeKind::Blob, Value::text("*"), Value::text("*")),
            (ShapeKind::Timestamp, Value::integer(7), Value::integer(7)),
        ] {
            assert_eq!(parse_scalar(&kind, &value), expected, "{kind:?} {value:?}");
        }
    }

    #[test]
    fn empty_values_are_visible_only_as_elements() {
        let text = r#"{"format": "overstep-contract/1", "service": "s", "protocol": "awsQuery", "auth": [],
            "operations": [{"name": "A", "input": "In", "errors": []}], "errors": [], "shapes": {
            "In": {"type": "structure", "members": {"l": {"shape": "L"}, "f": {"shape": "L", "traits": {"flattened": true}},
                   "s": {"shape": "S"}, "n": {"shape": "N"}}},
            "L": {"type": "list", "member": "S"}, "S": {"type": "structure", "members": {"t": {"shape": "T"}}},
            "T": {"type": "string"}, "N": {"type": "integer"}}}"#;
        let mut contract = crate::contract::from_json(text).expect("a contract");
        let map = |entries: &[(&str, Value)]| {
            Value::Map(entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
        };
        let list = |items: &[Value]| Value::List(items.to_vec());
        let input =
            map(&[("l", list(&[])), ("f", list(&[])), ("s", Value::empty_map()), ("n", list(&[Value::integer(1)]))]);
        let items = map(&[("l", list(&[Value::empty_map(), map(&[("t", Value::text("x"))])]))]);
        let mut seen = |protocol, input: &Value| {
            contract.protocol = Some(protocol);
            as_seen_on_wire(&contract, &contract.operations[0], input).into_owned()
        };
        assert_eq!(seen(Protocol::AwsQuery, &input), map(&[("l", list(&[])), ("f", list(&[]))]));
        assert_eq!(seen(Protocol::Ec2Query, &input), Value::empty_map());
        assert_eq!(seen(Protocol::RestXml, &input), map(&[("l", list(&[])), ("s", Value::empty_map())]));
        assert_eq!(seen(Protocol::RestJson1, &input), input);
        assert_eq!(
            seen(Protocol::Ec2Query, &items),
            map(&[("l", list(&[Value::empty_map(), map(&[("t", Value::text("x"))])]))])
        );
    }
}
