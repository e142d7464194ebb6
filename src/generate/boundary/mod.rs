//! Strategies for single requests, one per file: each is one way to test a limit at the boundary and past it.
//!
//! A strategy proposes case specs; the gate in `classify.rs` decides what each of them really tests. Strategies never
//! send anything, and never know a protocol's bytes.

pub(super) mod auth;
pub(super) mod byte_budget;
pub(super) mod canary;
pub(super) mod empty_values;
pub(super) mod enums;
pub(super) mod length;
mod member_relations;
pub(super) mod missing;
pub(super) mod multiples;
pub(super) mod pairs;
pub(super) mod path_encoding;
pub(super) mod patterns;
pub(super) mod random;
pub(super) mod range;
pub(super) mod recursion;
pub(super) mod required;
pub(super) mod rules;
pub(super) mod size_ladder;
pub(super) mod types;
pub(super) mod unique;
pub(super) mod valid;
