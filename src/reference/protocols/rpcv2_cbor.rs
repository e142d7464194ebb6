//! rpcv2Cbor: the path names the operation; input and output are one CBOR item each.
//!
//! Never decides a status. Rules after
//! [Smithy RPC v2 CBOR](https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html).

use super::{ErrorContent, ShapeRef, cbor};
use crate::reference::body_parser::ReadFailure;
use crate::reference::request::{ResponseHeader, ServerRequest};
use serde_json::{Map, Value};
use std::borrow::Cow;

pub(super) const CONTENT_TYPE: &str = "application/cbor";
pub(super) const PROTOCOL_HEADER: ResponseHeader = (Cow::Borrowed("smithy-protocol"), Cow::Borrowed("rpc-v2-cbor"));

/// Returns true if a request names its operation as another protocol does, and so must be rejected.
pub(super) fn names_other_protocol(request: &ServerRequest<'_>) -> bool {
    request.header("x-amz-target").is_some() || request.header("x-amzn-target").is_some()
}

/// Returns the service and operation of a path that ends in `/service/SERVICE/operation/OPERATION`.
pub(super) fn parse_path(path: &str) -> Option<(&str, &str)> {
    let mut parts = path.rsplit('/');
    let operation = parts.next()?;
    let is_operation = parts.next()? == "operation";
    let service = parts.next()?;
    let is_service = parts.next()? == "service";
    (is_operation && is_service && !operation.is_empty() && !service.is_empty()).then_some((service, operation))
}

/// Reads the input.
pub(super) fn read_members(shape: ShapeRef<'_>, body: &[u8]) -> Result<Map<String, Value>, ReadFailure> {
    match cbor::decode(body, shape)? {
        Value::Object(members) => Ok(members),
        _ => Err(ReadFailure::Malformed("the body is not a CBOR map".to_owned())),
    }
}

/// Returns the body of a success.
pub(super) fn write_success(shape: ShapeRef<'_>, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    cbor::encode(&mut out, value, Some(shape));
    out
}

/// Returns the body of an error.
pub(super) fn write_error(content: &ErrorContent<'_>) -> Vec<u8> {
    let mut members = Map::new();
    if let Some(name) = content.name {
        members.insert("__type".to_owned(), name.into());
    }
    members.extend(content.members.clone());
    let mut out = Vec::new();
    cbor::encode(&mut out, &Value::Object(members), content.shape);
    out
}

#[cfg(test)]
mod tests {
    use super::parse_path;

    #[test]
    fn service_and_operation_are_read_from_the_path() {
        assert_eq!(parse_path("/service/S/operation/O"), Some(("S", "O")));
        assert_eq!(parse_path("/base/service/S/operation/O"), Some(("S", "O")));
        for path in
            ["/", "/service/S/operation/", "/service/S/operation/O/", "/services/S/operation/O", "/S/operation/O"]
        {
            assert_eq!(parse_path(path), None, "{path}");
        }
    }
}
