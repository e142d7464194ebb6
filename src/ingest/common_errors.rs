//! Errors that every operation of an AWS protocol may answer, though no service's model lists them.
//!
//! It adds nothing where a documentation page is a source: pages list what they mean, and link to the common ones
//! themselves.

use crate::contract::{Contract, ErrorName, ErrorShape, Fact, Protocol, Provenance, Role, Standing};

/// Name, status where it is the same everywhere, and role.
type Row = (&'static str, Option<u16>, Role);

/// Where AWS lists them; every service's API reference has this page.
const PAGE: &str = "docs.aws.amazon.com/…/CommonErrors.html";

/// The services that speak JSON in both its versions, and CBOR: names end in `Exception` by and large, but for proofs
/// of identity both forms are seen, with 400 or 403.
const JSON: &[Row] = &[
    ("ValidationException", Some(400), Role::InvalidInput),
    // What cannot be read into the operation's input, by the reading layer before the service.
    ("SerializationException", Some(400), Role::InvalidInput),
    ("MissingAuthenticationTokenException", None, Role::Unauthenticated),
    ("MissingAuthenticationToken", None, Role::Unauthenticated),
    ("IncompleteSignatureException", None, Role::Unauthenticated),
    ("IncompleteSignature", None, Role::Unauthenticated),
    ("InvalidSignatureException", None, Role::Unauthenticated),
    ("UnrecognizedClientException", None, Role::Unauthenticated),
    ("InvalidClientTokenId", None, Role::Unauthenticated),
    ("ExpiredTokenException", None, Role::Unauthenticated),
    ("AccessDeniedException", None, Role::Forbidden),
    ("NotAuthorized", None, Role::Forbidden),
    ("OptInRequired", None, Role::Other),
    ("ThrottlingException", None, Role::Throttled),
    ("InternalFailure", Some(500), Role::ServerFault),
    ("ServiceUnavailable", Some(503), Role::ServerFault),
    ("UnknownOperationException", None, Role::Other),
];

/// The services that speak query.
const QUERY: &[Row] = &[
    ("ValidationError", Some(400), Role::InvalidInput),
    ("InvalidParameterValue", Some(400), Role::InvalidInput),
    ("InvalidParameterCombination", Some(400), Role::InvalidInput),
    ("InvalidQueryParameter", Some(400), Role::InvalidInput),
    ("MissingParameter", Some(400), Role::InvalidInput),
    ("MalformedInput", Some(400), Role::InvalidInput),
    ("MalformedQueryString", None, Role::InvalidInput),
    ("MissingAuthenticationToken", None, Role::Unauthenticated),
    ("IncompleteSignature", None, Role::Unauthenticated),
    ("SignatureDoesNotMatch", None, Role::Unauthenticated),
    ("InvalidClientTokenId", None, Role::Unauthenticated),
    ("RequestExpired", None, Role::Unauthenticated),
    ("AccessDenied", None, Role::Forbidden),
    ("NotAuthorized", None, Role::Forbidden),
    ("OptInRequired", None, Role::Other),
    ("Throttling", None, Role::Throttled),
    ("InvalidAction", None, Role::Other),
    ("MissingAction", None, Role::Other),
    ("InternalFailure", Some(500), Role::ServerFault),
    ("ServiceUnavailable", Some(503), Role::ServerFault),
];

/// REST with XML has lists of its own for each service, EC2 hundreds of names that follow a form; what they share is
/// about the caller. Which role their other errors have is told by their names.
const BY_NAME: &[Row] = &[
    ("AccessDenied", None, Role::Forbidden),
    ("UnauthorizedOperation", None, Role::Forbidden),
    ("AuthFailure", None, Role::Unauthenticated),
    ("InvalidAccessKeyId", None, Role::Unauthenticated),
    ("InvalidClientTokenId", None, Role::Unauthenticated),
    ("SignatureDoesNotMatch", None, Role::Unauthenticated),
    ("MissingSecurityHeader", None, Role::Unauthenticated),
    ("MissingAuthenticationToken", None, Role::Unauthenticated),
    ("AuthorizationHeaderMalformed", None, Role::Unauthenticated),
    ("InternalError", Some(500), Role::ServerFault),
];

/// Makes a contract one of another protocol of its service, whose common errors are others.
pub fn speak(contract: &mut Contract, protocol: Protocol) {
    if contract.protocol == Some(protocol) {
        return;
    }
    for name in std::mem::take(&mut contract.common) {
        if !contract.operations.iter().any(|operation| operation.errors.contains(&name)) {
            contract.errors.shift_remove(&name);
        }
    }
    contract.protocol = Some(protocol);
    add(contract);
}

/// Adds the errors that are common to all operations of the contract's protocol, where machine models are all there is.
pub(super) fn add(contract: &mut Contract) {
    if !contract.is_only_modelled() {
        return;
    }
    let rows = match contract.protocol {
        Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1 | Protocol::RpcV2Cbor | Protocol::RestJson1) => JSON,
        Some(Protocol::AwsQuery) => QUERY,
        Some(Protocol::Ec2Query | Protocol::RestXml) => BY_NAME,
        Some(Protocol::RestJson) | None => return,
    };
    let page = Provenance::new(PAGE, 1);
    for (name, status, role) in rows {
        let name = ErrorName::from(*name);
        contract.errors.entry(name.clone()).or_insert_with(|| {
            let mut error = ErrorShape { status: None, role: *role, code: None, shape: None, facts: Vec::new() };
            if let Some(status) = status {
                error.state(Fact::new("status", *status, Standing::Documented, &page));
            }
            error
        });
        contract.common.push(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Operation, OperationName};

    #[test]
    fn another_protocol_has_other_common_errors() {
        let mut contract = Contract::new("things");
        contract.protocol = Some(Protocol::AwsJson1_0);
        let mut operation = Operation::new(OperationName::from("PutThing"));
        let at = Provenance::new("model", 1);
        operation.facts.push(Fact::new("http/method", "POST", Standing::Model, &at));
        // What an operation lists itself stays, whatever the protocol.
        operation.errors.push(ErrorName::from("ValidationException"));
        contract.operations.push(operation);
        add(&mut contract);
        let knows = |contract: &Contract, name: &str| contract.errors.contains_key(name);
        assert!(knows(&contract, "SerializationException") && !knows(&contract, "MalformedQueryString"));
        speak(&mut contract, Protocol::AwsQuery);
        assert!(!knows(&contract, "SerializationException") && knows(&contract, "MalformedQueryString"));
        assert!(knows(&contract, "ValidationException"));
        assert!(contract.common_errors().all(|(name, _)| name.as_str() != "ValidationException"));
    }
}
