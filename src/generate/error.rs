//! The error of this module: a contract or scenario from which no cases can be generated.

use crate::contract::Provenance;

/// An error in a contract or scenario that prevents the generation of cases.
#[derive(Debug, thiserror::Error)]
#[error("{owner}: {reason}")]
#[non_exhaustive]
pub struct PlanError {
    /// The operation or shape at fault.
    pub owner: String,
    /// What is wrong, for example a pattern that no text matches.
    pub reason: String,
    /// Where the cause is documented.
    pub source_at: Option<Provenance>,
}
