//! What a machine model lets one infer about resources: who makes what, who takes it away, and which members name it.
//!
//! It guesses by names and says what it guessed; what the scenario says itself is never changed, and nothing is
//! inferred for operations that a page documents: there the scenario has the word.

mod makers;
mod nouns;
mod resources;

pub(crate) use makers::takes_nothing_amiss;
pub use resources::{Inference, Origin, Resource, infer};
