//! The constraints of one operation's input, arranged by member path, so that each can be changed on its own.
//!
//! Never sees HTTP and checks nothing; see [`super::check`]. A contract may use one shape at many paths; here each
//! path has a node of its own, and only recursion leads back to an earlier node.

use super::look_around::without_look_around;
use super::pattern::Pattern;
use crate::contract::{ByteScope, Contract, Kind, Location, MemberPath, Rule, Segment, ShapeId};
use std::collections::HashMap;
use std::sync::Arc;

/// A path in the input of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The operation's name.
    pub operation: String,
    /// The member path.
    pub path: MemberPath,
}

/// A change to the constraints at one site.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// The minimum length is this, or there is none.
    LengthMin(Option<u64>),
    /// The maximum length is this, or there is none.
    LengthMax(Option<u64>),
    /// String lengths are counted in this unit.
    LengthIn(Unit),
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
    NullInside,
    /// This enum value is rejected.
    EnumLost(String),
    /// Any string is accepted as an enum value.
    EnumOpen,
    /// Enum values are compared case-insensitively.
    EnumFolded,
    /// White space around an enum value is ignored.
    EnumTrimmed,
    /// The pattern is not checked.
    PatternDropped,
    /// The pattern may match anywhere in the string.
    PatternUnanchored,
    /// The pattern must only match the beginning.
    PatternPrefix,
    /// The pattern is matched case-insensitively.
    PatternFolded,
    /// Look-ahead and look-behind are removed from the pattern.
    PatternWithoutLookAround,
    /// The pattern is replaced by this one.
    PatternIs(String),
    /// One trailing newline is ignored.
    PatternBeforeNewline,
    /// Values of this JSON type are accepted without further checks.
    TypeTakes(JsonType),
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
    RuleOver(usize, ByteScope),
    /// The byte budget counts code points.
    RuleInChars(usize),
    /// The contents are not checked.
    ContentsUnchecked,
}

/// The unit in which string lengths are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
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
pub(super) struct Tree {
    pub nodes: Vec<Node>,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub path: MemberPath,
    /// The shape of the value at this path.
    pub shape: ShapeId,
    pub kind: NodeKind,
    /// The part of the request that holds the value. Map keys count as labels, because they too can only be strings.
    pub location: Location,
    pub length_min: Option<u64>,
    pub length_max: Option<u64>,
    pub unit: Unit,
    pub range_min: Option<f64>,
    pub range_max: Option<f64>,
    /// The pattern as documented, for the faults that change it.
    pub pattern_text: Option<String>,
    pub pattern: Option<Arc<Pattern>>,
    pub pattern_reading: PatternReading,
    pub unique: bool,
    pub rules: Vec<RuleCheck>,
    pub null_inside: bool,
    pub unchecked: bool,
    pub takes: [bool; 5],
    pub type_crashes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum PatternReading {
    AsWritten,
    BeforeNewline,
}

#[derive(Clone, Debug)]
pub(super) struct RuleCheck {
    pub rule: Rule,
    pub off: bool,
    pub in_chars: bool,
    /// Whether the counted values are structures with a member `Value`; then only that member counts.
    pub by_value_member: bool,
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
    Structure { slots: Vec<Slot>, union: bool },
}

#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub name: String,
    pub node: usize,
    pub required: bool,
    pub null_ok: bool,
    pub location: Location,
}

/// The patterns compiled so far, shared by all operations and faults; `None` for one that could not be translated.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    compiled: HashMap<(String, bool), Option<Arc<Pattern>>>,
    /// Each pattern that could not be translated, with the reason.
    pub unreadable: Vec<(String, String)>,
}

impl Patterns {
    fn compile(&mut self, text: &str, ignore_case: bool) -> Option<Arc<Pattern>> {
        let unreadable = &mut self.unreadable;
        self.compiled
            .entry((text.to_owned(), ignore_case))
            .or_insert_with(|| match Pattern::new(text, ignore_case) {
                Ok(pattern) => Some(Arc::new(pattern)),
                Err(reason) => {
                    unreadable.push((text.to_owned(), reason));
                    None
                }
            })
            .clone()
    }
}

/// Maximum number of nodes; beyond it, another use of a shape shares the node of an earlier one.
const MOST_NODES: usize = 20_000;

struct Builder<'a> {
    contract: &'a Contract,
    patterns: &'a mut Patterns,
    tree: Tree,
    /// The shapes between the input and the current path, with their nodes.
    ancestors: Vec<(ShapeId, usize)>,
    first: HashMap<ShapeId, usize>,
}

impl Tree {
    pub(super) fn new(contract: &Contract, input: &ShapeId, patterns: &mut Patterns) -> Self {
        let mut builder =
            Builder { contract, patterns, tree: Self::default(), ancestors: Vec::new(), first: HashMap::new() };
        builder.node(input, MemberPath::root(), Location::Body);
        builder.tree
    }

    pub(super) fn slots(&self) -> &[Slot] {
        match self.nodes.first().map(|node| &node.kind) {
            Some(NodeKind::Structure { slots, .. }) => slots,
            _ => &[],
        }
    }

    /// Returns the paths that recursion leads back to.
    pub(super) fn cycles(&self) -> Vec<&MemberPath> {
        let mut heads = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            for child in node.children() {
                if child <= index && !heads.contains(&&self.nodes[child].path) {
                    heads.push(&self.nodes[child].path);
                }
            }
        }
        heads
    }

    /// Changes the constraints at one path; returns false if there is no such site.
    pub(super) fn edit(&mut self, path: &MemberPath, edit: &Edit, patterns: &mut Patterns) -> bool {
        if let Edit::RequiredDropped | Edit::RequiredNull | Edit::RequiredAdded = edit {
            return self.edit_required(path, edit);
        }
        let Some(node) = self.nodes.iter_mut().find(|node| node.path == *path) else { return false };
        node.edit(edit, patterns)
    }

    fn edit_required(&mut self, path: &MemberPath, edit: &Edit) -> bool {
        let Some(Segment::Member(name)) = path.0.last() else { return false };
        let parent = MemberPath(path.0[..path.0.len() - 1].to_vec());
        let Some(node) = self.nodes.iter_mut().find(|node| node.path == parent) else { return false };
        let NodeKind::Structure { slots, .. } = &mut node.kind else { return false };
        let Some(slot) = slots.iter_mut().find(|slot| slot.name == *name) else { return false };
        match edit {
            Edit::RequiredNull => slot.null_ok = true,
            Edit::RequiredAdded => slot.required = true,
            _ => slot.required = false,
        }
        true
    }
}

impl Node {
    /// Returns true if this node describes the keys of a map.
    pub(super) fn is_key(&self) -> bool {
        self.path.0.last() == Some(&Segment::Key)
    }

    pub(super) fn children(&self) -> Vec<usize> {
        match &self.kind {
            NodeKind::List { item } => vec![*item],
            NodeKind::Map { key, value } => vec![*key, *value],
            NodeKind::Structure { slots, .. } => slots.iter().map(|slot| slot.node).collect(),
            _ => Vec::new(),
        }
    }

    fn edit(&mut self, edit: &Edit, patterns: &mut Patterns) -> bool {
        let documented = self.pattern_text.clone().unwrap_or_default();
        match (edit, &mut self.kind) {
            (Edit::LengthMin(min), _) => self.length_min = *min,
            (Edit::LengthMax(max), _) => self.length_max = *max,
            (Edit::LengthIn(unit), _) => self.unit = *unit,
            (Edit::RangeMin(min), _) => self.range_min = *min,
            (Edit::RangeMax(max), _) => self.range_max = *max,
            (Edit::NullInside, _) => self.null_inside = true,
            (Edit::EnumLost(lost), NodeKind::Enum { values, .. }) => values.retain(|value| value != lost),
            (Edit::EnumOpen, NodeKind::Enum { open, .. }) => *open = true,
            (Edit::EnumFolded, NodeKind::Enum { folded, .. }) => *folded = true,
            (Edit::EnumTrimmed, NodeKind::Enum { trimmed, .. }) => *trimmed = true,
            (Edit::PatternDropped, _) => self.pattern = None,
            (Edit::PatternUnanchored, _) => {
                let inner = documented.strip_prefix('^').unwrap_or(&documented);
                let inner = if inner.ends_with("\\$") { inner } else { inner.strip_suffix('$').unwrap_or(inner) };
                self.pattern = patterns.compile(inner, false);
            }
            (Edit::PatternPrefix, _) => {
                let inner = documented.strip_suffix('$').unwrap_or(&documented);
                self.pattern = patterns.compile(&format!("^(?:{inner})"), false);
            }
            (Edit::PatternFolded, _) => self.pattern = patterns.compile(&documented, true),
            (Edit::PatternWithoutLookAround, _) => {
                let Some(without) = without_look_around(&documented) else { return false };
                self.pattern = patterns.compile(&without, false);
            }
            (Edit::PatternIs(other), _) => self.pattern = patterns.compile(other, false),
            (Edit::PatternBeforeNewline, _) => self.pattern_reading = PatternReading::BeforeNewline,
            (Edit::TypeTakes(json), _) => self.takes[*json as usize] = true,
            (Edit::TypeCrashes, _) => self.type_crashes = true,
            (Edit::IntegerTruncates, NodeKind::Integer { truncates, .. }) => *truncates = true,
            (Edit::IntegerUnbounded, NodeKind::Integer { least, most, .. }) => {
                (*least, *most) = (i128::MIN, i128::MAX);
            }
            (Edit::UniqueDropped, _) => self.unique = false,
            (Edit::ContentsUnchecked, _) => self.unchecked = true,
            (
                Edit::RuleDropped(at)
                | Edit::RuleMax(at, _)
                | Edit::RulePerRequest(at)
                | Edit::RuleOver(at, _)
                | Edit::RuleInChars(at),
                _,
            ) => {
                let Some(check) = self.rules.get_mut(*at) else { return false };
                match (edit, &mut check.rule) {
                    (Edit::RuleDropped(_), _) => check.off = true,
                    (Edit::RuleMax(_, limit), Rule::MaxTotalBytes { max, .. }) => *max = *limit,
                    (Edit::RulePerRequest(_), Rule::MaxTotalBytes { stored, .. }) => *stored = false,
                    (Edit::RuleOver(_, scope), Rule::MaxTotalBytes { over, .. }) => *over = *scope,
                    (Edit::RuleInChars(_), Rule::MaxTotalBytes { .. }) => check.in_chars = true,
                    _ => return false,
                }
            }
            _ => return false,
        }
        true
    }
}

impl Builder<'_> {
    fn node(&mut self, id: &ShapeId, path: MemberPath, location: Location) -> usize {
        if let Some((_, earlier)) = self.ancestors.iter().find(|(ancestor, _)| ancestor == id) {
            return *earlier;
        }
        if self.tree.nodes.len() >= MOST_NODES
            && let Some(shared) = self.first.get(id)
        {
            return *shared;
        }
        let contract = self.contract;
        let Some(shape) = contract.shapes.get(id) else { return self.leaf(id, path, location) };
        let index = self.leaf(id, path.clone(), location);
        self.first.entry(id.clone()).or_insert(index);
        self.ancestors.push((id.clone(), index));
        let kind = match &shape.kind {
            Kind::Blob => NodeKind::Blob,
            Kind::Boolean => NodeKind::Boolean,
            Kind::String => NodeKind::Text,
            Kind::Enum { values } => {
                NodeKind::Enum { values: values.clone(), open: false, folded: false, trimmed: false }
            }
            Kind::Integer => NodeKind::Integer { least: i32::MIN.into(), most: i32::MAX.into(), truncates: false },
            Kind::Long => NodeKind::Integer { least: i64::MIN.into(), most: i64::MAX.into(), truncates: false },
            Kind::Float | Kind::Double => NodeKind::Float,
            Kind::Timestamp => NodeKind::Timestamp,
            Kind::Document => NodeKind::Document,
            Kind::List { member } => NodeKind::List { item: self.node(member, path.then(Segment::Item), location) },
            Kind::Map { key, value } => NodeKind::Map {
                key: self.node(key, path.then(Segment::Key), Location::Label),
                value: self.node(value, path.then(Segment::Value), location),
            },
            Kind::Structure { members } | Kind::Union { members } => {
                let top = path.0.is_empty();
                let slots = members
                    .iter()
                    .map(|(name, member)| Slot {
                        name: name.clone(),
                        node: self.node(&member.shape, path.member(name), if top { member.location } else { location }),
                        required: member.required,
                        null_ok: false,
                        location: member.location,
                    })
                    .collect();
                NodeKind::Structure { slots, union: matches!(shape.kind, Kind::Union { .. }) }
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
        let pattern = shape.pattern.as_deref().and_then(|text| self.patterns.compile(text, false));
        let node = &mut self.tree.nodes[index];
        node.kind = kind;
        node.length_min = shape.length().min;
        node.length_max = shape.length().max;
        node.range_min = shape.range.as_ref().and_then(|range| number(&range.min));
        node.range_max = shape.range.as_ref().and_then(|range| number(&range.max));
        node.pattern_text = shape.pattern.clone();
        node.pattern = pattern;
        node.unique = shape.unique;
        node.rules = shape
            .rules
            .iter()
            .map(|rule| RuleCheck { rule: rule.clone(), off: false, in_chars: false, by_value_member })
            .collect();
        index
    }

    fn leaf(&mut self, id: &ShapeId, path: MemberPath, location: Location) -> usize {
        self.tree.nodes.push(Node {
            path,
            shape: id.clone(),
            kind: NodeKind::Document,
            location,
            length_min: None,
            length_max: None,
            unit: Unit::CodePoints,
            range_min: None,
            range_max: None,
            pattern_text: None,
            pattern: None,
            pattern_reading: PatternReading::AsWritten,
            unique: false,
            rules: Vec::new(),
            null_inside: false,
            unchecked: false,
            takes: [false; 5],
            type_crashes: false,
        });
        self.tree.nodes.len() - 1
    }
}
