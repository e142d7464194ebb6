//! Checks a value against the constraints of a [`ConstraintTree`].
//!
//! Stops at the first violation, in documented order; never changes the value.

use super::tree::{JsonType, Node, NodeKind, PatternReading, RuleCheck, Slot, Tree, Unit};
use crate::contract::{ByteScope, Constraint, MemberPath, Rule};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// A constraint that a value violates.
#[derive(Debug, PartialEq)]
pub(super) struct Violation {
    pub path: MemberPath,
    pub constraint: Constraint,
    pub rule: String,
    /// Whether the server crashes on this violation; only a fault sets this.
    pub crash: bool,
}

type Verdict = Result<(), Box<Violation>>;

fn refuse(node: &Node, constraint: Constraint, rule: impl Into<String>) -> Verdict {
    Err(Box::new(Violation { path: node.path.clone(), constraint, rule: rule.into(), crash: false }))
}

fn json_type(value: &Value) -> Option<JsonType> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(_) => JsonType::Boolean,
        Value::Number(_) => JsonType::Number,
        Value::String(_) => JsonType::String,
        Value::Array(_) => JsonType::Array,
        Value::Object(_) => JsonType::Object,
    })
}

impl Tree {
    /// Checks an input, given as an object of its members.
    pub(super) fn check(&self, input: &Map<String, Value>) -> Verdict {
        let Some(root) = self.nodes.first() else { return Ok(()) };
        match &root.kind {
            NodeKind::Structure { slots, union } => self.structure(root, slots, *union, input),
            _ => Ok(()),
        }
    }

    fn value(&self, index: usize, value: &Value) -> Verdict {
        let node = &self.nodes[index];
        if json_type(value).is_some_and(|json| node.takes[json as usize]) && !node.has_type_of(value) {
            return Ok(());
        }
        match (&node.kind, value) {
            (NodeKind::Document, _) => Ok(()),
            (NodeKind::Blob, Value::String(text)) => match decoded_length(text) {
                Some(length) => node.length(length),
                None => refuse(node, Constraint::Type, "must be base64"),
            },
            (NodeKind::Boolean, Value::Bool(_)) => Ok(()),
            (NodeKind::Text, Value::String(text)) => node.text(text),
            (NodeKind::Enum { values, open, folded, trimmed }, Value::String(text)) => {
                let seen = if *trimmed { text.trim() } else { text };
                let member =
                    *open || values.iter().any(|value| value == seen || (*folded && value.eq_ignore_ascii_case(seen)));
                if member { node.text(text) } else { refuse(node, Constraint::Enum, "is not one of the listed values") }
            }
            (NodeKind::Integer { least, most, truncates }, Value::Number(number)) => match whole(number, *truncates) {
                Some(whole) if (*least..=*most).contains(&whole) => node.range(whole as f64),
                Some(_) => refuse(node, Constraint::Type, "is outside the range of its type"),
                None => refuse(node, Constraint::Type, "must be an integer"),
            },
            (NodeKind::Float, Value::Number(number)) => node.range(number.as_f64().unwrap_or(f64::INFINITY)),
            (NodeKind::Float, Value::String(text)) if matches!(&**text, "NaN" | "Infinity" | "-Infinity") => Ok(()),
            (NodeKind::Timestamp, Value::Number(_)) => Ok(()),
            (NodeKind::Timestamp, Value::String(text)) if is_date(text) => Ok(()),
            (NodeKind::List { item }, Value::Array(items)) => self.list(node, *item, items),
            (NodeKind::Map { key, value }, Value::Object(entries)) => self.map(node, *key, *value, entries),
            (NodeKind::Structure { slots, union }, Value::Object(members)) => {
                self.structure(node, slots, *union, members)
            }
            _ => {
                let mut verdict = refuse(node, Constraint::Type, "has the wrong type");
                if let Err(violation) = &mut verdict {
                    violation.crash = node.type_crashes;
                }
                verdict
            }
        }
    }

    fn list(&self, node: &Node, item: usize, items: &[Value]) -> Verdict {
        node.length(items.len() as u64)?;
        if !node.unchecked {
            for value in items {
                if value.is_null() {
                    if node.null_inside {
                        continue;
                    }
                    return refuse(&self.nodes[item], Constraint::Required, "must not be null");
                }
                self.value(item, value)?;
            }
        }
        if node.unique {
            let mut seen = HashSet::with_capacity(items.len());
            if !items.iter().all(|value| seen.insert(value.to_string())) {
                return refuse(node, Constraint::Unique, "must not contain duplicates");
            }
        }
        self.budgets(node, items.iter().map(|value| ("", value)))
    }

    fn map(&self, node: &Node, key: usize, value: usize, entries: &Map<String, Value>) -> Verdict {
        node.length(entries.len() as u64)?;
        if !node.unchecked {
            for (name, entry) in entries {
                let keys = &self.nodes[key];
                match &keys.kind {
                    NodeKind::Enum { .. } => self.value(key, &Value::String(name.clone()))?,
                    _ => keys.text(name)?,
                }
                if entry.is_null() {
                    if node.null_inside {
                        continue;
                    }
                    return refuse(&self.nodes[value], Constraint::Required, "must not be null");
                }
                self.value(value, entry)?;
            }
        }
        self.budgets(node, entries.iter().map(|(name, entry)| (name.as_str(), entry)))
    }

    fn structure(&self, node: &Node, slots: &[Slot], union: bool, members: &Map<String, Value>) -> Verdict {
        let mut present = 0;
        for slot in slots {
            match members.get(&slot.name) {
                None | Some(Value::Null) if slot.null_ok && members.contains_key(&slot.name) => {}
                None | Some(Value::Null) => {
                    if slot.required {
                        return refuse(&self.nodes[slot.node], Constraint::Required, "is required").map_err(|mut v| {
                            v.path = node.path.member(&slot.name);
                            v
                        });
                    }
                }
                Some(value) => {
                    present += 1;
                    if !node.unchecked {
                        self.value(slot.node, value)?;
                    }
                }
            }
        }
        if union && present != 1 {
            return refuse(node, Constraint::Type, "must have exactly one member");
        }
        let there = |name: &String| members.get(name).is_some_and(|value| !value.is_null());
        for check in node.rules.iter().filter(|check| !check.off) {
            match &check.rule {
                Rule::AtLeastOneOf { members } if !members.iter().any(there) => {
                    return refuse(node, Constraint::AtLeastOneOf, "must have at least one of its alternative members");
                }
                Rule::AtMostOneOf { members } if members.iter().filter(|name| there(name)).count() > 1 => {
                    return refuse(node, Constraint::AtMostOneOf, "has mutually exclusive members");
                }
                _ => {}
            }
        }
        self.budgets(node, members.iter().map(|(name, value)| (name.as_str(), value)))
    }

    /// Checks the byte budgets for the request alone: its data must fit even if nothing is stored yet.
    fn budgets<'v>(&self, node: &Node, entries: impl Iterator<Item = (&'v str, &'v Value)> + Clone) -> Verdict {
        for check in node.rules.iter().filter(|check| !check.off) {
            if let Some(most) = check.exceeded_by(entries.clone()) {
                return refuse(node, Constraint::MaxTotalBytes, format!("exceeds {most} bytes"));
            }
        }
        Ok(())
    }
}

impl RuleCheck {
    /// Returns the budget in bytes if this rule is a byte budget and the entries exceed it.
    pub(super) fn exceeded_by<'v>(&self, entries: impl Iterator<Item = (&'v str, &'v Value)>) -> Option<u64> {
        let Rule::MaxTotalBytes { over, max, .. } = &self.rule else { return None };
        let size = |text: &str| if self.in_chars { text.chars().count() } else { text.len() } as u64;
        let total: u64 = entries
            .map(|(key, value)| {
                let keys = if *over == ByteScope::KeysAndValues { size(key) } else { 0 };
                keys + value_size(value, self.by_value_member, &size)
            })
            .sum();
        (total > *max).then_some(*max)
    }

    /// Returns true if stored data counts towards this budget.
    pub(super) fn counts_stored(&self) -> bool {
        !self.off && matches!(self.rule, Rule::MaxTotalBytes { stored: true, .. })
    }
}

/// Returns the size of a value: of structures with a member `Value` only that member, otherwise all strings.
fn value_size(value: &Value, by_value_member: bool, size: &impl Fn(&str) -> u64) -> u64 {
    match value {
        Value::String(text) => size(text),
        Value::Object(members) if by_value_member => members.get("Value").and_then(Value::as_str).map_or(0, size),
        Value::Object(members) => members.values().map(|value| value_size(value, false, size)).sum(),
        Value::Array(items) => items.iter().map(|value| value_size(value, by_value_member, size)).sum(),
        _ => 0,
    }
}

impl Node {
    fn has_type_of(&self, value: &Value) -> bool {
        matches!(
            (&self.kind, value),
            (NodeKind::Document, _)
                | (NodeKind::Blob | NodeKind::Text | NodeKind::Enum { .. }, Value::String(_))
                | (NodeKind::Boolean, Value::Bool(_))
                | (NodeKind::Integer { .. } | NodeKind::Float | NodeKind::Timestamp, Value::Number(_))
                | (NodeKind::List { .. }, Value::Array(_))
                | (NodeKind::Map { .. } | NodeKind::Structure { .. }, Value::Object(_))
        )
    }

    fn text(&self, text: &str) -> Verdict {
        if self.length_min.is_some() || self.length_max.is_some() {
            self.length(match self.unit {
                Unit::CodePoints => text.chars().count(),
                Unit::Utf16 => text.chars().map(char::len_utf16).sum(),
                Unit::Bytes => text.len(),
                Unit::Graphemes => text.chars().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).count(),
            } as u64)?;
        }
        let Some(pattern) = &self.pattern else { return Ok(()) };
        let seen = match self.pattern_reading {
            PatternReading::AsWritten => text,
            PatternReading::BeforeNewline => text.strip_suffix('\n').unwrap_or(text),
        };
        if pattern.found_in(seen) { Ok(()) } else { refuse(self, Constraint::Pattern, "does not match its pattern") }
    }

    fn length(&self, length: u64) -> Verdict {
        match (self.length_min, self.length_max) {
            (Some(min), _) if length < min => {
                refuse(self, Constraint::Length, format!("has length {length}, less than {min}"))
            }
            (_, Some(max)) if length > max => {
                refuse(self, Constraint::Length, format!("has length {length}, more than {max}"))
            }
            _ => Ok(()),
        }
    }

    fn range(&self, number: f64) -> Verdict {
        match (self.range_min, self.range_max) {
            (Some(min), _) if number < min => refuse(self, Constraint::Range, format!("is less than {min}")),
            (_, Some(max)) if number > max => refuse(self, Constraint::Range, format!("is more than {max}")),
            _ => Ok(()),
        }
    }
}

/// Returns a number as an integer if it is one in any notation, such as `2.0`.
fn whole(number: &serde_json::Number, truncates: bool) -> Option<i128> {
    if let Some(whole) = number.as_i64() {
        return Some(whole.into());
    }
    if let Some(whole) = number.as_u64() {
        return Some(whole.into());
    }
    let float = number.as_f64()?;
    (truncates || float.fract() == 0.0).then_some(float as i128)
}

/// Returns the number of bytes that a base64 string encodes, or `None` if it is not base64.
fn decoded_length(text: &str) -> Option<u64> {
    data_encoding::BASE64.decode(text.as_bytes()).ok().map(|bytes| bytes.len() as u64)
}

/// Returns true if a text looks like a timestamp: `2017-08-08T12:00:00Z`, an HTTP date or a number of seconds.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|d| d.iter().all(u8::is_ascii_digit));
    let iso = digits(0..4)
        && bytes.get(4) == Some(&b'-')
        && digits(5..7)
        && bytes.get(7) == Some(&b'-')
        && digits(8..10)
        && matches!(bytes.get(10), None | Some(b'T' | b't' | b' '));
    iso || (text.ends_with(" GMT") && bytes.get(3) == Some(&b',')) || text.parse::<f64>().is_ok_and(f64::is_finite)
}
