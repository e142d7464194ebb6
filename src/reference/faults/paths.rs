//! Faults in decoding paths and queries.
//!
//! Never for operations without labels and query parameters. The meaning of a label with such characters is known
//! only if its limits or its pattern distinguish the interpretations.

use super::context::{FaultContext, operation_scope};
use super::fault::Fault;
use super::row::{FaultRow, row, undocumented_row};
use crate::contract::MemberLocation;
use crate::reference::constraints::NodeKind;
use crate::reference::misbehavior::Misbehavior;

const LABEL_ROWS: &[FaultRow] = &[
    undocumented_row("decodes-twice", Misbehavior::DecodesTwice, "path segments are decoded twice"),
    row("decodes-never", Misbehavior::DecodesNever, "path segments are not decoded"),
    undocumented_row("decodes-before-split", Misbehavior::DecodesBeforeSplit, "the path is decoded before it is split"),
    undocumented_row("plus-is-space", Misbehavior::PlusIsSpace, "a plus in a path is read as a space"),
    undocumented_row("resolves-dots", Misbehavior::ResolvesDots, "dots in a path are resolved"),
    undocumented_row("skips-empty", Misbehavior::SkipsEmptySegments, "empty path segments are skipped"),
    undocumented_row("trims-labels", Misbehavior::TrimsLabels, "labels are trimmed"),
    undocumented_row("lowers-labels", Misbehavior::LowersLabels, "labels are lower-cased"),
];

const QUERY_ROWS: &[FaultRow] = &[
    row("query-undecoded", Misbehavior::QueryUndecoded, "query parameters are not decoded"),
    row(
        "query-last-only",
        Misbehavior::QueryLastOnly,
        "only the last of several parameters with the same name is read",
    ),
];

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let at = |location: MemberLocation| context.tree.slots().iter().any(|slot| slot.location == location);
    let tables = [(at(MemberLocation::Label), LABEL_ROWS), (at(MemberLocation::Query), QUERY_ROWS)];
    tables
        .into_iter()
        .filter(|(applies, _)| *applies)
        .flat_map(|(_, rows)| rows)
        .map(|row| {
            let undecoded = row.misbehavior == Misbehavior::QueryUndecoded && !needs_encoding(context);
            let hidden_reason = match row.misbehavior {
                Misbehavior::QueryUndecoded if undecoded => Some("no documented query parameter needs encoding"),
                Misbehavior::PlusIsSpace => Some("no existing resource has a plus or a space in its name"),
                _ => None,
            };
            Fault { hidden_reason, ..row.to_fault("paths", context, operation_scope(context)) }
        })
        .collect()
}

/// Returns true if the query may hold a value that needs encoding, other than tokens that only the service issues.
fn needs_encoding(context: &FaultContext<'_>) -> bool {
    let in_query = |slot: &&crate::reference::constraints::MemberSlot| slot.location == MemberLocation::Query;
    context.tree.slots().iter().filter(in_query).any(|slot| {
        let node = &context.tree.nodes[slot.node];
        let node = match &node.kind {
            NodeKind::List { item } => &context.tree.nodes[*item],
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
