//! A member of an operation whose value makes no difference.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope, IdentityHash};
use super::super::{CaseFacts, Divergence, Outcome};
use crate::case::Intent;

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
        let is_accepted = divergence.intent == Intent::Violates
            && divergence.outcome == Outcome::Accepted
            && divergence.accepted.is_none()
            && divergence.wrong_form.is_none();
        let top = divergence.facts().top_member().filter(|_| is_accepted)?.to_owned();
        Some(CauseIdentity::new(&[&divergence.operation, &top]))
    }

    fn contradicted_by(&self, case: &CaseFacts<'_>) -> Option<IdentityHash> {
        let is_rejected = case.intent == Intent::Violates && case.outcome == Outcome::Rejected;
        Some(IdentityHash::new(self.name(), [case.operation, case.top_member().filter(|_| is_rejected)?]))
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
