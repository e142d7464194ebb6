//! restXml: the body is XML.
//!
//! Never reads path, query or headers. Rules after
//! [AWS restXml](https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html).

use super::{Place, REQUEST_ID, Words, xml};
use crate::contract::Location;
use crate::reference::read::Unread;
use serde_json::{Map, Value};

pub(super) const CONTENT_TYPE: &str = "application/xml";

/// Reads the input members that are in the body.
pub(super) fn members(place: Place<'_>, body: &[u8]) -> Result<Map<String, Value>, Unread> {
    let in_body = place.members().into_iter().flatten().any(|(_, member)| member.location == Location::Body);
    if body.is_empty() || !in_body {
        return Ok(Map::new());
    }
    let root = due_root(body, root_name(place))?;
    root.members(place)
}

/// Reads the member that is the whole body.
pub(super) fn payload(wire: Option<&str>, place: Place<'_>, body: &[u8]) -> Result<Value, Unread> {
    let root = due_root(body, wire.unwrap_or_else(|| shape_name(place)))?;
    xml::value(&root, place)
}

fn due_root(body: &[u8], due: &str) -> Result<xml::Element, Unread> {
    let root = xml::parse(body)?;
    if root.name == due {
        Ok(root)
    } else {
        Err(Unread::Malformed(format!("the root element is `{}`, expected `{due}`", root.name)))
    }
}

/// Returns the name of the root element for a shape.
fn shape_name(place: Place<'_>) -> &str {
    place.common().name.as_deref().unwrap_or(place.id.as_str())
}

fn root_name(place: Place<'_>) -> &str {
    place.common().name.as_deref().or(place.own.name.as_deref()).unwrap_or(place.id.as_str())
}

/// Returns the document of an output, or `None` if no member is in the body. Labels and queries bind only requests.
pub(super) fn document(place: Place<'_>, output: &Map<String, Value>) -> Option<String> {
    let known = place.members();
    let in_header = |name: &String| {
        known.is_some_and(|known| known.get(name).is_some_and(|member| member.location == Location::Header))
    };
    let members: Map<String, Value> =
        output.iter().filter(|(name, _)| !in_header(name)).map(|(name, value)| (name.clone(), value.clone())).collect();
    let due = known.into_iter().flatten().any(|(_, member)| member.location != Location::Header);
    if !due && members.is_empty() {
        return None;
    }
    let mut out = String::new();
    xml::write(&mut out, root_name(place), &Value::Object(members), Some(place));
    Some(out)
}

/// Returns the document of an output whose body is a single member.
pub(super) fn payload_document(wire: Option<&str>, place: Place<'_>, value: &Value) -> String {
    let mut out = String::new();
    xml::write(&mut out, wire.unwrap_or_else(|| shape_name(place)), value, Some(place));
    out
}

/// Returns the body of an error. Only S3 omits the element around it.
pub(super) fn error(service: &str, words: &Words<'_>) -> String {
    let mut inner = String::new();
    if !is_bare(service) {
        inner.push_str(if words.status < 500 { "<Type>Sender</Type>" } else { "<Type>Receiver</Type>" });
    }
    words.write_xml(&mut inner);
    if is_bare(service) {
        return format!("<Error>{inner}<RequestId>{REQUEST_ID}</RequestId></Error>");
    }
    format!("<ErrorResponse><Error>{inner}</Error><RequestId>{REQUEST_ID}</RequestId></ErrorResponse>")
}

fn is_bare(service: &str) -> bool {
    matches!(service, "s3" | "s3control" | "s3-control")
}
