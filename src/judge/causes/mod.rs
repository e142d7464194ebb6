//! Explains diverging cases by as few causes as possible, so that one fault of a server is told once.
//!
//! It never decides whether a case diverges: it only looks for the simplest statements that explain those that do, and
//! that no other case contradicts.

mod cause_kind;
mod contradictions;
mod cover;
mod divergence;
mod enforced_constraints;
mod explanation;
mod failure_text;
mod identity_hash;
mod kinds;
mod pairs;

pub(super) use contradictions::Contradictions;
pub(super) use cover::find_causes;
pub(super) use divergence::{CaseFacts, Divergence, OTHER_VALUE, Outcome};
pub(super) use explanation::Explanation;
pub(super) use failure_text::{
    FailureText, is_generic_failure, mask_member_path, mask_sent_values, mask_variable_parts, sent_input,
};
