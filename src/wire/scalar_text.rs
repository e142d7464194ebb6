//! Values as text: in labels, queries, headers, forms and XML.
//!
//! It never escapes a character.

use super::filled_value::filled_template;
use super::text::number_text;
use super::{EncodeError, json};
use crate::case::Value;
use crate::contract::{ShapeKind, TimestampFormat};
use std::borrow::Cow;

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
        Value::Number(literal) => number_text(literal, kind, format),
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
