//! Judges the rejection of a request: whether its status, error type and body are those of a documented error.
//!
//! It never judges a success.

use super::conformance::{self, ResponseMismatch};
use super::{ObservedOutcome, Verdict};
use crate::case::ExpectedError;
use crate::contract::{Contract, ErrorRole, ErrorShape, Operation, Protocol, ShapeId};
use crate::run::HttpResponse;
use crate::scenario::Scenario;
use crate::wire;

/// The verdict of a rejection, what was observed, and why.
type RejectionDecision = (Verdict, ObservedOutcome, String);

/// Returns what a response is: its status, and the type of its error with its place.
pub(super) fn observe_response(contract: &Contract, scenario: &Scenario, answer: &HttpResponse) -> ObservedOutcome {
    let seen = wire::find_error(
        contract.protocol,
        answer.status,
        &answer.headers,
        &answer.body,
        scenario.error_code.as_deref(),
    );
    let (error, place) = seen.map_or((None, None), |seen| (Some(seen.code), Some(seen.place)));
    ObservedOutcome { status: Some(answer.status), error, place, ..ObservedOutcome::default() }
}

pub(super) fn judge_expected_rejection(
    contract: &Contract,
    operation: &Operation,
    role: ErrorRole,
    errors: &[ExpectedError],
    answer: &HttpResponse,
    observed: ObservedOutcome,
) -> RejectionDecision {
    if errors.iter().any(|error| is_unnamed_head_error(operation, error, &observed)) {
        return (Verdict::Pass, observed, "as documented, as far as a response to HEAD can show".to_owned());
    }
    if errors.iter().any(|error| matches_expected_error(contract, role, error, &observed)) {
        let named = errors.iter().any(|error| error.error.is_some());
        let of_body =
            || conformance::error_body_mismatch(contract, error_body(contract, operation, role, answer)?, answer);
        return match conformance::error_mismatch(contract, answer, &observed).filter(|_| named).or_else(of_body) {
            None => (Verdict::Pass, observed, "as documented".to_owned()),
            Some(ResponseMismatch { note, why }) => {
                (Verdict::Diverges, ObservedOutcome { note: Some(note), ..observed }, why)
            }
        };
    }
    if is_common_access_error(contract, role, &observed) {
        return (Verdict::Pass, observed, "as any AWS service may reject such a caller".to_owned());
    }
    let known = |name: &str| {
        let mut named = contract.operation_errors(operation).filter(|(_, error)| !error.unnamed);
        named.find(|(other, error)| wire_code(other.as_str(), error) == name)
    };
    let why = match (answer.status, observed.error.as_deref()) {
        (200..300, _) => "it was accepted".to_owned(),
        (300..400, _) => "it was redirected instead of rejected".to_owned(),
        (500.., _) => "the server failed instead of rejecting the request".to_owned(),
        (_, None) if errors.iter().any(|error| error.error.is_some()) => {
            "rejected without a documented error type".to_owned()
        }
        (_, None) => "rejected with an undocumented status".to_owned(),
        (_, Some(name)) => match known(name) {
            Some((_, error)) if error.role == role => format!("`{name}` is documented with another status"),
            Some((_, error)) => format!("`{name}` is documented, but means {}", error.role),
            None => format!("`{name}` is not documented for this operation"),
        },
    };
    (Verdict::Diverges, observed, why)
}

/// Returns the documented body of the error that a response is, if its role and status have a single one.
fn error_body<'c>(
    contract: &'c Contract,
    operation: &'c Operation,
    role: ErrorRole,
    answer: &HttpResponse,
) -> Option<&'c ShapeId> {
    let is_head = operation.http.as_ref().is_some_and(|http| http.method == "HEAD");
    let of_role = || contract.operation_errors(operation).map(|(_, error)| error).filter(|error| error.role == role);
    let mut same = of_role().filter(|error| error.status == Some(answer.status)).peekable();
    let only = match same.peek() {
        Some(_) => same.next().filter(|_| same.next().is_none()),
        None => {
            let mut any = of_role().filter(|error| error.status.is_none());
            any.next().filter(|_| any.next().is_none())
        }
    };
    only.filter(|error| error.unnamed && !is_head)?.shape.as_ref()
}

/// Returns true if a response to HEAD has the status of an error that it cannot name: it has no body
/// ([RFC 9110, 9.3.2](https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2)).
pub(super) fn is_unnamed_head_error(operation: &Operation, error: &ExpectedError, observed: &ObservedOutcome) -> bool {
    let is_head = operation.http.as_ref().is_some_and(|http| http.method == "HEAD");
    is_head && observed.error.is_none() && error.error.is_some() && has_expected_status(error, observed)
}

/// Errors with which any AWS service may reject a request without valid credentials, whatever it documents. Names occur
/// with and without `Exception`.
const ACCESS_ERRORS: [&str; 14] = [
    "AccessDenied",
    "AuthFailure",
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "Forbidden",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignature",
    "MissingAuthenticationToken",
    "MissingSecurityHeader",
    "NotAuthorized",
    "SignatureDoesNotMatch",
    "UnrecognizedClient",
];

/// Returns true if an AWS service rejects a request without valid credentials by a name and status that all of them use.
/// A status that is documented for the name is a promise.
fn is_common_access_error(contract: &Contract, role: ErrorRole, observed: &ObservedOutcome) -> bool {
    let is_documented = contract.errors.iter().any(|(name, error)| {
        error.status.is_some() && observed.error.as_deref() == Some(wire_code(name.as_str(), error))
    });
    let is_aws = contract.protocol.is_some_and(|protocol| protocol != Protocol::RestJson);
    let name = observed.error.as_deref().map(|name| name.strip_suffix("Exception").unwrap_or(name));
    is_aws
        && contract.is_model_only()
        && !is_documented
        && role == ErrorRole::Unauthenticated
        && matches!(observed.status, Some(400 | 401 | 403))
        && name.is_some_and(|name| ACCESS_ERRORS.contains(&name))
}

/// Returns true if the expected errors belong to more than one role.
pub(super) fn spans_several_roles(contract: &Contract, role: ErrorRole, errors: &[ExpectedError]) -> bool {
    let of_other = |name: &str| {
        let mut named = contract.errors.iter().filter(|(_, error)| !error.unnamed);
        let found = named.find(|(other, error)| wire_code(other.as_str(), error) == name);
        found.is_some_and(|(_, error)| error.role != role)
    };
    let is_unnamed = |error: &ExpectedError| error.error.is_none();
    errors.iter().any(|error| error.error.as_ref().is_some_and(|name| of_other(name.as_str())))
        || (errors.iter().any(is_unnamed) && !errors.iter().all(is_unnamed))
}

fn wire_code<'a>(name: &'a str, error: &'a ErrorShape) -> &'a str {
    error.code.as_deref().unwrap_or(name)
}

/// Returns true if both names denote the same error: a service that migrated from awsQuery puts the error's name in the
/// body and its former code in a header.
fn is_query_compatible_alias(contract: &Contract, one: &str, other: &str) -> bool {
    contract.traits.query_compatible
        && contract.errors.iter().any(|(name, error)| {
            let (name, code) = (name.as_str(), wire_code(name.as_str(), error));
            (name == one && code == other) || (name == other && code == one)
        })
}

/// Returns true if the observed response is the expected error. If no document names an error, one that is documented
/// for another role does not match.
pub(super) fn matches_expected_error(
    contract: &Contract,
    role: ErrorRole,
    expected: &ExpectedError,
    observed: &ObservedOutcome,
) -> bool {
    let name_fits = match (&expected.error, &observed.error) {
        (Some(due), Some(name)) => due.as_str() == name || is_query_compatible_alias(contract, due.as_str(), name),
        (Some(_), None) => false,
        (None, None) => true,
        // If documents name a status and no type, the status is all that they promise.
        (None, Some(_)) if is_documented_by_status(contract, expected) => true,
        (None, Some(name)) => {
            let mut named = contract.errors.iter().filter(|(_, error)| !error.unnamed);
            let documented = named.find(|(other, error)| wire_code(other.as_str(), error) == name);
            match documented {
                Some((_, error)) => {
                    let has_status = error.status.is_none() || error.status == observed.status;
                    has_status && (error.role == role || are_access_roles(error.role, role))
                }
                None => can_name_mean_role(name, role) || names_missing_resource(expected, name),
            }
        }
    };
    name_fits && has_expected_status(expected, observed)
}

/// Returns true if the documents state an error with this status, but no type of it.
fn is_documented_by_status(contract: &Contract, expected: &ExpectedError) -> bool {
    let is_same = |error: &ErrorShape| error.unnamed && error.status == expected.status;
    expected.status.is_some() && contract.errors.values().any(is_same)
}

/// Returns true if status 404 is expected and the name does not mean something else.
fn names_missing_resource(expected: &ExpectedError, name: &str) -> bool {
    expected.status == Some(404) && ErrorRole::infer(Some(404), name, "") == ErrorRole::MissingResource
}

/// Returns true if the response has the documented status, or any 4xx status if none is documented.
fn has_expected_status(expected: &ExpectedError, observed: &ObservedOutcome) -> bool {
    observed.status.is_some_and(|status| expected.status.map_or((400..500).contains(&status), |due| due == status))
}

/// Returns true if an undocumented error's name does not clearly mean something other than `role`.
fn can_name_mean_role(name: &str, role: ErrorRole) -> bool {
    let told = ErrorRole::infer(None, name, "");
    let is_telling = matches!(
        told,
        ErrorRole::MissingResource
            | ErrorRole::Unauthenticated
            | ErrorRole::Forbidden
            | ErrorRole::Throttled
            | ErrorRole::ServerFault
    );
    match role {
        // An undocumented name counts as "does not exist" only if it says so explicitly.
        ErrorRole::MissingResource => told == role,
        _ => told == role || are_access_roles(told, role) || !is_telling,
    }
}

/// Returns true if both roles concern authentication or authorization, which APIs use interchangeably.
fn are_access_roles(one: ErrorRole, other: ErrorRole) -> bool {
    let of_access = |role| matches!(role, ErrorRole::Unauthenticated | ErrorRole::Forbidden);
    of_access(one) && of_access(other)
}
