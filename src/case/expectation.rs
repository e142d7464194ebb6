//! What a case expects of the response to its judged step.
//!
//! These are plain values; comparing them with responses is left to the judge.

use super::law_name::LawName;
use crate::contract::{ErrorName, ErrorRole, ShapeId};

/// The documented outcome.
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation {
    /// The request succeeds, as documented.
    Accept(ExpectedSuccess),
    /// The request is rejected with any of these errors.
    Reject {
        /// The role that all of them have.
        role: ErrorRole,
        /// The errors that fit. Never empty.
        errors: Vec<ExpectedError>,
    },
    /// A law holds between the steps.
    LawHolds {
        /// The law.
        law: LawName,
    },
    /// The outcome is undocumented, or the documents contradict each other. Only a 5xx, a hang or a dropped connection
    /// is a finding.
    Unspecified {
        /// The reason.
        reason: String,
    },
}

/// A documented success.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedSuccess {
    /// The documented status. If absent, any 2xx fits.
    pub status: Option<u16>,
    /// The documented shape of the body, if there is one.
    pub output: Option<ShapeId>,
    /// Documented errors that fit as well, because the request names a resource and neither the scenario nor the
    /// documents say whether it exists. Usually empty.
    pub allowed_errors: Vec<ExpectedError>,
    /// The state that must have held before; otherwise a rejection proves nothing.
    pub assumption: Option<StateAssumption>,
}

/// A state of the resource that an expected success depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateAssumption {
    /// The steps that read the state, before and after: others may write to the same resource.
    pub steps: Vec<usize>,
    /// The path, in their responses, of the map or of a list whose items hold their own names.
    pub path: String,
    /// The keys that this case writes, which therefore do not count.
    pub written_keys: Vec<String>,
    /// Maximum number of bytes of all other entries, names included.
    pub max_other_bytes: u64,
}

/// An error that fits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExpectedError {
    /// The documented status. If absent, any 4xx fits.
    pub status: Option<u16>,
    /// The documented name. If absent, any name fits.
    pub error: Option<ErrorName>,
}
