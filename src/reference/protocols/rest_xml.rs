//! restXml: the body is XML.
//!
//! Never reads path, query or headers. Rules after
//! [AWS restXml](https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html).

use super::xml::{self, REQUEST_ID};
use super::{ErrorContent, ShapeRef};
use crate::contract::MemberLocation;
use crate::reference::body_parser::ReadFailure;
use serde_json::{Map, Value};

pub(super) const CONTENT_TYPE: &str = "application/xml";

/// Reads the input members that are in the body.
pub(super) fn read_members(shape: ShapeRef<'_>, body: &[u8]) -> Result<Map<String, Value>, ReadFailure> {
    let in_body = shape.members().into_iter().flatten().any(|(_, member)| member.location == MemberLocation::Body);
    if body.is_empty() || !in_body {
        return Ok(Map::new());
    }
    let root = parse_expected_root(body, root_name(shape))?;
    root.read_members(shape)
}

/// Reads the member that is the whole body.
pub(super) fn read_payload(wire: Option<&str>, shape: ShapeRef<'_>, body: &[u8]) -> Result<Value, ReadFailure> {
    let root = parse_expected_root(body, wire.unwrap_or_else(|| shape_name(shape)))?;
    xml::read_value(&root, shape)
}

fn parse_expected_root(body: &[u8], expected: &str) -> Result<xml::ParsedElement, ReadFailure> {
    let root = xml::parse_document(body)?;
    if root.name == expected {
        Ok(root)
    } else {
        Err(ReadFailure::Malformed(format!("the root element is `{}`, expected `{expected}`", root.name)))
    }
}

/// Returns the name of the root element for a shape.
fn shape_name(shape: ShapeRef<'_>) -> &str {
    shape.shape_traits().name.as_deref().unwrap_or(shape.id.as_str())
}

fn root_name(shape: ShapeRef<'_>) -> &str {
    shape.shape_traits().name.as_deref().or(shape.traits.name.as_deref()).unwrap_or(shape.id.as_str())
}

/// Returns the document of an output, or `None` if no member is in the body. Labels and queries bind only requests.
pub(super) fn write_document(shape: ShapeRef<'_>, output: &Map<String, Value>) -> Option<String> {
    let known = shape.members();
    let in_header = |name: &String| {
        known.is_some_and(|known| known.get(name).is_some_and(|member| member.location == MemberLocation::Header))
    };
    let members: Map<String, Value> =
        output.iter().filter(|(name, _)| !in_header(name)).map(|(name, value)| (name.clone(), value.clone())).collect();
    let has_body_members = known.into_iter().flatten().any(|(_, member)| member.location != MemberLocation::Header);
    if !has_body_members && members.is_empty() {
        return None;
    }
    let mut out = String::new();
    xml::write_element(&mut out, root_name(shape), &Value::Object(members), Some(shape));
    Some(out)
}

/// Returns the document of an output whose body is a single member.
pub(super) fn write_payload_document(wire: Option<&str>, shape: ShapeRef<'_>, value: &Value) -> String {
    let mut out = String::new();
    xml::write_element(&mut out, wire.unwrap_or_else(|| shape_name(shape)), value, Some(shape));
    out
}

/// Returns the body of an error. Only S3 omits the element around it.
pub(super) fn write_error(service: &str, content: &ErrorContent<'_>) -> String {
    let mut inner = String::new();
    if !omits_error_response(service) {
        inner.push_str(if content.status < 500 { "<Type>Sender</Type>" } else { "<Type>Receiver</Type>" });
    }
    content.write_xml(&mut inner);
    if omits_error_response(service) {
        return format!("<Error>{inner}<RequestId>{REQUEST_ID}</RequestId></Error>");
    }
    format!("<ErrorResponse><Error>{inner}</Error><RequestId>{REQUEST_ID}</RequestId></ErrorResponse>")
}

fn omits_error_response(service: &str) -> bool {
    matches!(service, "s3" | "s3control" | "s3-control")
}
