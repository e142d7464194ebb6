//! A step's request as a message: the dispatch to the protocol, and requests written by the user.
//!
//! It never fills holes (`run` does) and never proves who is calling (`authorize` does).

use super::aws_query::AwsQuery;
use super::ec2_query::Ec2Query;
use super::{Message, aws_json, damage, finish, form, json, rest, rpcv2_cbor};
use crate::contract::{Contract, Protocol};
use crate::generate::{Send, Value};

/// Why a step cannot be put on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The contract has no such operation.
    #[error("the contract has no operation `{0}`")]
    UnknownOperation(String),
    /// No source gives the operation a route.
    #[error("no source gives a route for `{0}`")]
    NoRoute(String),
    /// What every request of the protocol must say of its service, and no source says.
    #[error("no source gives the service's {0}")]
    Missing(&'static str),
    /// A label of the route has no value.
    #[error("label `{0}` of the route has no value")]
    MissingLabel(String),
    /// A value that its place cannot carry.
    #[error("`{member}` cannot travel as {place}: {reason}")]
    Unfit {
        /// The member.
        member: String,
        /// `label`, `query`, `header`, `form`, `XML` …
        place: &'static str,
        /// Why.
        reason: String,
    },
    /// A template that `run` did not fill.
    #[error("a hole is still open in `{0}`")]
    OpenHole(String),
    /// A damage that does not apply to this request.
    #[error("damage does not apply: {0}")]
    Damage(String),
}

/// The request of a step, damage included, without proof of identity.
///
/// `base_path` is the endpoint's path prefix, put before the target as it is. Templates must be filled.
///
/// # Errors
/// Where the contract lacks what the step names, or a value cannot travel in its place.
pub fn encode(contract: &Contract, send: &Send, base_path: &str) -> Result<Message, EncodeError> {
    let mut message = match send {
        Send::Operation { name, input, damage } => {
            let operation = contract
                .operation(name.as_str())
                .ok_or_else(|| EncodeError::UnknownOperation(name.as_str().to_owned()))?;
            // Documents that name no protocol describe plain JSON over HTTP.
            let mut draft = match contract.protocol.unwrap_or(Protocol::RestJson) {
                Protocol::RestJson1 | Protocol::RestJson | Protocol::RestXml => {
                    rest::encode(contract, operation, input, base_path, damage)?
                }
                Protocol::AwsJson1_0 | Protocol::AwsJson1_1 => aws_json::encode(contract, operation, input, base_path)?,
                Protocol::AwsQuery => form::encode(contract, operation, input, base_path, &AwsQuery)?,
                Protocol::Ec2Query => form::encode(contract, operation, input, base_path, &Ec2Query)?,
                Protocol::RpcV2Cbor => rpcv2_cbor::encode(contract, operation, input, base_path)?,
            };
            let place = damage::Place { contract, operation, base_path };
            for one in damage {
                damage::apply(&mut draft, one, &place)?;
            }
            finish::finish(&mut draft, &operation.traits, damage);
            draft
        }
        Send::Raw { method, target, body } => {
            let mut headers = Vec::new();
            let mut bytes = Vec::new();
            if let Some(value) = body {
                json::write(&mut bytes, value, None)?;
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
            }
            Message {
                method: method.clone(),
                target: format!("{base_path}{target}"),
                headers,
                body: bytes.into(),
                raw: false,
            }
        }
    };
    message.settle();
    Ok(message)
}

/// The text of a template that has no hole left.
pub(super) fn closed(template: &str) -> Result<&str, EncodeError> {
    if template.contains(['{', '}']) { Err(EncodeError::OpenHole(template.to_owned())) } else { Ok(template) }
}

/// Whether there is a value to send: neither absent nor null.
pub(super) fn given(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| **value != Value::Null)
}
