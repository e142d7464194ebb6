//! Encodes the request of a step: dispatches to the protocol, and handles requests written by the user.
//!
//! It never fills placeholders (`run` does) and never adds credentials (`authorize` does).

use super::aws_query::AwsQueryFormNaming;
use super::ec2_query::Ec2QueryFormNaming;
use super::{EncodeError, EncodedRequest, aws_json, client_additions, damage, form, json, rest, rpcv2_cbor};
use crate::case::{Damage, StepRequest, Value};
use crate::contract::{Contract, Operation, Protocol};

/// Encodes the request of a step, damage included, without credentials.
///
/// `base_path` is the endpoint's path prefix, prepended to the target unchanged. Templates must be filled.
///
/// # Errors
/// Returns an error if the contract lacks what the step names, or if a value cannot be represented in its place.
pub fn encode_request(contract: &Contract, send: &StepRequest, base_path: &str) -> Result<EncodedRequest, EncodeError> {
    let mut request = match send {
        StepRequest::Operation { name, input, damage } => {
            let contract = contract.owner_of(name.as_str());
            let operation = contract
                .operation(name.as_str())
                .ok_or_else(|| EncodeError::UnknownOperation(name.as_str().to_owned()))?;
            let mut encoded = encode_operation(contract, operation, input, base_path, damage)?;
            let place = damage::DamageTarget { contract, operation, base_path };
            for one in damage {
                damage::apply_damage(&mut encoded, one, &place)?;
            }
            client_additions::apply_client_traits(&mut encoded, &operation.traits, damage);
            encoded
        }
        StepRequest::Raw { method, target, body } => {
            let mut headers = Vec::new();
            let mut bytes = Vec::new();
            if let Some(value) = body {
                json::write_value(&mut bytes, value, None)?;
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
            }
            EncodedRequest {
                method: method.clone(),
                target: format!("{base_path}{target}"),
                headers,
                body: bytes.into(),
                raw: false,
            }
        }
    };
    request.update_raw();
    Ok(request)
}

/// Encodes the request of an operation as its protocol says. Damage to labels is applied here, all other damage later.
fn encode_operation(
    contract: &Contract,
    operation: &Operation,
    input: &Value,
    base_path: &str,
    damage: &[Damage],
) -> Result<EncodedRequest, EncodeError> {
    // Documents that do not name a protocol describe plain JSON over HTTP.
    match contract.protocol.unwrap_or(Protocol::RestJson) {
        Protocol::RestJson1 | Protocol::RestJson | Protocol::RestXml => {
            rest::encode_request(contract, operation, input, base_path, damage)
        }
        Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => aws_json::encode_request(contract, operation, input, base_path),
        Protocol::AwsQuery => form::encode_request(contract, operation, input, base_path, &AwsQueryFormNaming),
        Protocol::Ec2Query => form::encode_request(contract, operation, input, base_path, &Ec2QueryFormNaming),
        Protocol::RpcV2Cbor => rpcv2_cbor::encode_request(contract, operation, input, base_path),
    }
}
