//! Recognizes responses which say that an endpoint does not implement what was asked for. That is scope, not a fault.
//!
//! It looks at one response only; what a canary shows is decided elsewhere.

use super::Judgement;
use crate::contract::Contract;

/// Error names with which servers say that an operation does not exist for them.
const ERROR_NAMES: [&str; 8] = [
    "NotImplemented",
    "NotImplementedException",
    "NotImplementedError",
    "UnknownOperation",
    "UnknownOperationException",
    "UnknownAction",
    "InvalidAction",
    "UnsupportedOperation",
];

/// Phrases in messages, in lower case.
const PHRASES: [&str; 11] = [
    "not implemented",
    "not been implemented",
    "not yet implemented",
    "not yet been implemented",
    "not yet been emulated",
    "unknown operation",
    "unknown action",
    "unsupported operation",
    "not supported",
    "no license",
    "license plan",
];

/// Returns the reason if a response says that the request is outside of what the endpoint implements.
///
/// Any response may say so by its status or error name. The message counts only for a `control`: elsewhere it may be
/// about the value under test.
pub(super) fn not_implemented_reason(
    contract: &Contract,
    operation: &str,
    judgement: &Judgement,
    message: Option<&str>,
    is_control: bool,
) -> Option<&'static str> {
    let observed = &judgement.observed;
    if observed.status == Some(501) {
        return Some("the status says that this is not implemented");
    }
    let status = observed.status.filter(|status| *status >= 400)?;
    let is_documented = |name: &str| {
        contract.operation(operation).is_some_and(|operation| {
            contract
                .operation_errors(operation)
                .any(|(other, error)| other.as_str() == name || error.code.as_deref() == Some(name))
        })
    };
    let name = observed.error.as_deref().filter(|name| !is_documented(name));
    if name.is_some_and(|name| ERROR_NAMES.contains(&name)) && (is_control || status >= 500) {
        return Some("the error says that this is not implemented");
    }
    let text = message?.to_lowercase();
    let says_so = is_control
        && (name.is_some() || observed.error.is_none())
        && PHRASES.iter().any(|phrase| text.contains(phrase));
    says_so.then_some("the message says that this is not implemented")
}
