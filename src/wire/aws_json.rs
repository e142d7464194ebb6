//! Encodes requests of awsJson1_0 and awsJson1_1: one JSON document per request, the operation in a header.
//!
//! It never reads a response. The rules follow
//! [AWS JSON](https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html).

use super::placed_shape::PlacedShape;
use super::{EncodeError, EncodedRequest, json};
use crate::case::Value;
use crate::contract::{Contract, Operation, Protocol, WireTraits};

/// Encodes the whole request.
pub(super) fn encode_request(
    contract: &Contract,
    operation: &Operation,
    input: &Value,
    base_path: &str,
) -> Result<EncodedRequest, EncodeError> {
    let prefix = contract.traits.target_prefix.as_deref().ok_or(EncodeError::MissingServiceTrait("target prefix"))?;
    let content_type = match contract.protocol {
        Some(Protocol::AwsJson1_1) => "application/x-amz-json-1.1",
        _ => "application/x-amz-json-1.0",
    };
    let mut headers = vec![
        ("content-type".to_owned(), content_type.to_owned()),
        ("x-amz-target".to_owned(), format!("{prefix}.{}", operation.name.local_name())),
    ];
    if contract.traits.query_compatible {
        headers.push(("x-amzn-query-mode".to_owned(), "true".to_owned()));
    }
    let none = WireTraits::default();
    let mut body = Vec::new();
    json::write_value(
        &mut body,
        input,
        operation.input.as_ref().map(|input| PlacedShape::new(contract, input, &none)),
    )?;
    let http = operation.http.as_ref();
    Ok(EncodedRequest {
        method: http.map_or("POST", |http| http.method.as_str()).to_owned(),
        target: format!("{base_path}{}", http.map_or("/", |http| http.uri.as_str())),
        headers,
        body: body.into(),
        raw: false,
    })
}
