//! A kind of causes: which diverging cases a cause of this kind can explain, and what contradicts it.

use super::enforced_constraints::EnforcedConstraints;
use super::identity_hash::IdentityHash;
use super::{CaseFacts, Divergence};
use std::hash::Hash;

/// How much of an endpoint a cause is about. Wider causes are preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CauseScope {
    /// The whole server.
    Server,
    /// A shape that several operations use.
    Shape,
    /// One operation.
    Operation,
    /// One member of one operation.
    Member,
    /// One constraint of one member.
    Constraint,
}

/// What distinguishes causes of one kind, such as the name of an operation and of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct CauseIdentity(pub Vec<String>);

impl CauseIdentity {
    pub fn new(parts: &[&str]) -> Self {
        Self(parts.iter().map(|part| (*part).to_owned()).collect())
    }
}

/// A kind of causes. Each lives in a file of its own.
pub(super) trait CauseKind: Sync {
    /// Returns the name in results, in kebab-case.
    fn name(&self) -> &'static str;

    /// Returns how much of the endpoint causes of this kind are about.
    fn scope(&self) -> CauseScope;

    /// Returns the cause of this kind that would explain a group of diverging cases, if there can be one.
    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity>;

    /// Returns the cause of this kind that a case contradicts because it did not diverge as the cause says.
    fn contradicted_by(&self, _case: &CaseFacts<'_>) -> Option<IdentityHash> {
        None
    }

    /// Returns true if the groups are enough to believe in the cause.
    fn is_supported_by(&self, explained: &[&Divergence]) -> bool;

    /// Returns true if the cases that show the opposite outweigh the groups.
    fn is_outweighed(&self, _explained: &[&Divergence], _enforced: &EnforcedConstraints) -> bool {
        false
    }

    /// Returns true if causes of this kind explain failures that the server describes itself.
    fn explains_described_failures(&self) -> bool {
        false
    }

    /// Returns the statement of several causes of this kind together, if they are one wherever they concern the same
    /// operations.
    fn merged_statement(&self, _explained: &[&Divergence]) -> Option<String> {
        None
    }

    /// Returns the cause in one sentence without a full stop.
    fn statement(&self, identity: &CauseIdentity, explained: &[&Divergence]) -> String;
}

/// Returns the number of different values of a property of the groups.
pub(super) fn count_distinct<T: Hash + Eq>(
    explained: &[&Divergence],
    property: impl Fn(&Divergence) -> Option<T>,
) -> usize {
    explained.iter().filter_map(|one| property(one)).collect::<std::collections::HashSet<_>>().len()
}

/// Returns true if the groups belong to at least this number of operations.
pub(super) fn spans_operations(explained: &[&Divergence], least: usize) -> bool {
    count_distinct(explained, |one| Some(one.operation.clone())) >= least
}
