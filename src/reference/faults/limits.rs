//! Lengths and ranges: one off, dropped, or counted in another unit.
//!
//! Moves each documented limit; invents limits only where an empty value is refused.

use super::View;
use super::site::{Made, Moves};
use crate::contract::Location;
use crate::reference::fault::Fault;
use crate::reference::pattern::Pattern;
use crate::reference::tree::{Edit, Node, NodeKind, Unit};

const CLASS: &str = "limits";

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for node in &view.tree.nodes {
        let shape = view.contract.shape(&node.shape);
        lengths(node, |slug, describes, moves, breaks, edit| {
            let disputed = shape.is_disputed(if slug.starts_with("min") { "length/min" } else { "length/max" });
            faults.push(made("length", slug, describes, moves, breaks && !disputed, edit).at(view, &node.path));
        });
        ranges(node, |slug, describes, moves, edit| {
            let at_min = slug.starts_with("min");
            let disputed = shape.is_disputed(if at_min { "range/min" } else { "range/max" });
            // Beyond the end of its type, a number is refused whatever the range says.
            let hidden = moves == Moves::Looser
                && match node.kind {
                    NodeKind::Integer { least, .. } if at_min => node.range_min.is_some_and(|min| min <= least as f64),
                    NodeKind::Integer { most, .. } => node.range_max.is_some_and(|max| max >= most as f64),
                    _ => false,
                };
            faults.push(made("range", slug, describes, moves, !disputed && !hidden, edit).at(view, &node.path));
        });
        if let NodeKind::Integer { .. } = node.kind {
            for (slug, describes, edit) in [
                ("fraction", "fractions are cut off", Edit::IntegerTruncates),
                ("unbounded", "whole numbers of any size are taken", Edit::IntegerUnbounded),
            ] {
                faults.push(made("type", slug, describes.to_owned(), Moves::Looser, true, edit).at(view, &node.path));
            }
        }
        if node.unique {
            let describes = "entries may stand twice".to_owned();
            let fault = made("unique", "dropped", describes, Moves::Looser, true, Edit::UniqueDropped);
            faults.push(fault.at(view, &node.path));
        }
    }
    faults
}

fn made(constraint: &'static str, slug: &str, describes: String, moves: Moves, breaks: bool, edit: Edit) -> Made {
    Made { class: CLASS, constraint, slug: slug.to_owned(), describes, breaks, moves, edit }
}

fn accepts(node: &Node, text: &str) -> bool {
    node.pattern_text
        .as_deref()
        .and_then(|pattern| Pattern::new(pattern, false).ok())
        .is_none_or(|pattern| pattern.found_in(text))
}

fn lengths(node: &Node, mut add: impl FnMut(&str, String, Moves, bool, Edit)) {
    let is_text = matches!(node.kind, NodeKind::Text);
    // An empty text that the pattern refuses anyway shows nothing, nor does an empty segment of a path.
    // A list in a query that has no entries is a list that is not there.
    let in_query = matches!(node.kind, NodeKind::List { .. }) && node.location == Location::Query;
    let empty_shows = !in_query && (!is_text || accepts(node, ""));
    match node.length_min {
        Some(min) if min > 0 => {
            let shows = min > 1 || empty_shows;
            add(
                "min-1",
                format!("the least length is {}", min - 1),
                Moves::Looser,
                shows,
                Edit::LengthMin(Some(min - 1)),
            );
            if min > 1 {
                add("min.dropped", "there is no least length".to_owned(), Moves::Looser, true, Edit::LengthMin(None));
            }
            let possible = node.length_max.is_none_or(|max| max > min);
            let edit = Edit::LengthMin(Some(min + 1));
            add("min+1", format!("the least length is {}", min + 1), Moves::Tighter, possible, edit);
        }
        min if is_text || matches!(node.kind, NodeKind::List { .. } | NodeKind::Map { .. } | NodeKind::Blob) => {
            let breaks = min.is_some() && empty_shows && node.location != Location::Label;
            add("min+1", "the least length is 1".to_owned(), Moves::Tighter, breaks, Edit::LengthMin(Some(1)));
        }
        _ => {}
    }
    let Some(max) = node.length_max else { return };
    let edit = Edit::LengthMax(Some(max.saturating_add(1)));
    add("max+1", format!("the greatest length is {}", max.saturating_add(1)), Moves::Looser, true, edit);
    add("max.dropped", "there is no greatest length".to_owned(), Moves::Looser, true, Edit::LengthMax(None));
    if max > 0 {
        let edit = Edit::LengthMax(Some(max - 1));
        add("max-1", format!("the greatest length is {}", max - 1), Moves::Tighter, true, edit);
    }
    if is_text && max > 0 {
        // A unit makes a difference only where the pattern lets such characters through.
        let shows = |one: &str| accepts(node, &one.repeat(node.length_min.unwrap_or(1).max(1) as usize));
        for (slug, describes, unit, breaks) in [
            ("in-utf16", "lengths count UTF-16 code units", Unit::Utf16, shows("😀")),
            ("in-bytes", "lengths count UTF-8 bytes", Unit::Bytes, shows("é")),
        ] {
            let slug = format!("max.{slug}");
            add(&slug, describes.to_owned(), Moves::Across, breaks, Edit::LengthIn(unit));
        }
    }
}

fn ranges(node: &Node, mut add: impl FnMut(&str, String, Moves, Edit)) {
    if let Some(min) = node.range_min {
        add("min-1", format!("the least number is {}", min - 1.0), Moves::Looser, Edit::RangeMin(Some(min - 1.0)));
        add("min.dropped", "there is no least number".to_owned(), Moves::Looser, Edit::RangeMin(None));
        add("min+1", format!("the least number is {}", min + 1.0), Moves::Tighter, Edit::RangeMin(Some(min + 1.0)));
    }
    if let Some(max) = node.range_max {
        add("max+1", format!("the greatest number is {}", max + 1.0), Moves::Looser, Edit::RangeMax(Some(max + 1.0)));
        add("max.dropped", "there is no greatest number".to_owned(), Moves::Looser, Edit::RangeMax(None));
        add("max-1", format!("the greatest number is {}", max - 1.0), Moves::Tighter, Edit::RangeMax(Some(max - 1.0)));
    }
}
