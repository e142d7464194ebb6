//! Two answers to the same request, value by value.
//!
//! It does not ask which of them is right.

use super::Values;
use super::said::Piece;
use super::tree::{Entry, Node};
use serde::Serialize;
use std::cell::Cell;
use std::collections::HashMap;

/// Where two answers say different things.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Difference {
    /// The place, without the numbers of entries: `body.Attributes{DelaySeconds}`.
    pub at: String,
    /// What the other endpoint says.
    pub was: String,
    /// What this one says.
    pub now: String,
}

impl Difference {
    /// What the other endpoint says and what this one says, after the words for all else that both say.
    pub fn in_words(&self, words: &str) -> (String, String) {
        let told = |value: &str| format!("{words} with {} {value}", self.at);
        (told(&self.was), told(&self.now))
    }
}

/// So many differences of one answer are told.
const MOST: usize = 8;
/// So many values of two answers are held against each other: of long lists without a common entry each may be held
/// against all. What is not reached by then is no difference.
const MOST_STEPS: usize = 200_000;
/// To copy so many pairs takes as long as to look at a value.
const CHEAP: usize = 16;
/// So many characters of a value are shown.
const SHOWN: usize = 120;
/// How what is not there is told.
const ABSENT: &str = "nothing";

/// Where the second answer is not the first.
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

/// Which identifier of one conversation stands for which of the other.
#[derive(Clone, Default)]
struct Pairs {
    to: HashMap<u32, u32>,
    back: HashMap<u32, u32>,
}

impl Pairs {
    /// Whether two identifiers stand for each other, from now on if nothing speaks against it.
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
    /// Some list holds what belongs to others: how much there is in all says nothing.
    shared: bool,
    /// How many values may still be looked at, by this walk and all that it tries out.
    steps: &'s Cell<usize>,
}

impl Walk<'_> {
    /// Goes through two values; `outside` of all lists.
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

    /// Entries are matched whatever their order is: that of many lists means nothing, and laws say where it does.
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
                // Which entry has become which is told by what has stayed.
                let Some(index) = (0..left.len()).min_by_key(|index| self.distance(one, left[*index])) else { return };
                self.node(&one.node, &left.remove(index).node, &place, false);
            }
        } else if !shared {
            gone.iter().for_each(|entry| self.tell(&place, &shown(&entry.node), ABSENT));
            left.iter().for_each(|entry| self.tell(&place, ABSENT, &shown(&entry.node)));
        }
    }

    /// Whether two entries say the same, as far as is known of identifiers.
    fn same(&self, one: &Entry, other: &Entry) -> bool {
        self.distance(one, other) == 0
    }

    /// At how many places two entries say something else.
    fn distance(&self, one: &Entry, other: &Entry) -> usize {
        // To try something out, all pairs are copied.
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

/// What is empty is often left out.
fn is_nothing(node: &Node) -> bool {
    match node {
        Node::Any => true,
        Node::Plain(text) => text == "null",
        Node::Text(pieces) => pieces.iter().all(|piece| matches!(piece, Piece::Plain(text) if text.is_empty())),
        Node::List { entries, shared } => entries.is_empty() || *shared,
        Node::Map(members) => members.values().all(|(_, node)| is_nothing(node)),
    }
}

/// A value for people; identifiers have numbers where one stands alone.
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
    fn long_lists_without_a_common_entry_are_given_up() {
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
        // Every one of these would be held against a thousand others, each with all pairs that are known by then.
        assert_eq!(differences(&list("x", 1000), &list("y", 1000)), []);
        assert_eq!(differences(&list("x", 1000), &list("x", 1000)), []);
    }
}
