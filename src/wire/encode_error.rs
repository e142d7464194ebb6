//! Defines why a step cannot be encoded, and the checks that every protocol shares.
//!
//! It never writes a byte.

use crate::case::Value;

/// The error returned if a step cannot be encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The contract has no such operation.
    #[error("the contract has no operation `{0}`")]
    UnknownOperation(String),
    /// No source states a route for the operation.
    #[error("no source states a route for `{0}`")]
    NoRoute(String),
    /// No source states a property of the service that every request of the protocol must carry.
    #[error("no source states the service's {0}")]
    MissingServiceTrait(&'static str),
    /// A label of the route has no value.
    #[error("route label `{0}` has no value")]
    MissingLabel(String),
    /// A value cannot be represented in its place.
    #[error("`{member}` cannot be sent as {place}: {reason}")]
    Unrepresentable {
        /// The member.
        member: String,
        /// `label`, `query`, `header`, `form`, `XML` …
        place: &'static str,
        /// The reason.
        reason: String,
    },
    /// A template still contains a placeholder that `run` did not fill.
    #[error("unfilled placeholder in `{0}`")]
    UnfilledPlaceholder(String),
    /// A damage does not apply to this request.
    #[error("damage does not apply: {0}")]
    InapplicableDamage(String),
}

/// Returns the text of a template without placeholders; returns an error if one is left.
pub(super) fn filled_template(template: &str) -> Result<&str, EncodeError> {
    if template.contains(['{', '}']) {
        Err(EncodeError::UnfilledPlaceholder(template.to_owned()))
    } else {
        Ok(template)
    }
}

/// Returns the value unless it is absent or null.
pub(super) fn non_null(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| **value != Value::Null)
}
