//! Builds a fault of the class of limits.
//!
//! Never decides where it applies.

use super::constraint_fault::{BoundaryShift, ConstraintFault};
use crate::reference::constraints::ConstraintEdit;

pub(super) fn limit_fault(
    constraint: &'static str,
    slug: &str,
    description: String,
    shift: BoundaryShift,
    violates_contract: bool,
    edit: ConstraintEdit,
) -> ConstraintFault {
    ConstraintFault {
        class: "limits",
        constraint,
        slug: slug.to_owned(),
        description,
        violates_contract,
        hidden_reason: None,
        shift,
        edit,
    }
}
