//! Faults in decoding paths and queries.
//!
//! Never for operations without labels and query parameters. The meaning of a label with such characters is known
//! only if its limits or its pattern distinguish the interpretations.

use super::{Row, View, anywhere, row, silent};
use crate::contract::Location;
use crate::reference::fault::Fault;
use crate::reference::tree::NodeKind;
use crate::reference::trick::Trick;

const LABELS: &[Row] = &[
    silent("decodes-twice", Trick::DecodesTwice, "path segments are decoded twice"),
    row("decodes-never", Trick::DecodesNever, "path segments are not decoded"),
    silent("decodes-before-split", Trick::DecodesBeforeSplit, "the path is decoded before it is split"),
    silent("plus-is-space", Trick::PlusIsSpace, "a plus in a path is read as a space"),
    silent("resolves-dots", Trick::ResolvesDots, "dots in a path are resolved"),
    silent("skips-empty", Trick::SkipsEmptySegments, "empty path segments are skipped"),
    silent("trims-labels", Trick::TrimsLabels, "labels are trimmed"),
    silent("lowers-labels", Trick::LowersLabels, "labels are lower-cased"),
];

const QUERY: &[Row] = &[
    row("query-undecoded", Trick::QueryUndecoded, "query parameters are not decoded"),
    row("query-last-only", Trick::QueryLastOnly, "only the last of several parameters with the same name is read"),
];

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let at = |location: Location| view.tree.slots().iter().any(|slot| slot.location == location);
    let tables = [(at(Location::Label), LABELS), (at(Location::Query), QUERY)];
    tables
        .into_iter()
        .filter(|(applies, _)| *applies)
        .flat_map(|(_, rows)| rows)
        .map(|row| {
            let undecoded = row.trick == Trick::QueryUndecoded && !needs_encoding(view);
            let hidden = match row.trick {
                Trick::QueryUndecoded if undecoded => Some("no documented query parameter needs encoding"),
                Trick::PlusIsSpace => Some("no existing resource has a plus or a space in its name"),
                _ => None,
            };
            Fault { hidden, ..row.fault("paths", view, anywhere(view)) }
        })
        .collect()
}

/// Returns true if the query may hold a value that needs encoding, other than tokens that only the service issues.
fn needs_encoding(view: &View<'_>) -> bool {
    let in_query = |slot: &&crate::reference::tree::Slot| slot.location == Location::Query;
    view.tree.slots().iter().filter(in_query).any(|slot| {
        let node = &view.tree.nodes[slot.node];
        let node = match &node.kind {
            NodeKind::List { item } => &view.tree.nodes[*item],
            _ => node,
        };
        let plain = |value: &String| value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        match &node.kind {
            NodeKind::Enum { values, .. } => !values.iter().all(plain),
            NodeKind::Boolean | NodeKind::Integer { .. } | NodeKind::Float => false,
            _ => !slot.name.to_lowercase().ends_with("token"),
        }
    })
}
