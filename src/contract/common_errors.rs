//! Adds the errors that every operation of an AWS protocol may return, although no service's model lists them.
//!
//! It never adds anything to a contract with a documentation page as a source: pages list their errors, and link to
//! the common ones themselves.

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

/// Common errors of services with REST-XML or the EC2 protocol. Each REST-XML service has its own list of errors, and
/// EC2 has hundreds of names that follow a pattern; what they share concerns the caller. The role of all other errors
/// is inferred from their names.
const XML_AND_EC2_ERRORS: &[CommonError] = &[
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

/// Switches a contract to another protocol of its service and replaces the common errors accordingly.
pub fn switch_protocol(contract: &mut Contract, protocol: Protocol) {
    if contract.protocol == Some(protocol) {
        return;
    }
    for name in std::mem::take(&mut contract.common_error_names) {
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
        Some(Protocol::Ec2Query | Protocol::RestXml) => XML_AND_EC2_ERRORS,
        Some(Protocol::RestJson) | None => return,
    };
    let page = Provenance::new(SOURCE_PAGE, 1);
    for (name, status, role) in rows {
        let name = ErrorName::from(*name);
        contract.errors.entry(name.clone()).or_insert_with(|| {
            let mut error = ErrorShape::new(*role);
            if let Some(status) = status {
                error.add_fact(Fact::new(FactField::Status, *status, FactOrigin::Documented, &page));
            }
            error
        });
        contract.common_error_names.push(name);
    }
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
