//! Builds the constraint tree of an input from the shapes of a contract.
//!
//! Never checks a value.

use super::edit::LengthUnit;
use super::pattern_cache::PatternCache;
use super::tree::{ConstraintNode, ConstraintTree, MemberSlot, NodeKind, PatternMode, RuleCheck};
use crate::contract::{Contract, MemberLocation, MemberPath, PathSegment, Shape, ShapeId, ShapeKind};
use std::collections::HashMap;

/// Maximum number of nodes; beyond it, another use of a shape shares the node of an earlier one.
const MAX_NODES: usize = 20_000;

/// Maximum depth; what nests deeper is not checked.
const MAX_DEPTH: usize = 100;

struct TreeBuilder<'a> {
    contract: &'a Contract,
    patterns: &'a mut PatternCache,
    tree: ConstraintTree,
    /// The shapes between the input and the current path, with their nodes.
    ancestors: Vec<(ShapeId, usize)>,
    first_node: HashMap<ShapeId, usize>,
}

impl ConstraintTree {
    /// Builds the tree of an input.
    pub(in crate::reference) fn new(contract: &Contract, input: &ShapeId, patterns: &mut PatternCache) -> Self {
        let mut builder = TreeBuilder {
            contract,
            patterns,
            tree: Self::default(),
            ancestors: Vec::new(),
            first_node: HashMap::new(),
        };
        builder.build_node(input, MemberPath::root(), MemberLocation::Body);
        builder.tree
    }
}

impl TreeBuilder<'_> {
    /// Builds the node of a shape and everything below it, and returns its index.
    fn build_node(&mut self, id: &ShapeId, path: MemberPath, location: MemberLocation) -> usize {
        if let Some((_, earlier)) = self.ancestors.iter().find(|(ancestor, _)| ancestor == id) {
            return *earlier;
        }
        if self.tree.nodes.len() >= MAX_NODES
            && let Some(shared) = self.first_node.get(id)
        {
            return *shared;
        }
        let contract = self.contract;
        let too_deep = self.ancestors.len() >= MAX_DEPTH;
        let Some(shape) = contract.shapes.get(id).filter(|_| !too_deep) else {
            return self.push_leaf(id, path, location);
        };
        let index = self.push_leaf(id, path.clone(), location);
        self.first_node.entry(id.clone()).or_insert(index);
        self.ancestors.push((id.clone(), index));
        // What an open shape does not describe may be valid, too.
        let kind = if shape.open { NodeKind::Document } else { self.build_kind(&shape.kind, &path, location) };
        let kind = match kind {
            NodeKind::Integer { truncates, .. } if shape.any_size => {
                NodeKind::Integer { least: i128::MIN, most: i128::MAX, truncates }
            }
            kind => kind,
        };
        self.ancestors.pop();
        self.fill_node(index, kind, shape);
        index
    }

    fn build_kind(&mut self, kind: &ShapeKind, path: &MemberPath, location: MemberLocation) -> NodeKind {
        match kind {
            ShapeKind::Blob => NodeKind::Blob,
            ShapeKind::Boolean => NodeKind::Boolean,
            ShapeKind::String => NodeKind::Text,
            ShapeKind::Enum { values } => {
                NodeKind::Enum { values: values.clone(), open: false, folded: false, trimmed: false }
            }
            ShapeKind::Integer => NodeKind::Integer { least: i32::MIN.into(), most: i32::MAX.into(), truncates: false },
            ShapeKind::Long => NodeKind::Integer { least: i64::MIN.into(), most: i64::MAX.into(), truncates: false },
            ShapeKind::Float | ShapeKind::Double => NodeKind::Float,
            ShapeKind::Timestamp => NodeKind::Timestamp,
            ShapeKind::Document => NodeKind::Document,
            ShapeKind::List { member } => {
                NodeKind::List { item: self.build_node(member, path.join(PathSegment::Item), location) }
            }
            ShapeKind::Map { key, value } => NodeKind::Map {
                key: self.build_node(key, path.join(PathSegment::Key), MemberLocation::Label),
                value: self.build_node(value, path.join(PathSegment::Value), location),
            },
            ShapeKind::Structure { members } | ShapeKind::Union { members } => {
                let is_input = path.0.is_empty();
                let slots = members
                    .iter()
                    .map(|(name, member)| MemberSlot {
                        name: name.clone(),
                        node: self.build_node(
                            &member.shape,
                            path.join_member(name),
                            if is_input { member.location } else { location },
                        ),
                        required: member.required,
                        allows_null: self.is_nullable(&member.shape),
                        location: member.location,
                    })
                    .collect();
                NodeKind::Structure { slots, union: matches!(kind, ShapeKind::Union { .. }) }
            }
        }
    }

    /// Writes the kind and the constraints of a shape into its node.
    fn fill_node(&mut self, index: usize, kind: NodeKind, shape: &Shape) {
        let counts_value_member = self.has_value_members(&kind);
        let allows_null_elements = match &shape.kind {
            ShapeKind::List { member: element } | ShapeKind::Map { value: element, .. } => self.is_nullable(element),
            _ => false,
        };
        let number = |number: &Option<serde_json::Number>| number.as_ref().and_then(serde_json::Number::as_f64);
        let pattern = shape.pattern.as_deref().and_then(|text| self.patterns.get_or_compile(text, false));
        let node = &mut self.tree.nodes[index];
        node.kind = kind;
        node.length_min = shape.length().min;
        node.length_max = shape.length().max;
        node.range_min = shape.range.as_ref().and_then(|range| number(&range.min));
        node.range_max = shape.range.as_ref().and_then(|range| number(&range.max));
        node.multiple_of = number(&shape.multiple_of);
        node.pattern_text = shape.pattern.clone();
        node.pattern = pattern;
        node.requires_unique = shape.unique;
        node.allows_null_elements = allows_null_elements;
        node.rules = shape
            .rules
            .iter()
            .map(|rule| RuleCheck {
                rule: rule.clone(),
                is_disabled: false,
                is_unconditional: false,
                swaps_equal: false,
                counts_chars: false,
                counts_value_member,
            })
            .collect();
    }

    fn is_nullable(&self, id: &ShapeId) -> bool {
        self.contract.shapes.get(id).is_some_and(|shape| shape.nullable || shape.open)
    }

    /// Returns true if the values of a map or list are structures with a member `Value`.
    fn has_value_members(&self, kind: &NodeKind) -> bool {
        let (NodeKind::Map { value, .. } | NodeKind::List { item: value }) = kind else { return false };
        match &self.tree.nodes[*value].kind {
            NodeKind::Structure { slots, .. } => slots.iter().any(|slot| slot.name == "Value"),
            _ => false,
        }
    }

    fn push_leaf(&mut self, id: &ShapeId, path: MemberPath, location: MemberLocation) -> usize {
        self.tree.nodes.push(ConstraintNode {
            path,
            shape: id.clone(),
            kind: NodeKind::Document,
            location,
            length_min: None,
            length_max: None,
            unit: LengthUnit::CodePoints,
            range_min: None,
            range_max: None,
            multiple_of: None,
            pattern_text: None,
            pattern: None,
            pattern_mode: PatternMode::AsWritten,
            requires_unique: false,
            rules: Vec::new(),
            allows_null_elements: false,
            skips_contents: false,
            extra_types: [false; 5],
            crashes_on_wrong_type: false,
        });
        self.tree.nodes.len() - 1
    }
}
