//! Parses the document in the body of a response, and looks up values in it by path.
//!
//! It never panics, whatever a server sends: the parsers limit depth and size.

use super::cbor_read::{CborError, read_document};
use super::json_text::parse_json;
use super::xml::{self, ResponseXmlElement, XmlError};
use super::xml_value;
use crate::contract::Protocol;
use serde_json::Value as Json;

/// The error returned if a body contains no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The body is empty.
    #[error("the body is empty")]
    Empty,
    /// The body is not JSON.
    #[error("the body is not JSON: {0}")]
    Json(String),
    /// The body is not XML.
    #[error("the body is not XML: {0}")]
    Xml(#[source] XmlError),
    /// The body is not CBOR.
    #[error("the body is not CBOR: {0}")]
    Cbor(#[source] CborError),
}

/// Parses the document of a response.
///
/// The content type has no effect: a document with a wrong content type is still a document, and whether the
/// content type is right is checked elsewhere.
///
/// An XML document becomes an object whose only member is named after the root element. If the operation is known,
/// [`super::decode_output`] returns more.
///
/// # Errors
/// Returns an error if the body contains no document.
pub fn decode_document(
    protocol: Option<Protocol>,
    body: &[u8],
    _content_type: Option<&str>,
) -> Result<Json, DecodeError> {
    parse_body(protocol, body)
}

pub(super) fn parse_body(protocol: Option<Protocol>, body: &[u8]) -> Result<Json, DecodeError> {
    match protocol.unwrap_or(Protocol::RestJson) {
        Protocol::RestJson1 | Protocol::RestJson | Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => {
            if body.trim_ascii().is_empty() {
                return Err(DecodeError::Empty);
            }
            parse_json(body).map_err(|error| DecodeError::Json(error.to_string()))
        }
        Protocol::RpcV2Cbor => parse_cbor_item(body),
        Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml => {
            let root = parse_root_element(body)?;
            let inner = xml_value::undocumented_to_json(&root);
            Ok(Json::Object([(root.name, inner)].into_iter().collect()))
        }
    }
}

/// Parses the root element of an XML document.
pub(super) fn parse_root_element(body: &[u8]) -> Result<ResponseXmlElement, DecodeError> {
    if body.trim_ascii().is_empty() {
        return Err(DecodeError::Empty);
    }
    xml::parse_xml(body).map_err(DecodeError::Xml)
}

fn parse_cbor_item(body: &[u8]) -> Result<Json, DecodeError> {
    if body.is_empty() {
        return Err(DecodeError::Empty);
    }
    read_document(body).map_err(DecodeError::Cbor)
}

/// Returns the value at a path such as `data.tags[0]`; the empty path means the document itself.
///
/// A path that contains dots is also looked up as a single member name.
pub fn value_at<'a>(document: &'a Json, path: &str) -> Option<&'a Json> {
    if path.is_empty() {
        return Some(document);
    }
    if let Json::Object(members) = document
        && let Some(found) = members.get(path)
    {
        return Some(found);
    }
    if let Some(rest) = path.strip_prefix('[') {
        let (index, rest) = rest.split_once(']')?;
        let below = document.as_array()?.get(index.parse::<usize>().ok()?)?;
        return value_at(below, rest.strip_prefix('.').unwrap_or(rest));
    }
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let below = document.as_object()?.get(&path[..end])?;
    let rest = &path[end..];
    value_at(below, rest.strip_prefix('.').unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_found_by_path() {
        let document = json!({"data": {"tags": ["a", {"b": [1, 2]}]}, "a.b": 7, "": 8});
        for (path, found) in [
            ("data.tags[0]", Some(json!("a"))),
            ("data.tags[1].b[1]", Some(json!(2))),
            ("a.b", Some(json!(7))),
            ("data.tags[2]", None),
            ("data.tags.x", None),
            ("data..tags", None),
            ("[0]", None),
            ("data.tags[", None),
            ("data.tags[x]", None),
            ("data.tags[99999999999999999999999]", None),
        ] {
            assert_eq!(value_at(&document, path).cloned(), found, "{path}");
        }
        assert_eq!(value_at(&json!([[1]]), "[0][0]"), Some(&json!(1)));
        assert_eq!(value_at(&document, ""), Some(&document));
    }

    #[test]
    fn hostile_bodies_are_rejected() {
        let deep = "[".repeat(1_000_000);
        for body in [deep.as_bytes(), b"\xff\xfe", b"{\"a\":", b"{} x", b"NaN"] {
            assert!(matches!(decode_document(None, body, None), Err(DecodeError::Json(_))));
        }
        assert_eq!(decode_document(None, b" \r\n", None), Err(DecodeError::Empty));
    }
}
