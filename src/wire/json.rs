//! Values as JSON text, with the names that the contract gives members on the wire.
//!
//! It never checks a constraint: what is wrong on purpose is written as it is.

use super::EncodeError;
use super::encode::closed;
use super::known::Known;
use super::text::scalar;
use crate::contract::{Kind, TimestampFormat};
use crate::generate::Value;
use std::io::Write as _;

/// Writes a value; members of known structures get their wire names, all others keep their own.
pub(super) fn write(out: &mut Vec<u8>, value: &Value, known: Option<Known<'_>>) -> Result<(), EncodeError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Boolean(true) => out.extend_from_slice(b"true"),
        Value::Boolean(false) => out.extend_from_slice(b"false"),
        Value::Number(_) if let Some(format) = dated(known) => {
            string(out, &scalar(value, known.map(Known::kind), format)?);
        }
        Value::Number(literal) | Value::Raw(literal) => out.extend_from_slice(literal.as_bytes()),
        Value::Text(text) => string(out, text),
        Value::Template(template) => string(out, closed(template)?),
        Value::Blob(bytes) => string(out, &data_encoding::BASE64.encode(bytes)),
        Value::List(items) => {
            let item = known.and_then(Known::item);
            out.push(b'[');
            for (index, one) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(out, one, item)?;
            }
            out.push(b']');
        }
        Value::Map(members) => {
            out.push(b'{');
            for (index, (name, one)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                let (name, below) = below(name, known);
                string(out, name);
                out.push(b':');
                write(out, one, below)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// The wire name of a member or entry, and what is known of its value.
fn below<'a>(name: &'a str, known: Option<Known<'a>>) -> (&'a str, Option<Known<'a>>) {
    let Some(known) = known else { return (name, None) };
    if let Some((_, value)) = known.entry() {
        return (name, Some(value));
    }
    match known.member(name) {
        Some((member, below)) => (member.wire.as_deref().unwrap_or(name), Some(below)),
        None => (name, None),
    }
}

/// The format of a moment that is written as a text.
fn dated(known: Option<Known<'_>>) -> Option<TimestampFormat> {
    known
        .filter(|known| *known.kind() == Kind::Timestamp)
        .map(|known| known.moment(TimestampFormat::EpochSeconds))
        .filter(|format| *format != TimestampFormat::EpochSeconds)
}

/// A JSON string; only what JSON demands is escaped, so that every other character travels as itself.
pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut clean = 0;
    for (index, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&text.as_bytes()[clean..index]);
        clean = index + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            other => write!(out, "\\u{other:04x}").expect("writing to a vector cannot fail"),
        }
    }
    out.extend_from_slice(&text.as_bytes()[clean..]);
    out.push(b'"');
}

/// The text of the value of a top-level member in an object's text, or `None` where there is none.
pub(super) fn top_member<'a>(document: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut wanted = Vec::new();
    string(&mut wanted, name);
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    let mut key: Option<&[u8]> = None;
    let mut start = 0;
    for (index, &byte) in document.iter().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth == 1 {
                    start = index + 1;
                }
            }
            b':' if depth == 1 && key.is_none() => {
                key = Some(document[start..index].trim_ascii());
                start = index + 1;
            }
            b',' | b'}' | b']' => {
                if depth == 1 {
                    if key == Some(wanted.as_slice()) {
                        return Some(document[start..index].trim_ascii());
                    }
                    key = None;
                    start = index + 1;
                }
                if byte != b',' {
                    depth = depth.checked_sub(1)?;
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_read_back_as_themselves() {
        for text in ["", "a\"b\\c", "\u{0}\u{1f}\n\r\t\u{8}", "é😀\u{2028}\u{feff}", "\u{7f}/"] {
            let mut out = Vec::new();
            string(&mut out, text);
            assert_eq!(serde_json::from_slice::<String>(&out).expect(text), text);
        }
    }

    #[test]
    fn members_are_found_at_the_top_only() {
        let text = br#"{"a":{"b":1},"c":[{"b":2}],"b":"x,}\"","d":3}"#;
        assert_eq!(top_member(text, "b"), Some(br#""x,}\"""#.as_slice()));
        assert_eq!(top_member(text, "a"), Some(br#"{"b":1}"#.as_slice()));
        assert_eq!(top_member(text, "d"), Some(b"3".as_slice()));
        assert_eq!(top_member(text, "x"), None);
        assert_eq!(top_member(b"]}", "x"), None);
    }
}
