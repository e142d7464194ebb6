//! A member of an operation whose value makes no difference.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope};
use super::super::identity_hash::IdentityHash;
use super::super::{CaseFacts, Divergence};

pub(super) struct IgnoredMember;

/// Minimum number of accepted violations before a member is said to be ignored.
const MIN_ACCEPTED_VIOLATIONS: u64 = 4;

impl CauseKind for IgnoredMember {
    fn name(&self) -> &'static str {
        "ignored-member"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Member
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let facts = divergence.facts();
        let member = facts.top_member().filter(|_| divergence.is_accepted_violation())?;
        Some(CauseIdentity::new(&[&divergence.operation, member]))
    }

    fn contradicted_by(&self, case: &CaseFacts<'_>) -> Option<IdentityHash> {
        let member = case.top_member().filter(|_| case.is_rejected_violation())?;
        Some(IdentityHash::new(self.name(), [case.operation, member]))
    }

    fn is_supported_by(&self, explained: &[&Divergence]) -> bool {
        explained.iter().map(|one| one.case_count).sum::<u64>() >= MIN_ACCEPTED_VIOLATIONS
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        match identity.0.as_slice() {
            [operation, member] => format!("{operation} ignores `{member}`: every invalid value is accepted"),
            _ => String::new(),
        }
    }
}
