//! Scalar values as text, as paths, queries, headers, forms and XML hold them.
//!
//! Never rejects a value of a wrong type, except for a timestamp; the constraint check does.

use super::{ShapeRef, timestamps};
use crate::contract::{ShapeKind, TimestampFormat};
use crate::reference::body_parser::ReadFailure;
use serde_json::Value;

/// Returns a scalar value as text.
pub(super) fn scalar_to_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Converts a text to a value of the shape's type, or keeps the text if it is not one, so that the check rejects it.
pub(super) fn parse_scalar(shape: ShapeRef<'_>, text: String, usual: TimestampFormat) -> Value {
    match shape.kind() {
        ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double => {
            match text.parse::<serde_json::Number>() {
                Ok(number) => Value::Number(number),
                Err(_) => Value::String(text),
            }
        }
        ShapeKind::Boolean if text == "true" || text == "false" => Value::Bool(text == "true"),
        ShapeKind::Timestamp => timestamps::parse(&text, shape.timestamp_format(usual)).unwrap_or(Value::String(text)),
        _ => Value::String(text),
    }
}

/// Converts a text to a value of the shape's type; a timestamp must have the expected format.
pub(super) fn parse_scalar_strictly(shape: ShapeRef<'_>, text: String) -> Result<Value, ReadFailure> {
    match (shape.kind(), parse_scalar(shape, text, TimestampFormat::DateTime)) {
        (ShapeKind::Timestamp, Value::String(text)) => {
            Err(ReadFailure::Malformed(format!("`{text}` is not a timestamp in the expected format")))
        }
        (_, value) => Ok(value),
    }
}
