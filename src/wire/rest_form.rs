//! Writes the bodies of HTML forms: pairs of a name and a text, or a part for each field.
//!
//! It never writes a form of the query protocols, whose names are dotted. The rules follow
//! [the URL standard](https://url.spec.whatwg.org/#application/x-www-form-urlencoded) and
//! [RFC 7578](https://www.rfc-editor.org/rfc/rfc7578).

use super::encode_error::non_null;
use super::placed_shape::PlacedShape;
use super::rest_payload::{RequestPayload, TypedBody, join_items};
use super::text::{percent_encode, scalar_text};
use super::{EncodeError, json};
use crate::case::Value;
use crate::contract::{ShapeKind, TimestampFormat};
use std::borrow::Cow;

/// Text between the parts of a body, unless a field contains it.
const BOUNDARY: &str = "overstep-form-boundary";

/// How the fields of a form are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FormEncoding {
    /// `a=1&b=2`.
    UrlEncoded,
    /// A part for each field.
    Multipart,
}

impl FormEncoding {
    /// Returns how a body of this media type is written, if it is a form.
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        let name = media_type.split(';').next().unwrap_or_default().trim();
        if name.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Some(Self::UrlEncoded)
        } else {
            name.eq_ignore_ascii_case("multipart/form-data").then_some(Self::Multipart)
        }
    }
}

/// A field with one of its values.
struct FormField<'a> {
    name: &'a str,
    value: &'a Value,
    shape: Option<PlacedShape<'a>>,
    /// The separator of the items, if a list is one text.
    separator: Option<&'a str>,
}

/// Builds the body; returns it with its content type. A form without fields is an empty body.
pub(super) fn build_body<'a>(
    payload: &RequestPayload<'_>,
    encoding: FormEncoding,
) -> Result<TypedBody<'a>, EncodeError> {
    if !matches!(payload.input, Value::Map(_)) {
        return Err(unrepresentable("the input", "it is not a structure"));
    }
    let fields = list_fields(payload);
    match encoding {
        FormEncoding::UrlEncoded => {
            let pairs: Vec<String> = fields.iter().map(write_pair).collect::<Result<_, _>>()?;
            Ok((pairs.join("&").into(), Some(Cow::Borrowed("application/x-www-form-urlencoded"))))
        }
        FormEncoding::Multipart => build_multipart(&fields),
    }
}

/// Returns the fields in the order of sending: each item of a list is one, unless the list is one text.
fn list_fields<'a>(payload: &RequestPayload<'a>) -> Vec<FormField<'a>> {
    let mut fields = Vec::new();
    for (given, value, bound) in payload.form_members() {
        let Some(value) = non_null(Some(value)) else { continue };
        let name = bound.map_or(given, |one| one.member.wire_name(given));
        let separator = bound.and_then(|one| one.member.traits.separator.as_deref());
        match value {
            Value::List(items) if separator.is_none() => {
                let shape = bound.map(|one| one.item_shape());
                fields.extend(items.iter().map(|value| FormField { name, value, shape, separator }));
            }
            value => fields.push(FormField { name, value, shape: bound.map(|one| one.placed_shape()), separator }),
        }
    }
    fields
}

fn write_pair(field: &FormField<'_>) -> Result<String, EncodeError> {
    let value = match (field.value, field.separator, field.shape.and_then(PlacedShape::list_item)) {
        (Value::List(items), Some(separator), Some(item)) => join_items(items, item, separator, b"")?,
        _ => percent_encode(&field_text(field)?, b""),
    };
    Ok(format!("{}={value}", percent_encode(field.name, b"")))
}

/// Returns the text of a field; an object is its JSON text.
fn field_text<'f>(field: &'f FormField<'_>) -> Result<Cow<'f, str>, EncodeError> {
    if let Value::Map(_) | Value::List(_) = field.value {
        let mut out = Vec::new();
        json::write_value(&mut out, field.value, field.shape)?;
        return Ok(Cow::Owned(String::from_utf8_lossy(&out).into_owned()));
    }
    let format = field.shape.map_or(TimestampFormat::DateTime, |it| it.timestamp_format(TimestampFormat::DateTime));
    scalar_text(field.value, field.shape.map(PlacedShape::kind), format)
}

fn build_multipart<'a>(fields: &[FormField<'_>]) -> Result<TypedBody<'a>, EncodeError> {
    let contents: Vec<Vec<u8>> = fields
        .iter()
        .map(|field| match field.value {
            Value::Blob(bytes) => Ok(bytes.clone()),
            _ => Ok(field_text(field)?.into_owned().into_bytes()),
        })
        .collect::<Result<_, EncodeError>>()?;
    let mut boundary = BOUNDARY.to_owned();
    while contents.iter().any(|content| contains(content, boundary.as_bytes())) {
        boundary.push('x');
    }
    let mut out = Vec::new();
    for (field, content) in fields.iter().zip(&contents) {
        let is_file = field.shape.is_some_and(|shape| *shape.kind() == ShapeKind::Blob);
        let name = field.name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        let (file, media_type) = match field.value {
            _ if is_file => ("; filename=\"overstep.bin\"", "content-type: application/octet-stream\r\n"),
            Value::Map(_) | Value::List(_) => ("", "content-type: application/json\r\n"),
            _ => ("", ""),
        };
        out.extend_from_slice(
            format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n{media_type}\r\n")
                .as_bytes(),
        );
        out.extend_from_slice(content);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok((out.into(), Some(Cow::Owned(format!("multipart/form-data; boundary={boundary}")))))
}

fn contains(content: &[u8], part: &[u8]) -> bool {
    content.windows(part.len()).any(|window| window == part)
}

fn unrepresentable(member: &str, reason: &str) -> EncodeError {
    EncodeError::Unrepresentable { member: member.to_owned(), place: "form", reason: reason.to_owned() }
}
