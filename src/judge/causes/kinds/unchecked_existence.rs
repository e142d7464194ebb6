//! A server that does not notice that a named resource does not exist: none at all, or those that one member names.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope, spans_operations};
use super::super::identity_hash::IdentityHash;
use super::super::{CaseFacts, Divergence, Outcome};
use crate::case::{CaseKind, Intent};

pub(super) struct UncheckedExistence;

/// Several operations do not look up what a member of one name refers to, although others do.
pub(super) struct UncheckedReference;

/// Minimum number of operations for a statement about several operations.
const MIN_OPERATIONS: usize = 3;

/// Names of members that do not say which resource they name, in lower case.
const GENERIC_NAMES: [&str; 6] = ["id", "name", "arn", "key", "uuid", "identifier"];

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

impl CauseKind for UncheckedReference {
    fn name(&self) -> &'static str {
        "unchecked-reference"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Shape
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let CaseKind::MissingResource(path) = divergence.id.kind() else { return None };
        let is_accepted = divergence.outcome == Outcome::Accepted && divergence.accepted.is_none();
        let member = path.last_member().filter(|name| !GENERIC_NAMES.contains(&name.to_lowercase().as_str()))?;
        is_accepted.then(|| CauseIdentity::new(&[member]))
    }

    fn is_supported_by(&self, explained: &[&Divergence]) -> bool {
        spans_operations(explained, MIN_OPERATIONS)
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        let member = identity.0.first().map_or("", String::as_str);
        format!("requests whose `{member}` names nothing that exists are accepted")
    }
}
