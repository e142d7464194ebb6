//! Faults of enums: a value is missing, or other strings are accepted.
//!
//! Never invents an enum value: an open enum accepts any string.

use super::constraint_fault::{BoundaryShift, ConstraintFault, url_safe_name};
use super::context::FaultContext;
use super::fault::Fault;
use crate::reference::constraints::{ConstraintEdit, NodeKind};

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for node in &context.tree.nodes {
        let NodeKind::Enum { values, .. } = &node.kind else { continue };
        let settled = context.contract.shape(&node.shape).undisputed_values();
        let mut add =
            |slug: String, description: String, violates_contract: bool, shift: BoundaryShift, edit: ConstraintEdit| {
                let fault = ConstraintFault {
                    class: "enums",
                    constraint: "enum",
                    slug,
                    description,
                    violates_contract,
                    hidden_reason: None,
                    shift,
                    edit,
                };
                faults.push(fault.into_fault(context, &node.path));
            };
        for value in values {
            let violates_contract = settled.contains(&value.as_str());
            let description = format!("`{value}` is rejected");
            add(
                format!("lost.{}", url_safe_name(value)),
                description,
                violates_contract,
                BoundaryShift::Tighter,
                ConstraintEdit::EnumValueRemoved(value.clone()),
            );
        }
        for (slug, description, edit) in [
            ("open", "any string is accepted", ConstraintEdit::EnumAnyValue),
            ("trimmed", "white space around a value is ignored", ConstraintEdit::EnumTrimmed),
        ] {
            add(slug.to_owned(), description.to_owned(), true, BoundaryShift::Looser, edit);
        }
        let letters = values.iter().any(|value| value.contains(|c: char| c.is_ascii_alphabetic()));
        add(
            "folded".to_owned(),
            "case is ignored".to_owned(),
            letters,
            BoundaryShift::Looser,
            ConstraintEdit::EnumIgnoreCase,
        );
    }
    faults
}
