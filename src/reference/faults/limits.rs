//! Faults of lengths and ranges: off by one, dropped, or counted in another unit.
//!
//! Changes each documented limit; never invents one, except for a minimum length that rejects empty values.

use super::constraint_fault::{BoundaryShift, ConstraintFault};
use super::context::FaultContext;
use super::fault::Fault;
use super::rules::is_scope_undocumented;
use crate::contract::{ByteScope, FactField, FactOrigin, MemberLocation, PathSegment, Shape, ShapeRule};
use crate::reference::constraints::{ConstraintEdit, ConstraintNode, LengthUnit, NodeKind};
use crate::reference::regex::JavaPattern;
use crate::reference::sample::COMMON_TEXTS;

const FAULT_CLASS: &str = "limits";

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for node in &context.tree.nodes {
        let shape = context.contract.shape(&node.shape);
        add_length_faults(context, node, |slug, describes, moves, (breaks, hidden), edit| {
            let disputed =
                shape.is_disputed(if slug.starts_with("min") { &FactField::LengthMin } else { &FactField::LengthMax });
            let made = limit_fault("length", slug, describes, moves, breaks && !disputed, edit);
            faults.push(ConstraintFault { hidden_reason: hidden, ..made }.into_fault(context, &node.path));
        });
        add_range_faults(node, |slug, describes, moves, edit| {
            let at_min = slug.starts_with("min");
            let disputed = shape.is_disputed(if at_min { &FactField::RangeMin } else { &FactField::RangeMax });
            let of_type = moves == BoundaryShift::Looser
                && match node.kind {
                    NodeKind::Integer { least, .. } if at_min => node.range_min.is_some_and(|min| min <= least as f64),
                    NodeKind::Integer { most, .. } => node.range_max.is_some_and(|max| max >= most as f64),
                    _ => false,
                };
            let hidden = of_type.then_some("a number outside its type is rejected regardless of the range");
            let made = limit_fault("range", slug, describes, moves, !disputed, edit);
            faults.push(ConstraintFault { hidden_reason: hidden, ..made }.into_fault(context, &node.path));
        });
        if let NodeKind::Integer { .. } = node.kind {
            for (slug, describes, edit) in [
                ("fraction", "fractions are truncated", ConstraintEdit::IntegerTruncates),
                ("unbounded", "integers of any size are accepted", ConstraintEdit::IntegerUnbounded),
            ] {
                faults.push(
                    limit_fault("type", slug, describes.to_owned(), BoundaryShift::Looser, true, edit)
                        .into_fault(context, &node.path),
                );
            }
        }
        if node.requires_unique {
            let describes = "duplicate entries are accepted".to_owned();
            let fault =
                limit_fault("unique", "dropped", describes, BoundaryShift::Looser, true, ConstraintEdit::UniqueDropped);
            faults.push(fault.into_fault(context, &node.path));
        }
    }
    faults
}

fn limit_fault(
    constraint: &'static str,
    slug: &str,
    describes: String,
    moves: BoundaryShift,
    breaks: bool,
    edit: ConstraintEdit,
) -> ConstraintFault {
    ConstraintFault {
        class: FAULT_CLASS,
        constraint,
        slug: slug.to_owned(),
        description: describes,
        violates_contract: breaks,
        hidden_reason: None,
        shift: moves,
        edit,
    }
}

fn pattern_accepts(node: &ConstraintNode, text: &str) -> bool {
    node.pattern.as_ref().is_none_or(|pattern| pattern.is_match(text))
}

/// Whether the fault contradicts the documents, and the reason why no request can reveal it, if there is one.
type FaultVisibility = (bool, Option<&'static str>);

const VISIBLE: FaultVisibility = (true, None);

fn add_length_faults(
    context: &FaultContext<'_>,
    node: &ConstraintNode,
    mut add: impl FnMut(&str, String, BoundaryShift, FaultVisibility, ConstraintEdit),
) {
    let is_text = matches!(node.kind, NodeKind::Text);
    let empty = empty_value_hidden_reason(node, is_text);
    match node.length_min {
        Some(min) if min > 0 => {
            let hidden = if min == 1 { empty } else { None };
            let edit = ConstraintEdit::LengthMin(Some(min - 1));
            add("min-1", format!("the minimum length is {}", min - 1), BoundaryShift::Looser, (true, hidden), edit);
            if min > 1 {
                let describes = "there is no minimum length".to_owned();
                add("min.dropped", describes, BoundaryShift::Looser, VISIBLE, ConstraintEdit::LengthMin(None));
            }
            let possible = node.length_max.is_none_or(|max| max > min);
            let longer =
                is_text && node.pattern_text.as_deref().and_then(shortest_match).is_some_and(|least| least > min);
            let hidden = longer.then_some("the pattern matches no string that short");
            let edit = ConstraintEdit::LengthMin(Some(min + 1));
            add(
                "min+1",
                format!("the minimum length is {}", min + 1),
                BoundaryShift::Tighter,
                (possible, hidden),
                edit,
            );
        }
        min if is_text || matches!(node.kind, NodeKind::List { .. } | NodeKind::Map { .. } | NodeKind::Blob) => {
            let describes = "the minimum length is 1".to_owned();
            add("min+1", describes, BoundaryShift::Tighter, (min.is_some(), empty), ConstraintEdit::LengthMin(Some(1)));
        }
        _ => {}
    }
    let Some(max) = node.length_max else { return };
    let budget = find_budget(context, node);
    let over = |room: u64| (max.saturating_add(1) > room).then_some("a byte budget also rejects every longer value");
    let longer = budget.and_then(|budget| over(budget.accepted));
    let edit = ConstraintEdit::LengthMax(Some(max.saturating_add(1)));
    let describes = format!("the maximum length is {}", max.saturating_add(1));
    add("max+1", describes, BoundaryShift::Looser, (true, longer), edit);
    let describes = "there is no maximum length".to_owned();
    add("max.dropped", describes, BoundaryShift::Looser, (true, longer), ConstraintEdit::LengthMax(None));
    if max > 0 {
        let edit = ConstraintEdit::LengthMax(Some(max - 1));
        add("max-1", format!("the maximum length is {}", max - 1), BoundaryShift::Tighter, VISIBLE, edit);
    }
    if is_text && max > 0 {
        let wider = budget.and_then(|budget| over(budget.undisputed));
        let elsewhere = has_pattern_only_from_prose(context, node)
            .then_some("a sentence lists the characters for other keys of the same kind, and may apply to these");
        let whole =
            node.pattern_text.as_deref().and_then(|text| JavaPattern::new(&format!("^(?:{text})$"), false).ok());
        // A unit makes a difference only if the pattern allows such characters; an unanchored pattern allows them
        // in a string that must be rejected for its length.
        let refused = |one: &str, unit: LengthUnit| {
            let least = node.length_min.unwrap_or(1).max(1) as usize;
            let mut texts = ["a", "A", "0"].map(|c| c.repeat(least) + one).to_vec();
            texts.push(one.repeat(least));
            texts.extend(COMMON_TEXTS.iter().flat_map(|form| [format!("{form}{one}"), format!("{one}{form}")]));
            let found = texts.iter().any(|text| pattern_accepts(node, text));
            let matched = whole.as_ref().is_none_or(|whole| texts.iter().any(|text| whole.is_match(text)));
            let shows = matched || found && (least > 1 || unit == LengthUnit::Graphemes);
            (!shows).then_some("the pattern allows no character that is counted differently")
        };
        for (slug, describes, unit, one) in [
            ("in-utf16", "lengths count UTF-16 code units", LengthUnit::Utf16, "😀"),
            ("in-bytes", "lengths count UTF-8 bytes", LengthUnit::Bytes, "é"),
            ("in-graphemes", "lengths count user-perceived characters", LengthUnit::Graphemes, "e\u{301}"),
        ] {
            let hidden = refused(one, unit).or(match unit {
                // The shortest string that reveals it has one combining mark of two bytes.
                LengthUnit::Graphemes => budget.and_then(|budget| over(budget.accepted.saturating_sub(1)).or(longer)),
                _ => wider.or(elsewhere),
            });
            let slug = format!("max.{slug}");
            add(&slug, describes.to_owned(), BoundaryShift::Both, (true, hidden), ConstraintEdit::LengthUnit(unit));
        }
    }
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
        shape
            .facts_at(&FactField::Type)
            .find(|fact| fact.standing == FactOrigin::Model)
            .map(crate::contract::Fact::provenance)
    };
    let Some(place) = model(context.contract.shape(&node.shape)) else { return false };
    let from_prose = |shape: &Shape| {
        shape.pattern.is_some() && shape.facts_at(&FactField::Pattern).all(|fact| fact.standing == FactOrigin::Prose)
    };
    context.contract.shapes.values().any(|other| from_prose(other) && model(other).as_ref() == Some(&place))
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
