//! Remembers which causes the cases of a run contradict, in memory that depends on the contract and not on the run.

use super::CaseFacts;
use super::cause_kind::IdentityHash;
use super::kinds::CAUSE_KINDS;
use std::collections::HashSet;

/// The causes that at least one case contradicts.
#[derive(Debug, Default)]
pub struct Contradictions(HashSet<IdentityHash>);

impl Contradictions {
    /// Records a case that kept the contract.
    pub fn record(&mut self, case: &CaseFacts<'_>) {
        for kind in CAUSE_KINDS {
            self.0.extend(kind.contradicted_by(case));
        }
    }

    pub(super) fn contains(&self, hash: IdentityHash) -> bool {
        self.0.contains(&hash)
    }
}
