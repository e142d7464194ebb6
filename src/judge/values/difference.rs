//! Compares two responses to the same request value by value.
//!
//! It never decides which of them is right.

use super::Values;
use super::said::Piece;
use super::tree::{Entry, Node};
use serde::Serialize;
use std::cell::Cell;
use std::collections::HashMap;

/// A place where two responses differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Difference {
    /// Path without list indexes: `body.Attributes{DelaySeconds}`.
    pub at: String,
    /// Value of the other endpoint.
    pub was: String,
    /// Value of this endpoint.
    pub now: String,
}

impl Difference {
    /// Returns the descriptions of the other endpoint's and this endpoint's value, each after `words`, which describes
    /// what both have in common.
    pub fn in_words(&self, words: &str) -> (String, String) {
        let told = |value: &str| format!("{words} with {} {value}", self.at);
        (told(&self.was), told(&self.now))
    }
}

/// Maximum number of differences reported for one response.
const MOST: usize = 8;
/// Maximum number of values compared between two responses. In long lists without a common entry, every entry may be
/// compared with every other. What the comparison does not reach counts as equal.
const MOST_STEPS: usize = 200_000;
/// Number of identifier pairs that take as long to copy as one value takes to compare.
const CHEAP: usize = 16;
/// Maximum number of characters shown of a value.
const SHOWN: usize = 120;
/// Shown in place of a value that one of the two responses lacks.
const ABSENT: &str = "nothing";

/// Returns the differences between two responses.
pub(super) fn differences(was: &Values, now: &Values) -> Vec<Difference> {
    let mut pairs = Pairs::default();
    let earlier: HashMap<&str, u32> = now.earlier.iter().map(|(place, id)| (place.as_str(), *id)).collect();
    for (place, id) in &was.earlier {
        if let Some(other) = earlier.get(place.as_str()) {
            pairs.join(*id, *other);
        }
    }
    let steps = Cell::new(MOST_STEPS);
    let mut walk = Walk { pairs, found: Vec::new(), shared: was.shared || now.shared, steps: &steps };
    walk.node(&was.root, &now.root, "body", true);
    walk.found
}

/// Mapping between the identifiers of two conversations.
#[derive(Clone, Default)]
struct Pairs {
    to: HashMap<u32, u32>,
    back: HashMap<u32, u32>,
}

impl Pairs {
    /// Returns true if two identifiers correspond; unpaired ones are paired from now on.
    fn join(&mut self, one: u32, other: u32) -> bool {
        match (self.to.get(&one), self.back.get(&other)) {
            (None, None) => {
                self.to.insert(one, other);
                self.back.insert(other, one);
                true
            }
            (Some(known), _) => *known == other,
            (None, Some(_)) => false,
        }
    }

    fn agree(&mut self, one: &[Piece], other: &[Piece]) -> bool {
        one.len() == other.len()
            && one.iter().zip(other).all(|pair| match pair {
                (Piece::Id(one), Piece::Id(other)) => self.join(*one, *other),
                (one, other) => one == other,
            })
    }
}

struct Walk<'s> {
    pairs: Pairs,
    found: Vec<Difference>,
    /// Whether some list contains entries of other cases, so that totals are meaningless.
    shared: bool,
    /// Number of values that may still be compared, by this walk and its trial comparisons.
    steps: &'s Cell<usize>,
}

impl Walk<'_> {
    /// Compares two values; `outside` is true outside of all lists.
    fn node(&mut self, was: &Node, now: &Node, at: &str, outside: bool) {
        if self.found.len() >= MOST || !self.may_go(1) {
            return;
        }
        match (was, now) {
            (Node::Any, _) | (_, Node::Any) => {}
            (Node::Plain(_), Node::Plain(_)) if self.shared && outside => {}
            (Node::Plain(one), Node::Plain(other)) if one == other => {}
            (Node::Text(one), Node::Text(other)) if self.pairs.agree(one, other) => {}
            (Node::List { entries: one, shared: of_one }, Node::List { entries: other, shared: of_other }) => {
                self.list(one, other, at, *of_one || *of_other);
            }
            (Node::Map(one), Node::Map(other)) => {
                for (name, (label, node)) in one {
                    let place = format!("{at}{label}");
                    match other.get(name) {
                        Some((_, other)) => self.node(node, other, &place, outside),
                        None if is_nothing(node) || self.shared && outside => {}
                        None => self.tell(&place, &shown(node), ABSENT),
                    }
                }
                for (label, node) in other.iter().filter(|(name, _)| !one.contains_key(*name)).map(|(_, node)| node) {
                    if !(is_nothing(node) || self.shared && outside) {
                        self.tell(&format!("{at}{label}"), ABSENT, &shown(node));
                    }
                }
            }
            (was, now) => self.tell(at, &shown(was), &shown(now)),
        }
    }

    /// Matches entries regardless of their order: the order of many lists is meaningless, and laws cover those where it
    /// matters.
    fn list(&mut self, was: &[Entry], now: &[Entry], at: &str, shared: bool) {
        let mut left: Vec<&Entry> = now.iter().collect();
        let mut gone = Vec::new();
        for entry in was {
            let alike = left.iter().position(|other| other.likeness == entry.likeness && self.same(entry, other));
            match alike.or_else(|| left.iter().position(|other| self.same(entry, other))) {
                Some(index) => {
                    let other = left.remove(index);
                    self.node(&entry.node, &other.node, at, false);
                }
                None => gone.push(entry),
            }
        }
        let place = format!("{at}[]");
        if gone.len() == left.len() {
            for one in gone {
                // An entry is paired with the one that has the fewest differences.
                let Some(index) = (0..left.len()).min_by_key(|index| self.distance(one, left[*index])) else { return };
                self.node(&one.node, &left.remove(index).node, &place, false);
            }
        } else if !shared {
            gone.iter().for_each(|entry| self.tell(&place, &shown(&entry.node), ABSENT));
            left.iter().for_each(|entry| self.tell(&place, ABSENT, &shown(&entry.node)));
        }
    }

    /// Returns true if two entries are equal under the known identifier pairs.
    fn same(&self, one: &Entry, other: &Entry) -> bool {
        self.distance(one, other) == 0
    }

    /// Returns the number of differences between two entries.
    fn distance(&self, one: &Entry, other: &Entry) -> usize {
        // A trial comparison copies all pairs.
        if !self.may_go(self.pairs.to.len() / CHEAP) {
            return 0;
        }
        let mut walk = Walk { pairs: self.pairs.clone(), found: Vec::new(), shared: self.shared, steps: self.steps };
        walk.node(&one.node, &other.node, "", false);
        walk.found.len()
    }

    fn may_go(&self, steps: usize) -> bool {
        let left = self.steps.get().checked_sub(steps);
        self.steps.set(left.unwrap_or(0));
        left.is_some()
    }

    fn tell(&mut self, at: &str, was: &str, now: &str) {
        if self.found.len() < MOST && !self.found.iter().any(|known| known.at == at) {
            self.found.push(Difference { at: at.to_owned(), was: was.to_owned(), now: now.to_owned() });
        }
    }
}

/// Returns true if a value is empty; servers often omit those.
fn is_nothing(node: &Node) -> bool {
    match node {
        Node::Any => true,
        Node::Plain(text) => text == "null",
        Node::Text(pieces) => pieces.iter().all(|piece| matches!(piece, Piece::Plain(text) if text.is_empty())),
        Node::List { entries, shared } => entries.is_empty() || *shared,
        Node::Map(members) => members.values().all(|(_, node)| is_nothing(node)),
    }
}

/// Formats a value for people. An identifier is numbered if it stands alone.
fn shown(node: &Node) -> String {
    let mut out = String::new();
    write(node, matches!(node, Node::Text(_)), &mut out);
    match out.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &out[..end]),
        None => out,
    }
}

fn write(node: &Node, numbered: bool, out: &mut String) {
    if out.len() > SHOWN * 4 {
        return;
    }
    match node {
        Node::Any => out.push_str("anything"),
        Node::Plain(text) => out.push_str(text),
        Node::Text(pieces) => {
            let text: String = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Plain(text) => text.clone(),
                    Piece::Of(class) => class.name().to_owned(),
                    Piece::Id(id) if numbered => format!("<id {id}>"),
                    Piece::Id(_) => "<id>".to_owned(),
                })
                .collect();
            out.push_str(&serde_json::Value::String(text).to_string());
        }
        Node::List { entries, .. } => {
            out.push('[');
            for (index, entry) in entries.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                write(&entry.node, false, out);
            }
            out.push(']');
        }
        Node::Map(members) => {
            out.push('{');
            for (index, (name, (_, node))) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                out.push_str(&serde_json::Value::String(name.replace('\0', "")).to_string());
                out.push(':');
                write(node, false, out);
            }
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comparison_of_long_disjoint_lists_is_bounded() {
        let list = |word: &str, count: u32| {
            let entry = |number: u32| {
                let members =
                    [("a", Node::Plain(format!("{word}{number}"))), ("b", Node::Text(vec![Piece::Id(number)]))];
                let node = Node::Map(members.map(|(name, node)| (name.to_owned(), (format!(".{name}"), node))).into());
                Entry { likeness: u64::from(number), node }
            };
            let root = Node::List { entries: (0..count).map(entry).collect(), shared: false };
            Values { earlier: Vec::new(), root, shared: false }
        };
        let told = differences(&list("x", 20), &list("y", 20));
        assert_eq!(told.first().map(|one| one.at.as_str()), Some("body[].a"), "{told:?}");
        // Each entry would be compared with a thousand others, copying all known pairs each time.
        assert_eq!(differences(&list("x", 1000), &list("y", 1000)), []);
        assert_eq!(differences(&list("x", 1000), &list("x", 1000)), []);
    }
}
