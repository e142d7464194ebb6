//! Remembers which members enforce which constraints, in memory that depends on the contract and not on the run.

use super::CaseFacts;
use super::identity_hash::IdentityHash;
use crate::contract::Constraint;
use std::collections::{HashMap, HashSet};

/// The members for which a violation of a constraint was rejected as documented.
#[derive(Debug, Default)]
pub(super) struct EnforcedConstraints(HashMap<Constraint, HashSet<IdentityHash>>);

impl EnforcedConstraints {
    /// Records a case, if it shows that a constraint is enforced.
    pub fn record(&mut self, case: &CaseFacts<'_>) {
        if case.is_documented
            && case.is_rejected_violation()
            && let Some(constraint) = case.constraint()
        {
            let member = IdentityHash::new("member", [case.operation, case.id.subject_text()]);
            self.0.entry(constraint).or_default().insert(member);
        }
    }

    /// Returns the number of members that enforce a constraint.
    pub fn member_count(&self, constraint: Constraint) -> usize {
        self.0.get(&constraint).map_or(0, HashSet::len)
    }
}
