//! Free requests and sequences of them: where no document points.
//!
//! Whatever is drawn is labelled like any planned case; nothing here decides what an answer is worth.

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
