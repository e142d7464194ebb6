//! How errors and successes are written.
//!
//! Decides no status and no code; those come from the contract, see [`super::compile`].

use super::request::{Delivery, Header, Response};
use crate::contract::{Contract, Kind, OperationName, Role};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Why a request is not answered with success.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Refusal {
    /// It cannot be read.
    Malformed,
    /// It breaks a constraint.
    Invalid,
    /// It names something that does not exist.
    Missing,
    /// Nobody knows who sends it.
    Unauthenticated,
    /// Its sender may not do this.
    Forbidden,
    /// It is too large.
    TooLarge,
    /// The server broke down.
    Crash,
}

impl Refusal {
    pub(super) const ALL: [Self; 7] = [
        Self::Malformed,
        Self::Invalid,
        Self::Missing,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::TooLarge,
        Self::Crash,
    ];

    pub(super) fn role(self) -> Role {
        match self {
            Self::Malformed | Self::Invalid => Role::InvalidInput,
            Self::Missing => Role::MissingResource,
            Self::Unauthenticated => Role::Unauthenticated,
            Self::Forbidden => Role::Forbidden,
            Self::TooLarge => Role::Other,
            Self::Crash => Role::ServerFault,
        }
    }
}

/// Who writes the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// AWS restJson1: the error's name stands in a header.
    Aws,
    /// Plain JSON: the error's code stands in the body.
    Plain,
}

/// An error as it will be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ErrorAnswer {
    pub status: u16,
    pub code: Option<String>,
    /// The member that holds the message.
    pub message: String,
    pub body: ErrorBody,
    pub content_type: &'static str,
}

/// What the body of an error is; anything but `Documented` is a fault's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorBody {
    Documented,
    Text,
    Html,
    Empty,
    Truncated,
    Success,
    Xml,
    /// The code stands in the body, and not in a header.
    WithCode,
}

/// A status and a code for where no document gives one.
fn undocumented(refusal: Refusal, dialect: Dialect) -> (u16, &'static str) {
    match (refusal, dialect) {
        (Refusal::Malformed, Dialect::Aws) => (400, "SerializationException"),
        (Refusal::Invalid, Dialect::Aws) => (400, "ValidationException"),
        (Refusal::Missing, Dialect::Aws) => (404, "ResourceNotFoundException"),
        (Refusal::Unauthenticated, Dialect::Aws) => (403, "MissingAuthenticationTokenException"),
        (Refusal::Forbidden, Dialect::Aws) => (403, "AccessDeniedException"),
        (Refusal::TooLarge, Dialect::Aws) => (413, "RequestEntityTooLargeException"),
        (Refusal::Crash, Dialect::Aws) => (500, "InternalFailure"),
        (Refusal::Malformed, Dialect::Plain) => (400, "malformed_body"),
        (Refusal::Invalid, Dialect::Plain) => (400, "invalid_request"),
        (Refusal::Missing, Dialect::Plain) => (404, "not_found"),
        (Refusal::Unauthenticated, Dialect::Plain) => (401, "unauthorized"),
        (Refusal::Forbidden, Dialect::Plain) => (403, "forbidden"),
        (Refusal::TooLarge, Dialect::Plain) => (413, "payload_too_large"),
        (Refusal::Crash, Dialect::Plain) => (500, "internal_error"),
    }
}

fn usual_status(role: Role) -> u16 {
    match role {
        Role::MissingResource => 404,
        Role::Unauthenticated => 401,
        Role::Forbidden => 403,
        Role::Throttled => 429,
        Role::Conflict => 409,
        Role::ServerFault => 500,
        Role::InvalidInput | Role::Limit | Role::Other => 400,
    }
}

impl ErrorAnswer {
    /// The documented error of an operation that fits, else one that the dialect is known for.
    pub(super) fn new(contract: &Contract, operation: &OperationName, refusal: Refusal, dialect: Dialect) -> Self {
        let wanted: &[&str] = match refusal {
            Refusal::Malformed => &["invalidrequest", "validation", "serialization", "malformed", "badrequest"],
            Refusal::Invalid => &["invalidparameter", "validation"],
            _ => &[],
        };
        let candidates: Vec<_> = contract
            .operation(operation.as_str())
            .into_iter()
            .flat_map(|operation| contract.errors_of(operation))
            .filter(|(_, error)| error.role == refusal.role() && refusal != Refusal::TooLarge)
            .collect();
        let named = |word: &&str| {
            candidates.iter().find(|(name, _)| {
                let name = name.as_str().to_ascii_lowercase().replace(['_', '-'], "");
                name.contains(*word)
            })
        };
        let documented = wanted.iter().find_map(named).or(candidates.first());
        let (status, code, message) = match documented {
            Some((name, error)) => {
                let shape = error.shape.as_ref().and_then(|id| contract.shapes.get(id));
                let message = match shape.map(|shape| &shape.kind) {
                    Some(Kind::Structure { members }) => {
                        members.keys().find(|name| name.eq_ignore_ascii_case("message")).cloned()
                    }
                    _ => None,
                };
                let code = error.code.clone().unwrap_or_else(|| name.as_str().to_owned());
                (error.status.unwrap_or(usual_status(error.role)), code, message)
            }
            None => {
                let (status, code) = undocumented(refusal, dialect);
                (status, code.to_owned(), None)
            }
        };
        let message = message.unwrap_or_else(|| match dialect {
            Dialect::Aws => "Message".to_owned(),
            Dialect::Plain => "message".to_owned(),
        });
        Self { status, code: Some(code), message, body: ErrorBody::Documented, content_type: JSON }
    }

    pub(super) fn write(&self, dialect: Dialect, place: &str, message: &str) -> Response {
        let mut headers: Vec<Header> = vec![(Cow::Borrowed("content-type"), Cow::Borrowed(self.content_type))];
        let document = match (dialect, &self.code) {
            (Dialect::Aws, code) => {
                if let Some(code) = code
                    && !matches!(self.body, ErrorBody::WithCode | ErrorBody::Xml)
                {
                    headers.push((Cow::Borrowed("x-amzn-errortype"), Cow::Owned(code.clone())));
                }
                json!({ self.message.as_str(): message })
            }
            (Dialect::Plain, Some(code)) => placed(place, code, &self.message, message),
            (Dialect::Plain, None) => json!({ self.message.as_str(): message }),
        };
        let body = match self.body {
            ErrorBody::Documented => document.to_string(),
            ErrorBody::WithCode => match dialect {
                Dialect::Aws => json!({ "__type": self.code, self.message.as_str(): message }).to_string(),
                Dialect::Plain => json!({ "type": self.code, self.message.as_str(): message }).to_string(),
            },
            ErrorBody::Xml => {
                let code = self.code.as_deref().unwrap_or_default();
                format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>")
            }
            ErrorBody::Text => format!("error: {message}"),
            ErrorBody::Html => format!("<html><body><h1>{}</h1></body></html>", self.status),
            ErrorBody::Empty => String::new(),
            ErrorBody::Truncated => {
                let mut text = document.to_string();
                text.pop();
                text
            }
            ErrorBody::Success => "{}".to_owned(),
        };
        Response { status: self.status, headers, body: Bytes::from(body), delivery: Delivery::Whole }
    }
}

pub(super) const JSON: &str = "application/json";

/// A document that holds the code at a place such as `error.code`, `code` or `errors[0].code`,
/// and the message beside it.
fn placed(place: &str, code: &str, message_member: &str, message: &str) -> Value {
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
        let held = if in_list { Value::Array(vec![document]) } else { document };
        document = Value::Object(Map::from_iter([(name.to_owned(), held)]));
    }
    document
}

/// A success of this status.
pub(super) fn success(status: u16, body: Bytes) -> Response {
    Response {
        status,
        headers: vec![(Cow::Borrowed("content-type"), Cow::Borrowed(JSON))],
        body: if status == 204 { Bytes::new() } else { body },
        delivery: Delivery::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_stands_where_it_was_asked_for() {
        for (place, document) in [
            ("code", json!({"code": "x", "message": "m"})),
            ("error.code", json!({"error": {"code": "x", "message": "m"}})),
            ("error", json!({"error": "x", "message": "m"})),
            ("errors[0].code", json!({"errors": [{"code": "x", "message": "m"}]})),
            ("message", json!({"message": "x", "detail": "m"})),
        ] {
            assert_eq!(placed(place, "x", "message", "m"), document);
        }
    }
}
