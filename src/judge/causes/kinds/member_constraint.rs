//! One constraint of one member that is broken in one way.

use super::super::Divergence;
use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope};
use super::shared_member::{describe_constraint, outcome_key};

pub(super) struct MemberConstraint;

impl CauseKind for MemberConstraint {
    fn name(&self) -> &'static str {
        "member-constraint"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Constraint
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let (constraint, outcome) = outcome_key(divergence)?;
        Some(CauseIdentity::new(&[&divergence.operation, divergence.id.subject_text(), constraint, &outcome]))
    }

    fn is_supported_by(&self, _explained: &[&Divergence]) -> bool {
        true
    }

    fn statement(&self, identity: &CauseIdentity, explained: &[&Divergence]) -> String {
        match identity.0.as_slice() {
            [operation, member, ..] => describe_constraint(&format!("{operation} · {member}"), explained),
            _ => String::new(),
        }
    }
}
