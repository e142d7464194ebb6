//! Adds the errors that every operation of an AWS protocol may return, although no service's model lists them.
//!
//! It never adds anything to a contract with a documentation page as a source: pages list their errors, and link to
//! the common ones themselves.

use super::service_errors::{service_errors, sqs_query_code};
use super::{Contract, ErrorName, ErrorRole, ErrorShape, Fact, FactField, FactOrigin, Protocol, Provenance};

/// Name, status if all services use the same one, and role.
type CommonError = (&'static str, Option<u16>, ErrorRole);

/// The page on which AWS lists these errors; every service's API reference has it.
const SOURCE_PAGE: &str = "docs.aws.amazon.com/…/CommonErrors.html";

/// Common errors of services with JSON (both versions) or CBOR. Most names end in `Exception`, but authentication
/// errors occur with and without it, and with status 400 or 403.
const JSON_ERRORS: &[CommonError] = &[
    ("ValidationException", Some(400), ErrorRole::InvalidInput),
    // Sent by the layer in front of the service if the body cannot be deserialized into the operation's input.
    ("SerializationException", Some(400), ErrorRole::InvalidInput),
    ("MissingAuthenticationTokenException", None, ErrorRole::Unauthenticated),
    ("MissingAuthenticationToken", None, ErrorRole::Unauthenticated),
    ("IncompleteSignatureException", None, ErrorRole::Unauthenticated),
    ("IncompleteSignature", None, ErrorRole::Unauthenticated),
    ("InvalidSignatureException", None, ErrorRole::Unauthenticated),
    ("UnrecognizedClientException", None, ErrorRole::Unauthenticated),
    ("InvalidClientTokenId", None, ErrorRole::Unauthenticated),
    ("ExpiredTokenException", None, ErrorRole::Unauthenticated),
    ("AccessDeniedException", None, ErrorRole::Forbidden),
    ("NotAuthorized", None, ErrorRole::Forbidden),
    ("OptInRequired", None, ErrorRole::Other),
    ("ThrottlingException", None, ErrorRole::Throttled),
    ("InternalFailure", Some(500), ErrorRole::ServerFault),
    ("ServiceUnavailable", Some(503), ErrorRole::ServerFault),
    ("UnknownOperationException", None, ErrorRole::Other),
];

/// Common errors of services with the query protocol.
const QUERY_ERRORS: &[CommonError] = &[
    ("ValidationError", Some(400), ErrorRole::InvalidInput),
    ("InvalidParameterValue", Some(400), ErrorRole::InvalidInput),
    ("InvalidParameterCombination", Some(400), ErrorRole::InvalidInput),
    ("InvalidQueryParameter", Some(400), ErrorRole::InvalidInput),
    ("MissingParameter", Some(400), ErrorRole::InvalidInput),
    ("MalformedInput", Some(400), ErrorRole::InvalidInput),
    ("MalformedQueryString", None, ErrorRole::InvalidInput),
    ("MissingAuthenticationToken", None, ErrorRole::Unauthenticated),
    ("IncompleteSignature", None, ErrorRole::Unauthenticated),
    ("SignatureDoesNotMatch", None, ErrorRole::Unauthenticated),
    ("InvalidClientTokenId", None, ErrorRole::Unauthenticated),
    ("RequestExpired", None, ErrorRole::Unauthenticated),
    ("AccessDenied", None, ErrorRole::Forbidden),
    ("NotAuthorized", None, ErrorRole::Forbidden),
    ("OptInRequired", None, ErrorRole::Other),
    ("Throttling", None, ErrorRole::Throttled),
    ("InvalidAction", None, ErrorRole::Other),
    ("MissingAction", None, ErrorRole::Other),
    ("InternalFailure", Some(500), ErrorRole::ServerFault),
    ("ServiceUnavailable", Some(503), ErrorRole::ServerFault),
];

/// Common errors of services with REST-XML. Each has its own list of errors; what they share concerns the caller. The
/// role of all other errors is inferred from their names.
const XML_ERRORS: &[CommonError] = &[
    ("AccessDenied", None, ErrorRole::Forbidden),
    ("UnauthorizedOperation", None, ErrorRole::Forbidden),
    ("AuthFailure", None, ErrorRole::Unauthenticated),
    ("InvalidAccessKeyId", None, ErrorRole::Unauthenticated),
    ("InvalidClientTokenId", None, ErrorRole::Unauthenticated),
    ("SignatureDoesNotMatch", None, ErrorRole::Unauthenticated),
    ("MissingSecurityHeader", None, ErrorRole::Unauthenticated),
    ("MissingAuthenticationToken", None, ErrorRole::Unauthenticated),
    ("AuthorizationHeaderMalformed", None, ErrorRole::Unauthenticated),
    ("InternalError", Some(500), ErrorRole::ServerFault),
];

/// Common client errors of [Amazon EC2](https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
/// It has hundreds of others, whose names follow a pattern; their role is inferred from their names.
const EC2_ERRORS: &[CommonError] = &[
    ("AuthFailure", None, ErrorRole::Unauthenticated),
    ("IncompleteSignature", None, ErrorRole::Unauthenticated),
    ("InvalidClientTokenId", None, ErrorRole::Unauthenticated),
    ("MissingAuthenticationToken", None, ErrorRole::Unauthenticated),
    ("RequestExpired", None, ErrorRole::Unauthenticated),
    ("SignatureDoesNotMatch", None, ErrorRole::Unauthenticated),
    ("Blocked", None, ErrorRole::Forbidden),
    ("OptInRequired", None, ErrorRole::Forbidden),
    ("PendingVerification", None, ErrorRole::Forbidden),
    ("UnauthorizedOperation", None, ErrorRole::Forbidden),
    ("DryRunOperation", None, ErrorRole::Other),
    ("InvalidAction", None, ErrorRole::Other),
    ("MissingAction", None, ErrorRole::Other),
    ("IdempotentParameterMismatch", None, ErrorRole::Conflict),
    ("InvalidCharacter", Some(400), ErrorRole::InvalidInput),
    ("InvalidPaginationToken", Some(400), ErrorRole::InvalidInput),
    ("InvalidParameter", Some(400), ErrorRole::InvalidInput),
    ("InvalidParameterCombination", Some(400), ErrorRole::InvalidInput),
    ("InvalidParameterValue", Some(400), ErrorRole::InvalidInput),
    ("InvalidQueryParameter", Some(400), ErrorRole::InvalidInput),
    ("MalformedQueryString", None, ErrorRole::InvalidInput),
    ("MissingParameter", Some(400), ErrorRole::InvalidInput),
    ("UnknownParameter", Some(400), ErrorRole::InvalidInput),
    ("UnsupportedOperation", Some(400), ErrorRole::InvalidInput),
    ("UnsupportedProtocol", None, ErrorRole::InvalidInput),
    ("ValidationError", Some(400), ErrorRole::InvalidInput),
    ("RequestLimitExceeded", None, ErrorRole::Throttled),
    ("InternalError", Some(500), ErrorRole::ServerFault),
    ("InternalFailure", Some(500), ErrorRole::ServerFault),
    ("ServiceUnavailable", Some(503), ErrorRole::ServerFault),
    ("Unavailable", Some(503), ErrorRole::ServerFault),
];

/// Errors that a service which once spoke the query protocol still returns by their former names.
const QUERY_COMPATIBLE_ERRORS: &[CommonError] = &[
    ("InvalidParameterValue", Some(400), ErrorRole::InvalidInput),
    ("InvalidParameterCombination", Some(400), ErrorRole::InvalidInput),
    ("MissingParameter", Some(400), ErrorRole::InvalidInput),
];

/// Switches a contract to another protocol of its service and replaces the common errors accordingly.
pub fn switch_protocol(contract: &mut Contract, protocol: Protocol) {
    if contract.protocol == Some(protocol) {
        return;
    }
    let (of_protocol, listed): (Vec<_>, Vec<_>) = std::mem::take(&mut contract.common_error_names)
        .into_iter()
        .partition(|name| contract.errors.get(name).is_none_or(is_of_protocol));
    contract.common_error_names = listed;
    for name in of_protocol {
        if !contract.operations.iter().any(|operation| operation.errors.contains(&name)) {
            contract.errors.shift_remove(&name);
        }
    }
    contract.protocol = Some(protocol);
    add_common_errors(contract);
}

/// Adds the common errors of the contract's protocol if all sources of the contract are machine models.
pub(crate) fn add_common_errors(contract: &mut Contract) {
    if !contract.is_model_only() {
        return;
    }
    let rows = match contract.protocol {
        Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1 | Protocol::RpcV2Cbor | Protocol::RestJson1) => JSON_ERRORS,
        Some(Protocol::AwsQuery) => QUERY_ERRORS,
        Some(Protocol::Ec2Query) => EC2_ERRORS,
        Some(Protocol::RestXml) => XML_ERRORS,
        Some(Protocol::RestJson) | None => return,
    };
    let of_former_protocol = if contract.traits.query_compatible { QUERY_COMPATIBLE_ERRORS } else { &[] };
    let page = Provenance::new(SOURCE_PAGE, 1);
    let service = contract.service.clone();
    for error in service_errors(&service) {
        add_error(contract, error.code, (error.status, error.role), (error.origin(), &error.provenance()));
    }
    for (name, status, role) in rows.iter().chain(of_former_protocol) {
        add_error(contract, name, (*status, *role), (FactOrigin::Documented, &page));
    }
    if service == "sqs" {
        for (name, error) in &mut contract.errors {
            error.code = error.code.take().or_else(|| sqs_query_code(name.as_str()).map(str::to_owned));
        }
    }
}

/// Adds an error that every operation may return. One that the model declares keeps what the model says.
fn add_error(
    contract: &mut Contract,
    name: &str,
    (status, role): (Option<u16>, ErrorRole),
    (origin, place): (FactOrigin, &Provenance),
) {
    let name = ErrorName::from(name);
    if contract.common_error_names.contains(&name) {
        // The service lists it too, with a status; the role is clearer here than in the sentence that describes it.
        if let Some(listed) = contract.errors.get_mut(&name) {
            listed.role = role;
        }
        return;
    }
    contract.errors.entry(name.clone()).or_insert_with(|| {
        let mut error = ErrorShape::new(role);
        if let Some(status) = status {
            error.add_fact(Fact::new(FactField::Status, status, origin, place));
        }
        error
    });
    contract.common_error_names.push(name);
}

/// Returns true if an error comes from the tables of this module, not from a list in a service's own documentation.
fn is_of_protocol(error: &ErrorShape) -> bool {
    error.facts.iter().all(|fact| fact.document == SOURCE_PAGE)
}

#[cfg(test)]
mod tests {
    use super::super::{Operation, OperationName};
    use super::*;

    #[test]
    fn switching_the_protocol_replaces_the_common_errors() {
        let mut contract = Contract::new("things");
        contract.protocol = Some(Protocol::AwsJson1_0);
        let mut operation = Operation::new(OperationName::from("PutThing"));
        let at = Provenance::new("model", 1);
        operation.facts.push(Fact::new(FactField::HttpMethod, "POST", FactOrigin::Model, &at));
        // An error that the operation itself lists stays, whatever the protocol.
        operation.errors.push(ErrorName::from("ValidationException"));
        contract.operations.push(operation);
        add_common_errors(&mut contract);
        let knows = |contract: &Contract, name: &str| contract.errors.contains_key(name);
        assert!(knows(&contract, "SerializationException") && !knows(&contract, "MalformedQueryString"));
        switch_protocol(&mut contract, Protocol::AwsQuery);
        assert!(!knows(&contract, "SerializationException") && knows(&contract, "MalformedQueryString"));
        assert!(knows(&contract, "ValidationException"));
        assert!(contract.common_errors().all(|(name, _)| name.as_str() != "ValidationException"));
    }
}
