//! The constraints of one operation's input: built from a contract, changed by faults, and checked against a value.
//!
//! Never sees HTTP.

mod apply_edit;
mod build;
mod check;
mod check_expressions;
mod check_rules;
mod edit;
mod pattern_cache;
mod tree;

pub use edit::{ConstraintEdit, ConstraintSite};

pub(super) use check::InputViolation;
pub(super) use edit::{JsonType, LengthUnit};
pub(super) use pattern_cache::PatternCache;
pub(super) use tree::{ConstraintNode, ConstraintTree, MemberSlot, NodeKind};
