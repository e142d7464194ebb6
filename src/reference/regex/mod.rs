//! Regular expressions of documents: translated from Java's dialect, and matched in bounded time.
//!
//! Never shares code with the client's side, which has patterns of its own.

mod bounded_regex;
mod character_class;
mod escape;
mod java_pattern;
mod look_around;
mod pattern_error;
mod translate;

pub(super) use java_pattern::JavaPattern;
pub(super) use look_around::{remove_look_around, widen_look_ahead};
