//! What a user adds to a contract, or settles in it.

use super::Contract;
use serde_json::Value as Json;

/// One amendment: where, what, why.
#[derive(Clone, Debug, PartialEq)]
pub struct Amendment {
    /// What is amended: `AddTagsToContact.errors`, `TagContact.Tags{key}.length.max`.
    pub at: String,
    /// What is added to a list.
    pub add: Option<Json>,
    /// What replaces the value.
    pub set: Option<Json>,
    /// Why.
    pub reason: String,
    /// Where the user says it.
    pub source: super::Provenance,
}

/// Why an amendment does not fit the contract.
#[derive(Debug, thiserror::Error)]
#[error("`{at}`: {reason}")]
pub struct AmendError {
    /// The amendment's `at`.
    pub at: String,
    /// What is wrong.
    pub reason: String,
}

impl Contract {
    /// Applies one amendment.
    ///
    /// # Errors
    /// Where `at` leads nowhere or the value does not fit.
    pub fn amend(&mut self, _amendment: &Amendment) -> Result<(), AmendError> {
        todo!()
    }
}
