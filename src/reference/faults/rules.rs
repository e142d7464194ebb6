//! Faults of rules over several members: dropped; byte budgets off by one, counted differently, or per request.
//!
//! Never invents a rule.

use super::constraint_fault::{BoundaryShift, ConstraintFault};
use super::context::FaultContext;
use super::fault::{Fault, FindingScope};
use crate::contract::{ByteScope, Fact, FactField, FactOrigin, ShapeRule};
use crate::reference::constraints::{ConstraintEdit, ConstraintNode, NodeKind};

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for node in &context.tree.nodes {
        for (index, check) in node.rules.iter().enumerate() {
            let constraint = check.rule.constraint().name();
            let mut add_hidden = |slug: &str,
                                  description: String,
                                  shift: BoundaryShift,
                                  hidden_reason: Option<&'static str>,
                                  edit: ConstraintEdit| {
                let slug = if index == 0 { slug.to_owned() } else { format!("{slug}.{index}") };
                let fault = ConstraintFault {
                    class: "rules",
                    constraint,
                    slug,
                    description,
                    violates_contract: true,
                    hidden_reason,
                    shift,
                    edit,
                };
                let mut fault = fault.into_fault(context, &node.path);
                // A rule over members is tested by omitting or adding them, and a budget by a law.
                for member in ["law", "pair", ""] {
                    fault.scopes.push(FindingScope::new(context.operation_name(), member, "*"));
                }
                fault.scopes.push(FindingScope::new(context.operation_name(), "*", constraint));
                faults.push(fault);
            };
            let hidden = reason_untested(context, node, &check.rule);
            let description = "the rule is not checked".to_owned();
            add_hidden("dropped", description, BoundaryShift::Looser, hidden, ConstraintEdit::RuleDropped(index));
            for (slug, description, shift, edit) in relation_edits(index, &check.rule) {
                let hidden = hidden.or_else(|| reason_without_neighbour(context, node, &check.rule));
                add_hidden(slug, description.to_owned(), shift, hidden, edit);
            }
            let ShapeRule::MaxTotalBytes { over, max, stored } = &check.rule else { continue };
            let open =
                is_scope_undocumented(context, node, *max).then_some("the documents leave open whether keys count");
            let (values, both) = match over {
                ByteScope::Values => (open, None),
                ByteScope::KeysAndValues => (None, open),
            };
            let more = max.saturating_add(1);
            let edit = ConstraintEdit::RuleMax(index, more);
            add_hidden("max+1", format!("{more} bytes are allowed"), BoundaryShift::Looser, both, edit);
            if let Some(less) = max.checked_sub(1) {
                let edit = ConstraintEdit::RuleMax(index, less);
                add_hidden("max-1", format!("{less} bytes are allowed"), BoundaryShift::Tighter, values, edit);
            }
            let description = "code points are counted".to_owned();
            add_hidden("in-chars", description, BoundaryShift::Looser, None, ConstraintEdit::RuleInChars(index));
            if *stored {
                let description = "only the request counts, not the stored data".to_owned();
                add_hidden(
                    "per-request",
                    description,
                    BoundaryShift::Looser,
                    None,
                    ConstraintEdit::RulePerRequest(index),
                );
            }
            match over {
                ByteScope::Values => {
                    let edit = ConstraintEdit::RuleByteScope(index, ByteScope::KeysAndValues);
                    add_hidden("with-keys", "keys are counted too".to_owned(), BoundaryShift::Tighter, open, edit);
                }
                ByteScope::KeysAndValues => {
                    let edit = ConstraintEdit::RuleByteScope(index, ByteScope::Values);
                    add_hidden("without-keys", "keys are not counted".to_owned(), BoundaryShift::Looser, open, edit);
                }
            }
        }
    }
    faults
}

/// Returns the further changes of a rule over several members: slug, description, direction and edit.
fn relation_edits(index: usize, rule: &ShapeRule) -> Vec<(&'static str, &'static str, BoundaryShift, ConstraintEdit)> {
    let (looser, tighter) = (BoundaryShift::Looser, BoundaryShift::Tighter);
    let always = ConstraintEdit::RuleUnconditional(index);
    let equal = ConstraintEdit::RuleEqualSwapped(index);
    match rule {
        ShapeRule::Requires { .. } => vec![("mutual", "the other members require this one, too", tighter, always)],
        ShapeRule::RequiredIf { .. } => vec![("always", "the member is required with every value", tighter, always)],
        ShapeRule::ForbiddenIf { .. } => vec![("always", "the member is forbidden with every value", tighter, always)],
        ShapeRule::LessThan { .. } => vec![("or-equal", "equal values are allowed", looser, equal)],
        ShapeRule::AtMost { .. } => vec![("not-equal", "equal values are not allowed", tighter, equal)],
        _ => Vec::new(),
    }
}

/// Returns why no request shows that a rule is not checked, if that is so.
fn reason_untested(context: &FaultContext<'_>, node: &ConstraintNode, rule: &ShapeRule) -> Option<&'static str> {
    let changes_stored = context.is_partial_update();
    match rule {
        ShapeRule::Requires { .. } | ShapeRule::RequiredIf { .. } | ShapeRule::AllOrNone { .. } if changes_stored => {
            Some("what the request leaves out may be stored already")
        }
        ShapeRule::OnlyIf { other, values, .. } if !has_other_value(context, node, other, values) => {
            Some("no other value is documented")
        }
        _ => None,
    }
}

/// Returns why no valid request comes near a rule, if that is so: the member that decides has no other value.
fn reason_without_neighbour(
    context: &FaultContext<'_>,
    node: &ConstraintNode,
    rule: &ShapeRule,
) -> Option<&'static str> {
    match rule {
        ShapeRule::RequiredIf { member, values, .. } | ShapeRule::ForbiddenIf { member, values, .. } => {
            (!has_other_value(context, node, member, values)).then_some("no other value is documented")
        }
        _ => None,
    }
}

/// Returns true if a member of a structure has a documented value that is none of these.
fn has_other_value(context: &FaultContext<'_>, node: &ConstraintNode, member: &str, values: &[String]) -> bool {
    let NodeKind::Structure { slots, .. } = &node.kind else { return false };
    slots.iter().filter(|slot| slot.name == member).any(|slot| match &context.tree.nodes[slot.node].kind {
        NodeKind::Boolean => values.len() == 1,
        NodeKind::Enum { values: all, .. } => {
            all.iter().any(|one| !values.iter().any(|value| value.eq_ignore_ascii_case(one)))
        }
        _ => false,
    })
}

/// Returns true if the documents leave open what a budget over a map counts: no structured field states it, and every
/// other documented maximum length stays reachable both with and without the keys.
pub(super) fn is_scope_undocumented(context: &FaultContext<'_>, node: &ConstraintNode, max: u64) -> bool {
    let NodeKind::Map { value, .. } = &node.kind else { return false };
    let shape = context.contract.shape(&node.shape);
    let states_scope =
        |fact: &Fact| matches!(fact.field, FactField::RuleScope(_)) && fact.standing != FactOrigin::Assumed;
    if shape.facts.iter().any(states_scope) {
        return false;
    }
    let inner = &context.tree.nodes[*value];
    let longest = match &inner.kind {
        NodeKind::Text => inner.length_max,
        NodeKind::Structure { slots, .. } => {
            slots.iter().filter(|slot| slot.name == "Value").find_map(|slot| context.tree.nodes[slot.node].length_max)
        }
        _ => None,
    };
    longest.is_none_or(|longest| longest < max)
}
