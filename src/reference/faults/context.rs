//! The operation for which faults are listed.
//!
//! Never lists a fault.

use super::fault::FindingScope;
use crate::contract::{Contract, ErrorRole, MemberLocation, Operation, ShapeRule};
use crate::reference::constraints::{ConstraintTree, NodeKind};

/// One operation, with the constraint tree of its input.
pub(super) struct FaultContext<'a> {
    pub contract: &'a Contract,
    pub operation: &'a Operation,
    pub tree: ConstraintTree,
}

impl FaultContext<'_> {
    pub(super) fn operation_name(&self) -> &str {
        self.operation.name.as_str()
    }

    /// Returns true if the operation documents an error with this role.
    pub(super) fn documents_role(&self, role: ErrorRole) -> bool {
        self.contract.operation_errors(self.operation).any(|(_, error)| error.role == role)
    }

    /// Returns true if the operation changes a stored resource and leaves out what stays.
    pub(super) fn is_partial_update(&self) -> bool {
        let name = self.operation_name().to_ascii_lowercase();
        self.operation.http.as_ref().is_some_and(|http| http.method.eq_ignore_ascii_case("patch"))
            || ["update", "modify", "change", "edit", "patch"].iter().any(|word| name.starts_with(word))
    }

    /// Returns true if the body holds members of the input.
    pub(super) fn has_body(&self) -> bool {
        self.tree.slots().iter().any(|slot| slot.location.is_in_document())
    }
}

/// Returns a scope that covers every finding of the operation.
pub(super) fn operation_scope(context: &FaultContext<'_>) -> Vec<FindingScope> {
    vec![FindingScope::new(context.operation_name(), "*", "*")]
}

/// Returns true if a body without members is never valid.
pub(super) fn requires_body_member(context: &FaultContext<'_>) -> bool {
    let Some(root) = context.tree.nodes.first() else { return false };
    let NodeKind::Structure { slots, .. } = &root.kind else { return false };
    slots.iter().any(|slot| slot.required && slot.location == MemberLocation::Body)
        || root.rules.iter().any(|check| matches!(check.rule, ShapeRule::AtLeastOneOf { .. }))
}
