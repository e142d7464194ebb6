//! An operation that validates nothing, or fails on all invalid input.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope, count_distinct};
use super::super::identity_hash::IdentityHash;
use super::super::{CaseFacts, Divergence, Outcome};
use crate::case::Intent;

pub(super) struct UncheckedOperation;

/// Minimum number of top-level members for a statement about the operation.
const MIN_MEMBERS: usize = 3;
const ACCEPTED: &str = "accepted";

impl CauseKind for UncheckedOperation {
    fn name(&self) -> &'static str {
        "unchecked-operation"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Operation
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        divergence.facts().top_member()?;
        let has_failed = divergence.intent == Intent::Violates && divergence.outcome == Outcome::Failed;
        let outcome = match divergence.is_accepted_violation() {
            true => ACCEPTED,
            false if has_failed && divergence.accepted.is_none() => &divergence.observed,
            false => return None,
        };
        Some(CauseIdentity::new(&[&divergence.operation, outcome]))
    }

    /// Only an operation that accepts invalid input is said to validate nothing; which failures others have is not
    /// contradicted by what they reject.
    fn contradicted_by(&self, case: &CaseFacts<'_>) -> Option<IdentityHash> {
        case.is_rejected_violation().then(|| IdentityHash::new(self.name(), [case.operation, ACCEPTED]))
    }

    fn is_supported_by(&self, explained: &[&Divergence]) -> bool {
        count_distinct(explained, |one| one.facts().top_member().map(str::to_owned)) >= MIN_MEMBERS
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        match identity.0.as_slice() {
            [operation, outcome] if outcome == ACCEPTED => format!("{operation} accepts any invalid input"),
            [operation, outcome] => format!("{operation} answers invalid input with {outcome}"),
            _ => String::new(),
        }
    }
}
