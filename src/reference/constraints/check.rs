//! Checks a value against the constraints of a [`ConstraintTree`].
//!
//! Stops at the first violation, in documented order; never changes the value.

use super::edit::{JsonType, LengthUnit};
use super::tree::{ConstraintNode, ConstraintTree, MemberSlot, NodeKind, PatternMode, RuleCheck};
use crate::contract::{ByteScope, Constraint, MemberPath, ShapeRule};
use serde_json::{Map, Value};
use std::collections::HashSet;

/// A constraint that a value violates.
#[derive(Debug, PartialEq)]
pub(in crate::reference) struct InputViolation {
    pub path: MemberPath,
    pub constraint: Constraint,
    pub rule: String,
    /// Whether the server crashes on this violation; only a fault sets this.
    pub crashes: bool,
}

type CheckResult = Result<(), Box<InputViolation>>;

fn reject(node: &ConstraintNode, constraint: Constraint, rule: impl Into<String>) -> CheckResult {
    Err(Box::new(InputViolation { path: node.path.clone(), constraint, rule: rule.into(), crashes: false }))
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

impl ConstraintTree {
    /// Checks an input, given as an object of its members.
    pub(in crate::reference) fn check_input(&self, input: &Map<String, Value>) -> CheckResult {
        let Some(root) = self.nodes.first() else { return Ok(()) };
        match &root.kind {
            NodeKind::Structure { slots, union } => self.check_structure(root, slots, *union, input),
            _ => Ok(()),
        }
    }

    fn check_value(&self, index: usize, value: &Value) -> CheckResult {
        let node = &self.nodes[index];
        if json_type(value).is_some_and(|json| node.extra_types[json as usize]) && !node.has_type_of(value) {
            return Ok(());
        }
        match (&node.kind, value) {
            (NodeKind::List { item }, Value::Array(items)) => self.check_list(node, *item, items),
            (NodeKind::Map { key, value }, Value::Object(entries)) => self.check_map(node, *key, *value, entries),
            (NodeKind::Structure { slots, union }, Value::Object(members)) => {
                self.check_structure(node, slots, *union, members)
            }
            _ => node.check_scalar(value),
        }
    }

    fn check_list(&self, node: &ConstraintNode, item: usize, items: &[Value]) -> CheckResult {
        node.check_length(items.len() as u64)?;
        if !node.skips_contents {
            for value in items {
                if value.is_null() {
                    if node.allows_null_elements {
                        continue;
                    }
                    return reject(&self.nodes[item], Constraint::Required, "must not be null");
                }
                self.check_value(item, value)?;
            }
        }
        if let Some(broken) = node.find_repeated_key(items) {
            return Err(Box::new(broken));
        }
        if node.requires_unique {
            let mut seen = HashSet::with_capacity(items.len());
            if !items.iter().all(|value| seen.insert(value.to_string())) {
                return reject(node, Constraint::Unique, "must not contain duplicates");
            }
        }
        self.check_budgets(node, items.iter().map(|value| ("", value)))
    }

    fn check_map(&self, node: &ConstraintNode, key: usize, value: usize, entries: &Map<String, Value>) -> CheckResult {
        node.check_length(entries.len() as u64)?;
        if let Some(broken) = node.find_entry_out_of_range(entries) {
            return Err(Box::new(broken));
        }
        if !node.skips_contents {
            for (name, entry) in entries {
                let keys = &self.nodes[key];
                match &keys.kind {
                    NodeKind::Enum { .. } => self.check_value(key, &Value::String(name.clone()))?,
                    _ => keys.check_text(name)?,
                }
                if entry.is_null() {
                    if node.allows_null_elements {
                        continue;
                    }
                    return reject(&self.nodes[value], Constraint::Required, "must not be null");
                }
                self.check_value(value, entry)?;
            }
        }
        self.check_budgets(node, entries.iter().map(|(name, entry)| (name.as_str(), entry)))
    }

    fn check_structure(
        &self,
        node: &ConstraintNode,
        slots: &[MemberSlot],
        union: bool,
        members: &Map<String, Value>,
    ) -> CheckResult {
        let mut present = 0;
        for slot in slots {
            match members.get(&slot.name) {
                None | Some(Value::Null) if slot.allows_null && members.contains_key(&slot.name) => {}
                None | Some(Value::Null) => {
                    if slot.required {
                        return reject(&self.nodes[slot.node], Constraint::Required, "is required").map_err(|mut v| {
                            v.path = node.path.join_member(&slot.name);
                            v
                        });
                    }
                }
                Some(value) => {
                    present += 1;
                    if !node.skips_contents {
                        self.check_value(slot.node, value)?;
                    }
                }
            }
        }
        if union && present != 1 {
            return reject(node, Constraint::Type, "must have exactly one member");
        }
        if let Some(broken) = node.find_broken_rule(members).or_else(|| node.find_broken_expression(members)) {
            return Err(Box::new(broken));
        }
        self.check_budgets(node, members.iter().map(|(name, value)| (name.as_str(), value)))
    }

    /// Checks the byte budgets for the request alone: its data must fit even if nothing is stored yet.
    fn check_budgets<'v>(
        &self,
        node: &ConstraintNode,
        entries: impl Iterator<Item = (&'v str, &'v Value)> + Clone,
    ) -> CheckResult {
        for check in node.rules.iter().filter(|check| !check.is_disabled) {
            if let Some(most) = check.exceeded_budget(entries.clone()) {
                return reject(node, Constraint::MaxTotalBytes, format!("exceeds {most} bytes"));
            }
        }
        Ok(())
    }
}

impl RuleCheck {
    /// Returns the budget in bytes if this rule is a byte budget and the entries exceed it.
    pub(in crate::reference) fn exceeded_budget<'v>(
        &self,
        entries: impl Iterator<Item = (&'v str, &'v Value)>,
    ) -> Option<u64> {
        let ShapeRule::MaxTotalBytes { over, max, .. } = &self.rule else { return None };
        let size = |text: &str| if self.counts_chars { text.chars().count() } else { text.len() } as u64;
        let total: u64 = entries
            .map(|(key, value)| {
                let keys = if *over == ByteScope::KeysAndValues { size(key) } else { 0 };
                keys + value_size(value, self.counts_value_member, &size)
            })
            .sum();
        (total > *max).then_some(*max)
    }

    /// Returns true if stored data counts towards this budget.
    pub(in crate::reference) fn counts_stored(&self) -> bool {
        !self.is_disabled && matches!(self.rule, ShapeRule::MaxTotalBytes { stored: true, .. })
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

impl ConstraintNode {
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

    /// Checks a value that is no list, map or structure.
    fn check_scalar(&self, value: &Value) -> CheckResult {
        match (&self.kind, value) {
            (NodeKind::Document, _) | (NodeKind::Boolean, Value::Bool(_)) => Ok(()),
            (NodeKind::Blob, Value::String(text)) => match decoded_length(text) {
                Some(length) => self.check_length(length),
                None => reject(self, Constraint::Type, "must be base64"),
            },
            (NodeKind::Text, Value::String(text)) => self.check_text(text),
            (NodeKind::Enum { .. }, Value::String(text)) => self.check_enum(text),
            (NodeKind::Integer { least, most, truncates }, Value::Number(number)) => {
                match as_integer(number, *truncates) {
                    Some(whole) if (*least..=*most).contains(&whole) => self.check_range(whole as f64),
                    Some(_) => reject(self, Constraint::Type, "is outside the range of its type"),
                    None => reject(self, Constraint::Type, "must be an integer"),
                }
            }
            (NodeKind::Float, Value::Number(number)) => self.check_range(number.as_f64().unwrap_or(f64::INFINITY)),
            (NodeKind::Float, Value::String(text)) if matches!(&**text, "NaN" | "Infinity" | "-Infinity") => Ok(()),
            (NodeKind::Timestamp, Value::Number(_)) => Ok(()),
            (NodeKind::Timestamp, Value::String(text)) if is_timestamp(text) => Ok(()),
            _ => {
                let mut result = reject(self, Constraint::Type, "has the wrong type");
                if let Err(violation) = &mut result {
                    violation.crashes = self.crashes_on_wrong_type;
                }
                result
            }
        }
    }

    fn check_enum(&self, text: &str) -> CheckResult {
        let NodeKind::Enum { values, open, folded, trimmed } = &self.kind else { return Ok(()) };
        let compared = if *trimmed { text.trim() } else { text };
        let is_listed =
            *open || values.iter().any(|value| value == compared || (*folded && value.eq_ignore_ascii_case(compared)));
        if is_listed {
            self.check_text(text)
        } else {
            reject(self, Constraint::Enum, "is not one of the listed values")
        }
    }

    fn check_text(&self, text: &str) -> CheckResult {
        if self.length_min.is_some() || self.length_max.is_some() {
            self.check_length(match self.unit {
                LengthUnit::CodePoints => text.chars().count(),
                LengthUnit::Utf16 => text.chars().map(char::len_utf16).sum(),
                LengthUnit::Bytes => text.len(),
                LengthUnit::Graphemes => {
                    text.chars().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).count()
                }
            } as u64)?;
        }
        let Some(pattern) = &self.pattern else { return Ok(()) };
        let seen = match self.pattern_mode {
            PatternMode::AsWritten => text,
            PatternMode::IgnoreTrailingNewline => text.strip_suffix('\n').unwrap_or(text),
        };
        if pattern.is_match(seen) { Ok(()) } else { reject(self, Constraint::Pattern, "does not match its pattern") }
    }

    fn check_length(&self, length: u64) -> CheckResult {
        match (self.length_min, self.length_max) {
            (Some(min), _) if length < min => {
                reject(self, Constraint::Length, format!("has length {length}, less than {min}"))
            }
            (_, Some(max)) if length > max => {
                reject(self, Constraint::Length, format!("has length {length}, more than {max}"))
            }
            _ => Ok(()),
        }
    }

    fn check_range(&self, number: f64) -> CheckResult {
        match (self.range_min, self.range_max) {
            (Some(min), _) if number < min => reject(self, Constraint::Range, format!("is less than {min}")),
            (_, Some(max)) if number > max => reject(self, Constraint::Range, format!("is more than {max}")),
            _ => match self.multiple_of {
                Some(step) if !is_multiple(number, step) => {
                    reject(self, Constraint::MultipleOf, format!("is not a multiple of {step}"))
                }
                _ => Ok(()),
            },
        }
    }
}

/// Returns true if a number is a multiple of another one, as far as floating-point numbers can tell.
fn is_multiple(number: f64, step: f64) -> bool {
    let quotient = number / step;
    (quotient - quotient.round()).abs() <= 1e-9 * quotient.abs().max(1.0)
}

/// Returns a number as an integer if it is one in any notation, such as `2.0`.
fn as_integer(number: &serde_json::Number, truncates: bool) -> Option<i128> {
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
fn is_timestamp(text: &str) -> bool {
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
