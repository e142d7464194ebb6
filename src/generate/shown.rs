//! What of an input its protocol can show: where all is text, a number is no other than its digits, and what is empty
//! leaves nothing behind.
//!
//! It never writes a request. JSON and CBOR show everything, and their inputs are taken as they are.

use super::Value;
use super::site::is_framing;
use crate::contract::{Contract, Kind, Location, Operation, Protocol, ShapeId};
use indexmap::IndexMap;
use std::borrow::Cow;

/// An input as a reader of the protocol has to take it.
pub(crate) fn shown<'v>(contract: &Contract, operation: &Operation, input: &'v Value) -> Cow<'v, Value> {
    let (Some(protocol), Some(id), Value::Map(_)) = (contract.protocol, &operation.input, input) else {
        return Cow::Borrowed(input);
    };
    let input = match bound(contract, id, input) {
        Some(input) => Cow::Owned(input),
        None => Cow::Borrowed(input),
    };
    if !shows_only_texts(protocol) {
        return input;
    }
    let shape = Shape { contract, protocol, id, location: Location::Body, flattened: false };
    Cow::Owned(shape.part(&input).unwrap_or_else(Value::empty))
}

/// The input as headers and a payload show it, where that is another: a header of one empty text is one without texts,
/// any bytes are a blob, none are no payload, and an empty structure is sent for one that is not given.
fn bound(contract: &Contract, id: &ShapeId, input: &Value) -> Option<Value> {
    let Value::Map(given) = input else { return None };
    let mut changes: Vec<(&String, Option<Value>)> = Vec::new();
    for (name, member) in contract.shape(id).kind.members()? {
        let kind = &contract.shape(&member.shape).kind;
        let Some(value) = given.get(name) else {
            // No body, or one that says nothing: to a reader both may be a structure that needs nothing.
            let needs_nothing = kind.members().is_some_and(|inner| inner.values().all(|inner| !inner.required));
            if member.required && member.location == Location::Payload && needs_nothing {
                changes.push((name, Some(Value::empty())));
            }
            continue;
        };
        match (member.location, kind, value) {
            (Location::Header, Kind::List { .. }, Value::List(items)) if *items == [Value::text("")] => {
                changes.push((name, Some(Value::List(Vec::new()))));
            }
            (Location::Payload, Kind::Blob | Kind::String | Kind::Enum { .. }, value) if !bytes(value) => {
                changes.push((name, None));
            }
            (Location::Payload, Kind::Blob, Value::Text(text)) => {
                changes.push((name, Some(Value::Blob(text.clone().into_bytes()))));
            }
            (Location::Payload, Kind::Structure { .. } | Kind::Union { .. }, Value::Map(members))
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
    let mut shown = given.clone();
    for (name, value) in changes {
        match value {
            Some(value) => shown.insert(name.clone(), value),
            None => shown.shift_remove(name),
        };
    }
    Some(Value::Map(shown))
}

/// The header of an input that HTTP itself writes: another one beside it frames the message anew.
pub(crate) fn framing(contract: &Contract, operation: &Operation, input: &Value) -> Option<String> {
    let (Some(id), Value::Map(given)) = (&operation.input, input) else { return None };
    let members = contract.shape(id).kind.members()?;
    given.keys().find_map(|name| {
        let member = members.get(name).filter(|member| is_framing(name, member))?;
        Some(member.wire_name(name).to_owned())
    })
}

/// Whether a payload of bytes or text is there, with something in it.
fn bytes(value: &Value) -> bool {
    match value {
        Value::Blob(bytes) => !bytes.is_empty(),
        Value::Text(text) | Value::Template(text) => !text.is_empty(),
        _ => false,
    }
}

/// Whether a protocol writes all values as texts.
pub(crate) fn shows_only_texts(protocol: Protocol) -> bool {
    match protocol {
        Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml => true,
        Protocol::RestJson1
        | Protocol::RestJson
        | Protocol::AwsJson1_0
        | Protocol::AwsJson1_1
        | Protocol::RpcV2Cbor => false,
    }
}

/// A shape where it stands.
#[derive(Clone, Copy)]
struct Shape<'a> {
    contract: &'a Contract,
    protocol: Protocol,
    id: &'a ShapeId,
    location: Location,
    /// Whether its parts stand around it, without an element or name of its own.
    flattened: bool,
}

impl<'a> Shape<'a> {
    fn inner(self, id: &'a ShapeId) -> Self {
        let flattened = self.contract.shape(id).traits.flattened;
        Self { id, flattened, ..self }
    }

    /// What a reader sees; nothing where the value leaves nothing, or something that readers overlook.
    fn part(self, value: &Value) -> Option<Value> {
        let shape = self.contract.shape(self.id);
        match (&shape.kind, value) {
            (Kind::Document, value) => Some(value.clone()),
            (_, Value::Null) => Some(Value::Null),
            (Kind::Structure { members } | Kind::Union { members }, Value::Map(given)) => {
                let mut out = IndexMap::new();
                for (name, value) in given {
                    let Some(member) = members.get(name) else { continue };
                    let location = if member.location == Location::Body { self.location } else { member.location };
                    let inner = self.inner(&member.shape);
                    let flattened = inner.flattened || member.traits.flattened;
                    out.extend(Self { location, flattened, ..inner }.part(value).map(|value| (name.clone(), value)));
                }
                (!out.is_empty() || self.is_element()).then_some(Value::Map(out))
            }
            (Kind::List { member }, Value::List(items)) => {
                let given = items.len();
                let items = self.items(self.inner(member), items);
                let named = match self.location {
                    Location::Header => true,
                    Location::Query => false,
                    // Only a list of no items says so; one of items that leave nothing does not.
                    _ => self.protocol == Protocol::AwsQuery && given == 0 || self.is_element(),
                };
                (!items.is_empty() || named).then_some(Value::List(items))
            }
            (Kind::Map { value: entry, .. }, Value::Map(given)) => {
                // A key is there although its value is not.
                let shown = |(key, value): (&String, &Value)| {
                    (key.clone(), self.inner(entry).part(value).unwrap_or(Value::Null))
                };
                let out: IndexMap<String, Value> = given.iter().map(shown).collect();
                (!out.is_empty() || self.is_element()).then_some(Value::Map(out))
            }
            // One in the place of the other is a name that nobody asks for, or a text between elements.
            (kind, Value::List(_) | Value::Map(_)) if is_plain(kind) => None,
            (kind, _) if !is_plain(kind) => None,
            (kind, value) => Some(typed(kind, value)),
        }
    }

    /// The items of a list: where one leaves nothing, the numbers of those behind it still tell of it.
    fn items(self, item: Self, given: &[Value]) -> Vec<Value> {
        let empty = match &self.contract.shape(item.id).kind {
            Kind::List { .. } => Some(Value::List(Vec::new())),
            kind => (!is_plain(kind)).then(Value::empty),
        };
        let mut shown: Vec<Option<Value>> = given.iter().map(|value| item.part(value)).collect();
        while shown.last().is_some_and(Option::is_none) {
            shown.pop();
        }
        shown.into_iter().filter_map(|value| value.or_else(|| empty.clone())).collect()
    }

    /// Whether it is there although nothing is in it.
    fn is_element(self) -> bool {
        self.protocol == Protocol::RestXml
            && !self.flattened
            && matches!(self.location, Location::Body | Location::Payload)
    }
}

fn is_plain(kind: &Kind) -> bool {
    !matches!(kind, Kind::List { .. } | Kind::Map { .. } | Kind::Structure { .. } | Kind::Union { .. })
}

/// A value as what its characters say in a place of this kind.
fn typed(kind: &Kind, value: &Value) -> Value {
    let text = match value {
        Value::Text(text) => text.clone(),
        Value::Number(literal) => literal.clone(),
        Value::Boolean(truth) => truth.to_string(),
        other => return other.clone(),
    };
    match kind {
        Kind::Boolean if text == "true" || text == "false" => Value::Boolean(text == "true"),
        Kind::Integer | Kind::Long | Kind::Float | Kind::Double if is_number(&text) => Value::Number(text),
        Kind::Timestamp if matches!(value, Value::Number(_)) => value.clone(),
        Kind::Blob => match data_encoding::BASE64.decode(text.as_bytes()) {
            Ok(bytes) => Value::Blob(bytes),
            Err(_) => Value::Text(text),
        },
        _ => Value::Text(text),
    }
}

/// Whether a text is a number's literal, however large.
fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit() || first == '-')
        && text.parse::<f64>().is_ok()
        && text.ends_with(|last: char| last.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_what_they_say() {
        for (kind, value, expected) in [
            (Kind::Integer, Value::text("1"), Value::integer(1)),
            (Kind::Integer, Value::text("one"), Value::text("one")),
            (Kind::Long, Value::Number("1e400".to_owned()), Value::Number("1e400".to_owned())),
            (Kind::String, Value::integer(123), Value::text("123")),
            (Kind::String, Value::Boolean(true), Value::text("true")),
            (Kind::Boolean, Value::text("true"), Value::Boolean(true)),
            (Kind::Boolean, Value::integer(1), Value::text("1")),
            (Kind::Blob, Value::text("YQ=="), Value::Blob(b"a".to_vec())),
            (Kind::Blob, Value::text("*"), Value::text("*")),
            (Kind::Timestamp, Value::integer(7), Value::integer(7)),
        ] {
            assert_eq!(typed(&kind, &value), expected, "{kind:?} {value:?}");
        }
    }

    #[test]
    fn what_is_empty_leaves_nothing_but_an_element() {
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
            map(&[("l", list(&[])), ("f", list(&[])), ("s", Value::empty()), ("n", list(&[Value::integer(1)]))]);
        let items = map(&[("l", list(&[Value::empty(), map(&[("t", Value::text("x"))])]))]);
        let mut seen = |protocol, input: &Value| {
            contract.protocol = Some(protocol);
            shown(&contract, &contract.operations[0], input).into_owned()
        };
        assert_eq!(seen(Protocol::AwsQuery, &input), map(&[("l", list(&[])), ("f", list(&[]))]));
        assert_eq!(seen(Protocol::Ec2Query, &input), Value::empty());
        assert_eq!(seen(Protocol::RestXml, &input), map(&[("l", list(&[])), ("s", Value::empty())]));
        assert_eq!(seen(Protocol::RestJson1, &input), input);
        assert_eq!(
            seen(Protocol::Ec2Query, &items),
            map(&[("l", list(&[Value::empty(), map(&[("t", Value::text("x"))])]))])
        );
    }
}
