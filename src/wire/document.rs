//! The document in an answer's body, and places in it.
//!
//! It never panics, whatever a server sends: depth and size are bounded by the reader.

use super::result::{item, root};
use super::xml_value;
use crate::contract::Protocol;
use serde_json::Value as Json;

/// Why a body holds no document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// There are no bytes.
    #[error("the body is empty")]
    Empty,
    /// The bytes are no JSON.
    #[error("the body is no JSON: {0}")]
    Malformed(String),
    /// The bytes are no XML.
    #[error("the body is no XML: {0}")]
    Xml(String),
    /// The bytes are no CBOR.
    #[error("the body is no CBOR: {0}")]
    Cbor(String),
}

/// Reads the document of an answer.
///
/// The content type does not decide: a document announced wrongly is still one, and whether the
/// announcement is right is another question.
///
/// Of XML, the root's name is the one member of the document. Whoever knows the operation reads more
/// with [`super::output_document`].
///
/// # Errors
/// Where the body holds none.
pub fn document(protocol: Option<Protocol>, body: &[u8], _content_type: Option<&str>) -> Result<Json, DecodeError> {
    parsed(protocol, body)
}

pub(super) fn parsed(protocol: Option<Protocol>, body: &[u8]) -> Result<Json, DecodeError> {
    match protocol.unwrap_or(Protocol::RestJson) {
        Protocol::RestJson1 | Protocol::RestJson | Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => {
            if body.trim_ascii().is_empty() {
                return Err(DecodeError::Empty);
            }
            // serde_json refuses more than 128 levels instead of overflowing the stack.
            serde_json::from_slice(body).map_err(|error| DecodeError::Malformed(error.to_string()))
        }
        Protocol::RpcV2Cbor => item(body),
        Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml => {
            let root = root(body)?;
            let inner = xml_value::unknown(&root);
            Ok(Json::Object([(root.name, inner)].into_iter().collect()))
        }
    }
}

/// The value at a place such as `data.tags[0]`; empty for the document itself.
///
/// A name with a dot in it is found where the document has it as one name.
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
    fn places_are_found() {
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
    fn hostile_bodies_are_refused_without_harm() {
        let deep = "[".repeat(1_000_000);
        for body in [deep.as_bytes(), b"\xff\xfe", b"{\"a\":", b"{} x", b"NaN"] {
            assert!(matches!(document(None, body, None), Err(DecodeError::Malformed(_))));
        }
        assert_eq!(document(None, b" \r\n", None), Err(DecodeError::Empty));
    }
}
