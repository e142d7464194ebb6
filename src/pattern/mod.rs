//! Documented patterns: matches texts, and generates texts that match and texts that fail to match by one edit.
//!
//! The reference server never uses this module; it has a regex engine of its own.

mod dialect;
mod documented;
mod draw;
mod tree;
mod violations;

pub use documented::{DocumentedPattern, PatternError};
#[cfg(any(test, feature = "proptest"))]
pub use draw::any_recorded_draw;
pub use draw::{Draw, RecordedDraw, RecordingDraw, SeededDraw, pick_item};
pub use violations::PatternViolation;
