//! Infers resources from machine models: which operations create and delete them, and which members name them.
//!
//! It guesses from names and reports its guesses. It never changes what the scenario says, and it infers nothing for
//! operations that a page documents: for those, the scenario decides.

mod completion;
mod creators;
mod name_parts;
mod readiness;
mod required_scalars;

pub use completion::{IdentifierOrigin, InferenceResult, InferredResource, complete_scenario};
pub(crate) use creators::tolerates_missing_resource;
