//! Draws random values of a shape: any length, any combination, and invalid values at a chosen path.
//!
//! It never labels a value. Labels come afterwards, so an accidental violation is treated like any other.

use super::action::USE_PLACEHOLDER;
use super::generator::FuzzGenerator;
use crate::case::Value;
use crate::contract::{Member, MemberPath, Operation, PathSegment, Shape, ShapeId, ShapeKind};
use crate::generate::limits::{integer_range, round_to_step};
use crate::pattern::{Draw, pick_item};
use indexmap::IndexMap;
use std::cell::Cell;

/// Maximum length of a drawn text or blob.
const MAX_TEXT_LENGTH: u64 = 4096;
/// Maximum number of drawn items or entries.
const MAX_ENTRIES: u64 = 300;
/// Below this depth, only required members are drawn.
const MAX_OPTIONAL_DEPTH: usize = 6;
/// Maximum depth of a drawn value.
const MAX_DEPTH: usize = 20;
/// Maximum number of parts of a drawn value: the plain input of the largest operation that is fuzzed, twice.
pub(super) const MAX_PARTS: u64 = 4_000;

/// Draws values for one operation.
pub(super) struct ValueGenerator<'w, 'a> {
    pub generator: &'w FuzzGenerator<'a>,
    pub operation: &'a Operation,
    /// The path that gets an invalid value.
    pub violated_path: Option<&'w MemberPath>,
    /// Whether to draw small values, because many of them will be stored together.
    pub keep_small: bool,
    /// Number of parts that may still be drawn. Optional members are drawn only in the first half.
    pub parts_left: Cell<u64>,
}

impl ValueGenerator<'_, '_> {
    /// Draws a value for this path. Returns `None` if there is none.
    pub fn draw_value(&self, id: &ShapeId, path: &MemberPath, depth: usize, draw: &mut dyn Draw) -> Option<Value> {
        if self.violated_path == Some(path) {
            return self.draw_invalid_value(id, path, depth, draw);
        }
        let leads_to_broken = self.violated_path.is_some_and(|violated| violated.0.starts_with(&path.0));
        let scenario = self.generator.context().scenario;
        if !leads_to_broken && scenario.use_value(self.operation.name.as_str(), &path.to_string()).is_some() {
            return Some(Value::Template(USE_PLACEHOLDER.to_owned()));
        }
        if depth > MAX_DEPTH {
            return None;
        }
        let parts_left = self.parts_left.get();
        if !self.generator.context().testable.has_value(id) || parts_left == 0 {
            return None;
        }
        self.parts_left.set(parts_left - 1);
        let shape = self.generator.context().contract.shape(id);
        Some(match &shape.kind {
            ShapeKind::Structure { members } => self.draw_structure(members, path, depth, draw)?,
            ShapeKind::Union { members } => self.draw_union(members, path, depth, draw)?,
            ShapeKind::List { member } => {
                let place = path.join(PathSegment::Item);
                let size = self.draw_entry_count(shape, depth, draw).max(u64::from(leads_to_broken));
                Value::List((0..size).map(|_| self.draw_value(member, &place, depth + 1, draw)).collect::<Option<_>>()?)
            }
            ShapeKind::Map { key, value } => {
                let (keys, values) = (path.join(PathSegment::Key), path.join(PathSegment::Value));
                let size = self.draw_entry_count(shape, depth, draw).max(u64::from(leads_to_broken));
                let mut out = IndexMap::new();
                for _ in 0..size {
                    if let Value::Text(name) = self.draw_value(key, &keys, depth + 1, draw)? {
                        out.insert(name, self.draw_value(value, &values, depth + 1, draw)?);
                    }
                }
                Value::Map(out)
            }
            ShapeKind::String => Value::Text(self.draw_text(id, shape, draw)?),
            ShapeKind::Enum { .. } => Value::text(*pick_item(draw, &shape.undisputed_values())?),
            ShapeKind::Boolean => Value::Boolean(draw.one_in(2)),
            ShapeKind::Integer | ShapeKind::Long => Value::integer(draw_integer(shape, draw)),
            ShapeKind::Blob => {
                let size = self.draw_size(shape, draw);
                Value::Blob((0..size).map(|_| draw.below(256) as u8).collect())
            }
            _ => {
                self.generator.context().input_sampler(self.operation, &self.generator.empty_id).sample_value(id, path)
            }
        })
    }

    fn draw_structure(
        &self,
        members: &IndexMap<String, Member>,
        path: &MemberPath,
        depth: usize,
        draw: &mut dyn Draw,
    ) -> Option<Value> {
        let mut out = IndexMap::new();
        for (name, member) in members {
            let place = path.join_member(name);
            let leads = self.violated_path.is_some_and(|violated| violated.0.starts_with(&place.0));
            let may_grow = depth < MAX_OPTIONAL_DEPTH && self.parts_left.get() > MAX_PARTS / 2;
            let wanted = member.required || leads || (may_grow && draw.one_in(2 + depth as u64));
            // Leaving out a required member is one way to violate its constraints.
            if !wanted || (member.required && self.violated_path == Some(&place) && draw.one_in(3)) {
                continue;
            }
            match self.draw_value(&member.shape, &place, depth + 1, draw) {
                Some(value) => drop(out.insert(name.clone(), value)),
                None if member.required => return None,
                None => {}
            }
        }
        Some(Value::Map(out))
    }

    fn draw_union(
        &self,
        members: &IndexMap<String, Member>,
        path: &MemberPath,
        depth: usize,
        draw: &mut dyn Draw,
    ) -> Option<Value> {
        let on_the_way = members
            .keys()
            .find(|name| self.violated_path.is_some_and(|violated| violated.0.starts_with(&path.join_member(name).0)));
        let names: Vec<&String> = members.keys().collect();
        let name = match on_the_way {
            Some(name) => name,
            None => *pick_item(draw, &names)?,
        };
        let inner = self.draw_value(&members[name].shape, &path.join_member(name), depth + 1, draw)?;
        Some(Value::Map(IndexMap::from([(name.clone(), inner)])))
    }

    /// Draws the number of items or entries.
    fn draw_entry_count(&self, shape: &Shape, depth: usize, draw: &mut dyn Draw) -> u64 {
        let length = shape.length();
        let (min, max) = (length.min.unwrap_or(0), length.max.unwrap_or(MAX_ENTRIES).min(MAX_ENTRIES));
        if depth > MAX_OPTIONAL_DEPTH || self.keep_small || self.parts_left.get() < MAX_PARTS / 2 {
            return draw.between(min, (min + 2).min(max)).min(MAX_ENTRIES);
        }
        match draw.below(8) {
            0 => max.min(64),
            1 => draw.between(min, max.min(40)),
            _ => draw.between(min, (min + 4).min(max)),
        }
    }

    /// Draws the number of characters or bytes.
    fn draw_size(&self, shape: &Shape, draw: &mut dyn Draw) -> u64 {
        let length = shape.length();
        let min = length.min.unwrap_or(0).min(MAX_TEXT_LENGTH);
        let max = length.max.unwrap_or(MAX_TEXT_LENGTH).clamp(min, MAX_TEXT_LENGTH);
        if self.keep_small {
            return draw.between(min, max.min(min + 40));
        }
        match draw.below(8) {
            0 => max.min(2048),
            1 => min,
            2 => draw.between(min, max.min(2048)),
            3..=5 => draw.between(min, max.min(256)),
            _ => draw.between(min, max.min(min + 16)),
        }
    }

    fn draw_text(&self, id: &ShapeId, shape: &Shape, draw: &mut dyn Draw) -> Option<String> {
        if let Some(pattern) = self.generator.context().patterns.get(id) {
            if draw.one_in(8) {
                let word = self.generator.dictionary.draw_word(draw);
                let count = word.chars().count() as u64;
                let length = shape.length();
                if count >= length.min.unwrap_or(0) && count <= length.max.unwrap_or(u64::MAX) && pattern.matches(&word)
                {
                    return Some(word);
                }
            }
            let (low, high) = pattern.length_range();
            let count = self.draw_size(shape, draw).clamp(low as u64, (high as u64).max(low as u64));
            return pattern.draw_member(draw, Some(count as usize)).or_else(|| pattern.draw_member(draw, None));
        }
        if draw.one_in(3) {
            let word = self.generator.dictionary.draw_word(draw);
            let (count, length) = (word.chars().count() as u64, shape.length());
            if count >= length.min.unwrap_or(0) && count <= length.max.unwrap_or(u64::MAX) {
                return Some(word);
            }
        }
        let size = self.draw_size(shape, draw);
        // A repeated character costs a fuzzer few bytes; varied long texts rarely justify their cost.
        if size > 64 || draw.one_in(3) {
            let filler = draw_character(draw);
            let mut text: Vec<char> = vec![filler; size as usize];
            for _ in 0..draw.below(4) {
                let at = draw.below(size) as usize;
                if let Some(place) = text.get_mut(at) {
                    *place = if draw.one_in(2) { draw_tricky_character(draw) } else { draw_character(draw) };
                }
            }
            return Some(text.into_iter().collect());
        }
        Some((0..size).map(|_| draw_character(draw)).collect())
    }

    /// Draws a value that probably violates what is documented for this path.
    fn draw_invalid_value(&self, id: &ShapeId, path: &MemberPath, depth: usize, draw: &mut dyn Draw) -> Option<Value> {
        let shape = self.generator.context().contract.shape(id);
        if draw.one_in(4) {
            return Some(match draw.below(7) {
                0 => Value::Null,
                1 => Value::Boolean(true),
                2 => Value::integer(5),
                3 => Value::text(self.generator.dictionary.draw_word(draw)),
                4 => Value::List(Vec::new()),
                5 => Value::empty_map(),
                _ => Value::List(vec![Value::Null]),
            });
        }
        let inner = Self { violated_path: None, parts_left: self.parts_left.clone(), ..*self };
        Some(match &shape.kind {
            ShapeKind::String | ShapeKind::Enum { .. } => Value::Text(inner.draw_invalid_text(id, path, depth, draw)?),
            ShapeKind::Integer | ShapeKind::Long => {
                let (low, high) = integer_range(shape);
                match draw.below(5) {
                    0 => Value::integer(low - 1),
                    1 => Value::integer(high + 1),
                    2 => Value::Number("1.5".to_owned()),
                    3 => Value::Number("1e400".to_owned()),
                    _ => Value::text(low.to_string()),
                }
            }
            ShapeKind::Boolean => Value::text("true"),
            ShapeKind::Blob => {
                let size = draw_wrong_size(shape, draw).unwrap_or(0).min(1 << 16);
                Value::Blob((0..size).map(|at| at as u8).collect())
            }
            ShapeKind::List { member } => {
                let size = draw_wrong_size(shape, draw).unwrap_or(2).min(MAX_ENTRIES);
                let place = path.join(PathSegment::Item);
                let mut items: Vec<Value> =
                    (0..size).map(|_| inner.draw_value(member, &place, depth + 1, draw)).collect::<Option<_>>()?;
                if draw.one_in(3) {
                    let at = draw.below(items.len() as u64 + 1) as usize;
                    items.insert(at, Value::Null);
                }
                Value::List(items)
            }
            ShapeKind::Map { key, value } => {
                let size = draw_wrong_size(shape, draw).unwrap_or(1).min(MAX_ENTRIES);
                inner.draw_invalid_map([key, value], size, path, depth, draw)?
            }
            ShapeKind::Structure { .. } | ShapeKind::Union { .. } => {
                let Value::Map(mut members) = inner.draw_value(id, path, depth, draw)? else {
                    return Some(Value::Null);
                };
                if members.is_empty() || draw.one_in(3) {
                    members.insert(self.generator.dictionary.draw_word(draw), Value::integer(1));
                } else {
                    let at = draw.below(members.len() as u64) as usize;
                    members.shift_remove_index(at);
                }
                Value::Map(members)
            }
            _ => Value::text(self.generator.dictionary.draw_word(draw)),
        })
    }

    /// Draws a valid text and changes it: to a length outside the limits, or at one character.
    fn draw_invalid_text(&self, id: &ShapeId, path: &MemberPath, depth: usize, draw: &mut dyn Draw) -> Option<String> {
        let shape = self.generator.context().contract.shape(id);
        let (change, size) = (draw.below(3), draw_wrong_size(shape, draw));
        let valid = match self.draw_value(id, path, depth, draw)? {
            Value::Text(text) => Some(text),
            _ => None,
        };
        if let (0 | 1, Some(size)) = (change, size) {
            let filler = valid.map_or('a', |text| text.chars().next().unwrap_or('a'));
            return Some(std::iter::repeat_n(filler, size as usize).collect());
        }
        let mut text = valid.unwrap_or_default();
        match draw.below(4) {
            0 => text = text.to_lowercase(),
            1 => text.push(draw_character(draw)),
            2 => text.insert(0, draw_character(draw)),
            _ => text = self.generator.dictionary.draw_word(draw),
        }
        Some(text)
    }

    /// Draws a map of this size in which some values are null.
    fn draw_invalid_map(
        &self,
        [key, value]: [&ShapeId; 2],
        size: u64,
        path: &MemberPath,
        depth: usize,
        draw: &mut dyn Draw,
    ) -> Option<Value> {
        let (keys, values) = (path.join(PathSegment::Key), path.join(PathSegment::Value));
        let mut out = IndexMap::new();
        for _ in 0..size.saturating_mul(2) {
            if out.len() as u64 >= size {
                break;
            }
            if let Value::Text(name) = self.draw_value(key, &keys, depth + 1, draw)? {
                let value =
                    if draw.one_in(8) { Value::Null } else { self.draw_value(value, &values, depth + 1, draw)? };
                out.insert(name, value);
            }
        }
        Some(Value::Map(out))
    }
}

/// Draws a size above the maximum or below the minimum. Returns `None` if there is none.
fn draw_wrong_size(shape: &Shape, draw: &mut dyn Draw) -> Option<u64> {
    let length = shape.length();
    let above = length.max.filter(|max| *max < MAX_TEXT_LENGTH).map(|max| max + 1 + draw.below(3));
    let below = length.min.filter(|min| *min > 0).map(|min| draw.below(min));
    if draw.one_in(2) { above.or(below) } else { below.or(above) }
}

/// Draws mostly limits and small numbers, sometimes anything in between.
fn draw_integer(shape: &Shape, draw: &mut dyn Draw) -> i128 {
    let (low, high) = integer_range(shape);
    let span = u64::try_from(high - low).unwrap_or(u64::MAX);
    let drawn = match draw.below(6) {
        0 => low,
        1 => high,
        2 => 0_i128.clamp(low, high),
        3 => low + i128::from(draw.between(0, span.min(1 << 40))),
        _ => (low.max(0) + i128::from(draw.below(16))).clamp(low, high),
    };
    round_to_step(shape, drawn)
}

/// Draws mostly letters and digits, sometimes a character that encoders and counters get wrong.
fn draw_character(draw: &mut dyn Draw) -> char {
    match draw.below(8) {
        0 => draw_tricky_character(draw),
        1 => char::from(b'0' + draw.below(10) as u8),
        2 => char::from(b'A' + draw.below(26) as u8),
        _ => char::from(b'a' + draw.below(26) as u8),
    }
}

/// Draws a character that encoders and counters get wrong, each kind with equal probability.
fn draw_tricky_character(draw: &mut dyn Draw) -> char {
    const KINDS: [&[char]; 7] = [
        &['"', '\\', '/', '&', '<', '+', '%', '\'', '{', ';'],
        &[' ', '\t', '\n', '\u{a0}', '\u{2028}'],
        // Combining marks: two characters that count, look or compare as one.
        &['\u{301}', '\u{308}', '\u{327}'],
        // Surrogate pairs in UTF-16.
        &['\u{1F600}', '\u{10FFFF}'],
        &['\u{e9}', '\u{df}', '\u{130}', '\u{17f}'],
        &['\u{6f22}', '\u{ff21}', '\u{5d0}'],
        // Invisible characters.
        &['\u{200d}', '\u{200b}', '\u{feff}', '\u{202e}', '\u{0}'],
    ];
    let kind = KINDS[draw.below(KINDS.len() as u64) as usize];
    kind[draw.below(kind.len() as u64) as usize]
}
