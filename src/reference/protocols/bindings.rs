//! Members bound to path, query and headers: read from requests and written into responses.
//!
//! Never looks at a body. Rules after [Smithy's HTTP bindings](https://smithy.io/2.0/spec/http-bindings.html).

use super::{Place, Sent, moments, scalar, scalar_text};
use crate::contract::{Kind, Location, TimestampFormat};
use crate::reference::read::Unread;
use crate::reference::request::Header;
use crate::reference::trick::{Trick, Tricks};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Adds the members bound to the path.
pub(super) fn labels(place: Place<'_>, sent: &mut Sent<'_>, input: &mut Map<String, Value>) -> Result<(), Unread> {
    for (label, value) in std::mem::take(&mut sent.labels) {
        let value = value.ok_or_else(|| Unread::Malformed(format!("label `{label}` is not UTF-8")))?;
        let found = place.members().and_then(|members| {
            members.iter().find(|(name, member)| *name == label || member.wire_name(name) == label)
        });
        if let Some((name, member)) = found {
            input.insert(name.clone(), scalar(place.of(member), value, TimestampFormat::DateTime));
        }
    }
    Ok(())
}

/// Adds the members bound to the query.
pub(super) fn query(
    place: Place<'_>,
    query: &str,
    tricks: Tricks,
    input: &mut Map<String, Value>,
) -> Result<(), Unread> {
    let bound = || place.members().into_iter().flatten().filter(|(_, member)| member.location == Location::Query);
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (decoded(name, tricks)?, decoded(value, tricks)?);
        let Some((member_name, member)) = bound().find(|(one, member)| member.wire_name(one) == name) else {
            // A map bound to the query collects every parameter that no other member claims.
            let map = bound().find(|(_, member)| matches!(place.of(member).kind(), Kind::Map { .. }));
            if let Some((member_name, member)) = map
                && let Some((_, values)) = place.of(member).entries()
                && let Value::Object(entries) =
                    input.entry(member_name.clone()).or_insert_with(|| Value::Object(Map::new()))
            {
                match values.items() {
                    Some(items) => {
                        let list = entries.entry(name).or_insert_with(|| Value::Array(Vec::new()));
                        if let Value::Array(list) = list {
                            list.push(scalar(items, value, TimestampFormat::DateTime));
                        }
                    }
                    None => {
                        entries.insert(name, Value::String(value));
                    }
                }
            }
            continue;
        };
        let below = place.of(member);
        if let Some(items) = below.items() {
            let value = scalar(items, value, TimestampFormat::DateTime);
            let list = input.entry(member_name.clone()).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                if tricks.has(Trick::QueryLastOnly) {
                    list.clear();
                }
                list.push(value);
            }
        } else {
            input.insert(member_name.clone(), scalar(below, value, TimestampFormat::DateTime));
        }
    }
    Ok(())
}

/// Decodes a name or value of a query.
fn decoded(text: &str, tricks: Tricks) -> Result<String, Unread> {
    if tricks.has(Trick::QueryUndecoded) {
        return Ok(text.to_owned());
    }
    super::form::decoded(text).ok_or_else(|| Unread::Malformed("the query is not UTF-8".to_owned()))
}

/// Adds the members bound to headers.
pub(super) fn headers(place: Place<'_>, sent: &Sent<'_>, input: &mut Map<String, Value>) -> Result<(), Unread> {
    for (name, member) in place.members().into_iter().flatten().filter(|(_, one)| one.location == Location::Header) {
        let (below, wire) = (place.of(member), member.wire_name(name));
        if let Kind::Map { .. } = below.kind() {
            let prefix = member.wire.as_deref().unwrap_or_default();
            let prefixed: Map<String, Value> = sent
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
        let Some(bytes) = sent.request.header(wire) else { continue };
        let text =
            std::str::from_utf8(bytes).map_err(|_| Unread::Malformed(format!("header `{wire}` is not UTF-8")))?.trim();
        // The encoding that the client added when it compressed the body is not part of the caller's value.
        let text = match (sent.inflated, wire.eq_ignore_ascii_case("content-encoding")) {
            (true, true) => match text.rsplit_once(',') {
                Some((before, _)) => before.trim(),
                None => continue,
            },
            _ => text,
        };
        let value = match below.items() {
            Some(_) if text.is_empty() => Value::Array(Vec::new()),
            Some(items) => {
                let dates = matches!(items.kind(), Kind::Timestamp)
                    && items.moments(TimestampFormat::HttpDate) == TimestampFormat::HttpDate;
                parts(text, dates).into_iter().map(|one| header(items, one)).collect()
            }
            None => header(below, text.to_owned()),
        };
        input.insert(name.clone(), value);
    }
    Ok(())
}

fn header(place: Place<'_>, text: String) -> Value {
    if place.is_json_text() {
        let decoded = data_encoding::BASE64.decode(text.as_bytes()).ok();
        return Value::String(decoded.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or(text));
    }
    scalar(place, text, TimestampFormat::HttpDate)
}

/// Splits a header into its values. A quoted value may contain commas; a date in HTTP's preferred format always does.
fn parts(text: &str, dates: bool) -> Vec<String> {
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
pub(super) fn written(place: Place<'_>, output: &Map<String, Value>, headers: &mut Vec<Header>) -> Option<u16> {
    let mut status = None;
    for (name, member) in place.members().into_iter().flatten().filter(|(_, one)| one.location == Location::Header) {
        let Some(value) = output.get(name).filter(|value| !value.is_null()) else { continue };
        let (below, wire) = (place.of(member), member.wire_name(name));
        if wire == ":status" {
            // The smallest valid number, 0, is not a status.
            let said = value.as_u64().and_then(|status| u16::try_from(status).ok());
            status = said.filter(|status| (200..600).contains(status));
            continue;
        }
        let mut say = |name: String, text: String| headers.push((Cow::Owned(name), Cow::Owned(text)));
        match (below.kind(), value) {
            (Kind::Map { .. }, Value::Object(entries)) => {
                let prefix = member.wire.as_deref().unwrap_or_default();
                for (key, entry) in entries {
                    say(format!("{prefix}{key}"), scalar_text(entry));
                }
            }
            (Kind::List { .. }, Value::Array(values)) => {
                let items = below.items().unwrap_or(below);
                let texts: Vec<String> = values.iter().map(|value| quoted(header_text(items, value))).collect();
                say(wire.to_owned(), texts.join(", "));
            }
            _ => say(wire.to_owned(), header_text(below, value)),
        }
    }
    status
}

fn header_text(place: Place<'_>, value: &Value) -> String {
    match place.kind() {
        Kind::Timestamp => scalar_text(&moments::write(value, place.moments(TimestampFormat::HttpDate))),
        _ if place.is_json_text() => data_encoding::BASE64.encode(scalar_text(value).as_bytes()),
        _ => scalar_text(value),
    }
}

fn quoted(text: String) -> String {
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
            assert_eq!(parts(text, dates), expected, "{text}");
        }
    }
}
