//! Faults of lengths, ranges, integers and unique entries: off by one, or dropped.
//!
//! Changes each documented limit; the only one that it invents is a minimum length that rejects empty values.

use super::constraint_fault::{BoundaryShift, ConstraintFault};
use super::context::FaultContext;
use super::fault::Fault;
use super::lengths::length_faults;
use super::limit_fault::limit_fault;
use crate::contract::FactField;
use crate::reference::constraints::{ConstraintEdit, ConstraintNode, NodeKind};

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for node in &context.tree.nodes {
        let shape = context.contract.shape(&node.shape);
        for fault in length_faults(context, node) {
            let field = if fault.slug.starts_with("min") { FactField::LengthMin } else { FactField::LengthMax };
            let violates_contract = fault.violates_contract && !shape.is_disputed(&field);
            faults.push(ConstraintFault { violates_contract, ..fault }.into_fault(context, &node.path));
        }
        add_range_faults(node, |slug, description, shift, edit| {
            let at_min = slug.starts_with("min");
            let disputed = shape.is_disputed(if at_min { &FactField::RangeMin } else { &FactField::RangeMax });
            let of_type = shift == BoundaryShift::Looser
                && match node.kind {
                    NodeKind::Integer { least, .. } if at_min => node.range_min.is_some_and(|min| min <= least as f64),
                    NodeKind::Integer { most, .. } => node.range_max.is_some_and(|max| max >= most as f64),
                    _ => false,
                };
            let hidden_reason = of_type.then_some("a number outside its type is rejected regardless of the range");
            let fault = limit_fault("range", slug, description, shift, !disputed, edit);
            faults.push(ConstraintFault { hidden_reason, ..fault }.into_fault(context, &node.path));
        });
        if let NodeKind::Integer { .. } = node.kind {
            for (slug, description, edit) in [
                ("fraction", "fractions are truncated", ConstraintEdit::IntegerTruncates),
                ("unbounded", "integers of any size are accepted", ConstraintEdit::IntegerUnbounded),
            ] {
                faults.push(
                    limit_fault("type", slug, description.to_owned(), BoundaryShift::Looser, true, edit)
                        .into_fault(context, &node.path),
                );
            }
        }
        if let Some(step) = node.multiple_of {
            let description = format!("numbers that are no multiple of {step} are accepted");
            let edit = ConstraintEdit::MultipleDropped;
            let fault = limit_fault("multipleOf", "dropped", description, BoundaryShift::Looser, true, edit);
            faults.push(fault.into_fault(context, &node.path));
        }
        if node.requires_unique {
            let description = "duplicate entries are accepted".to_owned();
            let fault = limit_fault(
                "unique",
                "dropped",
                description,
                BoundaryShift::Looser,
                true,
                ConstraintEdit::UniqueDropped,
            );
            faults.push(fault.into_fault(context, &node.path));
        }
    }
    faults
}

fn add_range_faults(node: &ConstraintNode, mut add: impl FnMut(&str, String, BoundaryShift, ConstraintEdit)) {
    if let Some(min) = node.range_min {
        add(
            "min-1",
            format!("the minimum value is {}", min - 1.0),
            BoundaryShift::Looser,
            ConstraintEdit::RangeMin(Some(min - 1.0)),
        );
        add(
            "min.dropped",
            "there is no minimum value".to_owned(),
            BoundaryShift::Looser,
            ConstraintEdit::RangeMin(None),
        );
        add(
            "min+1",
            format!("the minimum value is {}", min + 1.0),
            BoundaryShift::Tighter,
            ConstraintEdit::RangeMin(Some(min + 1.0)),
        );
    }
    if let Some(max) = node.range_max {
        add(
            "max+1",
            format!("the maximum value is {}", max + 1.0),
            BoundaryShift::Looser,
            ConstraintEdit::RangeMax(Some(max + 1.0)),
        );
        add(
            "max.dropped",
            "there is no maximum value".to_owned(),
            BoundaryShift::Looser,
            ConstraintEdit::RangeMax(None),
        );
        add(
            "max-1",
            format!("the maximum value is {}", max - 1.0),
            BoundaryShift::Tighter,
            ConstraintEdit::RangeMax(Some(max - 1.0)),
        );
    }
}
