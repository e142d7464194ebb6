//! Requests with two faults: a fault that is told alone explains them.

use super::{Divergence, Explanation};
use crate::case::{CaseClass, CaseKind, FaultClass};
use crate::contract::Constraint;

/// Adds each group of requests with two faults to a cause that explains one of its faults. Returns the groups that no
/// cause explains.
pub(super) fn attach_pairs(groups: &[Divergence], causes: &mut [Explanation]) -> Vec<usize> {
    let mut left = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let Some(faults) = group.faults().filter(|_| !group.is_mixed) else { continue };
        let explains = |cause: &&mut Explanation| {
            let is_alone = |other: &usize| faults.iter().any(|fault| is_fault_alone(fault, group, &groups[*other]));
            cause.groups.iter().any(is_alone)
        };
        match causes.iter_mut().find(explains) {
            Some(cause) => cause.groups.push(index),
            None => left.push(index),
        }
    }
    left
}

/// Returns true if a group is about one fault of a request with two faults. A fault in the credentials is the same in
/// every operation.
fn is_fault_alone((class, name): &(FaultClass, &str), pair: &Divergence, single: &Divergence) -> bool {
    if single.is_mixed || single.faults().is_some() || single.accepted.is_some() != pair.accepted.is_some() {
        return false;
    }
    let same_operation = single.operation == pair.operation;
    match class {
        FaultClass::Auth => *single.id.kind() == CaseKind::Unauthenticated,
        FaultClass::Forbidden => same_operation && *single.id.kind() == CaseKind::Forbidden,
        FaultClass::Malformed => same_operation && single.id.class() == Some(CaseClass::Malformed),
        FaultClass::Missing => same_operation && matches!(single.id.kind(), CaseKind::MissingResource(_)),
        _ => same_operation && is_same_member(*class, name, single),
    }
}

fn is_same_member(class: FaultClass, name: &str, single: &Divergence) -> bool {
    let constraint = single.id.kind().constraint();
    let fits = match class {
        FaultClass::Required => constraint == Some(Constraint::Required),
        FaultClass::Type => constraint == Some(Constraint::Type),
        FaultClass::Enum => constraint == Some(Constraint::Enum),
        FaultClass::Range => constraint == Some(Constraint::Range),
        FaultClass::Length => constraint == Some(Constraint::Length),
        FaultClass::Pattern => constraint == Some(Constraint::Pattern),
        FaultClass::Rule => constraint.is_some_and(|constraint| {
            constraint.relates_members()
                || matches!(constraint, Constraint::MaxTotalBytes | Constraint::Unique | Constraint::DistinctBy)
        }),
        FaultClass::Auth | FaultClass::Forbidden | FaultClass::Malformed | FaultClass::Missing => false,
    };
    // The name of a text or list that is too short has a suffix.
    let member = name.strip_suffix("-below-min").unwrap_or(name);
    fits && (class == FaultClass::Rule || single.id.subject_text() == member)
}
