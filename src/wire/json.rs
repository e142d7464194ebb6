//! Writes values as JSON, with the wire names that the contract gives to members.
//!
//! It never checks a constraint: deliberately invalid values are written as they are.

use super::EncodeError;
use super::encode_error::filled_template;
use super::placed_shape::PlacedShape;
use super::timestamp::timestamp_text;
use crate::case::Value;
use crate::contract::{ShapeKind, TimestampFormat};
use std::io::Write as _;

/// Writes a value; members of known structures are written with their wire names, all others with their own.
pub(super) fn write_value(out: &mut Vec<u8>, value: &Value, known: Option<PlacedShape<'_>>) -> Result<(), EncodeError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Boolean(true) => out.extend_from_slice(b"true"),
        Value::Boolean(false) => out.extend_from_slice(b"false"),
        Value::Number(literal) if let Some(format) = text_timestamp_format(known) => {
            write_string(out, &timestamp_text(literal, format));
        }
        Value::Number(literal) | Value::Raw(literal) => out.extend_from_slice(literal.as_bytes()),
        Value::Text(text) => write_string(out, text),
        Value::Template(template) => write_string(out, filled_template(template)?),
        Value::Blob(bytes) => write_string(out, &data_encoding::BASE64.encode(bytes)),
        Value::List(items) => {
            let item = known.and_then(PlacedShape::list_item);
            out.push(b'[');
            for (index, one) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_value(out, one, item)?;
            }
            out.push(b']');
        }
        Value::Map(members) => {
            out.push(b'{');
            let values = known.and_then(PlacedShape::map_values);
            for (index, (name, one)) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                let (name, below) = match known.filter(|_| values.is_none()).and_then(|known| known.member(name)) {
                    Some((member, below)) => (member.wire_name(name), Some(below)),
                    None => (name.as_str(), values),
                };
                write_string(out, name);
                out.push(b':');
                write_value(out, one, below)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

/// Returns the format of a timestamp that is written as text; `None` for numbers and other shapes.
fn text_timestamp_format(known: Option<PlacedShape<'_>>) -> Option<TimestampFormat> {
    known
        .filter(|known| *known.kind() == ShapeKind::Timestamp)
        .map(|known| known.timestamp_format(TimestampFormat::EpochSeconds))
        .filter(|format| *format != TimestampFormat::EpochSeconds)
}

/// Writes a JSON string; only what JSON requires is escaped, so that every other character is sent unchanged.
pub(super) fn write_string(out: &mut Vec<u8>, text: &str) {
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

/// Returns the JSON text of a top-level member in the text of an object; `None` if there is no such member.
pub(super) fn find_top_member<'a>(document: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let mut wanted = Vec::new();
    write_string(&mut wanted, name);
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
    fn written_strings_parse_unchanged() {
        for text in ["", "a\"b\\c", "\u{0}\u{1f}\n\r\t\u{8}", "é😀\u{2028}\u{feff}", "\u{7f}/"] {
            let mut out = Vec::new();
            write_string(&mut out, text);
            assert_eq!(serde_json::from_slice::<String>(&out).expect(text), text);
        }
    }

    #[test]
    fn only_top_level_members_are_found() {
        let text = br#"{"a":{"b":1},"c":[{"b":2}],"b":"x,}\"","d":3}"#;
        assert_eq!(find_top_member(text, "b"), Some(br#""x,}\"""#.as_slice()));
        assert_eq!(find_top_member(text, "a"), Some(br#"{"b":1}"#.as_slice()));
        assert_eq!(find_top_member(text, "d"), Some(b"3".as_slice()));
        assert_eq!(find_top_member(text, "x"), None);
        assert_eq!(find_top_member(b"]}", "x"), None);
    }
}
