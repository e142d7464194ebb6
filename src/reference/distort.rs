//! Writes success responses the way a faulty server would.
//!
//! Never decides whether a request succeeds: the operation has been carried out, and only the response is changed.

use super::compile::Op;
use super::protocols;
use super::request::Response;
use super::trick::Trick;
use crate::contract::Contract;
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Applies an operation's misbehaviors to `plain`, the success response for this output; `error` builds an error of
/// the operation.
pub(super) fn distorted(
    contract: &Contract,
    op: &Op,
    output: &Value,
    plain: Response,
    error: impl FnOnce() -> Response,
) -> Response {
    let mut response = match other_output(op, output) {
        // The change applies to the JSON document, whose member names may differ from the contract's.
        Some(_) if protocols::speaks_json(contract.protocol) => {
            let document = serde_json::from_slice::<Value>(&plain.body).unwrap_or_default();
            let other = other_output(op, &document).unwrap_or_default();
            Response { body: other.to_string().into(), ..plain }
        }
        Some(other) => protocols::success(contract, op, &other),
        None => plain,
    };
    let body = match () {
        () if op.has(Trick::SuccessNotJson) => Some(Bytes::from_static(b"OK")),
        () if op.has(Trick::SuccessHtml) => Some(Bytes::from_static(b"<html><body>OK</body></html>")),
        () if op.has(Trick::SuccessTrailing) => Some(Bytes::from([&response.body[..], b"{}"].concat())),
        () => None,
    };
    if let Some(body) = body {
        response.body = body;
    }
    if op.has(Trick::SuccessHtml) {
        response.headers.retain(|(name, _)| name != "content-type");
        response.headers.insert(0, (Cow::Borrowed("content-type"), Cow::Borrowed("text/html")));
    }
    if op.has(Trick::SuccessIsError) {
        let error = error();
        (response.body, response.headers) = (error.body, error.headers);
    }
    if op.has(Trick::SuccessRedirects) {
        response.headers.push((Cow::Borrowed("location"), Cow::Borrowed("/elsewhere")));
    }
    for (trick, status) in [
        (Trick::SuccessCreated, 201),
        (Trick::SuccessAccepted, 202),
        (Trick::SuccessNoContent, 204),
        (Trick::SuccessRedirects, 302),
    ] {
        if op.has(trick) {
            response.status = status;
        }
    }
    if response.status == 204 {
        response.body = Bytes::new();
    }
    response
}

/// Returns the changed output if a misbehavior changes it.
fn other_output(op: &Op, output: &Value) -> Option<Value> {
    match () {
        () if op.has(Trick::SuccessNull) => Some(Value::Null),
        () if op.has(Trick::SuccessArray) => Some(Value::Array(vec![output.clone()])),
        () if op.has(Trick::SuccessEmpty) => Some(Value::Object(Map::new())),
        () if op.has(Trick::SuccessWrapped) => Some(json!({ "result": output })),
        () if op.has(Trick::SuccessWrongTypes) => Some(wrong_types(output)),
        () if op.has(Trick::SuccessLowered) => Some(lowered(output.clone())),
        () if op.has(Trick::SuccessExtra) => {
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
fn wrong_types(value: &Value) -> Value {
    match value {
        Value::Object(members) if members.is_empty() => Value::from("empty"),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), other_type(value))).collect(),
        other => other_type(other),
    }
}

fn other_type(value: &Value) -> Value {
    match value {
        Value::String(_) => Value::from(7),
        _ => Value::from("text"),
    }
}

fn lowered(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name.to_lowercase().replace('_', ""), lowered(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(lowered).collect(),
        other => other,
    }
}
