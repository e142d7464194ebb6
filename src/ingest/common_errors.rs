//! Adds the errors that every operation of an AWS protocol may return, although no service's model lists them.
//!
//! It never adds anything to a contract with a documentation page as a source: pages list their errors, and link to
//! the common ones themselves.

use crate::contract::{Contract, ErrorName, ErrorShape, Fact, Protocol, Provenance, Role, Standing};

/// Name, status if all services use the same one, and role.
type Row = (&'static str, Option<u16>, Role);

/// The page on which AWS lists these errors; every service's API reference has it.
const PAGE: &str = "docs.aws.amazon.com/…/CommonErrors.html";

/// Common errors of services with JSON (both versions) or CBOR. Most names end in `Exception`, but authentication
/// errors occur with and without it, and with status 400 or 403.
const JSON: &[Row] = &[
    ("ValidationException", Some(400), Role::InvalidInput),
    // Sent by the layer in front of the service if the body cannot be deserialized into the operation's input.
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

/// Common errors of services with the query protocol.
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

/// Common errors of services with REST-XML or the EC2 protocol. Each REST-XML service has its own list of errors, and
/// EC2 has hundreds of names that follow a pattern; what they share concerns the caller. The role of all other errors
/// is inferred from their names.
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

/// Switches a contract to another protocol of its service and replaces the common errors accordingly.
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

/// Adds the common errors of the contract's protocol if all sources of the contract are machine models.
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
    fn switching_the_protocol_replaces_the_common_errors() {
        let mut contract = Contract::new("things");
        contract.protocol = Some(Protocol::AwsJson1_0);
        let mut operation = Operation::new(OperationName::from("PutThing"));
        let at = Provenance::new("model", 1);
        operation.facts.push(Fact::new("http/method", "POST", Standing::Model, &at));
        // An error that the operation itself lists stays, whatever the protocol.
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
