//! awsJson1_0 and awsJson1_1: one JSON document each way, with the operation in a header.
//!
//! Never decides a status. Rules after
//! [AWS JSON](https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).

use super::ErrorContent;
use crate::contract::Protocol;
use crate::reference::request::ServerRequest;
use serde_json::{Map, Value};

pub(super) fn content_type(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::AwsJson1_0 => "application/x-amz-json-1.0",
        _ => "application/x-amz-json-1.1",
    }
}

/// Returns the service and operation from the header `X-Amz-Target`.
pub(super) fn parse_target<'a>(request: &ServerRequest<'a>) -> Option<(&'a str, &'a str)> {
    std::str::from_utf8(request.header("x-amz-target")?).ok()?.trim().rsplit_once('.')
}

/// Returns the body of an error.
pub(super) fn write_error(content: &ErrorContent<'_>) -> String {
    let mut members = Map::new();
    if let Some(name) = content.name {
        members.insert("__type".to_owned(), name.into());
    }
    if let Value::Object(written) = content.to_json() {
        members.extend(written);
    }
    Value::Object(members).to_string()
}
