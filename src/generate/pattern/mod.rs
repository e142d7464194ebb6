//! Documented patterns: matches texts, and generates texts that match and texts that fail to match by one edit.
//!
//! The reference server never uses this module; it has a regex engine of its own.

mod dialect;
mod documented;
mod tree;
mod violations;

pub use documented::{DocumentedPattern, PatternError};
pub use violations::PatternViolation;
