//! Selects the error for a failed request.
//!
//! Never writes it; see [`super::error_writer`].

use super::server_config::ServerConfig;
use crate::contract::{AuthScheme, Contract, ErrorRole, OperationName, Protocol, ShapeId, ShapeKind};

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ErrorCause {
    /// The request cannot be parsed.
    Malformed,
    /// The input violates a constraint.
    Invalid,
    /// The input names a resource that does not exist.
    MissingResource,
    /// The caller is not authenticated.
    Unauthenticated,
    /// The caller lacks the permission.
    Forbidden,
    /// The state of a resource does not allow the request.
    Conflict,
    /// The body is too large.
    TooLarge,
    /// The server crashed.
    Crash,
}

impl ErrorCause {
    pub(super) const ALL: [Self; 8] = [
        Self::Malformed,
        Self::Invalid,
        Self::MissingResource,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::Conflict,
        Self::TooLarge,
        Self::Crash,
    ];

    pub(super) fn role(self) -> ErrorRole {
        match self {
            Self::Malformed | Self::Invalid => ErrorRole::InvalidInput,
            Self::MissingResource => ErrorRole::MissingResource,
            Self::Unauthenticated => ErrorRole::Unauthenticated,
            Self::Forbidden => ErrorRole::Forbidden,
            Self::Conflict => ErrorRole::Conflict,
            Self::TooLarge => ErrorRole::Other,
            Self::Crash => ErrorRole::ServerFault,
        }
    }
}

/// The family of statuses and error codes that is used if the documents define none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorDialect {
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

impl ErrorDialect {
    pub(super) fn for_contract(contract: &Contract, config: &ServerConfig) -> Self {
        match contract.protocol {
            Some(Protocol::RestJson) => Self::Plain,
            Some(Protocol::AwsQuery) => Self::Query,
            Some(Protocol::Ec2Query) => Self::Ec2,
            Some(Protocol::RestXml) => Self::Xml,
            Some(_) => Self::Aws,
            None if config.require_sigv4
                || contract.auth.iter().any(|auth| matches!(auth, AuthScheme::SigV4 { .. })) =>
            {
                Self::Aws
            }
            None => Self::Plain,
        }
    }
}

/// An error response of an operation, without the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ErrorResponse {
    pub status: u16,
    /// The error code that callers see.
    pub code: Option<String>,
    /// The name of the error's shape, which some protocols also send.
    pub name: Option<String>,
    pub shape: Option<ShapeId>,
    /// The name of the member that holds the message.
    pub message_member: String,
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
    OtherProtocol,
    /// The code is in the body instead of a header.
    CodeInBody,
}

/// Returns the status and code to use if the documents define no error for this cause.
fn fallback_error(cause: ErrorCause, dialect: ErrorDialect) -> (u16, &'static str) {
    match (cause, dialect) {
        (ErrorCause::Malformed, ErrorDialect::Aws) => (400, "SerializationException"),
        (ErrorCause::Invalid, ErrorDialect::Aws) => (400, "ValidationException"),
        (ErrorCause::MissingResource, ErrorDialect::Aws) => (404, "ResourceNotFoundException"),
        (ErrorCause::Unauthenticated, ErrorDialect::Aws) => (403, "MissingAuthenticationTokenException"),
        (ErrorCause::Forbidden, ErrorDialect::Aws) => (403, "AccessDeniedException"),
        (ErrorCause::Conflict, _) => (409, "conflict"),
        (ErrorCause::TooLarge, ErrorDialect::Aws) => (413, "RequestEntityTooLargeException"),
        (ErrorCause::Crash, ErrorDialect::Aws) => (500, "InternalFailure"),
        (ErrorCause::Malformed, ErrorDialect::Query) => (400, "MalformedInput"),
        (ErrorCause::Invalid, ErrorDialect::Query) => (400, "ValidationError"),
        (ErrorCause::MissingResource, ErrorDialect::Query) => (404, "ResourceNotFound"),
        (ErrorCause::Malformed | ErrorCause::Invalid, ErrorDialect::Ec2) => (400, "InvalidParameterValue"),
        (ErrorCause::MissingResource, ErrorDialect::Ec2) => (400, "InvalidResource.NotFound"),
        (ErrorCause::Unauthenticated, ErrorDialect::Ec2) => (401, "AuthFailure"),
        (ErrorCause::Forbidden, ErrorDialect::Ec2) => (403, "UnauthorizedOperation"),
        (ErrorCause::Crash, ErrorDialect::Ec2 | ErrorDialect::Xml) => (500, "InternalError"),
        (ErrorCause::Malformed, ErrorDialect::Xml) => (400, "MalformedXML"),
        (ErrorCause::Invalid, ErrorDialect::Xml) => (400, "InvalidArgument"),
        (ErrorCause::MissingResource, ErrorDialect::Xml) => (404, "NoSuchResource"),
        (ErrorCause::Unauthenticated, ErrorDialect::Query | ErrorDialect::Xml) => (403, "MissingAuthenticationToken"),
        (ErrorCause::Forbidden, ErrorDialect::Query | ErrorDialect::Xml) => (403, "AccessDenied"),
        (ErrorCause::TooLarge, ErrorDialect::Query | ErrorDialect::Ec2 | ErrorDialect::Xml) => {
            (413, "RequestEntityTooLarge")
        }
        (ErrorCause::Crash, ErrorDialect::Query) => (500, "InternalFailure"),
        (ErrorCause::Malformed, ErrorDialect::Plain) => (400, "malformed_body"),
        (ErrorCause::Invalid, ErrorDialect::Plain) => (400, "invalid_request"),
        (ErrorCause::MissingResource, ErrorDialect::Plain) => (404, "not_found"),
        (ErrorCause::Unauthenticated, ErrorDialect::Plain) => (401, "unauthorized"),
        (ErrorCause::Forbidden, ErrorDialect::Plain) => (403, "forbidden"),
        (ErrorCause::TooLarge, ErrorDialect::Plain) => (413, "payload_too_large"),
        (ErrorCause::Crash, ErrorDialect::Plain) => (500, "internal_error"),
    }
}

fn default_status(role: ErrorRole) -> u16 {
    match role {
        ErrorRole::MissingResource => 404,
        ErrorRole::Unauthenticated => 401,
        ErrorRole::Forbidden => 403,
        ErrorRole::Throttled => 429,
        ErrorRole::Conflict => 409,
        ErrorRole::ServerFault => 500,
        ErrorRole::InvalidInput | ErrorRole::Limit | ErrorRole::Other => 400,
    }
}

impl ErrorResponse {
    /// Returns the documented error of the operation that fits the cause best, or else the dialect's usual one.
    pub(super) fn new(
        contract: &Contract,
        operation: &OperationName,
        cause: ErrorCause,
        dialect: ErrorDialect,
    ) -> Self {
        let wanted: &[&str] = match cause {
            ErrorCause::Malformed => &["invalidrequest", "validation", "serialization", "malformed", "badrequest"],
            ErrorCause::Invalid => &["invalidparameter", "validation"],
            ErrorCause::Conflict => &["alreadyexists", "exists", "duplicate", "inuse", "conflict"],
            _ => &[],
        };
        let candidates: Vec<_> = contract
            .operation(operation.as_str())
            .into_iter()
            .flat_map(|operation| contract.operation_errors(operation))
            .filter(|(_, error)| error.role == cause.role() && cause != ErrorCause::TooLarge)
            .collect();
        let named = |word: &&str| {
            candidates.iter().find(|(name, _)| {
                let name = name.as_str().to_ascii_lowercase().replace(['_', '-'], "");
                name.contains(*word)
            })
        };
        // A working server reports none of these as a server failure.
        let is_no_server_failure = |error: &Option<u16>| error.is_none_or(|status| status < 500);
        let first = candidates.iter().find(|(_, error)| is_no_server_failure(&error.status)).or(candidates.first());
        let documented = wanted.iter().find_map(named).or(first);
        let (status, code, name) = match documented {
            Some((name, error)) => {
                let code = error.code.clone().unwrap_or_else(|| name.as_str().to_owned());
                let status = error.status.unwrap_or(default_status(error.role));
                (status, (!error.unnamed).then_some(code), name.as_str().to_owned())
            }
            None => {
                let (status, code) = fallback_error(cause, dialect);
                (status, Some(code.to_owned()), code.to_owned())
            }
        };
        let shape = documented.and_then(|(_, error)| error.shape.clone());
        let error_shape = shape.as_ref().and_then(|id| contract.shapes.get(id));
        let message = match error_shape.map(|shape| &shape.kind) {
            Some(ShapeKind::Structure { members }) => {
                members.keys().find(|name| name.eq_ignore_ascii_case("message")).cloned()
            }
            _ => None,
        };
        let message_member = message.unwrap_or_else(|| default_message_member(contract.protocol, dialect).to_owned());
        let name = code.is_some().then_some(name);
        Self { status, code, name, shape, message_member, body: ErrorBody::Documented, content_type: None }
    }

    /// Creates an error that belongs to no operation.
    pub(super) fn without_operation(contract: &Contract, dialect: ErrorDialect, status: u16, code: &str) -> Self {
        let code = Some(code.to_owned());
        let message_member = default_message_member(contract.protocol, dialect).to_owned();
        let body = ErrorBody::Documented;
        Self { status, name: code.clone(), code, shape: None, message_member, body, content_type: None }
    }
}

/// Returns the usual name of the message member, for errors without a shape.
fn default_message_member(protocol: Option<Protocol>, dialect: ErrorDialect) -> &'static str {
    match (dialect, protocol) {
        (ErrorDialect::Plain, _) => "message",
        (_, Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1 | Protocol::RpcV2Cbor)) => "message",
        _ => "Message",
    }
}
