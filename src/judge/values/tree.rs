//! Converts a response into a tree of values, with volatile content replaced and list entries in a canonical order.
//!
//! It never compares two trees.

use super::look::{Class, is_moment};
use super::name::Nature;
use super::said::{Piece, Said, inner};
use crate::contract::{Contract, Kind, ShapeId};
use crate::judge::form::is_name;
use serde_json::Value as Json;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// A value, or a stand-in for it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// Matches any value.
    Any,
    /// A number, a boolean or null, as in JSON.
    Plain(String),
    /// A string.
    Text(Vec<Piece>),
    /// List entries, without those of other cases; `shared` is true if such entries were removed.
    List { entries: Vec<Entry>, shared: bool },
    /// Members by name, each with its label in paths.
    Map(BTreeMap<String, (String, Node)>),
}

/// A list entry with a hash of its content that ignores identifiers.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub likeness: u64,
    pub node: Node,
}

/// Maximum number of characters kept of a text; longer ones are cut and get a hash.
const LONGEST: usize = 240;
/// Maximum number of values in a response; larger ones are not compared.
const MOST: usize = 3000;

/// Reads a document into a tree.
pub(super) struct Reader<'a> {
    pub contract: &'a Contract,
    pub said: &'a mut Said,
    /// Whether list entries may belong to other cases.
    pub open: bool,
    /// Number of values read.
    pub count: usize,
}

impl Reader<'_> {
    /// Reads the whole document. Returns `Any` if it has too many values.
    pub fn read(&mut self, shape: Option<&ShapeId>, json: &Json) -> Node {
        let node = self.node(shape, json, "", self.open);
        if self.count > MOST { Node::Any } else { node }
    }

    fn node(&mut self, shape: Option<&ShapeId>, json: &Json, name: &str, open: bool) -> Node {
        self.count += 1;
        if self.count > MOST {
            return Node::Any;
        }
        let kind = shape.map(|id| &self.contract.shape(id).kind);
        let nature = Nature::new(name, kind);
        if nature == Nature::Fleeting && !json.as_str().is_some_and(|text| self.said.is_sent(text)) {
            return Node::Any;
        }
        match json {
            Json::Null | Json::Bool(_) => Node::Plain(json.to_string()),
            Json::Number(number) => self.number(number.as_f64().unwrap_or(0.0), number, nature),
            Json::String(text) => self.text(text, kind, nature),
            Json::Array(items) => {
                let member = match kind {
                    Some(Kind::List { member }) => Some(member),
                    _ => None,
                };
                self.list(member, items, name, open)
            }
            Json::Object(members) => self.map(kind, members, open),
        }
    }

    fn number(&mut self, value: f64, number: &serde_json::Number, nature: Nature) -> Node {
        let plain = || match value.fract() == 0.0 && value.abs() < 9.0e15 && !number.is_i64() && !number.is_u64() {
            true => (value as i64).to_string(),
            false => number.to_string(),
        };
        if self.said.sent_number(value) {
            return Node::Plain(plain());
        }
        match nature {
            Nature::Time => Node::Text(vec![Piece::Of(Class::Time)]),
            Nature::Id | Nature::Secret => Node::Text(vec![self.said.id(&plain())]),
            _ if is_moment(value) => Node::Text(vec![Piece::Of(Class::Time)]),
            _ => Node::Plain(plain()),
        }
    }

    fn text(&mut self, text: &str, kind: Option<&Kind>, nature: Nature) -> Node {
        if self.said.is_sent(text) {
            return Node::Text(vec![Piece::Plain(text.to_owned())]);
        }
        if nature == Nature::Time {
            return Node::Text(vec![Piece::Of(Class::Time)]);
        }
        if matches!(kind, Some(Kind::Blob)) && !text.is_empty() && nature != Nature::Digest {
            return Node::Text(vec![self.said.id(text)]);
        }
        match inner(text) {
            Some(json) => self.node(None, &json, "", false),
            None => Node::Text(self.said.pieces(text, nature)),
        }
    }

    fn list(&mut self, member: Option<&ShapeId>, items: &[Json], name: &str, open: bool) -> Node {
        let ours: Vec<&Json> = items.iter().filter(|item| !open || !is_of_others(self.said, name, item)).collect();
        let shared = ours.len() < items.len();
        let entries =
            ours.into_iter().map(|item| Entry { likeness: 0, node: self.node(member, item, name, false) }).collect();
        Node::List { entries, shared }
    }

    fn map(&mut self, kind: Option<&Kind>, members: &serde_json::Map<String, Json>, open: bool) -> Node {
        let mut out = BTreeMap::new();
        let mut drawn = Vec::new();
        for (name, value) in members {
            let member = kind.and_then(Kind::members).and_then(|all| all.get(name));
            let (shape, is_enum) = match (member, kind) {
                (Some(member), _) => (Some(&member.shape), true),
                (None, Some(Kind::Map { key, value })) => {
                    (Some(value), matches!(self.contract.shape(key).kind, Kind::Enum { .. }))
                }
                _ => (None, false),
            };
            let pieces = match is_enum {
                true => vec![Piece::Plain(name.clone())],
                false => self.said.pieces(name, Nature::Other),
            };
            let node = match says_why(members, name) {
                true => Node::Any,
                false => self.node(shape, value, name, open),
            };
            if !matches!(pieces.as_slice(), [Piece::Plain(_)] | []) {
                let entry = [("key", Node::Text(pieces)), ("value", node)];
                let entry = entry.map(|(part, node)| (part.to_owned(), (format!("{{{part}}}"), node)));
                drawn.push(Entry { likeness: 0, node: Node::Map(entry.into()) });
                continue;
            }
            let label = match (member.is_some(), kind) {
                (true, _) => format!(".{name}"),
                (_, Some(Kind::Map { .. })) if is_enum => format!("{{{name}}}"),
                _ if is_name(name) && !self.said.is_ours(name) => format!(".{name}"),
                _ => "{value}".to_owned(),
            };
            out.insert(name.clone(), (label, node));
        }
        if !drawn.is_empty() {
            let list = Node::List { entries: drawn, shared: false };
            out.insert("\0drawn".to_owned(), (String::new(), list));
        }
        Node::Map(out)
    }
}

/// Returns true if a member is a human-readable message beside an error code.
fn says_why(members: &serde_json::Map<String, Json>, name: &str) -> bool {
    let is = |name: &str, all: [&str; 2]| all.iter().any(|one| name.eq_ignore_ascii_case(one));
    is(name, ["Message", "ErrorMessage"]) && members.keys().any(|other| is(other, ["Code", "ErrorCode"]))
}

/// Returns true if a list entry names a resource that this case has nothing to do with.
fn is_of_others(said: &Said, name: &str, item: &Json) -> bool {
    let foreign = |text: &str, nature: Nature| nature.identifies().then(|| !said.is_ours(text));
    let names: Vec<bool> = match item {
        Json::String(text) => foreign(text, Nature::new(name, None)).into_iter().collect(),
        Json::Object(members) => members
            .iter()
            .filter_map(|(name, value)| match value {
                Json::String(text) => foreign(text, Nature::new(name, None)),
                Json::Number(number) => foreign(&number.to_string(), Nature::new(name, None)),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    !names.is_empty() && names.iter().all(|foreign| *foreign)
}

/// Redacts all texts and shortens them.
pub(super) fn tidy(node: &mut Node, clean: &impl Fn(&mut String)) {
    match node {
        Node::Any => {}
        Node::Plain(text) => shorten(text, clean),
        Node::Text(pieces) => {
            for piece in pieces {
                if let Piece::Plain(text) = piece {
                    shorten(text, clean);
                }
            }
        }
        Node::List { entries, .. } => entries.iter_mut().for_each(|entry| tidy(&mut entry.node, clean)),
        Node::Map(members) => {
            let all = std::mem::take(members).into_iter();
            *members = all
                .map(|(mut name, (mut label, mut node))| {
                    shorten(&mut name, clean);
                    shorten(&mut label, clean);
                    tidy(&mut node, clean);
                    (name, (label, node))
                })
                .collect();
        }
    }
}

fn shorten(text: &mut String, clean: &impl Fn(&mut String)) {
    clean(text);
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        let number = hashed(text);
        text.truncate(end);
        text.push_str(&format!("… ({number:016x})"));
    }
}

/// Collects every path where each identifier occurs, without list indexes.
pub(super) fn places(node: &Node, path: &str, out: &mut HashMap<u32, Vec<String>>) {
    match node {
        Node::Any | Node::Plain(_) => {}
        Node::Text(pieces) => {
            for piece in pieces {
                if let Piece::Id(id) = piece {
                    out.entry(*id).or_default().push(path.to_owned());
                }
            }
        }
        Node::List { entries, .. } => {
            entries.iter().for_each(|entry| places(&entry.node, &format!("{path}[]"), out));
        }
        Node::Map(members) => {
            members.iter().for_each(|(name, (_, node))| places(node, &format!("{path}.{name}"), out));
        }
    }
}

/// Sorts list entries by their content, ignoring identifiers, and returns the content hash of the node.
pub(super) fn sort(node: &mut Node, places: &HashMap<u32, u64>) -> u64 {
    let mut hash = DefaultHasher::new();
    match node {
        Node::Any => 0.hash(&mut hash),
        Node::Plain(text) => text.hash(&mut hash),
        Node::Text(pieces) => {
            for piece in pieces {
                match piece {
                    Piece::Plain(text) => text.hash(&mut hash),
                    Piece::Of(class) => class.hash(&mut hash),
                    Piece::Id(id) => places.get(id).hash(&mut hash),
                }
            }
        }
        Node::List { entries, .. } => {
            for entry in &mut *entries {
                entry.likeness = sort(&mut entry.node, places);
            }
            entries.sort_by_key(|entry| entry.likeness);
            entries.iter().for_each(|entry| entry.likeness.hash(&mut hash));
        }
        Node::Map(members) => {
            for (name, (_, node)) in members {
                name.hash(&mut hash);
                sort(node, places).hash(&mut hash);
            }
        }
    }
    hash.finish()
}

/// Returns a hash of a value, equal in every process of one build.
pub(super) fn hashed(value: &impl std::hash::Hash) -> u64 {
    let mut hash = DefaultHasher::new();
    value.hash(&mut hash);
    hash.finish()
}
