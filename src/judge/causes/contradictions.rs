//! Remembers which causes the cases of a run contradict, in memory that depends on the contract and not on the run.

use super::CaseFacts;
use super::enforced_constraints::EnforcedConstraints;
use super::identity_hash::IdentityHash;
use super::kinds::CAUSE_KINDS;
use std::collections::HashSet;

/// The causes that at least one case contradicts, and the members that enforce constraints.
#[derive(Debug, Default)]
pub struct Contradictions {
    contradicted: HashSet<IdentityHash>,
    enforced: EnforcedConstraints,
}

impl Contradictions {
    /// Records a case that kept the contract.
    pub fn record(&mut self, case: &CaseFacts<'_>) {
        for kind in CAUSE_KINDS {
            self.contradicted.extend(kind.contradicted_by(case));
        }
        self.enforced.record(case);
    }

    /// Returns the members that enforce constraints.
    pub(super) fn enforced(&self) -> &EnforcedConstraints {
        &self.enforced
    }

    pub(super) fn contains(&self, hash: IdentityHash) -> bool {
        self.contradicted.contains(&hash)
    }
}
