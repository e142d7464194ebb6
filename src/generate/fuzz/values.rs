//! Draws random values of a shape: any length, any combination, and invalid values at a chosen path.
//!
//! It never labels a value. Labels come afterwards, so an accidental violation is treated like any other.

use super::act::USE;
use super::source::Wild;
use crate::contract::{Kind, MemberPath, Operation, Segment, Shape, ShapeId};
use crate::generate::Value;
use crate::generate::draw::{Draw, pick};
use crate::generate::strategy::integer_range;
use indexmap::IndexMap;

/// Maximum length of a drawn text or blob.
const LONGEST: u64 = 4096;
/// Maximum number of drawn items or entries.
const MOST_ENTRIES: u64 = 300;
/// Below this depth, only required members are drawn.
const DEEP: usize = 6;
/// Maximum depth of a drawn value.
const DEEPEST: usize = 20;

/// Draws values for one operation.
pub(super) struct Values<'w, 'a> {
    pub wild: &'w Wild<'a>,
    pub operation: &'a Operation,
    /// The path that gets an invalid value.
    pub broken: Option<&'w MemberPath>,
    /// Whether to draw small values, because many of them will be stored together.
    pub small: bool,
}

impl Values<'_, '_> {
    /// Draws a value for this path. Returns `None` if there is none.
    pub fn value(&self, id: &ShapeId, path: &MemberPath, depth: usize, draw: &mut dyn Draw) -> Option<Value> {
        if self.broken == Some(path) {
            return self.wrong(id, path, depth, draw);
        }
        let leads_to_broken = self.broken.is_some_and(|broken| broken.0.starts_with(&path.0));
        let scenario = self.wild.planner().scenario;
        if !leads_to_broken && scenario.use_for(self.operation.name.as_str(), &path.to_string()).is_some() {
            return Some(Value::Template(USE.to_owned()));
        }
        if depth > DEEPEST {
            return None;
        }
        let shape = self.wild.planner().contract.shape(id);
        Some(match &shape.kind {
            Kind::Structure { members } => {
                let mut out = IndexMap::new();
                for (name, member) in members {
                    let place = path.member(name);
                    let leads = self.broken.is_some_and(|broken| broken.0.starts_with(&place.0));
                    let wanted = member.required || leads || (depth < DEEP && draw.one_in(2 + depth as u64));
                    // Leaving out a required member is one way to violate its constraints.
                    if !wanted || (member.required && self.broken == Some(&place) && draw.one_in(3)) {
                        continue;
                    }
                    match self.value(&member.shape, &place, depth + 1, draw) {
                        Some(value) => drop(out.insert(name.clone(), value)),
                        None if member.required => return None,
                        None => {}
                    }
                }
                Value::Map(out)
            }
            Kind::Union { members } => {
                let on_the_way = members
                    .keys()
                    .find(|name| self.broken.is_some_and(|broken| broken.0.starts_with(&path.member(name).0)));
                let names: Vec<&String> = members.keys().collect();
                let name = match on_the_way {
                    Some(name) => name,
                    None => *pick(draw, &names)?,
                };
                let inner = self.value(&members[name].shape, &path.member(name), depth + 1, draw)?;
                Value::Map(IndexMap::from([(name.clone(), inner)]))
            }
            Kind::List { member } => {
                let place = path.then(Segment::Item);
                let size = self.entries(shape, depth, draw).max(u64::from(leads_to_broken));
                Value::List((0..size).map(|_| self.value(member, &place, depth + 1, draw)).collect::<Option<_>>()?)
            }
            Kind::Map { key, value } => {
                let (keys, values) = (path.then(Segment::Key), path.then(Segment::Value));
                let size = self.entries(shape, depth, draw).max(u64::from(leads_to_broken));
                let mut out = IndexMap::new();
                for _ in 0..size {
                    if let Value::Text(name) = self.value(key, &keys, depth + 1, draw)? {
                        out.insert(name, self.value(value, &values, depth + 1, draw)?);
                    }
                }
                Value::Map(out)
            }
            Kind::String => Value::Text(self.text(id, shape, draw)?),
            Kind::Enum { .. } => Value::text(*pick(draw, &shape.settled_values())?),
            Kind::Boolean => Value::Boolean(draw.one_in(2)),
            Kind::Integer | Kind::Long => Value::integer(integer(shape, draw)),
            Kind::Blob => {
                let size = self.size(shape, draw);
                Value::Blob((0..size).map(|_| draw.below(256) as u8).collect())
            }
            _ => self.wild.planner().sampler(self.operation, &self.wild.nameless).sample(id, path),
        })
    }

    /// Draws the number of items or entries.
    fn entries(&self, shape: &Shape, depth: usize, draw: &mut dyn Draw) -> u64 {
        let length = shape.length();
        let (min, max) = (length.min.unwrap_or(0), length.max.unwrap_or(MOST_ENTRIES).min(MOST_ENTRIES));
        if depth > DEEP || self.small {
            return draw.between(min, (min + 2).min(max)).min(MOST_ENTRIES);
        }
        match draw.below(8) {
            0 => max.min(64),
            1 => draw.between(min, max.min(40)),
            _ => draw.between(min, (min + 4).min(max)),
        }
    }

    /// Draws the number of characters or bytes.
    fn size(&self, shape: &Shape, draw: &mut dyn Draw) -> u64 {
        let length = shape.length();
        let min = length.min.unwrap_or(0).min(LONGEST);
        let max = length.max.unwrap_or(LONGEST).clamp(min, LONGEST);
        if self.small {
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

    fn text(&self, id: &ShapeId, shape: &Shape, draw: &mut dyn Draw) -> Option<String> {
        if let Some(pattern) = self.wild.planner().patterns.get(id) {
            if draw.one_in(8) {
                let word = self.wild.words.word(draw);
                let count = word.chars().count() as u64;
                let length = shape.length();
                if count >= length.min.unwrap_or(0) && count <= length.max.unwrap_or(u64::MAX) && pattern.matches(&word)
                {
                    return Some(word);
                }
            }
            let (low, high) = pattern.lengths();
            let count = self.size(shape, draw).clamp(low as u64, (high as u64).max(low as u64));
            return pattern.member(draw, Some(count as usize)).or_else(|| pattern.member(draw, None));
        }
        if draw.one_in(3) {
            let word = self.wild.words.word(draw);
            let (count, length) = (word.chars().count() as u64, shape.length());
            if count >= length.min.unwrap_or(0) && count <= length.max.unwrap_or(u64::MAX) {
                return Some(word);
            }
        }
        let size = self.size(shape, draw);
        // A repeated character costs a fuzzer few bytes; varied long texts rarely justify their cost.
        if size > 64 || draw.one_in(3) {
            let filler = character(draw);
            let mut text: Vec<char> = vec![filler; size as usize];
            for _ in 0..draw.below(4) {
                let at = draw.below(size) as usize;
                if let Some(place) = text.get_mut(at) {
                    *place = if draw.one_in(2) { odd(draw) } else { character(draw) };
                }
            }
            return Some(text.into_iter().collect());
        }
        Some((0..size).map(|_| character(draw)).collect())
    }

    /// Draws a value that probably violates what is documented for this path.
    fn wrong(&self, id: &ShapeId, path: &MemberPath, depth: usize, draw: &mut dyn Draw) -> Option<Value> {
        let shape = self.wild.planner().contract.shape(id);
        if draw.one_in(4) {
            return Some(match draw.below(7) {
                0 => Value::Null,
                1 => Value::Boolean(true),
                2 => Value::integer(5),
                3 => Value::text(self.wild.words.word(draw)),
                4 => Value::List(Vec::new()),
                5 => Value::empty(),
                _ => Value::List(vec![Value::Null]),
            });
        }
        let length = shape.length();
        let beyond = |draw: &mut dyn Draw| {
            let above = length.max.filter(|max| *max < LONGEST).map(|max| max + 1 + draw.below(3));
            let below = length.min.filter(|min| *min > 0).map(|min| draw.below(min));
            if draw.one_in(2) { above.or(below) } else { below.or(above) }
        };
        let inner = Self { broken: None, wild: self.wild, operation: self.operation, small: self.small };
        Some(match &shape.kind {
            Kind::String | Kind::Enum { .. } => match (draw.below(3), beyond(draw)) {
                (0 | 1, Some(size)) => {
                    let filler = match inner.value(id, path, depth, draw)? {
                        Value::Text(text) => text.chars().next().unwrap_or('a'),
                        _ => 'a',
                    };
                    Value::Text(std::iter::repeat_n(filler, size as usize).collect())
                }
                _ => {
                    let mut text = match inner.value(id, path, depth, draw)? {
                        Value::Text(text) => text,
                        _ => String::new(),
                    };
                    match draw.below(4) {
                        0 => text = text.to_lowercase(),
                        1 => text.push(character(draw)),
                        2 => text.insert(0, character(draw)),
                        _ => text = self.wild.words.word(draw),
                    }
                    Value::Text(text)
                }
            },
            Kind::Integer | Kind::Long => {
                let (low, high) = integer_range(shape);
                match draw.below(5) {
                    0 => Value::integer(low - 1),
                    1 => Value::integer(high + 1),
                    2 => Value::Number("1.5".to_owned()),
                    3 => Value::Number("1e400".to_owned()),
                    _ => Value::text(low.to_string()),
                }
            }
            Kind::Boolean => Value::text("true"),
            Kind::Blob => {
                let size = beyond(draw).unwrap_or(0).min(1 << 16);
                Value::Blob((0..size).map(|at| at as u8).collect())
            }
            Kind::List { member } => {
                let size = beyond(draw).unwrap_or(2).min(MOST_ENTRIES);
                let place = path.then(Segment::Item);
                let mut items: Vec<Value> =
                    (0..size).map(|_| inner.value(member, &place, depth + 1, draw)).collect::<Option<_>>()?;
                if draw.one_in(3) {
                    let at = draw.below(items.len() as u64 + 1) as usize;
                    items.insert(at, Value::Null);
                }
                Value::List(items)
            }
            Kind::Map { key, value } => {
                let size = beyond(draw).unwrap_or(1).min(MOST_ENTRIES);
                let (keys, values) = (path.then(Segment::Key), path.then(Segment::Value));
                let mut out = IndexMap::new();
                for _ in 0..size.saturating_mul(2) {
                    if out.len() as u64 >= size {
                        break;
                    }
                    if let Value::Text(name) = inner.value(key, &keys, depth + 1, draw)? {
                        let value =
                            if draw.one_in(8) { Value::Null } else { inner.value(value, &values, depth + 1, draw)? };
                        out.insert(name, value);
                    }
                }
                Value::Map(out)
            }
            Kind::Structure { .. } | Kind::Union { .. } => {
                let Value::Map(mut members) = inner.value(id, path, depth, draw)? else { return Some(Value::Null) };
                if members.is_empty() || draw.one_in(3) {
                    members.insert(self.wild.words.word(draw), Value::integer(1));
                } else {
                    let at = draw.below(members.len() as u64) as usize;
                    members.shift_remove_index(at);
                }
                Value::Map(members)
            }
            _ => Value::text(self.wild.words.word(draw)),
        })
    }
}

/// Draws mostly limits and small numbers, sometimes anything in between.
fn integer(shape: &Shape, draw: &mut dyn Draw) -> i128 {
    let (low, high) = integer_range(shape);
    let span = u64::try_from(high - low).unwrap_or(u64::MAX);
    match draw.below(6) {
        0 => low,
        1 => high,
        2 => 0_i128.clamp(low, high),
        3 => low + i128::from(draw.between(0, span.min(1 << 40))),
        _ => (low.max(0) + i128::from(draw.below(16))).clamp(low, high),
    }
}

/// Draws mostly letters and digits, sometimes a character that encoders and counters get wrong.
fn character(draw: &mut dyn Draw) -> char {
    match draw.below(8) {
        0 => odd(draw),
        1 => char::from(b'0' + draw.below(10) as u8),
        2 => char::from(b'A' + draw.below(26) as u8),
        _ => char::from(b'a' + draw.below(26) as u8),
    }
}

/// Draws a character that encoders and counters get wrong, each kind with equal probability.
fn odd(draw: &mut dyn Draw) -> char {
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
