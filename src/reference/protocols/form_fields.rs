//! Reads the bodies of HTML forms: pairs of a name and a text, or a part for each field.
//!
//! Never decides whether a value is valid; a field that the contract does not know is ignored.

use super::ShapeRef;
use super::bindings::add_field;
use super::form::decode_form_text;
use super::incoming_request::IncomingRequest;
use super::json::{self, TimestampStrictness};
use crate::contract::{Member, MemberLocation, ShapeKind};
use crate::reference::body_parser::{self, ReadFailure};
use crate::reference::operation::CompiledOperation;
use serde_json::{Map, Value};

/// Reads the fields of a form. The request's media type says how they are written.
pub(super) fn read_members(
    shape: ShapeRef<'_>,
    op: &CompiledOperation,
    incoming: &IncomingRequest<'_>,
) -> Result<Map<String, Value>, ReadFailure> {
    let media_type = incoming.request.header("content-type").unwrap_or_default();
    let media_type = String::from_utf8_lossy(media_type);
    body_parser::parse_with_faults(&incoming.body, op.misbehaviors, || {
        let fields = match boundary_of(&media_type) {
            Some(boundary) => read_parts(&incoming.body, boundary)?,
            None => read_pairs(&incoming.body)?,
        };
        let mut input = Map::new();
        for (name, content) in fields {
            let found = shape
                .members()
                .into_iter()
                .flatten()
                .find(|(one, member)| member.location == MemberLocation::Form && member.wire_name(one) == name);
            if let Some((member_name, member)) = found {
                add_member(shape, member_name, member, content, op, &mut input)?;
            }
        }
        Ok(input)
    })
}

fn add_member(
    shape: ShapeRef<'_>,
    name: &str,
    member: &Member,
    content: Vec<u8>,
    op: &CompiledOperation,
    input: &mut Map<String, Value>,
) -> Result<(), ReadFailure> {
    let below = shape.member(member);
    if *below.kind() == ShapeKind::Blob {
        input.insert(name.to_owned(), Value::String(data_encoding::BASE64.encode(&content)));
        return Ok(());
    }
    let text =
        String::from_utf8(content).map_err(|_| ReadFailure::Malformed(format!("the field `{name}` is not UTF-8")))?;
    if below.kind().members().is_some() || matches!(below.kind(), ShapeKind::Map { .. }) {
        let value = serde_json::from_str(&text)
            .map_err(|error| ReadFailure::Malformed(format!("the field `{name}` is not JSON: {error}")))?;
        input.insert(name.to_owned(), json::from_wire(below, value, TimestampStrictness::Lenient)?);
        return Ok(());
    }
    add_field(below, name, text, op.misbehaviors, input);
    Ok(())
}

/// The fields of a form in the order of the body: name and content.
type Fields = Vec<(String, Vec<u8>)>;

fn read_pairs(body: &[u8]) -> Result<Fields, ReadFailure> {
    let not_text = || ReadFailure::Malformed("the form is not UTF-8".to_owned());
    let text = std::str::from_utf8(body).map_err(|_| not_text())?;
    text.split('&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = decode_form_text(name).ok_or_else(not_text)?;
            Ok((name, decode_form_text(value).ok_or_else(not_text)?.into_bytes()))
        })
        .collect()
}

/// Returns the boundary of a multipart form.
fn boundary_of(media_type: &str) -> Option<&str> {
    let (name, parameters) = media_type.split_once(';')?;
    let boundary = parameters.split(';').find_map(|one| one.trim().strip_prefix("boundary="))?;
    name.trim().eq_ignore_ascii_case("multipart/form-data").then(|| boundary.trim_matches('"'))
}

/// Reads the parts of a multipart form after [RFC 7578](https://www.rfc-editor.org/rfc/rfc7578).
fn read_parts(body: &[u8], boundary: &str) -> Result<Fields, ReadFailure> {
    let malformed = |reason: &str| ReadFailure::Malformed(format!("the multipart body {reason}"));
    let delimiter = format!("--{boundary}").into_bytes();
    let mut rest = body.strip_prefix(delimiter.as_slice()).ok_or_else(|| malformed("does not begin with a part"))?;
    let mut fields = Vec::new();
    let separator = [b"\r\n", delimiter.as_slice()].concat();
    while let Some(part) = rest.strip_prefix(b"\r\n") {
        let end = find(part, &separator).ok_or_else(|| malformed("is incomplete"))?;
        let (headers, content) =
            split_at(&part[..end], b"\r\n\r\n").ok_or_else(|| malformed("has a part without headers"))?;
        let headers = String::from_utf8_lossy(headers);
        let name = headers
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(header, _)| header.trim().eq_ignore_ascii_case("content-disposition"))
            .and_then(|(_, value)| value.split(';').find_map(|one| one.trim().strip_prefix("name=")))
            .ok_or_else(|| malformed("has a part without a name"))?;
        fields.push((name.trim_matches('"').to_owned(), content.to_vec()));
        rest = &part[end + separator.len()..];
    }
    if rest.starts_with(b"--") { Ok(fields) } else { Err(malformed("is incomplete")) }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn split_at<'b>(bytes: &'b [u8], separator: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let at = find(bytes, separator)?;
    Some((&bytes[..at], &bytes[at + separator.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_split_at_the_boundary() {
        let part = |name: &str, content: &str| {
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
        };
        let body = format!("{}{}--b--\r\n", part("a", "1\r\n2"), part("f", ""));
        let expected = vec![("a".to_owned(), b"1\r\n2".to_vec()), ("f".to_owned(), Vec::new())];
        assert_eq!(read_parts(body.as_bytes(), "b"), Ok(expected));
        for broken in ["", "--c", "--b\r\nx", &part("a", "1"), "--b\r\n\r\n\r\n\r\n--b--"] {
            assert!(matches!(read_parts(broken.as_bytes(), "b"), Err(ReadFailure::Malformed(_))), "{broken:?}");
        }
    }

    #[test]
    fn boundary_is_a_parameter_of_the_media_type() {
        for (media_type, boundary) in [
            ("multipart/form-data; boundary=x", Some("x")),
            ("Multipart/Form-Data; charset=utf-8; boundary=\"x y\"", Some("x y")),
            ("application/x-www-form-urlencoded", None),
            ("multipart/form-data", None),
        ] {
            assert_eq!(boundary_of(media_type), boundary);
        }
    }
}
