//! Documented patterns: what matches, texts that do, and texts that do not by one edit.
//!
//! Never used by the reference server, which has a regex engine of its own.

mod dialect;
mod members;
mod tree;
mod violations;

pub use members::{Pattern, PatternError};
pub use violations::Violation;
