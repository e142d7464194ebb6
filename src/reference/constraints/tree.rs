//! The constraints of one operation's input, arranged by member path, so that each can be changed on its own.
//!
//! Never sees HTTP and checks nothing; see [`super::check`]. A contract may use one shape at many paths; here each
//! path has a node of its own, and only recursion leads back to an earlier node.

use super::edit::LengthUnit;
use crate::contract::{MemberLocation, MemberPath, PathSegment, ShapeId, ShapeRule};
use crate::reference::regex::JavaPattern;
use std::sync::Arc;

#[derive(Clone, Debug, Default)]
pub(in crate::reference) struct ConstraintTree {
    pub nodes: Vec<ConstraintNode>,
}

#[derive(Clone, Debug)]
pub(in crate::reference) struct ConstraintNode {
    pub path: MemberPath,
    /// The shape of the value at this path.
    pub shape: ShapeId,
    pub kind: NodeKind,
    /// The part of the request that holds the value. Map keys count as labels, because they too can only be strings.
    pub location: MemberLocation,
    pub length_min: Option<u64>,
    pub length_max: Option<u64>,
    pub unit: LengthUnit,
    pub range_min: Option<f64>,
    pub range_max: Option<f64>,
    pub multiple_of: Option<f64>,
    /// The pattern as documented, for the faults that change it.
    pub pattern_text: Option<String>,
    pub pattern: Option<Arc<JavaPattern>>,
    pub pattern_mode: PatternMode,
    pub requires_unique: bool,
    pub rules: Vec<RuleCheck>,
    pub allows_null_elements: bool,
    pub skips_contents: bool,
    pub extra_types: [bool; 5],
    pub crashes_on_wrong_type: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::reference) enum PatternMode {
    AsWritten,
    IgnoreTrailingNewline,
}

#[derive(Clone, Debug)]
pub(in crate::reference) struct RuleCheck {
    pub rule: ShapeRule,
    pub is_disabled: bool,
    /// Whether the rule holds for every value of the member that decides, or in both directions.
    pub is_unconditional: bool,
    /// Whether members that are equal count the other way.
    pub swaps_equal: bool,
    pub counts_chars: bool,
    /// Whether the counted values are structures with a member `Value`; then only that member counts.
    pub counts_value_member: bool,
}

#[derive(Clone, Debug)]
pub(in crate::reference) enum NodeKind {
    Blob,
    Boolean,
    Text,
    Enum { values: Vec<String>, open: bool, folded: bool, trimmed: bool },
    Integer { least: i128, most: i128, truncates: bool },
    Float,
    Timestamp,
    Document,
    List { item: usize },
    Map { key: usize, value: usize },
    Structure { slots: Vec<MemberSlot>, union: bool },
}

#[derive(Clone, Debug)]
pub(in crate::reference) struct MemberSlot {
    pub name: String,
    pub node: usize,
    pub required: bool,
    pub allows_null: bool,
    pub location: MemberLocation,
}

impl ConstraintTree {
    /// Returns the members of the input.
    pub(in crate::reference) fn slots(&self) -> &[MemberSlot] {
        match self.nodes.first().map(|node| &node.kind) {
            Some(NodeKind::Structure { slots, .. }) => slots,
            _ => &[],
        }
    }

    /// Returns the paths that recursion leads back to.
    pub(in crate::reference) fn recursion_targets(&self) -> Vec<&MemberPath> {
        let mut targets = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            for child in node.child_indices() {
                if child <= index && !targets.contains(&&self.nodes[child].path) {
                    targets.push(&self.nodes[child].path);
                }
            }
        }
        targets
    }
}

impl ConstraintNode {
    /// Returns true if this node describes the keys of a map.
    pub(in crate::reference) fn is_map_key(&self) -> bool {
        self.path.0.last() == Some(&PathSegment::Key)
    }

    pub(in crate::reference) fn child_indices(&self) -> Vec<usize> {
        match &self.kind {
            NodeKind::List { item } => vec![*item],
            NodeKind::Map { key, value } => vec![*key, *value],
            NodeKind::Structure { slots, .. } => slots.iter().map(|slot| slot.node).collect(),
            _ => Vec::new(),
        }
    }
}
