//! Formats values as text, for labels, queries and headers.
//!
//! It never decides where a value is sent; the protocol does.

use super::encode_error::filled_template;
use super::timestamp::timestamp_text;
use super::{EncodeError, json};
use crate::case::Value;
use crate::contract::{ShapeKind, TimestampFormat};
use std::borrow::Cow;

/// Encodes every byte as `%XX`, except for the unreserved characters of
/// [RFC 3986, 2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3) and the bytes in `keep`.
pub fn percent_encode(text: &str, keep: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let stays = |byte: u8| UNRESERVED[usize::from(byte)] || byte.is_ascii() && keep.contains(&byte);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !stays(byte)) {
        out.push_str(&rest[..at]);
        // A character is encoded as a whole, so that the rest begins at a character boundary.
        let length = rest[at..].chars().next().map_or(1, char::len_utf8);
        for byte in rest[at..at + length].bytes() {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    out
}

const UNRESERVED: [bool; 256] = {
    let mut unreserved = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let ascii = byte as u8;
        unreserved[byte] = ascii.is_ascii_alphanumeric() || matches!(ascii, b'-' | b'.' | b'_' | b'~');
        byte += 1;
    }
    unreserved
};

/// Formats a value as text. A list or map becomes its JSON text, so that a value of the wrong type can be sent.
pub(super) fn scalar_text<'a>(
    value: &'a Value,
    kind: Option<&ShapeKind>,
    format: TimestampFormat,
) -> Result<Cow<'a, str>, EncodeError> {
    Ok(match value {
        Value::Null => Cow::Borrowed("null"),
        Value::Boolean(true) => Cow::Borrowed("true"),
        Value::Boolean(false) => Cow::Borrowed("false"),
        Value::Number(literal) if kind == Some(&ShapeKind::Timestamp) => timestamp_text(literal, format),
        Value::Number(literal) => Cow::Borrowed(literal),
        Value::Text(text) | Value::Raw(text) => Cow::Borrowed(text),
        Value::Template(template) => Cow::Borrowed(filled_template(template)?),
        Value::Blob(bytes) => Cow::Owned(data_encoding::BASE64.encode(bytes)),
        Value::List(_) | Value::Map(_) => {
            let mut out = Vec::new();
            json::write_value(&mut out, value, None)?;
            Cow::Owned(String::from_utf8_lossy(&out).into_owned())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_unreserved_characters_are_percent_encoded() {
        assert_eq!(percent_encode("a-b_c.d~E9", b""), "a-b_c.d~E9");
        assert_eq!(
            percent_encode(" %:/?#[]@!$&'()*+,;=", b""),
            "%20%25%3A%2F%3F%23%5B%5D%40%21%24%26%27%28%29%2A%2B%2C%3B%3D"
        );
        assert_eq!(percent_encode("é/😹", b"/"), "%C3%A9/%F0%9F%98%B9");
    }
}
