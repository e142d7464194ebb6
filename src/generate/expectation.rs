//! What a case expects of the answer to its judged step.

use crate::contract::{ErrorName, Role, ShapeId};

/// What the documents say the answer must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation {
    /// Success, as documented.
    Accept(Accept),
    /// One of these errors; any of them fits.
    Reject {
        /// The role that every one of them has.
        role: Role,
        /// What fits. Never empty.
        errors: Vec<ExpectedError>,
    },
    /// A law holds between the steps.
    Keep {
        /// Its name: `merges`.
        law: String,
    },
    /// The documents are silent or contradict each other; only a 5xx, a hang or a drop is a finding.
    Unspecified {
        /// Why.
        reason: String,
    },
}

/// A documented success.
#[derive(Clone, Debug, PartialEq)]
pub struct Accept {
    /// The documented status; any 2xx where no source says one.
    pub status: Option<u16>,
    /// The shape of the body; absent where no source says one.
    pub output: Option<ShapeId>,
    /// Documented errors that fit as well, because the request names a resource of which neither
    /// scenario nor documents say whether it exists. Usually empty.
    pub or: Vec<ExpectedError>,
    /// What must have been true before, or a refusal teaches nothing.
    pub assumes: Option<Assumption>,
}

/// A state of the resource that an expected success builds on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// The steps that read the state, before and after: others may write to the same resource.
    pub steps: Vec<usize>,
    /// Where in their answers the map stands, or a list whose items hold their names.
    pub path: String,
    /// The keys that this case writes, and which therefore do not add up.
    pub only: Vec<String>,
    /// How many bytes all other entries may take, names included.
    pub room: u64,
}

/// One error that fits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExpectedError {
    /// Its status; any 4xx where no source says one.
    pub status: Option<u16>,
    /// Its name; any, where the documents name none.
    pub error: Option<ErrorName>,
}
