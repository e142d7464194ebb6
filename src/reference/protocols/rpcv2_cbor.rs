//! rpcv2Cbor: the path names the operation; input and output are one CBOR item each.
//!
//! Never decides a status. Rules after
//! [Smithy RPC v2 CBOR](https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html).

use super::{Place, Words, cbor};
use crate::reference::read::Unread;
use crate::reference::request::{Header, Request};
use serde_json::{Map, Value};
use std::borrow::Cow;

pub(super) const CONTENT_TYPE: &str = "application/cbor";
pub(super) const MARK: Header = (Cow::Borrowed("smithy-protocol"), Cow::Borrowed("rpc-v2-cbor"));

/// Returns true if a request names its operation as another protocol does, and so must be rejected.
pub(super) fn is_of_others(request: &Request<'_>) -> bool {
    request.header("x-amz-target").is_some() || request.header("x-amzn-target").is_some()
}

/// Returns the service and operation of a path that ends in `/service/SERVICE/operation/OPERATION`.
pub(super) fn named(path: &str) -> Option<(&str, &str)> {
    let mut parts = path.rsplit('/');
    let operation = parts.next()?;
    let is_operation = parts.next()? == "operation";
    let service = parts.next()?;
    let is_service = parts.next()? == "service";
    (is_operation && is_service && !operation.is_empty() && !service.is_empty()).then_some((service, operation))
}

/// Reads the input.
pub(super) fn members(place: Place<'_>, body: &[u8]) -> Result<Map<String, Value>, Unread> {
    match cbor::read(body, place)? {
        Value::Object(members) => Ok(members),
        _ => Err(Unread::Malformed("the body is not a CBOR map".to_owned())),
    }
}

/// Returns the body of a success.
pub(super) fn success(place: Place<'_>, value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    cbor::write(&mut out, value, Some(place));
    out
}

/// Returns the body of an error.
pub(super) fn error(words: &Words<'_>) -> Vec<u8> {
    let mut members = Map::new();
    if let Some(name) = words.name {
        members.insert("__type".to_owned(), name.into());
    }
    members.extend(words.members.clone());
    let mut out = Vec::new();
    cbor::write(&mut out, &Value::Object(members), words.place);
    out
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn service_and_operation_are_read_from_the_path() {
        assert_eq!(named("/service/S/operation/O"), Some(("S", "O")));
        assert_eq!(named("/base/service/S/operation/O"), Some(("S", "O")));
        for path in
            ["/", "/service/S/operation/", "/service/S/operation/O/", "/services/S/operation/O", "/S/operation/O"]
        {
            assert_eq!(named(path), None, "{path}");
        }
    }
}
