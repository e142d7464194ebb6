//! Faults of lengths and ranges: off by one, dropped, or counted in another unit.
//!
//! Changes each documented limit; never invents one, except for a minimum length that rejects empty values.

use super::View;
use super::site::{Made, Moves};
use crate::contract::{ByteScope, Location, Rule, Segment, Shape, Standing};
use crate::reference::fault::Fault;
use crate::reference::pattern::Pattern;
use crate::reference::sample::COMMON;
use crate::reference::tree::{Edit, Node, NodeKind, Unit};

const CLASS: &str = "limits";

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for node in &view.tree.nodes {
        let shape = view.contract.shape(&node.shape);
        lengths(view, node, |slug, describes, moves, (breaks, hidden), edit| {
            let disputed = shape.is_disputed(if slug.starts_with("min") { "length/min" } else { "length/max" });
            let made = made("length", slug, describes, moves, breaks && !disputed, edit);
            faults.push(Made { hidden, ..made }.at(view, &node.path));
        });
        ranges(node, |slug, describes, moves, edit| {
            let at_min = slug.starts_with("min");
            let disputed = shape.is_disputed(if at_min { "range/min" } else { "range/max" });
            let of_type = moves == Moves::Looser
                && match node.kind {
                    NodeKind::Integer { least, .. } if at_min => node.range_min.is_some_and(|min| min <= least as f64),
                    NodeKind::Integer { most, .. } => node.range_max.is_some_and(|max| max >= most as f64),
                    _ => false,
                };
            let hidden = of_type.then_some("a number outside its type is rejected regardless of the range");
            let made = made("range", slug, describes, moves, !disputed, edit);
            faults.push(Made { hidden, ..made }.at(view, &node.path));
        });
        if let NodeKind::Integer { .. } = node.kind {
            for (slug, describes, edit) in [
                ("fraction", "fractions are truncated", Edit::IntegerTruncates),
                ("unbounded", "integers of any size are accepted", Edit::IntegerUnbounded),
            ] {
                faults.push(made("type", slug, describes.to_owned(), Moves::Looser, true, edit).at(view, &node.path));
            }
        }
        if node.unique {
            let describes = "duplicate entries are accepted".to_owned();
            let fault = made("unique", "dropped", describes, Moves::Looser, true, Edit::UniqueDropped);
            faults.push(fault.at(view, &node.path));
        }
    }
    faults
}

fn made(constraint: &'static str, slug: &str, describes: String, moves: Moves, breaks: bool, edit: Edit) -> Made {
    Made { class: CLASS, constraint, slug: slug.to_owned(), describes, breaks, hidden: None, moves, edit }
}

fn accepts(node: &Node, text: &str) -> bool {
    node.pattern.as_ref().is_none_or(|pattern| pattern.found_in(text))
}

/// Whether the fault contradicts the documents, and the reason why no request can reveal it, if there is one.
type Seen = (bool, Option<&'static str>);

const VISIBLE: Seen = (true, None);

fn lengths(view: &View<'_>, node: &Node, mut add: impl FnMut(&str, String, Moves, Seen, Edit)) {
    let is_text = matches!(node.kind, NodeKind::Text);
    let empty = empty_hides(node, is_text);
    match node.length_min {
        Some(min) if min > 0 => {
            let hidden = if min == 1 { empty } else { None };
            let edit = Edit::LengthMin(Some(min - 1));
            add("min-1", format!("the minimum length is {}", min - 1), Moves::Looser, (true, hidden), edit);
            if min > 1 {
                let describes = "there is no minimum length".to_owned();
                add("min.dropped", describes, Moves::Looser, VISIBLE, Edit::LengthMin(None));
            }
            let possible = node.length_max.is_none_or(|max| max > min);
            let longer = is_text && node.pattern_text.as_deref().and_then(shortest).is_some_and(|least| least > min);
            let hidden = longer.then_some("the pattern matches no string that short");
            let edit = Edit::LengthMin(Some(min + 1));
            add("min+1", format!("the minimum length is {}", min + 1), Moves::Tighter, (possible, hidden), edit);
        }
        min if is_text || matches!(node.kind, NodeKind::List { .. } | NodeKind::Map { .. } | NodeKind::Blob) => {
            let describes = "the minimum length is 1".to_owned();
            add("min+1", describes, Moves::Tighter, (min.is_some(), empty), Edit::LengthMin(Some(1)));
        }
        _ => {}
    }
    let Some(max) = node.length_max else { return };
    let budget = budget(view, node);
    let over = |room: u64| (max.saturating_add(1) > room).then_some("a byte budget also rejects every longer value");
    let longer = budget.and_then(|budget| over(budget.most));
    let edit = Edit::LengthMax(Some(max.saturating_add(1)));
    let describes = format!("the maximum length is {}", max.saturating_add(1));
    add("max+1", describes, Moves::Looser, (true, longer), edit);
    let describes = "there is no maximum length".to_owned();
    add("max.dropped", describes, Moves::Looser, (true, longer), Edit::LengthMax(None));
    if max > 0 {
        let edit = Edit::LengthMax(Some(max - 1));
        add("max-1", format!("the maximum length is {}", max - 1), Moves::Tighter, VISIBLE, edit);
    }
    if is_text && max > 0 {
        let wider = budget.and_then(|budget| over(budget.surely));
        let elsewhere = sides_with_prose(view, node)
            .then_some("a sentence lists the characters for other keys of the same kind, and may apply to these");
        let whole = node.pattern_text.as_deref().and_then(|text| Pattern::new(&format!("^(?:{text})$"), false).ok());
        // A unit makes a difference only if the pattern allows such characters; an unanchored pattern allows them
        // in a string that must be rejected for its length.
        let refused = |one: &str, unit: Unit| {
            let least = node.length_min.unwrap_or(1).max(1) as usize;
            let mut texts = ["a", "A", "0"].map(|c| c.repeat(least) + one).to_vec();
            texts.push(one.repeat(least));
            texts.extend(COMMON.iter().flat_map(|form| [format!("{form}{one}"), format!("{one}{form}")]));
            let found = texts.iter().any(|text| accepts(node, text));
            let matched = whole.as_ref().is_none_or(|whole| texts.iter().any(|text| whole.found_in(text)));
            let shows = matched || found && (least > 1 || unit == Unit::Graphemes);
            (!shows).then_some("the pattern allows no character that is counted differently")
        };
        for (slug, describes, unit, one) in [
            ("in-utf16", "lengths count UTF-16 code units", Unit::Utf16, "😀"),
            ("in-bytes", "lengths count UTF-8 bytes", Unit::Bytes, "é"),
            ("in-graphemes", "lengths count user-perceived characters", Unit::Graphemes, "e\u{301}"),
        ] {
            let hidden = refused(one, unit).or(match unit {
                // The shortest string that reveals it has one combining mark of two bytes.
                Unit::Graphemes => budget.and_then(|budget| over(budget.most.saturating_sub(1)).or(longer)),
                _ => wider.or(elsewhere),
            });
            let slug = format!("max.{slug}");
            add(&slug, describes.to_owned(), Moves::Across, (true, hidden), Edit::LengthIn(unit));
        }
    }
}

/// Returns the reason why an empty value never reaches this node, if there is one.
fn empty_hides(node: &Node, is_text: bool) -> Option<&'static str> {
    match node.location {
        Location::Query if matches!(node.kind, NodeKind::List { .. }) => Some("an empty list is absent from a query"),
        Location::Label if !node.is_key() => Some("an empty segment changes the path"),
        _ if is_text && !accepts(node, "") => Some("the pattern also rejects an empty string"),
        _ => None,
    }
}

/// Returns the minimum number of characters that a pattern can match, as far as that can be derived from it.
fn shortest(pattern: &str) -> Option<u64> {
    regex_syntax::parse(pattern).ok()?.properties().minimum_len().map(|least| least as u64)
}

/// The byte budget that a string counts towards.
#[derive(Clone, Copy)]
struct Budget {
    /// The total number of bytes that this server accepts.
    most: u64,
    /// The number of bytes that every interpretation of the documents accepts.
    surely: u64,
}

/// Returns the budget that a string counts towards, if there is one.
fn budget(view: &View<'_>, node: &Node) -> Option<Budget> {
    view.tree.nodes.iter().filter(|outer| node.path.0.starts_with(&outer.path.0)).find_map(|outer| {
        let within = &node.path.0[outer.path.0.len()..];
        outer.rules.iter().find_map(|check| match &check.rule {
            Rule::MaxTotalBytes { over, max, .. }
                if *over == ByteScope::KeysAndValues || within.first() != Some(&Segment::Key) =>
            {
                let open = super::rules::is_open(view, outer, *max);
                Some(Budget { most: *max, surely: max.saturating_sub(if open { 1 } else { 0 }) })
            }
            _ => None,
        })
    })
}

/// Returns true if these are keys without a pattern, whose shape has a pattern from prose where it is used elsewhere.
fn sides_with_prose(view: &View<'_>, node: &Node) -> bool {
    if !node.is_key() || node.pattern_text.is_some() {
        return false;
    }
    let model = |shape: &Shape| {
        shape.facts_at("type").find(|fact| fact.standing == Standing::Model).map(crate::contract::Fact::provenance)
    };
    let Some(place) = model(view.contract.shape(&node.shape)) else { return false };
    let from_prose = |shape: &Shape| {
        shape.pattern.is_some() && shape.facts_at("pattern").all(|fact| fact.standing == Standing::Prose)
    };
    view.contract.shapes.values().any(|other| from_prose(other) && model(other).as_ref() == Some(&place))
}

fn ranges(node: &Node, mut add: impl FnMut(&str, String, Moves, Edit)) {
    if let Some(min) = node.range_min {
        add("min-1", format!("the minimum value is {}", min - 1.0), Moves::Looser, Edit::RangeMin(Some(min - 1.0)));
        add("min.dropped", "there is no minimum value".to_owned(), Moves::Looser, Edit::RangeMin(None));
        add("min+1", format!("the minimum value is {}", min + 1.0), Moves::Tighter, Edit::RangeMin(Some(min + 1.0)));
    }
    if let Some(max) = node.range_max {
        add("max+1", format!("the maximum value is {}", max + 1.0), Moves::Looser, Edit::RangeMax(Some(max + 1.0)));
        add("max.dropped", "there is no maximum value".to_owned(), Moves::Looser, Edit::RangeMax(None));
        add("max-1", format!("the maximum value is {}", max - 1.0), Moves::Tighter, Edit::RangeMax(Some(max - 1.0)));
    }
}
