//! Infers resources from machine models: which operations create and delete them, and which members name them.
//!
//! It guesses from names and reports its guesses. It never changes what the scenario says, and it infers nothing for
//! operations that a page documents: for those, the scenario decides.

mod makers;
mod nouns;
mod resources;

pub(crate) use makers::takes_nothing_amiss;
pub use resources::{Inference, Origin, Resource, infer};
