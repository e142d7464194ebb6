//! Finds the constraints that an input violates. Every case is checked here before it gets its label.
//!
//! It never trusts a strategy: a violating case must violate exactly one constraint and a valid case none.

use super::Value;
use super::patterns::Patterns;
use crate::contract::{
    ByteScope, Constraint, Contract, Kind, Length, Location, MemberPath, Protocol, Rule, Segment, Shape, ShapeId,
    Standing,
};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};

/// A constraint that an input violates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The path of the member.
    pub path: MemberPath,
    /// The violated constraint.
    pub constraint: Constraint,
    /// Whether every interpretation of the documents agrees that it is violated.
    pub certain: bool,
}

/// Checks inputs against a contract.
pub(crate) struct Labels<'a> {
    pub contract: &'a Contract,
    pub patterns: &'a Patterns,
    pub kin: &'a Kin,
}

/// Map-key shapes without a pattern, each with sibling shapes of the same model whose pattern comes from prose.
///
/// The prose describes one use of the keys but may apply to all of them, so violating it is an uncertain violation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kin(HashMap<ShapeId, Vec<ShapeId>>);

impl Kin {
    pub fn of(contract: &Contract) -> Self {
        let mut keys: HashSet<&ShapeId> = HashSet::new();
        let mut others: HashSet<&ShapeId> = HashSet::new();
        for shape in contract.shapes.values() {
            match &shape.kind {
                Kind::List { member } => {
                    others.insert(member);
                }
                Kind::Map { key, value } => {
                    keys.insert(key);
                    others.insert(value);
                }
                kind => others.extend(kind.members().into_iter().flatten().map(|(_, member)| &member.shape)),
            }
        }
        let only_keys: Vec<(&ShapeId, &Shape)> = contract
            .shapes
            .iter()
            .filter(|(id, shape)| matches!(shape.kind, Kind::String) && keys.contains(id) && !others.contains(id))
            .collect();
        let model = |shape: &Shape| {
            shape.facts_at("type").find(|fact| fact.standing == Standing::Model).map(crate::contract::Fact::provenance)
        };
        let from_prose = |shape: &Shape| {
            shape.pattern.is_some() && shape.facts_at("pattern").all(|fact| fact.standing == Standing::Prose)
        };
        let mut kin: HashMap<ShapeId, Vec<ShapeId>> = HashMap::new();
        for (id, shape) in only_keys.iter().filter(|(_, shape)| shape.pattern.is_none()) {
            let Some(place) = model(shape) else { continue };
            let same = only_keys.iter().filter(|(_, other)| from_prose(other) && model(other).as_ref() == Some(&place));
            let same: Vec<ShapeId> = same.map(|(other, _)| (*other).clone()).collect();
            if !same.is_empty() {
                kin.insert((*id).clone(), same);
            }
        }
        Self(kin)
    }
}

impl Labels<'_> {
    /// Returns all violations in an operation's input.
    pub fn breaches(&self, input: &ShapeId, value: &Value) -> Vec<Breach> {
        let mut found = Vec::new();
        self.check(input, value, &MemberPath::root(), Location::Body, 0, &mut found);
        found
    }

    fn check(&self, id: &ShapeId, value: &Value, path: &MemberPath, at: Location, depth: usize, out: &mut Vec<Breach>) {
        let shape = self.contract.shape(id);
        let mut breach = |constraint, certain| out.push(Breach { path: path.clone(), constraint, certain });
        let textual = !in_body(at);
        // In forms and in XML, bodies consist of texts, too.
        let written = !textual && self.is_text();
        match (&shape.kind, value) {
            (_, Value::Template(_)) | (Kind::Document, _) => {}
            (Kind::String | Kind::Enum { .. }, Value::Text(text)) => self.check_text(id, shape, text, path, out),
            (Kind::String | Kind::Enum { .. }, Value::Number(text)) if written => {
                self.check_text(id, shape, text, path, out);
            }
            (Kind::String | Kind::Enum { .. }, Value::Boolean(truth)) if written => {
                self.check_text(id, shape, if *truth { "true" } else { "false" }, path, out);
            }
            (Kind::String, Value::Number(_) | Value::Boolean(_)) if textual => {}
            // If the blob is the whole body, any bytes are valid.
            (Kind::Blob, Value::Text(_) | Value::Number(_) | Value::Boolean(_))
                if at == Location::Payload && depth == 1 => {}
            (Kind::Blob, Value::Blob(bytes)) => check_length(shape, bytes.len() as u64, path, out),
            (Kind::Boolean, Value::Boolean(_)) => {}
            (Kind::Integer | Kind::Long, Value::Number(literal)) => check_integer(shape, literal, path, out),
            (Kind::Float | Kind::Double, Value::Number(literal)) => check_range(shape, literal, path, out),
            (Kind::Timestamp, Value::Number(_)) => {}
            // Formats differ, and a header without a date is ignored; but no parser accepts a word as a timestamp.
            (Kind::Timestamp, Value::Text(text)) => breach(Constraint::Type, at != Location::Header && is_word(text)),
            (kind, value) if written && may_be_read(kind, value) => breach(Constraint::Type, false),
            (Kind::Float | Kind::Double, Value::Text(text)) if is_no_number(text) => breach(Constraint::Type, false),
            (Kind::List { member }, Value::List(items)) => {
                check_length(shape, items.len() as u64, path, out);
                if shape.unique && (1..items.len()).any(|index| items[..index].contains(&items[index])) {
                    out.push(Breach { path: path.clone(), constraint: Constraint::Unique, certain: true });
                }
                let inner = path.then(Segment::Item);
                for item in items {
                    self.entry(member, item, &inner, at, depth, out);
                }
            }
            (Kind::Map { key, value: entry }, Value::Map(entries)) => {
                check_length(shape, entries.len() as u64, path, out);
                let (keys, values) = (path.then(Segment::Key), path.then(Segment::Value));
                for (name, item) in entries {
                    let text = match Value::as_template_key(name) {
                        Some(template) => Value::Template(template.to_owned()),
                        None => Value::Text(name.clone()),
                    };
                    self.check(key, &text, &keys, at, depth + 1, out);
                    self.entry(entry, item, &values, at, depth, out);
                }
                self.check_budget(shape, entries, path, out);
            }
            (Kind::Structure { members } | Kind::Union { members }, Value::Map(given)) => {
                for (name, member) in members {
                    let place = path.member(name);
                    let location = if depth == 0 { member.location } else { at };
                    match given.get(name) {
                        None if member.required => {
                            out.push(Breach { path: place, constraint: Constraint::Required, certain: true });
                        }
                        // An empty list cannot be seen in a query or header.
                        Some(Value::List(items)) if items.is_empty() && member.required && !in_body(location) => {
                            out.push(Breach { path: place, constraint: Constraint::Required, certain: true });
                        }
                        Some(Value::Null) if member.required => {
                            out.push(Breach { path: place, constraint: Constraint::Required, certain: true });
                        }
                        Some(Value::Null) => {
                            out.push(Breach { path: place, constraint: Constraint::Type, certain: false });
                        }
                        Some(value) => self.check(&member.shape, value, &place, location, depth + 1, out),
                        None => {}
                    }
                }
                if matches!(shape.kind, Kind::Union { .. }) {
                    let count =
                        members.keys().filter(|name| given.get(*name).is_some_and(|v| *v != Value::Null)).count();
                    if count != 1 {
                        out.push(Breach { path: path.clone(), constraint: Constraint::AtMostOneOf, certain: true });
                    }
                }
                check_rules(shape, given, path, out);
            }
            _ => breach(Constraint::Type, true),
        }
    }

    /// Returns true if the protocol's bodies consist of texts, so that the type of a value cannot be seen.
    fn is_text(&self) -> bool {
        matches!(self.contract.protocol, Some(Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml))
    }

    /// Checks a list's item or a map's value, where null is a violation.
    fn entry(&self, id: &ShapeId, value: &Value, path: &MemberPath, at: Location, depth: usize, out: &mut Vec<Breach>) {
        if *value == Value::Null {
            out.push(Breach { path: path.clone(), constraint: Constraint::Type, certain: true });
        } else {
            self.check(id, value, path, at, depth + 1, out);
        }
    }

    fn check_text(&self, id: &ShapeId, shape: &Shape, text: &str, path: &MemberPath, out: &mut Vec<Breach>) {
        let mut breach = |constraint, certain| out.push(Breach { path: path.clone(), constraint, certain });
        if let Kind::Enum { values } = &shape.kind {
            if !values.iter().any(|value| value == text) {
                breach(Constraint::Enum, true);
            } else if !shape.settled_values().contains(&text) {
                breach(Constraint::Enum, false);
            }
        }
        if let Some(pattern) = self.patterns.get(id)
            && !pattern.matches(text)
        {
            breach(Constraint::Pattern, pattern.is_violated_by(text) && !shape.is_disputed("pattern"));
        }
        if self.kin.0.get(id).into_iter().flatten().filter_map(|id| self.patterns.get(id)).any(|kin| !kin.matches(text))
        {
            breach(Constraint::Pattern, false);
        }
        check_length(shape, text.chars().count() as u64, path, out);
    }

    fn check_budget(&self, shape: &Shape, entries: &IndexMap<String, Value>, path: &MemberPath, out: &mut Vec<Breach>) {
        for (index, rule) in shape.rules.iter().enumerate() {
            let Rule::MaxTotalBytes { over, max, .. } = rule else { continue };
            let values = total_bytes(entries, ByteScope::Values);
            let both = total_bytes(entries, ByteScope::KeysAndValues);
            let prefix = format!("rules/{index}");
            let disputed = shape.facts.iter().any(|fact| fact.disputed && fact.path.starts_with(&prefix));
            let (strict, loose) = match (disputed, over) {
                (true, _) => (both, values),
                (false, ByteScope::Values) => (values, values),
                (false, ByteScope::KeysAndValues) => (both, both),
            };
            if strict > *max {
                out.push(Breach { path: path.clone(), constraint: Constraint::MaxTotalBytes, certain: loose > *max });
            }
        }
    }
}

/// Returns true if some parser of forms or XML could accept a value of another type as one of this kind, or ignore it.
fn may_be_read(kind: &Kind, value: &Value) -> bool {
    let has_parts = matches!(value, Value::List(_) | Value::Map(_));
    match (kind, value) {
        (Kind::List { .. } | Kind::Map { .. } | Kind::Structure { .. } | Kind::Union { .. }, value) => {
            !has_parts && *value != Value::Null
        }
        (_, Value::List(_) | Value::Map(_)) => true,
        (Kind::Integer | Kind::Long | Kind::Float | Kind::Double, Value::Text(text)) => {
            text.trim().parse::<f64>().is_ok()
        }
        (Kind::Boolean, Value::Number(_)) => true,
        (Kind::Boolean, Value::Text(text)) => ["true", "false", "1", "0"].contains(&text.to_lowercase().trim()),
        (Kind::Blob, Value::Number(_) | Value::Boolean(_)) => true,
        _ => false,
    }
}

/// Returns true if the text is not blank and has no digit.
fn is_word(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(|c: char| c.is_numeric())
}

/// Returns true for the texts that AWS protocols use for non-finite floats.
fn is_no_number(text: &str) -> bool {
    matches!(text, "NaN" | "Infinity" | "-Infinity")
}

fn in_body(location: Location) -> bool {
    matches!(location, Location::Body | Location::Payload)
}

/// Returns the number of UTF-8 bytes that the entries of a map take under one interpretation.
pub(crate) fn total_bytes(entries: &IndexMap<String, Value>, over: ByteScope) -> u64 {
    entries
        .iter()
        .map(|(key, value)| {
            let value = match value.member("Value").or_else(|| value.member("value")) {
                Some(inner) => text_bytes(inner),
                None => text_bytes(value),
            };
            match over {
                ByteScope::Values => value,
                ByteScope::KeysAndValues => value + key.len() as u64,
            }
        })
        .sum()
}

fn text_bytes(value: &Value) -> u64 {
    match value {
        Value::Text(text) => text.len() as u64,
        _ => 0,
    }
}

fn check_length(shape: &Shape, length: u64, path: &MemberPath, out: &mut Vec<Breach>) {
    let Length { min, max } = shape.length();
    let beyond = |limit: &str, broken: &dyn Fn(u64) -> bool, merged: Option<u64>| {
        let disputed = shape.disputed_numbers(limit);
        if disputed.is_empty() {
            merged.filter(|value| broken(*value)).map(|_| true)
        } else if disputed.iter().any(|value| broken(*value)) {
            Some(disputed.iter().all(|value| broken(*value)))
        } else {
            None
        }
    };
    let below = beyond("length/min", &|limit| length < limit, min);
    let above = beyond("length/max", &|limit| length > limit, max);
    for certain in [below, above].into_iter().flatten() {
        out.push(Breach { path: path.clone(), constraint: Constraint::Length, certain });
    }
}

fn check_integer(shape: &Shape, literal: &str, path: &MemberPath, out: &mut Vec<Breach>) {
    let mut breach = |certain| out.push(Breach { path: path.clone(), constraint: Constraint::Type, certain });
    match literal.parse::<i128>() {
        Ok(number) => {
            let (low, high) = integer_bounds(&shape.kind);
            if number < low || number > high {
                breach(true);
            } else {
                check_range(shape, literal, path, out);
            }
        }
        // Some parsers accept `2.0` as an integer; none accepts a true fraction.
        Err(_) => breach(literal.parse::<f64>().is_ok_and(|number| number.fract() != 0.0 || !number.is_finite())),
    }
}

/// Returns the least and the greatest number that the kind itself can hold.
pub(crate) fn integer_bounds(kind: &Kind) -> (i128, i128) {
    match kind {
        Kind::Integer => (i128::from(i32::MIN), i128::from(i32::MAX)),
        _ => (i128::from(i64::MIN), i128::from(i64::MAX)),
    }
}

fn check_range(shape: &Shape, literal: &str, path: &MemberPath, out: &mut Vec<Breach>) {
    let Some(range) = &shape.range else { return };
    let Ok(number) = literal.parse::<f64>() else { return };
    let limit = |limit: &Option<serde_json::Number>| limit.as_ref().and_then(serde_json::Number::as_f64);
    let below = limit(&range.min).is_some_and(|min| number < min);
    let above = limit(&range.max).is_some_and(|max| number > max);
    if below || above {
        let disputed = shape.is_disputed(if below { "range/min" } else { "range/max" });
        out.push(Breach { path: path.clone(), constraint: Constraint::Range, certain: !disputed });
    }
}

fn check_rules(shape: &Shape, given: &IndexMap<String, Value>, path: &MemberPath, out: &mut Vec<Breach>) {
    let present = |members: &[String]| members.iter().filter(|name| given.contains_key(*name)).count();
    let empty = |members: &[String]| {
        members.iter().filter(|name| matches!(given.get(*name), Some(Value::Null))).count()
            + members.iter().filter(|name| given.get(*name) == Some(&Value::empty())).count()
    };
    for rule in &shape.rules {
        match rule {
            Rule::AtLeastOneOf { members } => {
                let there = present(members);
                if there == empty(members) {
                    // Members that the rule's source does not list may count too; an empty map may not count.
                    let others = shape.kind.members().into_iter().flatten().any(|(name, member)| {
                        member.location == Location::Body
                            && !member.required
                            && !members.contains(name)
                            && given.contains_key(name)
                    });
                    out.push(Breach {
                        path: path.clone(),
                        constraint: rule.constraint(),
                        certain: there == 0 && !others,
                    });
                }
            }
            Rule::AtMostOneOf { members } if present(members) > 1 => {
                out.push(Breach { path: path.clone(), constraint: rule.constraint(), certain: true });
            }
            _ => {}
        }
    }
}
