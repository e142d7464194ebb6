//! Generates fuzz cases: random requests and sequences of requests that no documented limit calls for.
//!
//! Generated requests are labelled like planned cases. This module never judges a response.

mod act;
mod carried;
mod choose;
mod exact;
mod expected;
mod rule;
mod seed;
mod simpler;
mod source;
mod tale;
mod values;
mod words;

pub use act::{Act, ActError, acts_from_json, acts_to_json};
pub use source::Wild;
pub use tale::{Claim, Tale};
