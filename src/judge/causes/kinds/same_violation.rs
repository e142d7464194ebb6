//! An operation that violates several laws in the same way, such as a key that is stored twice.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope};
use super::super::{Divergence, Outcome};

pub(super) struct SameViolation;

impl CauseKind for SameViolation {
    fn name(&self) -> &'static str {
        "same-violation"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Operation
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let is_law = divergence.outcome == Outcome::LawViolated && divergence.accepted.is_none();
        is_law.then(|| CauseIdentity::new(&[&divergence.operation, &divergence.observed]))
    }

    fn is_supported_by(&self, _explained: &[&Divergence]) -> bool {
        true
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        match identity.0.as_slice() {
            [operation, observed] => format!("{operation}: {observed}"),
            _ => String::new(),
        }
    }
}
