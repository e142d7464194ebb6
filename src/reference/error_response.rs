//! Selects the error for a failed request, and writes it the way a faulty server would.
//!
//! Never decides how a faithful server writes an error: the protocol does, see [`super::protocols`].

use super::protocols::{self, Place, Words};
use super::request::{Delivery, Response};
use super::world::World;
use crate::contract::{Auth, Contract, Kind, OperationName, Protocol, Role, ShapeId};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Refusal {
    /// The request cannot be parsed.
    Malformed,
    /// The input violates a constraint.
    Invalid,
    /// The input names a resource that does not exist.
    Missing,
    /// The caller is not authenticated.
    Unauthenticated,
    /// The caller lacks the permission.
    Forbidden,
    /// The body is too large.
    TooLarge,
    /// The server crashed.
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

/// The family of statuses and error codes that is used if the documents define none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// AWS with JSON or CBOR.
    Aws,
    /// AWS query.
    Query,
    /// EC2.
    Ec2,
    /// AWS with XML.
    Xml,
    /// Plain JSON: the error code is in the body.
    Plain,
}

impl Dialect {
    pub(super) fn of(contract: &Contract, world: &World) -> Self {
        match contract.protocol {
            Some(Protocol::RestJson) => Self::Plain,
            Some(Protocol::AwsQuery) => Self::Query,
            Some(Protocol::Ec2Query) => Self::Ec2,
            Some(Protocol::RestXml) => Self::Xml,
            Some(_) => Self::Aws,
            None if world.require_sigv4 || contract.auth.iter().any(|auth| matches!(auth, Auth::SigV4 { .. })) => {
                Self::Aws
            }
            None => Self::Plain,
        }
    }
}

/// An error response of an operation, without the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ErrorAnswer {
    pub status: u16,
    /// The error code that callers see.
    pub code: Option<String>,
    /// The name of the error's shape, which some protocols also send.
    pub name: Option<String>,
    pub shape: Option<ShapeId>,
    /// The name of the member that holds the message.
    pub message: String,
    pub body: ErrorBody,
    /// A content type that replaces the protocol's.
    pub content_type: Option<&'static str>,
}

/// What the body of an error is; anything but `Documented` is due to a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorBody {
    Documented,
    Text,
    Html,
    Empty,
    Truncated,
    Success,
    /// The error as another protocol writes it.
    Foreign,
    /// The code is in the body instead of a header.
    WithCode,
}

/// Returns the status and code to use if the documents define no error for this cause.
fn undocumented(refusal: Refusal, dialect: Dialect) -> (u16, &'static str) {
    match (refusal, dialect) {
        (Refusal::Malformed, Dialect::Aws) => (400, "SerializationException"),
        (Refusal::Invalid, Dialect::Aws) => (400, "ValidationException"),
        (Refusal::Missing, Dialect::Aws) => (404, "ResourceNotFoundException"),
        (Refusal::Unauthenticated, Dialect::Aws) => (403, "MissingAuthenticationTokenException"),
        (Refusal::Forbidden, Dialect::Aws) => (403, "AccessDeniedException"),
        (Refusal::TooLarge, Dialect::Aws) => (413, "RequestEntityTooLargeException"),
        (Refusal::Crash, Dialect::Aws) => (500, "InternalFailure"),
        (Refusal::Malformed, Dialect::Query) => (400, "MalformedInput"),
        (Refusal::Invalid, Dialect::Query) => (400, "ValidationError"),
        (Refusal::Missing, Dialect::Query) => (404, "ResourceNotFound"),
        (Refusal::Malformed | Refusal::Invalid, Dialect::Ec2) => (400, "InvalidParameterValue"),
        (Refusal::Missing, Dialect::Ec2) => (400, "InvalidResource.NotFound"),
        (Refusal::Unauthenticated, Dialect::Ec2) => (401, "AuthFailure"),
        (Refusal::Forbidden, Dialect::Ec2) => (403, "UnauthorizedOperation"),
        (Refusal::Crash, Dialect::Ec2 | Dialect::Xml) => (500, "InternalError"),
        (Refusal::Malformed, Dialect::Xml) => (400, "MalformedXML"),
        (Refusal::Invalid, Dialect::Xml) => (400, "InvalidArgument"),
        (Refusal::Missing, Dialect::Xml) => (404, "NoSuchResource"),
        (Refusal::Unauthenticated, Dialect::Query | Dialect::Xml) => (403, "MissingAuthenticationToken"),
        (Refusal::Forbidden, Dialect::Query | Dialect::Xml) => (403, "AccessDenied"),
        (Refusal::TooLarge, Dialect::Query | Dialect::Ec2 | Dialect::Xml) => (413, "RequestEntityTooLarge"),
        (Refusal::Crash, Dialect::Query) => (500, "InternalFailure"),
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
    /// Returns the documented error of the operation that fits the cause best, or else the dialect's usual one.
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
        // A working server reports none of these as a server failure.
        let is_refusal = |error: &Option<u16>| error.is_none_or(|status| status < 500);
        let first = candidates.iter().find(|(_, error)| is_refusal(&error.status)).or(candidates.first());
        let documented = wanted.iter().find_map(named).or(first);
        let (status, code, name) = match documented {
            Some((name, error)) => {
                let code = error.code.clone().unwrap_or_else(|| name.as_str().to_owned());
                (error.status.unwrap_or(usual_status(error.role)), code, name.as_str().to_owned())
            }
            None => {
                let (status, code) = undocumented(refusal, dialect);
                (status, code.to_owned(), code.to_owned())
            }
        };
        let shape = documented.and_then(|(_, error)| error.shape.clone());
        let told = shape.as_ref().and_then(|id| contract.shapes.get(id));
        let message = match told.map(|shape| &shape.kind) {
            Some(Kind::Structure { members }) => {
                members.keys().find(|name| name.eq_ignore_ascii_case("message")).cloned()
            }
            _ => None,
        };
        let message = message.unwrap_or_else(|| usual_message(contract.protocol, dialect).to_owned());
        let (code, name) = (Some(code), Some(name));
        Self { status, code, name, shape, message, body: ErrorBody::Documented, content_type: None }
    }

    /// Creates an error that belongs to no operation.
    pub(super) fn of_nobody(contract: &Contract, dialect: Dialect, status: u16, code: &str) -> Self {
        let code = Some(code.to_owned());
        let message = usual_message(contract.protocol, dialect).to_owned();
        let body = ErrorBody::Documented;
        Self { status, name: code.clone(), code, shape: None, message, body, content_type: None }
    }

    pub(super) fn write(&self, contract: &Contract, dialect: Dialect, place: &str, message: &str) -> Response {
        let code = self.code.as_deref();
        let mut response = match dialect {
            Dialect::Plain => {
                let document = match code {
                    Some(code) => placed(place, code, &self.message, message),
                    None => json!({ self.message.as_str(): message }),
                };
                let headers = vec![(Cow::Borrowed("content-type"), Cow::Borrowed(JSON))];
                Response { status: self.status, headers, body: document.to_string().into(), delivery: Delivery::Whole }
            }
            _ => {
                let words = Words {
                    status: self.status,
                    code,
                    name: self.name.as_deref(),
                    place: self.shape.as_ref().map(|id| Place::new(contract, id)),
                    members: Map::from_iter([(self.message.clone(), message.into())]),
                };
                protocols::error(contract, &words)
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
    fn distort(&self, response: &mut Response, contract: &Contract, dialect: Dialect, message: &str) {
        let in_json = protocols::speaks_json(contract.protocol);
        let code = self.code.as_deref().unwrap_or_default();
        if matches!(self.body, ErrorBody::WithCode | ErrorBody::Foreign) {
            response.headers.retain(|(name, _)| name != "x-amzn-errortype");
        }
        response.body = match self.body {
            ErrorBody::Documented => return,
            ErrorBody::WithCode => match dialect {
                Dialect::Plain => json!({ "type": self.code, self.message.as_str(): message }).to_string().into(),
                _ => json!({ "__type": self.code, self.message.as_str(): message }).to_string().into(),
            },
            ErrorBody::Foreign if !in_json => json!({ "__type": code }).to_string().into(),
            ErrorBody::Foreign => format!("<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>").into(),
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

/// Returns the usual name of the message member, for errors without a shape.
fn usual_message(protocol: Option<Protocol>, dialect: Dialect) -> &'static str {
    match (dialect, protocol) {
        (Dialect::Plain, _) => "message",
        (_, Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1 | Protocol::RpcV2Cbor)) => "message",
        _ => "Message",
    }
}

pub(super) const JSON: &str = "application/json";

/// Returns a document that holds the code at a path such as `error.code`, `code` or `errors[0].code`, with the message
/// next to it.
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
            assert_eq!(placed(place, "x", "message", "m"), document);
        }
    }
}
