//! restJson1 and plain JSON over HTTP: members bound to labels, query, headers and a JSON body.
//!
//! It never reads an answer and never signs. Rules after
//! [Smithy's HTTP bindings](https://smithy.io/2.0/spec/http-bindings.html).

use super::encode::{closed, given};
use super::text::{Moment, percent_encode, scalar};
use super::{Body, EncodeError, Message, json};
use crate::contract::{Contract, Kind, Location, Member, Operation, Shape};
use crate::generate::{Damage, Value};
use indexmap::IndexMap;

/// A member of the operation's input with its name, shape and given value.
struct Bound<'a> {
    name: &'a str,
    member: &'a Member,
    shape: &'a Shape,
    /// The shape of a list's items.
    item: Option<&'a Shape>,
    value: Option<&'a Value>,
}

impl<'a> Bound<'a> {
    fn new(contract: &'a Contract, name: &'a str, member: &'a Member, input: &'a Value) -> Self {
        let shape = contract.shape(&member.shape);
        let item = match &shape.kind {
            Kind::List { member } => Some(contract.shape(member)),
            _ => None,
        };
        Self { name, member, shape, item, value: input.member(name) }
    }

    /// What kind each of several values is.
    fn item_kind(&self) -> &'a Kind {
        &self.item.unwrap_or(self.shape).kind
    }
}

/// The operation's request with labels damaged as `damage` says; all other damage is applied later.
pub(super) fn encode(
    contract: &Contract,
    operation: &Operation,
    input: &Value,
    base_path: &str,
    damage: &[Damage],
) -> Result<Message, EncodeError> {
    let http = operation.http.as_ref().ok_or_else(|| EncodeError::NoRoute(operation.name.as_str().to_owned()))?;
    let bound: Vec<Bound<'_>> = members(contract, operation)
        .into_iter()
        .flatten()
        .map(|(name, member)| Bound::new(contract, name, member, input))
        .collect();
    let unknown = unknown_members(contract, operation, input);
    let has_body = bound.iter().any(|one| matches!(one.member.location, Location::Body | Location::Payload));
    // A member that no document knows goes where the operation's other free members would go.
    let unknown_in_query = !has_body && matches!(http.method.as_str(), "GET" | "HEAD");

    let mut query = constant_query(&http.uri);
    for one in bound.iter().filter(|one| one.member.location == Location::Query) {
        add_query(&mut query, one, &bound)?;
    }
    if unknown_in_query {
        for (name, value) in &unknown {
            query.push((percent_encode(name, b""), Some(percent_encode(&scalar(value, None, Moment::DateTime)?, b""))));
        }
    }
    let mut target = format!("{base_path}{}", path(&http.uri, &bound, damage)?);
    for (index, (name, value)) in query.iter().enumerate() {
        target.push(if index == 0 { '?' } else { '&' });
        target.push_str(name);
        if let Some(value) = value {
            target.push('=');
            target.push_str(value);
        }
    }

    let mut headers = Vec::new();
    for one in bound.iter().filter(|one| one.member.location == Location::Header) {
        add_headers(&mut headers, one)?;
    }
    let (body, content_type) = body(contract, operation, input, &bound, has_body, unknown_in_query)?;
    if let Some(content_type) = content_type
        && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
    {
        headers.insert(0, ("content-type".to_owned(), content_type.to_owned()));
    }
    Ok(Message { method: http.method.clone(), target, headers, body, raw: false })
}

/// The wire names of the members of an operation's input, by name.
pub(super) fn wire_names<'a>(contract: &'a Contract, operation: &'a Operation) -> impl Fn(&str) -> String + use<'a> {
    let members = members(contract, operation);
    move |name| members.and_then(|members| members.get(name)).map_or(name, |member| member.wire_name(name)).to_owned()
}

fn members<'a>(contract: &'a Contract, operation: &'a Operation) -> Option<&'a IndexMap<String, Member>> {
    operation.input.as_ref().and_then(|input| contract.shape(input).kind.members())
}

fn unknown_members<'a>(contract: &Contract, operation: &Operation, input: &'a Value) -> Vec<(&'a str, &'a Value)> {
    let Value::Map(given) = input else { return Vec::new() };
    let known = members(contract, operation);
    given
        .iter()
        .filter(|(name, _)| !known.is_some_and(|known| known.contains_key(name.as_str())))
        .map(|(name, value)| (name.as_str(), value))
        .collect()
}

/// Fills the route's labels.
fn path(uri: &str, bound: &[Bound<'_>], damage: &[Damage]) -> Result<String, EncodeError> {
    let route = uri.split_once('?').map_or(uri, |(path, _)| path);
    let mut out = String::with_capacity(route.len() + 64);
    let mut rest = route;
    while let Some(open) = rest.find('{') {
        let Some(length) = rest[open..].find('}') else { break };
        out.push_str(&rest[..open]);
        let label = &rest[open + 1..open + length];
        let (name, greedy) = label.strip_suffix('+').map_or((label, false), |name| (name, true));
        out.push_str(&segment(name, greedy, bound, damage)?);
        rest = &rest[open + length + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn segment(label: &str, greedy: bool, bound: &[Bound<'_>], damage: &[Damage]) -> Result<String, EncodeError> {
    // A model names the label by its name on the wire.
    let one = bound
        .iter()
        .filter(|one| one.member.location == Location::Label)
        .find(|one| one.member.wire_name(one.name) == label || one.name == label);
    let raw = damage.iter().rev().find_map(|one| match one {
        Damage::RawLabel(name, characters) if name == label || Some(name.as_str()) == one_name(bound, label) => {
            Some(characters.clone())
        }
        _ => None,
    });
    if let Some(raw) = raw {
        return Ok(raw);
    }
    let one = one.ok_or_else(|| EncodeError::MissingLabel(label.to_owned()))?;
    let value = given(one.value).ok_or_else(|| EncodeError::MissingLabel(label.to_owned()))?;
    if matches!(value, Value::List(_) | Value::Map(_)) {
        return Err(unfit(one.name, "label", "a segment of a path holds one text".to_owned()));
    }
    Ok(percent_encode(&scalar(value, Some(&one.shape.kind), Moment::DateTime)?, if greedy { b"/" } else { b"" }))
}

fn one_name<'a>(bound: &[Bound<'a>], label: &str) -> Option<&'a str> {
    bound
        .iter()
        .find(|one| one.member.location == Location::Label && one.member.wire_name(one.name) == label)
        .map(|one| one.name)
}

fn constant_query(uri: &str) -> Vec<(String, Option<String>)> {
    let Some((_, query)) = uri.split_once('?') else { return Vec::new() };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (pair.to_owned(), None),
        })
        .collect()
}

fn add_query(
    query: &mut Vec<(String, Option<String>)>,
    one: &Bound<'_>,
    bound: &[Bound<'_>],
) -> Result<(), EncodeError> {
    let Some(value) = given(one.value) else { return Ok(()) };
    let kind = &one.shape.kind;
    let mut push = |name: &str, value: &Value, kind: Option<&Kind>| -> Result<(), EncodeError> {
        query.push((percent_encode(name, b""), Some(percent_encode(&scalar(value, kind, Moment::DateTime)?, b""))));
        Ok(())
    };
    match value {
        Value::Map(entries) if matches!(kind, Kind::Map { .. }) => {
            for (key, entry) in entries {
                // A member with a name of its own goes before an entry of the same name.
                let named = |other: &Bound<'_>| {
                    other.member.location == Location::Query
                        && !std::ptr::eq(other.member, one.member)
                        && given(other.value).is_some()
                        && other.member.wire_name(other.name) == key
                };
                if bound.iter().any(named) {
                    continue;
                }
                match entry {
                    Value::List(items) => items.iter().try_for_each(|item| push(key, item, None))?,
                    Value::Null => {}
                    entry => push(key, entry, None)?,
                }
            }
        }
        // Whatever the shape is: several values of one parameter are said by repeating it.
        Value::List(items) => {
            for item in items {
                push(one.member.wire_name(one.name), item, Some(one.item_kind()))?;
            }
        }
        value => push(one.member.wire_name(one.name), value, Some(kind))?,
    }
    Ok(())
}

fn add_headers(headers: &mut Vec<(String, String)>, one: &Bound<'_>) -> Result<(), EncodeError> {
    let Some(value) = given(one.value) else { return Ok(()) };
    let name = one.member.wire_name(one.name);
    let kind = &one.shape.kind;
    let mut push = |name: String, text: String| -> Result<(), EncodeError> {
        if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
            return Err(unfit(one.name, "header", format!("`{name}` is no header name")));
        }
        // A receiver trims what stands around a value, so it would never see these characters.
        if http::HeaderValue::from_bytes(text.as_bytes()).is_err() || text.trim_matches([' ', '\t']) != text {
            return Err(unfit(one.name, "header", "HTTP cannot carry these characters in a header".to_owned()));
        }
        headers.push((name, text));
        Ok(())
    };
    match value {
        Value::Map(entries) if matches!(kind, Kind::Map { .. }) => {
            let prefix = one.member.wire.as_deref().unwrap_or_default();
            for (key, entry) in entries {
                push(format!("{prefix}{key}"), scalar(entry, None, Moment::HttpDate)?.into_owned())?;
            }
            Ok(())
        }
        Value::List(items) => {
            let texts = items
                .iter()
                .map(|item| {
                    let text = scalar(item, Some(one.item_kind()), Moment::HttpDate)?;
                    let quoted = matches!(item, Value::Text(_) | Value::Template(_)) && text.contains([',', '"']);
                    Ok(if quoted {
                        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
                    } else {
                        text.into_owned()
                    })
                })
                .collect::<Result<Vec<_>, EncodeError>>()?;
            push(name.to_owned(), texts.join(", "))
        }
        value => push(name.to_owned(), scalar(value, Some(kind), Moment::HttpDate)?.into_owned()),
    }
}

fn unfit(member: &str, place: &'static str, reason: String) -> EncodeError {
    EncodeError::Unfit { member: member.to_owned(), place, reason }
}

fn body(
    contract: &Contract,
    operation: &Operation,
    input: &Value,
    bound: &[Bound<'_>],
    has_body: bool,
    unknown_in_query: bool,
) -> Result<(Body, Option<&'static str>), EncodeError> {
    const JSON: Option<&str> = Some("application/json");
    let mut out = Vec::new();
    let Value::Map(members) = input else {
        // The case breaks even the input's type: this is the document.
        json::write(&mut out, input, None)?;
        return Ok((out.into(), JSON));
    };
    if let Some(payload) = bound.iter().find(|one| one.member.location == Location::Payload) {
        return match (&payload.shape.kind, payload.value) {
            (Kind::Structure { .. }, None) => Ok((Body::from_static(b"{}"), JSON)),
            (_, None) => Ok((Body::new(), None)),
            (_, Some(Value::Blob(bytes))) => Ok((Body::copy_from_slice(bytes), Some("application/octet-stream"))),
            (Kind::Blob, Some(Value::Text(text))) => {
                Ok((Body::copy_from_slice(text.as_bytes()), Some("application/octet-stream")))
            }
            (Kind::String | Kind::Enum { .. }, Some(Value::Text(text))) => {
                Ok((Body::copy_from_slice(text.as_bytes()), Some("text/plain")))
            }
            (Kind::String | Kind::Enum { .. }, Some(Value::Template(text))) => {
                Ok((Body::copy_from_slice(closed(text)?.as_bytes()), Some("text/plain")))
            }
            (_, Some(value)) => {
                json::write(&mut out, value, Some((contract, payload.shape)))?;
                Ok((out.into(), JSON))
            }
        };
    }
    let in_body = |name: &str| match bound.iter().find(|one| one.name == name) {
        Some(one) => one.member.location == Location::Body,
        None => !unknown_in_query,
    };
    let sent: IndexMap<&String, &Value> = members.iter().filter(|(name, _)| in_body(name)).collect();
    if !has_body && sent.is_empty() {
        return Ok((Body::new(), None));
    }
    let shape = operation.input.as_ref().map(|input| contract.shape(input));
    let known = shape.and_then(|shape| shape.kind.members());
    out.push(b'{');
    for (index, (name, value)) in sent.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let member = known.and_then(|known| known.get(name));
        json::string(&mut out, member.map_or(name, |member| member.wire_name(name)));
        out.push(b':');
        json::write(&mut out, value, member.map(|member| (contract, contract.shape(&member.shape))))?;
    }
    out.push(b'}');
    Ok((out.into(), JSON))
}
