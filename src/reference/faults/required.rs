//! Faults of required members: optional although required, or the reverse; nulls inside lists and maps.
//!
//! Never changes labels: a path without its label is a different path.

use super::constraint_fault::{BoundaryShift, ConstraintFault};
use super::context::{FaultContext, operation_scope};
use super::fault::Fault;
use super::types::add_nested_scopes;
use crate::contract::MemberLocation;
use crate::reference::constraints::{ConstraintEdit, ConstraintNode, MemberSlot, NodeKind};

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for node in &context.tree.nodes {
        match &node.kind {
            NodeKind::Structure { slots, union } => {
                for slot in slots.iter().filter(|slot| slot.location != MemberLocation::Label) {
                    add_member_faults(context, node, slot, *union, &mut faults);
                }
            }
            // A string in a query or a path is never null.
            NodeKind::List { .. } | NodeKind::Map { .. } if node.location == MemberLocation::Body => {
                let description = "entries may be null";
                let fault = required_fault(
                    "required",
                    "null-inside",
                    description,
                    true,
                    BoundaryShift::Looser,
                    ConstraintEdit::NullElements,
                );
                let mut fault = fault.into_fault(context, &node.path);
                add_nested_scopes(context, node, &mut fault);
                faults.push(fault);
            }
            _ => {}
        }
    }
    faults
}

fn add_member_faults(
    context: &FaultContext<'_>,
    node: &ConstraintNode,
    slot: &MemberSlot,
    union: bool,
    faults: &mut Vec<Fault>,
) {
    let path = node.path.join_member(&slot.name);
    if slot.required {
        let dropped = required_fault(
            "required",
            "dropped",
            "may be missing",
            true,
            BoundaryShift::Looser,
            ConstraintEdit::RequiredDropped,
        );
        faults.push(dropped.into_fault(context, &path));
        if node.location == MemberLocation::Body && slot.location == MemberLocation::Body {
            let null = required_fault(
                "required",
                "null",
                "may be null",
                true,
                BoundaryShift::Looser,
                ConstraintEdit::RequiredNull,
            );
            faults.push(null.into_fault(context, &path));
        }
    } else if !union {
        let added = required_fault(
            "required",
            "added",
            "is required",
            true,
            BoundaryShift::Tighter,
            ConstraintEdit::RequiredAdded,
        );
        let mut fault = added.into_fault(context, &path);
        // Every case that omits the member can reveal it.
        fault.scopes.extend(operation_scope(context));
        faults.push(fault);
    }
}

fn required_fault(
    constraint: &'static str,
    slug: &str,
    description: &str,
    violates_contract: bool,
    shift: BoundaryShift,
    edit: ConstraintEdit,
) -> ConstraintFault {
    ConstraintFault {
        class: "required",
        constraint,
        slug: slug.to_owned(),
        description: description.to_owned(),
        violates_contract,
        hidden_reason: None,
        shift,
        edit,
    }
}
