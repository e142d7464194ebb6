//! A kind of constraints that is not enforced: nowhere, almost nowhere, or not by one operation.

use super::super::cause_kind::{CauseIdentity, CauseKind, CauseScope, count_distinct, spans_operations};
use super::super::enforced_constraints::EnforcedConstraints;
use super::super::identity_hash::IdentityHash;
use super::super::{CaseFacts, Divergence};
use crate::contract::Constraint;

/// Minimum number of members for a statement about a whole server.
const MIN_SERVER_MEMBERS: usize = 3;

/// Minimum number of members for a statement about most constraints of a server.
const MIN_LAX_MEMBERS: usize = 6;
/// Members that accept violations, for each one that rejects them, before most constraints count as not enforced.
const LAX_RATIO: usize = 4;

/// No constraint of one kind is enforced.
pub(super) struct ServerConstraint;
/// Few constraints of one kind are enforced: the server has no general check of them.
pub(super) struct LaxConstraint;
/// One kind of wrong type is accepted everywhere, although others are rejected.
pub(super) struct ServerTypeVariant;
/// One operation does not enforce any constraint of one kind.
pub(super) struct OperationConstraint;

/// Returns the constraint that a group shows to be unenforced.
fn accepted_constraint(divergence: &Divergence) -> Option<&'static str> {
    divergence.id.kind().constraint().filter(|_| divergence.is_accepted_violation()).map(Constraint::name)
}

/// Returns the constraint that a case shows to be enforced.
fn enforced_constraint(case: &CaseFacts<'_>) -> Option<Constraint> {
    case.constraint().filter(|_| case.is_rejected_violation())
}

fn member_of(divergence: &Divergence) -> Option<(String, String)> {
    Some((divergence.operation.clone(), divergence.id.subject_text().to_owned()))
}

impl CauseKind for ServerConstraint {
    fn name(&self) -> &'static str {
        "unchecked-constraint"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Server
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        Some(CauseIdentity::new(&[accepted_constraint(divergence)?]))
    }

    fn contradicted_by(&self, case: &CaseFacts<'_>) -> Option<IdentityHash> {
        Some(IdentityHash::new(self.name(), [enforced_constraint(case)?.name()]))
    }

    fn is_supported_by(&self, explained: &[&Divergence]) -> bool {
        spans_operations(explained, 2) && count_distinct(explained, member_of) >= MIN_SERVER_MEMBERS
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        format!("no `{}` constraint is enforced", identity.0.join(""))
    }
}

impl CauseKind for LaxConstraint {
    fn name(&self) -> &'static str {
        "lax-constraint"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Server
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        Some(CauseIdentity::new(&[accepted_constraint(divergence)?]))
    }

    fn is_supported_by(&self, explained: &[&Divergence]) -> bool {
        spans_operations(explained, 2) && count_distinct(explained, member_of) >= MIN_LAX_MEMBERS
    }

    fn is_outweighed(&self, explained: &[&Divergence], enforced: &EnforcedConstraints) -> bool {
        let constraint = explained.first().and_then(|one| one.id.kind().constraint());
        let enforcing = constraint.map_or(0, |constraint| enforced.member_count(constraint));
        count_distinct(explained, member_of) < enforcing * LAX_RATIO
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        format!("most `{}` constraints are not enforced", identity.0.join(""))
    }
}

impl CauseKind for ServerTypeVariant {
    fn name(&self) -> &'static str {
        "accepted-type"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Server
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        let constraint = accepted_constraint(divergence)?;
        (constraint == Constraint::Type.name()).then(|| CauseIdentity::new(&[divergence.id.variant()]))
    }

    fn contradicted_by(&self, case: &CaseFacts<'_>) -> Option<IdentityHash> {
        let is_type = enforced_constraint(case) == Some(Constraint::Type);
        is_type.then(|| IdentityHash::new(self.name(), [case.id.variant()]))
    }

    fn is_supported_by(&self, explained: &[&Divergence]) -> bool {
        spans_operations(explained, 2) && count_distinct(explained, member_of) >= MIN_SERVER_MEMBERS
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        format!("values of a wrong type are accepted ({})", identity.0.join(""))
    }
}

impl CauseKind for OperationConstraint {
    fn name(&self) -> &'static str {
        "unchecked-constraint-of-operation"
    }

    fn scope(&self) -> CauseScope {
        CauseScope::Operation
    }

    fn identify(&self, divergence: &Divergence) -> Option<CauseIdentity> {
        Some(CauseIdentity::new(&[&divergence.operation, accepted_constraint(divergence)?]))
    }

    fn contradicted_by(&self, case: &CaseFacts<'_>) -> Option<IdentityHash> {
        Some(IdentityHash::new(self.name(), [case.operation, enforced_constraint(case)?.name()]))
    }

    fn is_supported_by(&self, explained: &[&Divergence]) -> bool {
        count_distinct(explained, member_of) > 1
    }

    fn statement(&self, identity: &CauseIdentity, _explained: &[&Divergence]) -> String {
        match identity.0.as_slice() {
            [operation, constraint] => format!("{operation} enforces no `{constraint}` constraint"),
            _ => String::new(),
        }
    }
}
