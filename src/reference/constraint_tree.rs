//! The constraints of one operation's input, arranged by member path, so that each can be changed on its own.
//!
//! Never sees HTTP and checks nothing; see [`super::check`]. A contract may use one shape at many paths; here each
//! path has a node of its own, and only recursion leads back to an earlier node.

use super::look_around::remove_look_around;
use super::pattern::JavaPattern;
use crate::contract::{ByteScope, Contract, MemberLocation, MemberPath, PathSegment, ShapeId, ShapeKind, ShapeRule};
use std::collections::HashMap;
use std::sync::Arc;

/// A path in the input of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstraintSite {
    /// The operation's name.
    pub operation: String,
    /// The member path.
    pub path: MemberPath,
}

/// A change to the constraints at one site.
#[derive(Clone, Debug, PartialEq)]
pub enum ConstraintEdit {
    /// The minimum length is this, or there is none.
    LengthMin(Option<u64>),
    /// The maximum length is this, or there is none.
    LengthMax(Option<u64>),
    /// String lengths are counted in this unit.
    LengthUnit(LengthUnit),
    /// The minimum value is this, or there is none.
    RangeMin(Option<f64>),
    /// The maximum value is this, or there is none.
    RangeMax(Option<f64>),
    /// The required member may be missing.
    RequiredDropped,
    /// The required member may be null.
    RequiredNull,
    /// The optional member is required.
    RequiredAdded,
    /// Map values or list items may be null.
    NullElements,
    /// This enum value is rejected.
    EnumValueRemoved(String),
    /// Any string is accepted as an enum value.
    EnumAnyValue,
    /// Enum values are compared case-insensitively.
    EnumIgnoreCase,
    /// White space around an enum value is ignored.
    EnumTrimmed,
    /// The pattern is not checked.
    PatternDropped,
    /// The pattern may match anywhere in the string.
    PatternUnanchored,
    /// The pattern must only match the beginning.
    PatternPrefix,
    /// The pattern is matched case-insensitively.
    PatternIgnoreCase,
    /// Look-ahead and look-behind are removed from the pattern.
    PatternWithoutLookAround,
    /// The pattern is replaced by this one.
    PatternReplaced(String),
    /// One trailing newline is ignored.
    PatternBeforeNewline,
    /// Values of this JSON type are accepted without further checks.
    TypeAccepted(JsonType),
    /// A value of a wrong type crashes the server.
    TypeCrashes,
    /// Fractions are truncated to integers.
    IntegerTruncates,
    /// Integers of any size are accepted.
    IntegerUnbounded,
    /// Duplicate entries are accepted.
    UniqueDropped,
    /// The rule at this index is not checked.
    RuleDropped(usize),
    /// The rule at this index has this limit.
    RuleMax(usize, u64),
    /// The byte budget counts only the data in the request.
    RulePerRequest(usize),
    /// The byte budget counts this.
    RuleByteScope(usize, ByteScope),
    /// The byte budget counts code points.
    RuleInChars(usize),
    /// The contents are not checked.
    ContentsUnchecked,
}

/// The unit in which string lengths are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthUnit {
    /// Unicode code points, as documented.
    CodePoints,
    /// UTF-16 code units.
    Utf16,
    /// UTF-8 bytes.
    Bytes,
    /// User-perceived characters: combining marks do not count.
    Graphemes,
}

/// The JSON types, except null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JsonType {
    /// `true`, `false`.
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl JsonType {
    pub(super) const ALL: [Self; 5] = [Self::Boolean, Self::Number, Self::String, Self::Array, Self::Object];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct ConstraintTree {
    pub nodes: Vec<ConstraintNode>,
}

#[derive(Clone, Debug)]
pub(super) struct ConstraintNode {
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
pub(super) enum PatternMode {
    AsWritten,
    IgnoreTrailingNewline,
}

#[derive(Clone, Debug)]
pub(super) struct RuleCheck {
    pub rule: ShapeRule,
    pub is_disabled: bool,
    pub counts_chars: bool,
    /// Whether the counted values are structures with a member `Value`; then only that member counts.
    pub counts_value_member: bool,
}

#[derive(Clone, Debug)]
pub(super) enum NodeKind {
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
pub(super) struct MemberSlot {
    pub name: String,
    pub node: usize,
    pub required: bool,
    pub allows_null: bool,
    pub location: MemberLocation,
}

/// The patterns compiled so far, shared by all operations and faults; `None` for one that could not be translated.
#[derive(Debug, Default)]
pub(super) struct PatternCache {
    compiled: HashMap<(String, bool), Option<Arc<JavaPattern>>>,
    /// Each pattern that could not be translated, with the reason.
    pub untranslated: Vec<(String, String)>,
}

impl PatternCache {
    fn get_or_compile(&mut self, text: &str, ignore_case: bool) -> Option<Arc<JavaPattern>> {
        let unreadable = &mut self.untranslated;
        self.compiled
            .entry((text.to_owned(), ignore_case))
            .or_insert_with(|| match JavaPattern::new(text, ignore_case) {
                Ok(pattern) => Some(Arc::new(pattern)),
                Err(error) => {
                    unreadable.push((text.to_owned(), error.to_string()));
                    None
                }
            })
            .clone()
    }
}

/// Maximum number of nodes; beyond it, another use of a shape shares the node of an earlier one.
const MAX_NODES: usize = 20_000;

struct TreeBuilder<'a> {
    contract: &'a Contract,
    patterns: &'a mut PatternCache,
    tree: ConstraintTree,
    /// The shapes between the input and the current path, with their nodes.
    ancestors: Vec<(ShapeId, usize)>,
    first_node: HashMap<ShapeId, usize>,
}

impl ConstraintTree {
    pub(super) fn new(contract: &Contract, input: &ShapeId, patterns: &mut PatternCache) -> Self {
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

    pub(super) fn slots(&self) -> &[MemberSlot] {
        match self.nodes.first().map(|node| &node.kind) {
            Some(NodeKind::Structure { slots, .. }) => slots,
            _ => &[],
        }
    }

    /// Returns the paths that recursion leads back to.
    pub(super) fn recursion_targets(&self) -> Vec<&MemberPath> {
        let mut heads = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            for child in node.child_indices() {
                if child <= index && !heads.contains(&&self.nodes[child].path) {
                    heads.push(&self.nodes[child].path);
                }
            }
        }
        heads
    }

    /// Changes the constraints at one path; returns false if there is no such site.
    pub(super) fn apply_edit(&mut self, path: &MemberPath, edit: &ConstraintEdit, patterns: &mut PatternCache) -> bool {
        if let ConstraintEdit::RequiredDropped | ConstraintEdit::RequiredNull | ConstraintEdit::RequiredAdded = edit {
            return self.apply_required_edit(path, edit);
        }
        let Some(node) = self.nodes.iter_mut().find(|node| node.path == *path) else { return false };
        node.apply_edit(edit, patterns)
    }

    fn apply_required_edit(&mut self, path: &MemberPath, edit: &ConstraintEdit) -> bool {
        let Some(PathSegment::Member(name)) = path.0.last() else { return false };
        let parent = MemberPath(path.0[..path.0.len() - 1].to_vec());
        let Some(node) = self.nodes.iter_mut().find(|node| node.path == parent) else { return false };
        let NodeKind::Structure { slots, .. } = &mut node.kind else { return false };
        let Some(slot) = slots.iter_mut().find(|slot| slot.name == *name) else { return false };
        match edit {
            ConstraintEdit::RequiredNull => slot.allows_null = true,
            ConstraintEdit::RequiredAdded => slot.required = true,
            _ => slot.required = false,
        }
        true
    }
}

impl ConstraintNode {
    /// Returns true if this node describes the keys of a map.
    pub(super) fn is_map_key(&self) -> bool {
        self.path.0.last() == Some(&PathSegment::Key)
    }

    pub(super) fn child_indices(&self) -> Vec<usize> {
        match &self.kind {
            NodeKind::List { item } => vec![*item],
            NodeKind::Map { key, value } => vec![*key, *value],
            NodeKind::Structure { slots, .. } => slots.iter().map(|slot| slot.node).collect(),
            _ => Vec::new(),
        }
    }

    fn apply_edit(&mut self, edit: &ConstraintEdit, patterns: &mut PatternCache) -> bool {
        let documented = self.pattern_text.clone().unwrap_or_default();
        match (edit, &mut self.kind) {
            (ConstraintEdit::LengthMin(min), _) => self.length_min = *min,
            (ConstraintEdit::LengthMax(max), _) => self.length_max = *max,
            (ConstraintEdit::LengthUnit(unit), _) => self.unit = *unit,
            (ConstraintEdit::RangeMin(min), _) => self.range_min = *min,
            (ConstraintEdit::RangeMax(max), _) => self.range_max = *max,
            (ConstraintEdit::NullElements, _) => self.allows_null_elements = true,
            (ConstraintEdit::EnumValueRemoved(lost), NodeKind::Enum { values, .. }) => {
                values.retain(|value| value != lost)
            }
            (ConstraintEdit::EnumAnyValue, NodeKind::Enum { open, .. }) => *open = true,
            (ConstraintEdit::EnumIgnoreCase, NodeKind::Enum { folded, .. }) => *folded = true,
            (ConstraintEdit::EnumTrimmed, NodeKind::Enum { trimmed, .. }) => *trimmed = true,
            (ConstraintEdit::PatternDropped, _) => self.pattern = None,
            (ConstraintEdit::PatternUnanchored, _) => {
                let inner = documented.strip_prefix('^').unwrap_or(&documented);
                let inner = if inner.ends_with("\\$") { inner } else { inner.strip_suffix('$').unwrap_or(inner) };
                self.pattern = patterns.get_or_compile(inner, false);
            }
            (ConstraintEdit::PatternPrefix, _) => {
                let inner = documented.strip_suffix('$').unwrap_or(&documented);
                self.pattern = patterns.get_or_compile(&format!("^(?:{inner})"), false);
            }
            (ConstraintEdit::PatternIgnoreCase, _) => self.pattern = patterns.get_or_compile(&documented, true),
            (ConstraintEdit::PatternWithoutLookAround, _) => {
                let Some(without) = remove_look_around(&documented) else { return false };
                self.pattern = patterns.get_or_compile(&without, false);
            }
            (ConstraintEdit::PatternReplaced(other), _) => self.pattern = patterns.get_or_compile(other, false),
            (ConstraintEdit::PatternBeforeNewline, _) => self.pattern_mode = PatternMode::IgnoreTrailingNewline,
            (ConstraintEdit::TypeAccepted(json), _) => self.extra_types[*json as usize] = true,
            (ConstraintEdit::TypeCrashes, _) => self.crashes_on_wrong_type = true,
            (ConstraintEdit::IntegerTruncates, NodeKind::Integer { truncates, .. }) => *truncates = true,
            (ConstraintEdit::IntegerUnbounded, NodeKind::Integer { least, most, .. }) => {
                (*least, *most) = (i128::MIN, i128::MAX);
            }
            (ConstraintEdit::UniqueDropped, _) => self.requires_unique = false,
            (ConstraintEdit::ContentsUnchecked, _) => self.skips_contents = true,
            (
                ConstraintEdit::RuleDropped(at)
                | ConstraintEdit::RuleMax(at, _)
                | ConstraintEdit::RulePerRequest(at)
                | ConstraintEdit::RuleByteScope(at, _)
                | ConstraintEdit::RuleInChars(at),
                _,
            ) => {
                let Some(check) = self.rules.get_mut(*at) else { return false };
                match (edit, &mut check.rule) {
                    (ConstraintEdit::RuleDropped(_), _) => check.is_disabled = true,
                    (ConstraintEdit::RuleMax(_, limit), ShapeRule::MaxTotalBytes { max, .. }) => *max = *limit,
                    (ConstraintEdit::RulePerRequest(_), ShapeRule::MaxTotalBytes { stored, .. }) => *stored = false,
                    (ConstraintEdit::RuleByteScope(_, scope), ShapeRule::MaxTotalBytes { over, .. }) => *over = *scope,
                    (ConstraintEdit::RuleInChars(_), ShapeRule::MaxTotalBytes { .. }) => check.counts_chars = true,
                    _ => return false,
                }
            }
            _ => return false,
        }
        true
    }
}

impl TreeBuilder<'_> {
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
        let Some(shape) = contract.shapes.get(id) else { return self.push_leaf(id, path, location) };
        let index = self.push_leaf(id, path.clone(), location);
        self.first_node.entry(id.clone()).or_insert(index);
        self.ancestors.push((id.clone(), index));
        let kind = match &shape.kind {
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
                let top = path.0.is_empty();
                let slots = members
                    .iter()
                    .map(|(name, member)| MemberSlot {
                        name: name.clone(),
                        node: self.build_node(
                            &member.shape,
                            path.join_member(name),
                            if top { member.location } else { location },
                        ),
                        required: member.required,
                        allows_null: false,
                        location: member.location,
                    })
                    .collect();
                NodeKind::Structure { slots, union: matches!(shape.kind, ShapeKind::Union { .. }) }
            }
        };
        self.ancestors.pop();
        let by_value_member = match &kind {
            NodeKind::Map { value, .. } | NodeKind::List { item: value } => match &self.tree.nodes[*value].kind {
                NodeKind::Structure { slots, .. } => slots.iter().any(|slot| slot.name == "Value"),
                _ => false,
            },
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
        node.pattern_text = shape.pattern.clone();
        node.pattern = pattern;
        node.requires_unique = shape.unique;
        node.rules = shape
            .rules
            .iter()
            .map(|rule| RuleCheck {
                rule: rule.clone(),
                is_disabled: false,
                counts_chars: false,
                counts_value_member: by_value_member,
            })
            .collect();
        index
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
