//! Compares two responses to the same request value by value.
//!
//! It never decides which of them is right.

use super::response_values::ResponseValues;
use super::transcript::TextPart;
use super::tree::{ValueListEntry, ValueNode};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::collections::HashMap;

/// A place where two responses differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ValueDifference {
    /// Path without list indexes: `body.Attributes{DelaySeconds}`.
    pub at: String,
    /// Value of the other endpoint.
    pub was: String,
    /// Value of this endpoint.
    pub now: String,
}

impl ValueDifference {
    /// Returns the descriptions of the other endpoint's and this endpoint's value, each after `words`, which describes
    /// what both have in common.
    pub fn describe(&self, words: &str) -> (String, String) {
        let describe_value = |value: &str| format!("{words} with {} {value}", self.at);
        (describe_value(&self.was), describe_value(&self.now))
    }
}

/// Maximum number of differences reported for one response.
const MAX_DIFFERENCES: usize = 8;
/// Maximum number of values compared between two responses. In long lists without a common entry, every entry may be
/// compared with every other. What the comparison does not reach counts as equal.
const MAX_COMPARED_VALUES: usize = 200_000;
/// Number of identifier pairs that take as long to copy as one value takes to compare.
const PAIRS_PER_STEP: usize = 16;
/// Maximum number of characters shown of a value.
const MAX_SHOWN_CHARS: usize = 120;
/// Shown in place of a value that one of the two responses lacks.
const ABSENT_VALUE: &str = "nothing";

impl ResponseValues {
    /// Returns the differences between `self` and `now`, in document order.
    pub fn differences(&self, now: &Self) -> Vec<ValueDifference> {
        compare_values(self, now)
    }
}

/// Returns the differences between two responses.
fn compare_values(was: &ResponseValues, now: &ResponseValues) -> Vec<ValueDifference> {
    let mut pairs = IdentifierPairs::default();
    let earlier: HashMap<&str, u32> = now.earlier_identifiers.iter().map(|(place, id)| (place.as_str(), *id)).collect();
    for (place, id) in &was.earlier_identifiers {
        if let Some(other) = earlier.get(place.as_str()) {
            pairs.pair_up(*id, *other);
        }
    }
    let steps = Cell::new(MAX_COMPARED_VALUES);
    let mut walk = ValueComparer {
        pairs,
        differences: Vec::new(),
        has_foreign_entries: was.has_foreign_entries || now.has_foreign_entries,
        remaining_steps: &steps,
    };
    walk.compare_nodes(&was.root, &now.root, "body", true);
    walk.differences
}

/// Mapping between the identifiers of two conversations.
#[derive(Clone, Default)]
struct IdentifierPairs {
    forward: HashMap<u32, u32>,
    backward: HashMap<u32, u32>,
}

impl IdentifierPairs {
    /// Returns true if two identifiers correspond; unpaired ones are paired from now on.
    fn pair_up(&mut self, one: u32, other: u32) -> bool {
        match (self.forward.get(&one), self.backward.get(&other)) {
            (None, None) => {
                self.forward.insert(one, other);
                self.backward.insert(other, one);
                true
            }
            (Some(known), _) => *known == other,
            (None, Some(_)) => false,
        }
    }

    fn match_texts(&mut self, one: &[TextPart], other: &[TextPart]) -> bool {
        one.len() == other.len()
            && one.iter().zip(other).all(|pair| match pair {
                (TextPart::Identifier(one), TextPart::Identifier(other)) => self.pair_up(*one, *other),
                (one, other) => one == other,
            })
    }
}

struct ValueComparer<'s> {
    pairs: IdentifierPairs,
    differences: Vec<ValueDifference>,
    /// Whether some list contains entries of other cases, so that totals are meaningless.
    has_foreign_entries: bool,
    /// Number of values that may still be compared, by this walk and its trial comparisons.
    remaining_steps: &'s Cell<usize>,
}

impl ValueComparer<'_> {
    /// Compares two values; `outside` is true outside of all lists.
    fn compare_nodes(&mut self, was: &ValueNode, now: &ValueNode, at: &str, outside: bool) {
        if self.differences.len() >= MAX_DIFFERENCES || !self.spend_steps(1) {
            return;
        }
        match (was, now) {
            (ValueNode::Any, _) | (_, ValueNode::Any) => {}
            (ValueNode::Plain(_), ValueNode::Plain(_)) if self.has_foreign_entries && outside => {}
            (ValueNode::Plain(one), ValueNode::Plain(other)) if one == other => {}
            (ValueNode::Text(one), ValueNode::Text(other)) if self.pairs.match_texts(one, other) => {}
            (
                ValueNode::List { entries: one, shared: of_one },
                ValueNode::List { entries: other, shared: of_other },
            ) => {
                self.compare_lists(one, other, at, *of_one || *of_other);
            }
            (ValueNode::Map(one), ValueNode::Map(other)) => {
                for (name, (label, node)) in one {
                    let place = format!("{at}{label}");
                    match other.get(name) {
                        Some((_, other)) => self.compare_nodes(node, other, &place, outside),
                        None if is_empty_value(node) || self.has_foreign_entries && outside => {}
                        None => self.record_difference(&place, &format_value(node), ABSENT_VALUE),
                    }
                }
                for (label, node) in other.iter().filter(|(name, _)| !one.contains_key(*name)).map(|(_, node)| node) {
                    if !(is_empty_value(node) || self.has_foreign_entries && outside) {
                        self.record_difference(&format!("{at}{label}"), ABSENT_VALUE, &format_value(node));
                    }
                }
            }
            (was, now) => self.record_difference(at, &format_value(was), &format_value(now)),
        }
    }

    /// Matches entries regardless of their order: the order of many lists is meaningless, and laws cover those where it
    /// matters.
    fn compare_lists(&mut self, was: &[ValueListEntry], now: &[ValueListEntry], at: &str, shared: bool) {
        let mut left: Vec<&ValueListEntry> = now.iter().collect();
        let mut gone = Vec::new();
        for entry in was {
            let alike = left
                .iter()
                .position(|other| other.content_hash == entry.content_hash && self.are_entries_equal(entry, other));
            match alike.or_else(|| left.iter().position(|other| self.are_entries_equal(entry, other))) {
                Some(index) => {
                    let other = left.remove(index);
                    self.compare_nodes(&entry.node, &other.node, at, false);
                }
                None => gone.push(entry),
            }
        }
        let place = format!("{at}[]");
        if gone.len() == left.len() {
            for one in gone {
                // An entry is paired with the one that has the fewest differences.
                let Some(index) = (0..left.len()).min_by_key(|index| self.count_differences(one, left[*index])) else {
                    return;
                };
                self.compare_nodes(&one.node, &left.remove(index).node, &place, false);
            }
        } else if !shared {
            gone.iter().for_each(|entry| self.record_difference(&place, &format_value(&entry.node), ABSENT_VALUE));
            left.iter().for_each(|entry| self.record_difference(&place, ABSENT_VALUE, &format_value(&entry.node)));
        }
    }

    /// Returns true if two entries are equal under the known identifier pairs.
    fn are_entries_equal(&self, one: &ValueListEntry, other: &ValueListEntry) -> bool {
        self.count_differences(one, other) == 0
    }

    /// Returns the number of differences between two entries.
    fn count_differences(&self, one: &ValueListEntry, other: &ValueListEntry) -> usize {
        // A trial comparison copies all pairs.
        if !self.spend_steps(self.pairs.forward.len() / PAIRS_PER_STEP) {
            return 0;
        }
        let mut walk = ValueComparer {
            pairs: self.pairs.clone(),
            differences: Vec::new(),
            has_foreign_entries: self.has_foreign_entries,
            remaining_steps: self.remaining_steps,
        };
        walk.compare_nodes(&one.node, &other.node, "", false);
        walk.differences.len()
    }

    fn spend_steps(&self, steps: usize) -> bool {
        let left = self.remaining_steps.get().checked_sub(steps);
        self.remaining_steps.set(left.unwrap_or(0));
        left.is_some()
    }

    fn record_difference(&mut self, at: &str, was: &str, now: &str) {
        if self.differences.len() < MAX_DIFFERENCES && !self.differences.iter().any(|known| known.at == at) {
            self.differences.push(ValueDifference { at: at.to_owned(), was: was.to_owned(), now: now.to_owned() });
        }
    }
}

/// Returns true if a value is empty; servers often omit those.
fn is_empty_value(node: &ValueNode) -> bool {
    match node {
        ValueNode::Any => true,
        ValueNode::Plain(text) => text == "null",
        ValueNode::Text(pieces) => {
            pieces.iter().all(|piece| matches!(piece, TextPart::Literal(text) if text.is_empty()))
        }
        ValueNode::List { entries, shared } => entries.is_empty() || *shared,
        ValueNode::Map(members) => members.values().all(|(_, node)| is_empty_value(node)),
    }
}

/// Formats a value for people. An identifier is numbered if it stands alone.
fn format_value(node: &ValueNode) -> String {
    let mut out = String::new();
    write_value(node, matches!(node, ValueNode::Text(_)), &mut out);
    match out.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &out[..end]),
        None => out,
    }
}

fn write_value(node: &ValueNode, numbered: bool, out: &mut String) {
    if out.len() > MAX_SHOWN_CHARS * 4 {
        return;
    }
    match node {
        ValueNode::Any => out.push_str("anything"),
        ValueNode::Plain(text) => out.push_str(text),
        ValueNode::Text(pieces) => {
            let text: String = pieces
                .iter()
                .map(|piece| match piece {
                    TextPart::Literal(text) => text.clone(),
                    TextPart::Volatile(class) => class.name().to_owned(),
                    TextPart::Identifier(id) if numbered => format!("<id {id}>"),
                    TextPart::Identifier(_) => "<id>".to_owned(),
                })
                .collect();
            out.push_str(&serde_json::Value::String(text).to_string());
        }
        ValueNode::List { entries, .. } => {
            out.push('[');
            for (index, entry) in entries.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                write_value(&entry.node, false, out);
            }
            out.push(']');
        }
        ValueNode::Map(members) => {
            out.push('{');
            for (index, (name, (_, node))) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                out.push_str(&serde_json::Value::String(name.replace('\0', "")).to_string());
                out.push(':');
                write_value(node, false, out);
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
                let members = [
                    ("a", ValueNode::Plain(format!("{word}{number}"))),
                    ("b", ValueNode::Text(vec![TextPart::Identifier(number)])),
                ];
                let node =
                    ValueNode::Map(members.map(|(name, node)| (name.to_owned(), (format!(".{name}"), node))).into());
                ValueListEntry { content_hash: u64::from(number), node }
            };
            let root = ValueNode::List { entries: (0..count).map(entry).collect(), shared: false };
            ResponseValues { earlier_identifiers: Vec::new(), root, has_foreign_entries: false }
        };
        let told = compare_values(&list("x", 20), &list("y", 20));
        assert_eq!(told.first().map(|one| one.at.as_str()), Some("body[].a"), "{told:?}");
        // Each entry would be compared with a thousand others, copying all known pairs each time.
        assert_eq!(compare_values(&list("x", 1000), &list("y", 1000)), []);
        assert_eq!(compare_values(&list("x", 1000), &list("x", 1000)), []);
    }
}
