//! Converts a response into a tree of values, with volatile content replaced and list entries in a canonical order.
//!
//! It never compares two trees.

use super::transcript::{TextPart, Transcript, parse_embedded_json};
use super::value_kind::ValueKind;
use super::volatile::{VolatileKind, is_timestamp};
use crate::contract::{Contract, ShapeId, ShapeKind};
use crate::judge::form::is_identifier_like;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// A value, or a stand-in for it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ValueNode {
    /// Matches any value.
    Any,
    /// A number, a boolean or null, as in JSON.
    Plain(String),
    /// A string.
    Text(Vec<TextPart>),
    /// List entries, without those of other cases; `shared` is true if such entries were removed.
    List { entries: Vec<ValueListEntry>, shared: bool },
    /// Members by name, each with its label in paths.
    Map(BTreeMap<String, (String, ValueNode)>),
}

/// A list entry with a hash of its content that ignores identifiers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ValueListEntry {
    pub content_hash: u64,
    pub node: ValueNode,
}

/// Maximum number of characters kept of a text; longer ones are cut and get a hash.
const MAX_TEXT_CHARS: usize = 240;
/// Maximum number of values in a response; larger ones are not compared.
const MAX_VALUES: usize = 3000;

/// Reads a document into a tree.
pub(super) struct ValueReader<'a> {
    pub contract: &'a Contract,
    pub transcript: &'a mut Transcript,
    /// Whether list entries may belong to other cases.
    pub may_include_foreign: bool,
    /// Number of values read.
    pub value_count: usize,
}

impl ValueReader<'_> {
    /// Reads the whole document. Returns `Any` if it has too many values.
    pub fn read_document(&mut self, shape: Option<&ShapeId>, json: &Json) -> ValueNode {
        let node = self.read_node(shape, json, "", self.may_include_foreign);
        if self.value_count > MAX_VALUES { ValueNode::Any } else { node }
    }

    fn read_node(&mut self, shape: Option<&ShapeId>, json: &Json, name: &str, open: bool) -> ValueNode {
        self.value_count += 1;
        if self.value_count > MAX_VALUES {
            return ValueNode::Any;
        }
        let kind = shape.map(|id| &self.contract.shape(id).kind);
        let nature = ValueKind::infer(name, kind);
        if nature == ValueKind::Ephemeral && !json.as_str().is_some_and(|text| self.transcript.has_sent_text(text)) {
            return ValueNode::Any;
        }
        match json {
            Json::Null | Json::Bool(_) => ValueNode::Plain(json.to_string()),
            Json::Number(number) => self.read_number(number.as_f64().unwrap_or(0.0), number, nature),
            Json::String(text) => self.read_text(text, kind, nature),
            Json::Array(items) => {
                let member = match kind {
                    Some(ShapeKind::List { member }) => Some(member),
                    _ => None,
                };
                self.read_list(member, items, name, open)
            }
            Json::Object(members) => self.read_map(kind, members, open),
        }
    }

    fn read_number(&mut self, value: f64, number: &serde_json::Number, nature: ValueKind) -> ValueNode {
        let plain = || match value.fract() == 0.0 && value.abs() < 9.0e15 && !number.is_i64() && !number.is_u64() {
            true => (value as i64).to_string(),
            false => number.to_string(),
        };
        if self.transcript.has_sent_number(value) {
            return ValueNode::Plain(plain());
        }
        match nature {
            ValueKind::Timestamp => ValueNode::Text(vec![TextPart::Volatile(VolatileKind::Time)]),
            ValueKind::Identifier | ValueKind::Token => {
                ValueNode::Text(vec![self.transcript.identifier_part(&plain())])
            }
            _ if is_timestamp(value) => ValueNode::Text(vec![TextPart::Volatile(VolatileKind::Time)]),
            _ => ValueNode::Plain(plain()),
        }
    }

    fn read_text(&mut self, text: &str, kind: Option<&ShapeKind>, nature: ValueKind) -> ValueNode {
        if self.transcript.has_sent_text(text) {
            return ValueNode::Text(vec![TextPart::Literal(text.to_owned())]);
        }
        if nature == ValueKind::Timestamp {
            return ValueNode::Text(vec![TextPart::Volatile(VolatileKind::Time)]);
        }
        if matches!(kind, Some(ShapeKind::Blob)) && !text.is_empty() && nature != ValueKind::Digest {
            return ValueNode::Text(vec![self.transcript.identifier_part(text)]);
        }
        match parse_embedded_json(text) {
            Some(json) => self.read_node(None, &json, "", false),
            None => ValueNode::Text(self.transcript.split_text(text, nature)),
        }
    }

    fn read_list(&mut self, member: Option<&ShapeId>, items: &[Json], name: &str, open: bool) -> ValueNode {
        let ours: Vec<&Json> =
            items.iter().filter(|item| !open || !is_foreign_entry(self.transcript, name, item)).collect();
        let shared = ours.len() < items.len();
        let entries = ours
            .into_iter()
            .map(|item| ValueListEntry { content_hash: 0, node: self.read_node(member, item, name, false) })
            .collect();
        ValueNode::List { entries, shared }
    }

    fn read_map(&mut self, kind: Option<&ShapeKind>, members: &serde_json::Map<String, Json>, open: bool) -> ValueNode {
        let mut out = BTreeMap::new();
        let mut drawn = Vec::new();
        for (name, value) in members {
            let member = kind.and_then(ShapeKind::members).and_then(|all| all.get(name));
            let (shape, is_enum) = match (member, kind) {
                (Some(member), _) => (Some(&member.shape), true),
                (None, Some(ShapeKind::Map { key, value })) => {
                    (Some(value), matches!(self.contract.shape(key).kind, ShapeKind::Enum { .. }))
                }
                _ => (None, false),
            };
            let pieces = match is_enum {
                true => vec![TextPart::Literal(name.clone())],
                false => self.transcript.split_text(name, ValueKind::Other),
            };
            let node = match is_error_message(members, name) {
                true => ValueNode::Any,
                false => self.read_node(shape, value, name, open),
            };
            if !matches!(pieces.as_slice(), [TextPart::Literal(_)] | []) {
                let entry = [("key", ValueNode::Text(pieces)), ("value", node)];
                let entry = entry.map(|(part, node)| (part.to_owned(), (format!("{{{part}}}"), node)));
                drawn.push(ValueListEntry { content_hash: 0, node: ValueNode::Map(entry.into()) });
                continue;
            }
            let label = match (member.is_some(), kind) {
                (true, _) => format!(".{name}"),
                (_, Some(ShapeKind::Map { .. })) if is_enum => format!("{{{name}}}"),
                _ if is_identifier_like(name) && !self.transcript.belongs_to_case(name) => format!(".{name}"),
                _ => "{value}".to_owned(),
            };
            out.insert(name.clone(), (label, node));
        }
        if !drawn.is_empty() {
            let list = ValueNode::List { entries: drawn, shared: false };
            out.insert("\0drawn".to_owned(), (String::new(), list));
        }
        ValueNode::Map(out)
    }
}

/// Returns true if a member is a human-readable message beside an error code.
fn is_error_message(members: &serde_json::Map<String, Json>, name: &str) -> bool {
    let is = |name: &str, all: [&str; 2]| all.iter().any(|one| name.eq_ignore_ascii_case(one));
    is(name, ["Message", "ErrorMessage"]) && members.keys().any(|other| is(other, ["Code", "ErrorCode"]))
}

/// Returns true if a list entry names a resource that this case has nothing to do with.
fn is_foreign_entry(said: &Transcript, name: &str, item: &Json) -> bool {
    let foreign = |text: &str, nature: ValueKind| nature.is_identifying().then(|| !said.belongs_to_case(text));
    let names: Vec<bool> = match item {
        Json::String(text) => foreign(text, ValueKind::infer(name, None)).into_iter().collect(),
        Json::Object(members) => members
            .iter()
            .filter_map(|(name, value)| match value {
                Json::String(text) => foreign(text, ValueKind::infer(name, None)),
                Json::Number(number) => foreign(&number.to_string(), ValueKind::infer(name, None)),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    !names.is_empty() && names.iter().all(|foreign| *foreign)
}

/// Redacts all texts and shortens them.
pub(super) fn redact_texts(node: &mut ValueNode, clean: &impl Fn(&mut String)) {
    match node {
        ValueNode::Any => {}
        ValueNode::Plain(text) => redact_and_shorten(text, clean),
        ValueNode::Text(pieces) => {
            for piece in pieces {
                if let TextPart::Literal(text) = piece {
                    redact_and_shorten(text, clean);
                }
            }
        }
        ValueNode::List { entries, .. } => entries.iter_mut().for_each(|entry| redact_texts(&mut entry.node, clean)),
        ValueNode::Map(members) => {
            let all = std::mem::take(members).into_iter();
            *members = all
                .map(|(mut name, (mut label, mut node))| {
                    redact_and_shorten(&mut name, clean);
                    redact_and_shorten(&mut label, clean);
                    redact_texts(&mut node, clean);
                    (name, (label, node))
                })
                .collect();
        }
    }
}

fn redact_and_shorten(text: &mut String, clean: &impl Fn(&mut String)) {
    clean(text);
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT_CHARS) {
        let number = content_hash(text);
        text.truncate(end);
        text.push_str(&format!("… ({number:016x})"));
    }
}

/// Collects every path where each identifier occurs, without list indexes.
pub(super) fn collect_identifier_paths(node: &ValueNode, path: &str, out: &mut HashMap<u32, Vec<String>>) {
    match node {
        ValueNode::Any | ValueNode::Plain(_) => {}
        ValueNode::Text(pieces) => {
            for piece in pieces {
                if let TextPart::Identifier(id) = piece {
                    out.entry(*id).or_default().push(path.to_owned());
                }
            }
        }
        ValueNode::List { entries, .. } => {
            entries.iter().for_each(|entry| collect_identifier_paths(&entry.node, &format!("{path}[]"), out));
        }
        ValueNode::Map(members) => {
            members.iter().for_each(|(name, (_, node))| collect_identifier_paths(node, &format!("{path}.{name}"), out));
        }
    }
}

/// Sorts list entries by their content, ignoring identifiers, and returns the content hash of the node.
pub(super) fn sort_entries(node: &mut ValueNode, places: &HashMap<u32, u64>) -> u64 {
    let mut hash = DefaultHasher::new();
    match node {
        ValueNode::Any => 0.hash(&mut hash),
        ValueNode::Plain(text) => text.hash(&mut hash),
        ValueNode::Text(pieces) => {
            for piece in pieces {
                match piece {
                    TextPart::Literal(text) => text.hash(&mut hash),
                    TextPart::Volatile(class) => class.hash(&mut hash),
                    TextPart::Identifier(id) => places.get(id).hash(&mut hash),
                }
            }
        }
        ValueNode::List { entries, .. } => {
            for entry in &mut *entries {
                entry.content_hash = sort_entries(&mut entry.node, places);
            }
            entries.sort_by_key(|entry| entry.content_hash);
            entries.iter().for_each(|entry| entry.content_hash.hash(&mut hash));
        }
        ValueNode::Map(members) => {
            for (name, (_, node)) in members {
                name.hash(&mut hash);
                sort_entries(node, places).hash(&mut hash);
            }
        }
    }
    hash.finish()
}

/// Returns a hash of a value, equal in every process of one build.
pub(super) fn content_hash(value: &impl std::hash::Hash) -> u64 {
    let mut hash = DefaultHasher::new();
    value.hash(&mut hash);
    hash.finish()
}
