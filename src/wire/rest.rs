//! Encodes requests of the protocols that bind members to labels, query, headers and a body.
//!
//! It never writes the document of a body; the protocol's own file does. The rules follow
//! [Smithy's HTTP bindings](https://smithy.io/2.0/spec/http-bindings.html).

use super::encode_error::non_null;
use super::placed_shape::PlacedShape;
use super::rest_payload::{BoundMember, RequestPayload, TypedBody, join_items};
use super::text::{percent_encode, scalar_text};
use super::{EncodeError, EncodedBody, EncodedRequest, rest_form, rest_json, rest_xml};
use crate::case::{Damage, Value};
use crate::contract::{Contract, Member, MemberLocation, Operation, Protocol, ShapeKind, TimestampFormat};
use indexmap::IndexMap;
use std::borrow::Cow;

/// Encodes the request of an operation. Damage to labels is applied here, all other damage later.
pub(super) fn encode_request(
    contract: &Contract,
    operation: &Operation,
    input: &Value,
    base_path: &str,
    damage: &[Damage],
) -> Result<EncodedRequest, EncodeError> {
    let http = operation.http.as_ref().ok_or_else(|| EncodeError::NoRoute(operation.name.as_str().to_owned()))?;
    let bound: Vec<BoundMember<'_>> = members(contract, operation)
        .into_iter()
        .flatten()
        .map(|(name, member)| BoundMember::new(contract, name, member, input))
        .collect();
    let has_body =
        bound.iter().any(|one| one.member.location.is_in_document() || one.member.location == MemberLocation::Form);
    // An undocumented member is sent where the operation sends its members without a location.
    let unknown_in_query = !has_body && matches!(http.method.as_str(), "GET" | "HEAD");

    let mut query = parse_constant_query(&http.uri);
    for one in bound.iter().filter(|one| one.member.location == MemberLocation::Query) {
        add_query(&mut query, one, &bound)?;
    }
    if unknown_in_query {
        for (name, value) in unknown_members(contract, operation, input) {
            query.push((
                percent_encode(name, b""),
                Some(percent_encode(&scalar_text(value, None, TimestampFormat::DateTime)?, b"")),
            ));
        }
    }
    let mut target = build_path(base_path, &http.uri, &bound, damage)?;
    for (index, (name, value)) in query.iter().enumerate() {
        target.push(if index == 0 { '?' } else { '&' });
        target.push_str(name);
        if let Some(value) = value {
            target.push('=');
            target.push_str(value);
        }
    }

    let mut headers = Vec::new();
    for one in bound.iter().filter(|one| one.member.location == MemberLocation::Header) {
        add_headers(&mut headers, one)?;
    }
    headers.extend(cookie_header(&bound)?);
    let payload = RequestPayload { contract, operation, input, bound: &bound, has_body, unknown_in_query };
    let media_type = operation.traits.content_type.as_deref();
    let form = media_type.and_then(rest_form::FormEncoding::of_media_type);
    let (body, content_type) = match (form, contract.protocol) {
        (Some(encoding), _) => rest_form::build_body(&payload, encoding)?,
        (None, Some(Protocol::RestXml)) => with_media_type(rest_xml::build_body(&payload)?, media_type),
        (None, _) => with_media_type(rest_json::build_body(&payload)?, media_type),
    };
    // If a member is bound to the content type, nothing else sets it.
    let is_bound = is_header_bound(contract, operation, "content-type");
    if let Some(content_type) = content_type.filter(|_| !is_bound)
        && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
    {
        headers.insert(0, ("content-type".to_owned(), content_type.into_owned()));
    }
    Ok(EncodedRequest { method: http.method.clone(), target, headers, body, raw: false })
}

/// Replaces the protocol's own media type of a body by the documented one.
fn with_media_type<'a>((body, own): (EncodedBody, Option<&'static str>), documented: Option<&'a str>) -> TypedBody<'a> {
    (body, own.map(|own| Cow::Borrowed(documented.unwrap_or(own))))
}

/// Returns true if a member of the operation's input is bound to the header with this name.
fn is_header_bound(contract: &Contract, operation: &Operation, header: &str) -> bool {
    let members = members(contract, operation).into_iter().flatten();
    members
        .filter(|(_, member)| member.location == MemberLocation::Header)
        .any(|(name, member)| member.wire_name(name).eq_ignore_ascii_case(header))
}

/// Returns a function from the name of an input member to its wire name.
pub(super) fn wire_names<'a>(contract: &'a Contract, operation: &'a Operation) -> impl Fn(&str) -> String + use<'a> {
    let members = members(contract, operation);
    move |name| members.and_then(|members| members.get(name)).map_or(name, |member| member.wire_name(name)).to_owned()
}

pub(super) fn members<'a>(contract: &'a Contract, operation: &'a Operation) -> Option<&'a IndexMap<String, Member>> {
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

/// Builds the path: the base path, then the route with its labels filled in.
fn build_path(base_path: &str, uri: &str, bound: &[BoundMember<'_>], damage: &[Damage]) -> Result<String, EncodeError> {
    let route = uri.split_once('?').map_or(uri, |(path, _)| path);
    let mut out = String::with_capacity(base_path.len() + route.len() + 64);
    out.push_str(base_path);
    let mut rest = route;
    while let Some(open) = rest.find('{') {
        let Some(length) = rest[open..].find('}') else { break };
        out.push_str(&rest[..open]);
        let label = &rest[open + 1..open + length];
        let (name, greedy) = label.strip_suffix('+').map_or((label, false), |name| (name, true));
        out.push_str(&build_segment(name, greedy, bound, damage)?);
        rest = &rest[open + length + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

fn build_segment(
    label: &str,
    greedy: bool,
    bound: &[BoundMember<'_>],
    damage: &[Damage],
) -> Result<String, EncodeError> {
    // In a model, a label has the wire name of its member.
    let one = bound
        .iter()
        .filter(|one| one.member.location == MemberLocation::Label)
        .find(|one| one.member.wire_name(one.name) == label || one.name == label);
    let raw = damage.iter().rev().find_map(|one| match one {
        Damage::RawLabel(name, characters)
            if name == label || Some(name.as_str()) == label_member_name(bound, label) =>
        {
            Some(characters.clone())
        }
        _ => None,
    });
    if let Some(raw) = raw {
        return Ok(raw);
    }
    let one = one.ok_or_else(|| EncodeError::MissingLabel(label.to_owned()))?;
    let value = non_null(one.value).ok_or_else(|| EncodeError::MissingLabel(label.to_owned()))?;
    let keep: &[u8] = if greedy { b"/" } else { b"" };
    let text = match (value, &one.member.traits.separator) {
        (Value::List(items), Some(separator)) => join_items(items, one.item_shape(), separator, keep)?,
        (Value::List(_) | Value::Map(_), _) => {
            return Err(unrepresentable(one.name, "label", "a path segment holds a single value".to_owned()));
        }
        (value, _) => percent_encode(
            &scalar_text(
                value,
                Some(one.placed_shape().kind()),
                one.placed_shape().timestamp_format(TimestampFormat::DateTime),
            )?,
            keep,
        ),
    };
    Ok(match &one.member.traits.prefix {
        Some(prefix) => format!("{prefix}{text}"),
        None => text,
    })
}

fn label_member_name<'a>(bound: &[BoundMember<'a>], label: &str) -> Option<&'a str> {
    bound
        .iter()
        .find(|one| one.member.location == MemberLocation::Label && one.member.wire_name(one.name) == label)
        .map(|one| one.name)
}

fn parse_constant_query(uri: &str) -> Vec<(String, Option<String>)> {
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
    one: &BoundMember<'_>,
    bound: &[BoundMember<'_>],
) -> Result<(), EncodeError> {
    let Some(value) = non_null(one.value) else { return Ok(()) };
    let kind = one.placed_shape().kind();
    let mut push = |name: &str, value: &Value, known: Option<PlacedShape<'_>>| -> Result<(), EncodeError> {
        let format = known.map_or(TimestampFormat::DateTime, |known| known.timestamp_format(TimestampFormat::DateTime));
        let text = scalar_text(value, known.map(PlacedShape::kind), format)?;
        query.push((percent_encode(name, b""), Some(percent_encode(&text, b""))));
        Ok(())
    };
    match value {
        Value::Map(entries) if matches!(kind, ShapeKind::Map { .. }) => {
            for (key, entry) in entries {
                // A member bound to this parameter takes precedence over a map entry with the same name.
                let named = |other: &BoundMember<'_>| {
                    other.member.location == MemberLocation::Query
                        && !std::ptr::eq(other.member, one.member)
                        && non_null(other.value).is_some()
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
        Value::List(items) if one.member.traits.separator.is_some() => {
            let separator = one.member.traits.separator.as_deref().unwrap_or_default();
            if !items.is_empty() {
                let joined = join_items(items, one.item_shape(), separator, b"")?;
                query.push((percent_encode(one.member.wire_name(one.name), b""), Some(joined)));
            }
        }
        // Regardless of the shape, several values of one parameter are sent by repeating it.
        Value::List(items) => {
            for item in items {
                push(one.member.wire_name(one.name), item, Some(one.item_shape()))?;
            }
        }
        value => push(one.member.wire_name(one.name), value, Some(one.placed_shape()))?,
    }
    Ok(())
}

fn add_headers(headers: &mut Vec<(String, String)>, one: &BoundMember<'_>) -> Result<(), EncodeError> {
    let Some(value) = non_null(one.value) else { return Ok(()) };
    let name = one.member.wire_name(one.name);
    let kind = one.placed_shape().kind();
    let http_date = TimestampFormat::HttpDate;
    let mut push = |name: String, text: String| -> Result<(), EncodeError> {
        if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
            return Err(unrepresentable(one.name, "header", format!("`{name}` is not a valid header name")));
        }
        // A receiver trims whitespace around a value, so these characters would never arrive.
        if http::HeaderValue::from_bytes(text.as_bytes()).is_err() || text.trim_matches([' ', '\t']) != text {
            return Err(unrepresentable(
                one.name,
                "header",
                "an HTTP header cannot contain these characters".to_owned(),
            ));
        }
        headers.push((name, text));
        Ok(())
    };
    match value {
        Value::Map(entries) if matches!(kind, ShapeKind::Map { .. }) => {
            let prefix = one.member.wire.as_deref().unwrap_or_default();
            for (key, entry) in entries {
                push(format!("{prefix}{key}"), scalar_text(entry, None, http_date)?.into_owned())?;
            }
            Ok(())
        }
        Value::List(items) => {
            let texts = items
                .iter()
                .map(|item| {
                    let text =
                        scalar_text(item, Some(one.item_shape().kind()), one.item_shape().timestamp_format(http_date))?;
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
        value => {
            let text = scalar_text(value, Some(kind), one.placed_shape().timestamp_format(http_date))?;
            let text = if one.placed_shape().is_json_value() {
                data_encoding::BASE64.encode(text.as_bytes())
            } else {
                text.into_owned()
            };
            push(name.to_owned(), text)
        }
    }
}

/// Returns the header with all cookies. Their values are sent as they are, because servers differ in what they decode.
fn cookie_header(bound: &[BoundMember<'_>]) -> Result<Option<(String, String)>, EncodeError> {
    let mut cookies = Vec::new();
    for one in bound.iter().filter(|one| one.member.location == MemberLocation::Cookie) {
        let Some(value) = non_null(one.value) else { continue };
        let shape = one.placed_shape();
        let text = scalar_text(value, Some(shape.kind()), shape.timestamp_format(TimestampFormat::DateTime))?;
        // https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1
        let is_plain = |c: char| ('!'..='~').contains(&c) && !"\",;\\%".contains(c);
        if !text.chars().all(is_plain) {
            return Err(unrepresentable(one.name, "cookie", "a cookie cannot contain these characters".to_owned()));
        }
        cookies.push(format!("{}={text}", one.member.wire_name(one.name)));
    }
    Ok((!cookies.is_empty()).then(|| ("cookie".to_owned(), cookies.join("; "))))
}

fn unrepresentable(member: &str, place: &'static str, reason: String) -> EncodeError {
    EncodeError::Unrepresentable { member: member.to_owned(), place, reason }
}
