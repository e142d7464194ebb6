//! Rows of the tables of misbehaviors.
//!
//! Never decides for which operations a row applies.

use super::context::FaultContext;
use super::fault::{Fault, FaultChange, FindingScope};
use crate::reference::misbehavior::Misbehavior;

/// One row of a table of misbehaviors.
pub(super) struct FaultRow {
    pub slug: &'static str,
    pub misbehavior: Misbehavior,
    pub description: &'static str,
    pub violates_contract: bool,
}

pub(super) const fn row(slug: &'static str, misbehavior: Misbehavior, description: &'static str) -> FaultRow {
    FaultRow { slug, misbehavior, description, violates_contract: true }
}

/// Creates a row for a behaviour that is usually undocumented, or that cannot be seen from outside.
pub(super) const fn undocumented_row(
    slug: &'static str,
    misbehavior: Misbehavior,
    description: &'static str,
) -> FaultRow {
    FaultRow { slug, misbehavior, description, violates_contract: false }
}

impl FaultRow {
    pub(super) fn to_fault(&self, class: &'static str, context: &FaultContext<'_>, scopes: Vec<FindingScope>) -> Fault {
        Fault {
            name: format!("{}.{class}.{}", context.operation_name(), self.slug),
            class,
            operation: context.operation_name().to_owned(),
            description: self.description.to_owned(),
            violates_contract: self.violates_contract,
            hidden_reason: None,
            scopes,
            change: FaultChange::Misbehavior {
                operation: context.operation_name().to_owned(),
                misbehavior: self.misbehavior,
            },
        }
    }
}
