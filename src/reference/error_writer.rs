//! Writes the error of a failed request, the way a faithful or a faulty server does.
//!
//! Never decides how the documented error of a protocol is written: the protocol does, see [`super::protocols`].

use super::error_response::{ErrorBody, ErrorDialect, ErrorResponse};
use super::protocols::{self, ErrorContent, ShapeRef};
use super::request::{DeliveryMode, ServerResponse};
use super::sample::smallest_value;
use crate::contract::{Contract, Protocol, ShapeId, ShapeKind};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

impl ErrorResponse {
    pub(super) fn write(
        &self,
        contract: &Contract,
        dialect: ErrorDialect,
        place: &str,
        message: &str,
    ) -> ServerResponse {
        let code = self.code.as_deref();
        let mut response = match dialect {
            ErrorDialect::Plain => {
                let document = match code {
                    Some(code) => error_document(place, code, &self.message_member, message),
                    None => json!({ self.message_member.as_str(): message }),
                };
                let document = match &self.shape {
                    Some(shape) => with_documented_members(contract, shape, document),
                    None => document,
                };
                let headers = vec![(Cow::Borrowed("content-type"), Cow::Borrowed(JSON_CONTENT_TYPE))];
                ServerResponse {
                    status: self.status,
                    headers,
                    body: document.to_string().into(),
                    delivery: DeliveryMode::Whole,
                }
            }
            _ => {
                let content = ErrorContent {
                    status: self.status,
                    code,
                    name: self.name.as_deref(),
                    shape: self.shape.as_ref().map(|id| ShapeRef::new(contract, id)),
                    members: Map::from_iter([(self.message_member.clone(), message.into())]),
                };
                protocols::write_error(contract, &content)
            }
        };
        if self.body != ErrorBody::Documented {
            self.distort(&mut response, contract, dialect, message);
        }
        if let Some(content_type) = self.content_type {
            for (_, value) in response.headers.iter_mut().filter(|(name, _)| name == "content-type") {
                *value = Cow::Borrowed(content_type);
            }
        }
        response
    }

    /// Rewrites an error response the way a faulty server would.
    fn distort(&self, response: &mut ServerResponse, contract: &Contract, dialect: ErrorDialect, message: &str) {
        let in_json = protocols::uses_json(contract.protocol);
        let code = self.code.as_deref().unwrap_or_default();
        if matches!(self.body, ErrorBody::CodeInBody | ErrorBody::OtherProtocol) {
            response.headers.retain(|(name, _)| name != "x-amzn-errortype");
        }
        response.body = match self.body {
            ErrorBody::Documented => return,
            ErrorBody::CodeInBody => match dialect {
                ErrorDialect::Plain => {
                    json!({ "type": self.code, self.message_member.as_str(): message }).to_string().into()
                }
                _ => json!({ "__type": self.code, self.message_member.as_str(): message }).to_string().into(),
            },
            ErrorBody::OtherProtocol if !in_json => json!({ "__type": code }).to_string().into(),
            ErrorBody::OtherProtocol => {
                format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>").into()
            }
            ErrorBody::Text => format!("error: {message}").into(),
            ErrorBody::Html => format!("<html><body><h1>{}</h1></body></html>", self.status).into(),
            ErrorBody::Empty => Bytes::new(),
            ErrorBody::Truncated => response.body.slice(..response.body.len().saturating_sub(1)),
            ErrorBody::Success => match contract.protocol {
                Some(Protocol::RpcV2Cbor) => Bytes::from_static(&[0xa0]),
                _ if in_json => Bytes::from_static(b"{}"),
                _ => Bytes::from_static(b"<Response/>"),
            },
        };
    }
}

const JSON_CONTENT_TYPE: &str = "application/json";

/// Adds the required members of an error's structure to its document, and removes what the structure forbids.
fn with_documented_members(contract: &Contract, id: &ShapeId, document: Value) -> Value {
    let Some(sample) = smallest_value(contract, id) else { return document };
    let mut out = protocols::json_document(contract, id, &sample);
    merge_described(contract, id, &mut out, document);
    out
}

/// Puts the members of a document into another one, except where the structure has a value of another kind.
fn merge_described(contract: &Contract, id: &ShapeId, out: &mut Value, document: Value) {
    let (Value::Object(out), Value::Object(given)) = (out, document) else { return };
    let members = contract.shapes.get(id).and_then(|shape| shape.kind.members());
    for (name, value) in given {
        let described =
            members.into_iter().flatten().find(|(known, member)| member.wire_name(known) == name).map(|(_, it)| it);
        let kind = described.and_then(|member| contract.shapes.get(&member.shape)).map(|shape| &shape.kind);
        match (described, kind, value) {
            (Some(member), Some(ShapeKind::Structure { .. }), value @ Value::Object(_)) => {
                let inner = smallest_value(contract, &member.shape).unwrap_or_else(|| json!({}));
                merge_described(contract, &member.shape, out.entry(name).or_insert(inner), value);
            }
            (None, _, value) | (_, Some(ShapeKind::String | ShapeKind::Document), value @ Value::String(_)) => {
                out.insert(name, value);
            }
            _ => {}
        }
    }
}

/// Returns a document that holds the code at a path such as `error.code`, `code` or `errors[0].code`, with the message
/// next to it.
fn error_document(place: &str, code: &str, message_member: &str, message: &str) -> Value {
    let mut steps: Vec<&str> = place.split('.').collect();
    let last = steps.pop().unwrap_or("code");
    let mut document = Value::Object(Map::from_iter([
        (last.to_owned(), code.into()),
        (if last == message_member { "detail" } else { message_member }.to_owned(), message.into()),
    ]));
    for step in steps.into_iter().rev() {
        let (name, in_list) = match step.split_once('[') {
            Some((name, _)) => (name, true),
            None => (step, false),
        };
        let nested = if in_list { Value::Array(vec![document]) } else { document };
        document = Value::Object(Map::from_iter([(name.to_owned(), nested)]));
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_code_is_placed_at_the_configured_path() {
        for (place, document) in [
            ("code", json!({"code": "x", "message": "m"})),
            ("error.code", json!({"error": {"code": "x", "message": "m"}})),
            ("error", json!({"error": "x", "message": "m"})),
            ("errors[0].code", json!({"errors": [{"code": "x", "message": "m"}]})),
            ("message", json!({"message": "x", "detail": "m"})),
        ] {
            assert_eq!(error_document(place, "x", "message", "m"), document);
        }
    }
}
