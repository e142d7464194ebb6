//! Writes success responses the way a faulty server would.
//!
//! Never decides whether a request succeeds: the operation has been carried out, and only the response is changed.

use super::misbehavior::Misbehavior;
use super::operation::CompiledOperation;
use super::protocols;
use super::request::ServerResponse;
use crate::contract::Contract;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Applies an operation's misbehaviors to `plain`, the success response for this output; `error` builds an error of
/// the operation.
pub(super) fn distort_success(
    contract: &Contract,
    op: &CompiledOperation,
    output: &Value,
    plain: ServerResponse,
    error: impl FnOnce() -> ServerResponse,
) -> ServerResponse {
    let mut response = match changed_output(op, output) {
        // The change applies to the JSON document, whose member names may differ from the contract's.
        Some(_) if protocols::uses_json(contract.protocol) => {
            let document = serde_json::from_slice::<Value>(&plain.body).unwrap_or_default();
            let other = changed_output(op, &document).unwrap_or_default();
            ServerResponse { body: other.to_string().into(), ..plain }
        }
        Some(other) => protocols::write_success(contract, op, &other),
        None => plain,
    };
    let body = match () {
        () if op.misbehaves(Misbehavior::SuccessNotJson) => Some(Bytes::from_static(b"OK")),
        () if op.misbehaves(Misbehavior::SuccessHtml) => Some(Bytes::from_static(b"<html><body>OK</body></html>")),
        () if op.misbehaves(Misbehavior::SuccessTrailing) => Some(Bytes::from([&response.body[..], b"{}"].concat())),
        () => None,
    };
    if let Some(body) = body {
        response.body = body;
    }
    if op.misbehaves(Misbehavior::SuccessHtml) {
        response.headers.retain(|(name, _)| name != "content-type");
        response.headers.insert(0, (Cow::Borrowed("content-type"), Cow::Borrowed("text/html")));
    }
    if op.misbehaves(Misbehavior::SuccessIsError) {
        let error = error();
        (response.body, response.headers) = (error.body, error.headers);
    }
    if op.misbehaves(Misbehavior::SuccessRedirects) {
        response.headers.push((Cow::Borrowed("location"), Cow::Borrowed("/elsewhere")));
    }
    for (misbehavior, status) in [
        (Misbehavior::SuccessCreated, 201),
        (Misbehavior::SuccessAccepted, 202),
        (Misbehavior::SuccessNoContent, 204),
        (Misbehavior::SuccessRedirects, 302),
    ] {
        if op.misbehaves(misbehavior) {
            response.status = status;
        }
    }
    if response.status == 204 {
        response.body = Bytes::new();
    }
    response
}

/// Returns the changed output if a misbehavior changes it.
fn changed_output(op: &CompiledOperation, output: &Value) -> Option<Value> {
    match () {
        () if op.misbehaves(Misbehavior::SuccessNull) => Some(Value::Null),
        () if op.misbehaves(Misbehavior::SuccessArray) => Some(Value::Array(vec![output.clone()])),
        () if op.misbehaves(Misbehavior::SuccessEmpty) => Some(Value::Object(Map::new())),
        () if op.misbehaves(Misbehavior::SuccessWrapped) => Some(json!({ "result": output })),
        () if op.misbehaves(Misbehavior::SuccessWrongTypes) => Some(with_wrong_types(output)),
        () if op.misbehaves(Misbehavior::SuccessLowered) => Some(lowercase_names(output.clone())),
        () if op.misbehaves(Misbehavior::SuccessExtra) => {
            let mut output = output.clone();
            if let Value::Object(members) = &mut output {
                members.insert("undocumented".to_owned(), Value::Bool(true));
            }
            Some(output)
        }
        () => None,
    }
}

/// Returns the same members, each with a value of another type.
fn with_wrong_types(value: &Value) -> Value {
    match value {
        Value::Object(members) if members.is_empty() => Value::from("empty"),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), value_of_other_type(value))).collect()
        }
        other => value_of_other_type(other),
    }
}

fn value_of_other_type(value: &Value) -> Value {
    match value {
        Value::String(_) => Value::from(7),
        _ => Value::from("text"),
    }
}

fn lowercase_names(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name.to_lowercase().replace('_', ""), lowercase_names(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(lowercase_names).collect(),
        other => other,
    }
}
