//! Faults of lengths: off by one, dropped, or counted in another unit.
//!
//! Never lists a fault as visible if another constraint masks it.

use super::constraint_fault::{BoundaryShift, ConstraintFault};
use super::context::FaultContext;
use super::limit_fault::limit_fault;
use super::rules::is_scope_undocumented;
use crate::contract::{ByteScope, Fact, FactField, FactOrigin, MemberLocation, PathSegment, Shape, ShapeRule};
use crate::reference::constraints::{ConstraintEdit, ConstraintNode, LengthUnit, NodeKind};
use crate::reference::regex::JavaPattern;
use crate::reference::sample::COMMON_TEXTS;

/// Returns the faults of a node's length.
pub(super) fn length_faults(context: &FaultContext<'_>, node: &ConstraintNode) -> Vec<ConstraintFault> {
    let mut faults = min_length_faults(node);
    if let Some(max) = node.length_max {
        let budget = find_budget(context, node);
        faults.extend(max_length_faults(max, budget));
        if is_text(node) && max > 0 {
            faults.extend(length_unit_faults(context, node, max, budget));
        }
    }
    faults
}

fn is_text(node: &ConstraintNode) -> bool {
    matches!(node.kind, NodeKind::Text)
}

fn length_fault(
    slug: &str,
    description: impl Into<String>,
    shift: BoundaryShift,
    edit: ConstraintEdit,
) -> ConstraintFault {
    limit_fault("length", slug, description.into(), shift, true, edit)
}

fn min_length_faults(node: &ConstraintNode) -> Vec<ConstraintFault> {
    let is_text = is_text(node);
    let empty = empty_value_hidden_reason(node, is_text);
    let set_min = |min: u64, slug: &str, shift: BoundaryShift| {
        length_fault(slug, format!("the minimum length is {min}"), shift, ConstraintEdit::LengthMin(Some(min)))
    };
    match node.length_min {
        Some(min) if min > 0 => {
            let shorter = set_min(min - 1, "min-1", BoundaryShift::Looser);
            let mut faults = vec![ConstraintFault { hidden_reason: if min == 1 { empty } else { None }, ..shorter }];
            if min > 1 {
                let edit = ConstraintEdit::LengthMin(None);
                faults.push(length_fault("min.dropped", "there is no minimum length", BoundaryShift::Looser, edit));
            }
            let pattern_is_longer =
                is_text && node.pattern_text.as_deref().and_then(shortest_match).is_some_and(|least| least > min);
            faults.push(ConstraintFault {
                violates_contract: node.length_max.is_none_or(|max| max > min),
                hidden_reason: pattern_is_longer.then_some("the pattern matches no string that short"),
                ..set_min(min + 1, "min+1", BoundaryShift::Tighter)
            });
            faults
        }
        min if is_text || matches!(node.kind, NodeKind::List { .. } | NodeKind::Map { .. } | NodeKind::Blob) => {
            vec![ConstraintFault {
                violates_contract: min.is_some(),
                hidden_reason: empty,
                ..set_min(1, "min+1", BoundaryShift::Tighter)
            }]
        }
        _ => Vec::new(),
    }
}

fn max_length_faults(max: u64, budget: Option<TextBudget>) -> Vec<ConstraintFault> {
    let more = max.saturating_add(1);
    let hidden_reason = budget.and_then(|budget| longer_is_over_budget(max, budget.accepted));
    let set_max = |max: u64, slug: &str, shift: BoundaryShift| {
        length_fault(slug, format!("the maximum length is {max}"), shift, ConstraintEdit::LengthMax(Some(max)))
    };
    let edit = ConstraintEdit::LengthMax(None);
    let dropped = length_fault("max.dropped", "there is no maximum length", BoundaryShift::Looser, edit);
    let mut faults = vec![
        ConstraintFault { hidden_reason, ..set_max(more, "max+1", BoundaryShift::Looser) },
        ConstraintFault { hidden_reason, ..dropped },
    ];
    if max > 0 {
        faults.push(set_max(max - 1, "max-1", BoundaryShift::Tighter));
    }
    faults
}

/// Returns the reason why no value longer than the maximum is accepted, if a budget of this many bytes rejects it.
fn longer_is_over_budget(max: u64, budget: u64) -> Option<&'static str> {
    (max.saturating_add(1) > budget).then_some("a byte budget also rejects every longer value")
}

fn length_unit_faults(
    context: &FaultContext<'_>,
    node: &ConstraintNode,
    max: u64,
    budget: Option<TextBudget>,
) -> Vec<ConstraintFault> {
    let over = |budget: u64| longer_is_over_budget(max, budget);
    let longer = budget.and_then(|budget| over(budget.accepted));
    let wider = budget.and_then(|budget| over(budget.undisputed));
    let elsewhere = has_pattern_only_from_prose(context, node)
        .then_some("a sentence lists the characters for other keys of the same kind, and may apply to these");
    [
        ("max.in-utf16", "lengths count UTF-16 code units", LengthUnit::Utf16, "😀"),
        ("max.in-bytes", "lengths count UTF-8 bytes", LengthUnit::Bytes, "é"),
        ("max.in-graphemes", "lengths count user-perceived characters", LengthUnit::Graphemes, "e\u{301}"),
    ]
    .into_iter()
    .map(|(slug, description, unit, character)| {
        let hidden_reason = unit_hidden_reason(node, character, unit).or(match unit {
            // The shortest string that reveals it has one combining mark of two bytes.
            LengthUnit::Graphemes => budget.and_then(|budget| over(budget.accepted.saturating_sub(1)).or(longer)),
            _ => wider.or(elsewhere),
        });
        let fault = length_fault(slug, description, BoundaryShift::Both, ConstraintEdit::LengthUnit(unit));
        ConstraintFault { hidden_reason, ..fault }
    })
    .collect()
}

/// Returns the reason why the unit makes no difference, if there is one: it makes one only if the pattern allows such
/// characters; an unanchored pattern allows them in a string that must be rejected for its length.
fn unit_hidden_reason(node: &ConstraintNode, character: &str, unit: LengthUnit) -> Option<&'static str> {
    let whole = node.pattern_text.as_deref().and_then(|text| JavaPattern::new(&format!("^(?:{text})$"), false).ok());
    let least = node.length_min.unwrap_or(1).max(1) as usize;
    let mut texts = ["a", "A", "0"].map(|c| c.repeat(least) + character).to_vec();
    texts.push(character.repeat(least));
    texts.extend(COMMON_TEXTS.iter().flat_map(|form| [format!("{form}{character}"), format!("{character}{form}")]));
    let is_accepted = texts.iter().any(|text| pattern_accepts(node, text));
    let matches_whole = whole.as_ref().is_none_or(|whole| texts.iter().any(|text| whole.is_match(text)));
    let is_observable = matches_whole || is_accepted && (least > 1 || unit == LengthUnit::Graphemes);
    (!is_observable).then_some("the pattern allows no character that is counted differently")
}

/// Returns the reason why an empty value never reaches this node, if there is one.
fn empty_value_hidden_reason(node: &ConstraintNode, is_text: bool) -> Option<&'static str> {
    match node.location {
        MemberLocation::Query if matches!(node.kind, NodeKind::List { .. }) => {
            Some("an empty list is absent from a query")
        }
        MemberLocation::Label if !node.is_map_key() => Some("an empty segment changes the path"),
        _ if is_text && !pattern_accepts(node, "") => Some("the pattern also rejects an empty string"),
        _ => None,
    }
}

/// Returns the minimum number of characters that a pattern can match, as far as that can be derived from it.
fn shortest_match(pattern: &str) -> Option<u64> {
    regex_syntax::parse(pattern).ok()?.properties().minimum_len().map(|least| least as u64)
}

/// The byte budget that a string counts towards.
#[derive(Clone, Copy)]
struct TextBudget {
    /// The total number of bytes that this server accepts.
    accepted: u64,
    /// The number of bytes that every interpretation of the documents accepts.
    undisputed: u64,
}

/// Returns the budget that a string counts towards, if there is one.
fn find_budget(context: &FaultContext<'_>, node: &ConstraintNode) -> Option<TextBudget> {
    context.tree.nodes.iter().filter(|outer| node.path.0.starts_with(&outer.path.0)).find_map(|outer| {
        let within = &node.path.0[outer.path.0.len()..];
        outer.rules.iter().find_map(|check| match &check.rule {
            ShapeRule::MaxTotalBytes { over, max, .. }
                if *over == ByteScope::KeysAndValues || within.first() != Some(&PathSegment::Key) =>
            {
                let open = is_scope_undocumented(context, outer, *max);
                Some(TextBudget { accepted: *max, undisputed: max.saturating_sub(if open { 1 } else { 0 }) })
            }
            _ => None,
        })
    })
}

/// Returns true if these are keys without a pattern, whose shape has a pattern from prose where it is used elsewhere.
fn has_pattern_only_from_prose(context: &FaultContext<'_>, node: &ConstraintNode) -> bool {
    if !node.is_map_key() || node.pattern_text.is_some() {
        return false;
    }
    let model = |shape: &Shape| {
        shape.facts_at(&FactField::Type).find(|fact| fact.standing == FactOrigin::Model).map(Fact::provenance)
    };
    let Some(place) = model(context.contract.shape(&node.shape)) else { return false };
    let from_prose = |shape: &Shape| {
        shape.pattern.is_some() && shape.facts_at(&FactField::Pattern).all(|fact| fact.standing == FactOrigin::Prose)
    };
    context.contract.shapes.values().any(|other| from_prose(other) && model(other).as_ref() == Some(&place))
}

fn pattern_accepts(node: &ConstraintNode, text: &str) -> bool {
    node.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
}
