//! Laws of services that machine models describe, without a line in a scenario: what exists and what does not, doing
//! something twice, and stored members.
//!
//! It infers no fixture: those of the completed scenario say what creates and deletes a resource.

pub(super) mod existence;
pub(super) mod expression_grammar;
pub(super) mod expressions;
pub(super) mod repetition;
pub(super) mod resource;
pub(super) mod shown_members;
pub(super) mod stored;
