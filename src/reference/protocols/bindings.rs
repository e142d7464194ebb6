//! Members bound to path, query and headers: read from requests and written into responses.
//!
//! Never looks at a body. Rules after [Smithy's HTTP bindings](https://smithy.io/2.0/spec/http-bindings.html).

use super::form::decode_form_text;
use super::incoming_request::IncomingRequest;
use super::scalars::{parse_scalar, scalar_to_text};
use super::{ShapeRef, timestamps};
use crate::contract::{MemberLocation, ShapeKind, TimestampFormat};
use crate::reference::body_parser::ReadFailure;
use crate::reference::misbehavior::{Misbehavior, MisbehaviorSet};
use crate::reference::request::ResponseHeader;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Adds the members bound to the path.
pub(super) fn read_labels(
    shape: ShapeRef<'_>,
    incoming: &mut IncomingRequest<'_>,
    input: &mut Map<String, Value>,
) -> Result<(), ReadFailure> {
    for (label, value) in std::mem::take(&mut incoming.labels) {
        let value = value.ok_or_else(|| ReadFailure::Malformed(format!("label `{label}` is not UTF-8")))?;
        let found = shape.members().and_then(|members| {
            members.iter().find(|(name, member)| *name == label || member.wire_name(name) == label)
        });
        if let Some((name, member)) = found {
            let value = member.traits.prefix.as_deref().and_then(|prefix| value.strip_prefix(prefix)).unwrap_or(&value);
            input.insert(name.clone(), read_joined(shape.member(member), value.to_owned()));
        }
    }
    Ok(())
}

/// Returns the value of a text. A list is one text if it has a separator.
fn read_joined(shape: ShapeRef<'_>, text: String) -> Value {
    match (shape.items(), shape.separator()) {
        (Some(_), Some(_)) if text.is_empty() => Value::Array(Vec::new()),
        (Some(items), Some(separator)) => {
            text.split(separator).map(|item| parse_scalar(items, item.to_owned(), TimestampFormat::DateTime)).collect()
        }
        _ => parse_scalar(shape, text, TimestampFormat::DateTime),
    }
}

/// Adds the members bound to cookies.
pub(super) fn read_cookies(shape: ShapeRef<'_>, incoming: &IncomingRequest<'_>, input: &mut Map<String, Value>) {
    let header = incoming.request.header("cookie").and_then(|bytes| std::str::from_utf8(bytes).ok());
    for pair in header.unwrap_or_default().split(';') {
        let Some((name, value)) = pair.trim().split_once('=') else { continue };
        let mut bound = shape.members().into_iter().flatten().filter(|(_, one)| one.location == MemberLocation::Cookie);
        if let Some((member_name, member)) = bound.find(|(one, member)| member.wire_name(one) == name) {
            input.insert(member_name.clone(), read_joined(shape.member(member), value.to_owned()));
        }
    }
}

/// Adds a value of a field that may occur several times.
pub(super) fn add_field(
    shape: ShapeRef<'_>,
    member_name: &str,
    text: String,
    misbehaviors: MisbehaviorSet,
    input: &mut Map<String, Value>,
) {
    let Some(items) = shape.items().filter(|_| shape.separator().is_none()) else {
        input.insert(member_name.to_owned(), read_joined(shape, text));
        return;
    };
    let value = parse_scalar(items, text, TimestampFormat::DateTime);
    let list = input.entry(member_name.to_owned()).or_insert_with(|| Value::Array(Vec::new()));
    if let Value::Array(list) = list {
        if misbehaviors.has(Misbehavior::QueryLastOnly) {
            list.clear();
        }
        list.push(value);
    }
}

/// Adds the members bound to the query.
pub(super) fn read_query(
    shape: ShapeRef<'_>,
    query: &str,
    misbehaviors: MisbehaviorSet,
    input: &mut Map<String, Value>,
) -> Result<(), ReadFailure> {
    let bound = || shape.members().into_iter().flatten().filter(|(_, member)| member.location == MemberLocation::Query);
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (decode_query_part(name, misbehaviors)?, decode_query_part(value, misbehaviors)?);
        let Some((member_name, member)) = bound().find(|(one, member)| member.wire_name(one) == name) else {
            // A map bound to the query collects every parameter that no other member claims.
            let map = bound().find(|(_, member)| matches!(shape.member(member).kind(), ShapeKind::Map { .. }));
            if let Some((member_name, member)) = map
                && let Some((_, values)) = shape.member(member).entries()
                && let Value::Object(entries) =
                    input.entry(member_name.clone()).or_insert_with(|| Value::Object(Map::new()))
            {
                match values.items() {
                    Some(items) => {
                        let list = entries.entry(name).or_insert_with(|| Value::Array(Vec::new()));
                        if let Value::Array(list) = list {
                            list.push(parse_scalar(items, value, TimestampFormat::DateTime));
                        }
                    }
                    None => {
                        entries.insert(name, Value::String(value));
                    }
                }
            }
            continue;
        };
        add_field(shape.member(member), member_name, value, misbehaviors, input);
    }
    Ok(())
}

/// Decodes a name or value of a query.
fn decode_query_part(text: &str, misbehaviors: MisbehaviorSet) -> Result<String, ReadFailure> {
    if misbehaviors.has(Misbehavior::QueryUndecoded) {
        return Ok(text.to_owned());
    }
    decode_form_text(text).ok_or_else(|| ReadFailure::Malformed("the query is not UTF-8".to_owned()))
}

/// Adds the members bound to headers.
pub(super) fn read_headers(
    shape: ShapeRef<'_>,
    incoming: &IncomingRequest<'_>,
    input: &mut Map<String, Value>,
) -> Result<(), ReadFailure> {
    for (name, member) in
        shape.members().into_iter().flatten().filter(|(_, one)| one.location == MemberLocation::Header)
    {
        let (below, wire) = (shape.member(member), member.wire_name(name));
        if let ShapeKind::Map { .. } = below.kind() {
            let prefix = member.wire.as_deref().unwrap_or_default();
            let prefixed: Map<String, Value> = incoming
                .request
                .headers
                .iter()
                .filter(|(header, _)| {
                    (prefix.is_empty() || header.len() > prefix.len())
                        && header.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
                })
                .map(|(header, value)| (header[prefix.len()..].to_owned(), String::from_utf8_lossy(value).into()))
                .collect();
            if !prefixed.is_empty() {
                input.insert(name.clone(), Value::Object(prefixed));
            }
            continue;
        }
        let Some(bytes) = incoming.request.header(wire) else { continue };
        let text = std::str::from_utf8(bytes)
            .map_err(|_| ReadFailure::Malformed(format!("header `{wire}` is not UTF-8")))?
            .trim();
        // The encoding that the client added when it compressed the body is not part of the caller's value.
        let text = match (incoming.was_compressed, wire.eq_ignore_ascii_case("content-encoding")) {
            (true, true) => match text.rsplit_once(',') {
                Some((before, _)) => before.trim(),
                None => continue,
            },
            _ => text,
        };
        let value = match below.items() {
            Some(_) if text.is_empty() => Value::Array(Vec::new()),
            Some(items) => {
                let dates = matches!(items.kind(), ShapeKind::Timestamp)
                    && items.timestamp_format(TimestampFormat::HttpDate) == TimestampFormat::HttpDate;
                split_header_values(text, dates).into_iter().map(|one| read_header_value(items, one)).collect()
            }
            None => read_header_value(below, text.to_owned()),
        };
        input.insert(name.clone(), value);
    }
    Ok(())
}

fn read_header_value(shape: ShapeRef<'_>, text: String) -> Value {
    if shape.is_json_string() {
        let decoded = data_encoding::BASE64.decode(text.as_bytes()).ok();
        return Value::String(decoded.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or(text));
    }
    parse_scalar(shape, text, TimestampFormat::HttpDate)
}

/// Splits a header into its values. A quoted value may contain commas; a date in HTTP's preferred format always does.
fn split_header_values(text: &str, dates: bool) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if let Some(quoted) = rest.strip_prefix('"') {
            let (mut value, mut characters) = (String::new(), quoted.char_indices());
            let mut end = quoted.len();
            while let Some((at, character)) = characters.next() {
                match character {
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                    other => value.push(other),
                }
            }
            parts.push(value);
            match quoted[end..].split_once(',') {
                Some((_, after)) => rest = after,
                None => return parts,
            }
            continue;
        }
        let end = rest.match_indices(',').nth(usize::from(dates)).map(|(at, _)| at);
        match end {
            Some(at) => {
                parts.push(rest[..at].trim().to_owned());
                rest = &rest[at + 1..];
            }
            None => {
                parts.push(rest.trim().to_owned());
                return parts;
            }
        }
    }
}

/// Writes the headers of a response, and returns the status if a member defines it.
pub(super) fn write_headers(
    shape: ShapeRef<'_>,
    output: &Map<String, Value>,
    headers: &mut Vec<ResponseHeader>,
) -> Option<u16> {
    let mut status = None;
    for (name, member) in
        shape.members().into_iter().flatten().filter(|(_, one)| one.location == MemberLocation::Header)
    {
        let Some(value) = output.get(name).filter(|value| !value.is_null()) else { continue };
        let (below, wire) = (shape.member(member), member.wire_name(name));
        if wire == ":status" {
            // The smallest valid number, 0, is not a status.
            status = value
                .as_u64()
                .and_then(|status| u16::try_from(status).ok())
                .filter(|status| (200..600).contains(status));
            continue;
        }
        let mut push = |name: String, text: String| headers.push((Cow::Owned(name), Cow::Owned(text)));
        match (below.kind(), value) {
            (ShapeKind::Map { .. }, Value::Object(entries)) => {
                let prefix = member.wire.as_deref().unwrap_or_default();
                for (key, entry) in entries {
                    push(format!("{prefix}{key}"), scalar_to_text(entry));
                }
            }
            (ShapeKind::List { .. }, Value::Array(values)) => {
                let items = below.items().unwrap_or(below);
                let texts: Vec<String> =
                    values.iter().map(|value| quote_if_needed(header_value_text(items, value))).collect();
                push(wire.to_owned(), texts.join(", "));
            }
            _ => push(wire.to_owned(), header_value_text(below, value)),
        }
    }
    status
}

fn header_value_text(shape: ShapeRef<'_>, value: &Value) -> String {
    match shape.kind() {
        ShapeKind::Timestamp => {
            scalar_to_text(&timestamps::format_value(value, shape.timestamp_format(TimestampFormat::HttpDate)))
        }
        _ if shape.is_json_string() => data_encoding::BASE64.encode(scalar_to_text(value).as_bytes()),
        _ => scalar_to_text(value),
    }
}

fn quote_if_needed(text: String) -> String {
    let is_date = text.ends_with(" GMT");
    if !is_date && text.contains([',', '"']) {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_is_split_into_its_values() {
        for (text, dates, expected) in [
            ("a, b,c", false, vec!["a", "b", "c"]),
            (r#""b,c", "\"def\"", a"#, false, vec!["b,c", "\"def\"", "a"]),
            ("", false, vec![""]),
            (r#""open"#, false, vec!["open"]),
            (r#""a,", b"#, false, vec!["a,", "b"]),
            (r#""", b"#, false, vec!["", "b"]),
            (
                "Mon, 16 Dec 2019 23:48:18 GMT, Mon, 16 Dec 2019 23:48:18 GMT",
                true,
                vec!["Mon, 16 Dec 2019 23:48:18 GMT", "Mon, 16 Dec 2019 23:48:18 GMT"],
            ),
        ] {
            assert_eq!(split_header_values(text, dates), expected, "{text}");
        }
    }
}
