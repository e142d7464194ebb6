//! A server that does not notice that a named resource does not exist.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope, spans_operations};
use super::super::identity_hash::IdentityHash;
use super::super::{CaseFacts, Divergence, Outcome};
use crate::case::{CaseKind, Intent};

pub(super) struct UncheckedExistence;

/// Minimum number of operations for a statement about the whole server.
const MIN_OPERATIONS: usize = 3;

impl CauseKind for UncheckedExistence {
    fn name(&self) -> &'static str {
        "unchecked-existence"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Server
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let is_missing =
            matches!(divergence.id.kind(), CaseKind::MissingResource(_)) || divergence.intent == Intent::Missing;
        let is_accepted = divergence.outcome == Outcome::Accepted && divergence.accepted.is_none();
        (is_missing && is_accepted).then(|| CauseIdentity::new(&[]))
    }

    fn contradicted_by(&self, case: &CaseFacts<'_>) -> Option<IdentityHash> {
        let is_missing = matches!(case.id.kind(), CaseKind::MissingResource(_));
        (is_missing && case.outcome == Outcome::Rejected).then(|| IdentityHash::new(self.name(), []))
    }

    fn is_supported_by(&self, explained: &[&Divergence]) -> bool {
        spans_operations(explained, MIN_OPERATIONS)
    }

    fn statement(&self, _identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        "requests for resources that do not exist are accepted".to_owned()
    }
}
