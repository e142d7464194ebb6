//! Finds the constraints that an input violates. Every case is checked here before it gets its label.
//!
//! It never trusts a strategy: a violating case must violate exactly one constraint and a valid case none.

use super::contract_patterns::{ContractPatterns, PatternDefect};
use super::documented_examples::is_date_time;
use super::limits::integer_bounds;
use super::member_rules::{find_broken_rule, find_repeated_key};
use crate::case::{Certainty, Value};
use crate::contract::{
    ByteScope, Constraint, Contract, DecimalStep, FactField, FactOrigin, LengthRange, Member, MemberLocation,
    MemberPath, Operation, PathSegment, Protocol, Shape, ShapeId, ShapeKind, ShapeRule, TimestampFormat,
};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};

/// A constraint that an input violates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The path of the member.
    pub path: MemberPath,
    /// The violated constraint.
    pub constraint: Constraint,
    /// Whether every interpretation of the documents agrees that it is violated.
    pub certainty: Certainty,
}

/// Checks inputs against a contract.
pub(crate) struct InputChecker<'a> {
    pub contract: &'a Contract,
    pub patterns: &'a ContractPatterns,
    pub shared_key_patterns: &'a SharedKeyPatterns,
}

/// Map-key shapes without a pattern, each with sibling shapes of the same model whose pattern comes from prose.
///
/// The prose describes one use of the keys but may apply to all of them, so violating it is an uncertain violation.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedKeyPatterns(HashMap<ShapeId, Vec<ShapeId>>);

impl SharedKeyPatterns {
    pub fn from_contract(contract: &Contract) -> Self {
        let mut keys: HashSet<&ShapeId> = HashSet::new();
        let mut others: HashSet<&ShapeId> = HashSet::new();
        for shape in contract.shapes.values() {
            match &shape.kind {
                ShapeKind::List { member } => {
                    others.insert(member);
                }
                ShapeKind::Map { key, value } => {
                    keys.insert(key);
                    others.insert(value);
                }
                kind => others.extend(kind.members().into_iter().flatten().map(|(_, member)| &member.shape)),
            }
        }
        let only_keys: Vec<(&ShapeId, &Shape)> = contract
            .shapes
            .iter()
            .filter(|(id, shape)| matches!(shape.kind, ShapeKind::String) && keys.contains(id) && !others.contains(id))
            .collect();
        let model = |shape: &Shape| {
            shape
                .facts_at(&FactField::Type)
                .find(|fact| fact.standing == FactOrigin::Model)
                .map(crate::contract::Fact::provenance)
        };
        let from_prose = |shape: &Shape| {
            shape.pattern.is_some()
                && shape.facts_at(&FactField::Pattern).all(|fact| fact.standing == FactOrigin::Prose)
        };
        let mut shared_key_patterns: HashMap<ShapeId, Vec<ShapeId>> = HashMap::new();
        for (id, shape) in only_keys.iter().filter(|(_, shape)| shape.pattern.is_none()) {
            let Some(place) = model(shape) else { continue };
            let same = only_keys.iter().filter(|(_, other)| from_prose(other) && model(other).as_ref() == Some(&place));
            let same: Vec<ShapeId> = same.map(|(other, _)| (*other).clone()).collect();
            if !same.is_empty() {
                shared_key_patterns.insert((*id).clone(), same);
            }
        }
        Self(shared_key_patterns)
    }
}

/// Where a value is in an input.
struct ValuePlace {
    path: MemberPath,
    location: MemberLocation,
    /// Number of values around it.
    depth: usize,
    /// Whether the request changes a stored resource and leaves out what stays.
    is_partial: bool,
}

impl ValuePlace {
    /// Returns the place of an item, a key or an entry's value.
    fn below(&self, segment: PathSegment) -> Self {
        let (location, is_partial) = (self.location, self.is_partial);
        Self { path: self.path.join(segment), location, depth: self.depth + 1, is_partial }
    }
}

impl InputChecker<'_> {
    /// Returns all violations in an operation's input.
    pub fn violations(&self, input: &ShapeId, value: &Value) -> Vec<Violation> {
        let mut found = Vec::new();
        let is_partial = is_partial_update(self.contract, input);
        let place = ValuePlace { path: MemberPath::root(), location: MemberLocation::Body, depth: 0, is_partial };
        self.check_value(input, value, &place, &mut found);
        found
    }

    fn check_value(&self, id: &ShapeId, value: &Value, place: &ValuePlace, out: &mut Vec<Violation>) {
        let checked_before = out.len();
        self.check_described_value(id, value, place, out);
        if self.contract.shape(id).open {
            // The source allows more than the shape describes.
            for violation in &mut out[checked_before..] {
                violation.certainty = Certainty::certain_if(false);
            }
        }
    }

    fn check_described_value(&self, id: &ShapeId, value: &Value, place: &ValuePlace, out: &mut Vec<Violation>) {
        let ValuePlace { path, location, depth, .. } = place;
        let shape = self.contract.shape(id);
        let mut add = |constraint, certain| {
            out.push(Violation { path: path.clone(), constraint, certainty: Certainty::certain_if(certain) })
        };
        let textual = !is_body_location(*location);
        // In forms and in XML, bodies consist of texts, too.
        let written = !textual && self.is_text_protocol();
        match (&shape.kind, value) {
            (_, Value::Template(_)) | (ShapeKind::Document, _) => {}
            (ShapeKind::String | ShapeKind::Enum { .. }, Value::Text(text)) => {
                self.check_text(id, shape, text, path, out)
            }
            (ShapeKind::String | ShapeKind::Enum { .. }, Value::Number(text)) if written => {
                self.check_text(id, shape, text, path, out);
            }
            (ShapeKind::String | ShapeKind::Enum { .. }, Value::Boolean(truth)) if written => {
                self.check_text(id, shape, if *truth { "true" } else { "false" }, path, out);
            }
            (ShapeKind::String, Value::Number(_) | Value::Boolean(_)) if textual => {}
            // If the blob is the whole body, any bytes are valid.
            (ShapeKind::Blob, Value::Text(_) | Value::Number(_) | Value::Boolean(_))
                if *depth == 1 && matches!(location, MemberLocation::Payload | MemberLocation::Form) => {}
            (ShapeKind::Blob, Value::Blob(bytes)) => check_length(shape, bytes.len() as u64, path, out),
            (ShapeKind::Boolean, Value::Boolean(_)) => {}
            (ShapeKind::Integer | ShapeKind::Long, Value::Number(literal)) => check_integer(shape, literal, path, out),
            (ShapeKind::Float | ShapeKind::Double, Value::Number(literal)) => check_range(shape, literal, path, out),
            (ShapeKind::Timestamp, Value::Number(_)) => {}
            (ShapeKind::Timestamp, Value::Text(text))
                if shape.traits.timestamp_format == Some(TimestampFormat::DateTime) && is_date_time(text) => {}
            // Formats differ, and a header without a date is ignored; but no parser accepts a word as a timestamp.
            (ShapeKind::Timestamp, Value::Text(text)) => {
                add(Constraint::Type, *location != MemberLocation::Header && has_no_digits(text))
            }
            (kind, value) if written && is_leniently_readable(kind, value) => add(Constraint::Type, false),
            (ShapeKind::Float | ShapeKind::Double, Value::Text(text)) if is_non_finite_literal(text) => {
                add(Constraint::Type, false)
            }
            (ShapeKind::List { member }, Value::List(items)) => self.check_list(shape, member, items, place, out),
            (ShapeKind::Map { key, value }, Value::Map(entries)) => {
                self.check_map(shape, [key, value], entries, place, out)
            }
            (ShapeKind::Structure { members } | ShapeKind::Union { members }, Value::Map(given)) => {
                self.check_members(shape, members, given, place, out)
            }
            _ => add(Constraint::Type, true),
        }
    }

    fn check_list(
        &self,
        shape: &Shape,
        member: &ShapeId,
        items: &[Value],
        place: &ValuePlace,
        out: &mut Vec<Violation>,
    ) {
        check_length(shape, items.len() as u64, &place.path, out);
        if shape.unique && (1..items.len()).any(|index| items[..index].contains(&items[index])) {
            out.push(Violation {
                path: place.path.clone(),
                constraint: Constraint::Unique,
                certainty: Certainty::Certain,
            });
        }
        for rule in &shape.rules {
            let ShapeRule::DistinctBy { key } = rule else { continue };
            if let Some(is_certain) = find_repeated_key(items, key) {
                let (path, certainty) = (place.path.clone(), Certainty::certain_if(is_certain));
                out.push(Violation { path, constraint: Constraint::DistinctBy, certainty });
            }
        }
        let inner = place.below(PathSegment::Item);
        for item in items {
            self.check_entry(member, item, &inner, out);
        }
    }

    fn check_map(
        &self,
        shape: &Shape,
        [key, value]: [&ShapeId; 2],
        entries: &IndexMap<String, Value>,
        place: &ValuePlace,
        out: &mut Vec<Violation>,
    ) {
        check_length(shape, entries.len() as u64, &place.path, out);
        for rule in &shape.rules {
            if let ShapeRule::EntryRange { key, min, max } = rule
                && let Some(Value::Text(text)) = entries.get(key)
            {
                let number = text.parse::<i64>().ok();
                let is_within =
                    |number: i64| min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max);
                if !number.is_some_and(is_within) {
                    let (path, certainty) = (place.path.clone(), Certainty::certain_if(number.is_some()));
                    out.push(Violation { path, constraint: Constraint::Range, certainty });
                }
            }
        }
        let (keys, values) = (place.below(PathSegment::Key), place.below(PathSegment::Value));
        for (name, entry) in entries {
            let text = match Value::as_template_key(name) {
                Some(template) => Value::Template(template.to_owned()),
                None => Value::Text(name.clone()),
            };
            self.check_value(key, &text, &keys, out);
            self.check_entry(value, entry, &values, out);
        }
        self.check_budget(shape, entries, &place.path, out);
    }

    /// Checks the members of a structure or union.
    fn check_members(
        &self,
        shape: &Shape,
        members: &IndexMap<String, Member>,
        given: &IndexMap<String, Value>,
        place: &ValuePlace,
        out: &mut Vec<Violation>,
    ) {
        if shape.rules.contains(&ShapeRule::KnownMembers) && given.keys().any(|name| !members.contains_key(name)) {
            let (path, certainty) = (place.path.clone(), Certainty::certain_if(!shape.open));
            out.push(Violation { path, constraint: Constraint::KnownMembers, certainty });
        }
        for (name, member) in members {
            // An input may have thousands of optional members, of which few are given.
            if !member.required && !given.contains_key(name) {
                continue;
            }
            let location = if place.depth == 0 { member.location } else { place.location };
            let inner = ValuePlace { location, ..place.below(PathSegment::Member(name.clone())) };
            let mut add = |constraint, certain| {
                out.push(Violation { path: inner.path.clone(), constraint, certainty: Certainty::certain_if(certain) });
            };
            let shape = self.contract.shape(&member.shape);
            match given.get(name) {
                Some(Value::Null) if shape.nullable => {}
                Some(Value::Null) if shape.open => add(Constraint::Type, false),
                None | Some(Value::Null) if member.required => add(Constraint::Required, true),
                // An empty list cannot be seen in a query or header.
                Some(Value::List(items)) if items.is_empty() && member.required && !is_body_location(location) => {
                    add(Constraint::Required, true);
                }
                Some(Value::Null) => add(Constraint::Type, false),
                Some(value) => self.check_value(&member.shape, value, &inner, out),
                None => {}
            }
        }
        let is_given = |name: &String| given.get(name).is_some_and(|value| *value != Value::Null);
        if matches!(shape.kind, ShapeKind::Union { .. }) && members.keys().filter(|name| is_given(name)).count() != 1 {
            out.push(Violation {
                path: place.path.clone(),
                constraint: Constraint::AtMostOneOf,
                certainty: Certainty::Certain,
            });
        }
        check_rules(shape, given, place, out);
    }

    /// Returns true if the protocol's bodies consist of texts, so that the type of a value cannot be seen.
    fn is_text_protocol(&self) -> bool {
        matches!(self.contract.protocol, Some(Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml))
    }

    /// Checks a list's item or a map's value, where null is a violation.
    fn check_entry(&self, id: &ShapeId, value: &Value, place: &ValuePlace, out: &mut Vec<Violation>) {
        let shape = self.contract.shape(id);
        if *value == Value::Null {
            if shape.nullable {
                return;
            }
            out.push(Violation {
                path: place.path.clone(),
                constraint: Constraint::Type,
                certainty: Certainty::certain_if(!shape.open),
            });
        } else {
            self.check_value(id, value, place, out);
        }
    }

    fn check_text(&self, id: &ShapeId, shape: &Shape, text: &str, path: &MemberPath, out: &mut Vec<Violation>) {
        let mut add = |constraint, certain| {
            out.push(Violation { path: path.clone(), constraint, certainty: Certainty::certain_if(certain) })
        };
        if let ShapeKind::Enum { values } = &shape.kind {
            if !values.iter().any(|value| value == text) {
                add(Constraint::Enum, true);
            } else if !shape.undisputed_values().contains(&text) {
                add(Constraint::Enum, false);
            }
        }
        if let Some(pattern) = self.patterns.get(id)
            && !pattern.matches(text)
        {
            let is_stated = shape.facts_at(&FactField::Pattern).any(|fact| fact.standing != FactOrigin::Assumed)
                || shape.facts_at(&FactField::Pattern).next().is_none();
            let is_certain = is_stated && !shape.is_disputed(&FactField::Pattern);
            add(Constraint::Pattern, is_certain && pattern.is_violated_by(text));
        }
        // No text meets a pattern that contradicts the length. Where the pattern cannot be tested, a given text counts.
        if matches!(self.patterns.defect(id), Some(PatternDefect::Length { .. })) {
            add(Constraint::Pattern, false);
        }
        if self
            .shared_key_patterns
            .0
            .get(id)
            .into_iter()
            .flatten()
            .filter_map(|id| self.patterns.get(id))
            .any(|pattern| !pattern.matches(text))
        {
            add(Constraint::Pattern, false);
        }
        check_length(shape, text.chars().count() as u64, path, out);
    }

    fn check_budget(
        &self,
        shape: &Shape,
        entries: &IndexMap<String, Value>,
        path: &MemberPath,
        out: &mut Vec<Violation>,
    ) {
        for (index, rule) in shape.rules.iter().enumerate() {
            let ShapeRule::MaxTotalBytes { over, max, .. } = rule else { continue };
            let values = count_total_bytes(entries, ByteScope::Values);
            let both = count_total_bytes(entries, ByteScope::KeysAndValues);
            let disputed = shape.facts.iter().any(|fact| fact.disputed && fact.field.rule_index() == Some(index));
            let (strict, loose) = match (disputed, over) {
                (true, _) => (both, values),
                (false, ByteScope::Values) => (values, values),
                (false, ByteScope::KeysAndValues) => (both, both),
            };
            if strict > *max {
                out.push(Violation {
                    path: path.clone(),
                    constraint: Constraint::MaxTotalBytes,
                    certainty: Certainty::certain_if(loose > *max),
                });
            }
        }
    }
}

/// Returns true if some parser of forms or XML could accept a value of another type as one of this kind, or ignore it.
fn is_leniently_readable(kind: &ShapeKind, value: &Value) -> bool {
    let has_parts = matches!(value, Value::List(_) | Value::Map(_));
    match (kind, value) {
        (
            ShapeKind::List { .. } | ShapeKind::Map { .. } | ShapeKind::Structure { .. } | ShapeKind::Union { .. },
            value,
        ) => !has_parts && *value != Value::Null,
        (_, Value::List(_) | Value::Map(_)) => true,
        (ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double, Value::Text(text)) => {
            text.trim().parse::<f64>().is_ok()
        }
        (ShapeKind::Boolean, Value::Number(_)) => true,
        (ShapeKind::Boolean, Value::Text(text)) => ["true", "false", "1", "0"].contains(&text.to_lowercase().trim()),
        (ShapeKind::Blob, Value::Number(_) | Value::Boolean(_)) => true,
        _ => false,
    }
}

/// Returns true if the text is not blank and has no digit.
fn has_no_digits(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains(|c: char| c.is_numeric())
}

/// Returns true for the texts that AWS protocols use for non-finite floats.
fn is_non_finite_literal(text: &str) -> bool {
    matches!(text, "NaN" | "Infinity" | "-Infinity")
}

fn is_body_location(location: MemberLocation) -> bool {
    location.is_in_document()
}

/// Returns the number of UTF-8 bytes that the entries of a map take under one interpretation.
pub(crate) fn count_total_bytes(entries: &IndexMap<String, Value>, over: ByteScope) -> u64 {
    entries
        .iter()
        .map(|(key, value)| {
            let value = match value.member("Value").or_else(|| value.member("value")) {
                Some(inner) => count_text_bytes(inner),
                None => count_text_bytes(value),
            };
            match over {
                ByteScope::Values => value,
                ByteScope::KeysAndValues => value + key.len() as u64,
            }
        })
        .sum()
}

fn count_text_bytes(value: &Value) -> u64 {
    match value {
        Value::Text(text) => text.len() as u64,
        _ => 0,
    }
}

fn check_length(shape: &Shape, length: u64, path: &MemberPath, out: &mut Vec<Violation>) {
    let LengthRange { min, max } = shape.length();
    let beyond = |limit: &FactField, is_beyond: &dyn Fn(u64) -> bool, merged: Option<u64>| {
        let disputed = shape.disputed_numbers(limit);
        if disputed.is_empty() {
            merged.filter(|value| is_beyond(*value)).map(|_| true)
        } else if disputed.iter().any(|value| is_beyond(*value)) {
            Some(disputed.iter().all(|value| is_beyond(*value)))
        } else {
            None
        }
    };
    let below = beyond(&FactField::LengthMin, &|limit| length < limit, min);
    let above = beyond(&FactField::LengthMax, &|limit| length > limit, max);
    for certain in [below, above].into_iter().flatten() {
        out.push(Violation {
            path: path.clone(),
            constraint: Constraint::Length,
            certainty: Certainty::certain_if(certain),
        });
    }
}

fn check_integer(shape: &Shape, literal: &str, path: &MemberPath, out: &mut Vec<Violation>) {
    let mut add = |certain| {
        out.push(Violation {
            path: path.clone(),
            constraint: Constraint::Type,
            certainty: Certainty::certain_if(certain),
        })
    };
    match literal.parse::<i128>() {
        Ok(number) => {
            let (low, high) = integer_bounds(&shape.kind);
            if (number < low || number > high) && !shape.any_size {
                add(true);
            } else {
                check_range(shape, literal, path, out);
            }
        }
        // Some parsers accept `2.0` as an integer; none accepts a true fraction.
        Err(_) => add(literal
            .parse::<f64>()
            .is_ok_and(|number| number.fract() != 0.0 && number.is_finite() || !number.is_finite() && !shape.any_size)),
    }
}

fn check_range(shape: &Shape, literal: &str, path: &MemberPath, out: &mut Vec<Violation>) {
    let divides = DecimalStep::of_shape(shape).and_then(|step| step.divides(literal));
    if divides == Some(false) {
        out.push(Violation {
            path: path.clone(),
            constraint: Constraint::MultipleOf,
            certainty: Certainty::certain_if(!shape.is_disputed(&FactField::MultipleOf)),
        });
    }
    let Some(range) = &shape.range else { return };
    let Ok(number) = literal.parse::<f64>() else { return };
    let limit = |limit: &Option<serde_json::Number>| limit.as_ref().and_then(serde_json::Number::as_f64);
    let below = limit(&range.min).is_some_and(|min| number < min);
    let above = limit(&range.max).is_some_and(|max| number > max);
    if below || above {
        let disputed = shape.is_disputed(if below { &FactField::RangeMin } else { &FactField::RangeMax });
        out.push(Violation {
            path: path.clone(),
            constraint: Constraint::Range,
            certainty: Certainty::certain_if(!disputed),
        });
    }
}

/// Checks the rules over several members of a structure.
fn check_rules(shape: &Shape, given: &IndexMap<String, Value>, place: &ValuePlace, out: &mut Vec<Violation>) {
    let present = |members: &[String]| members.iter().filter(|name| given.contains_key(*name)).count();
    let empty = |members: &[String]| {
        members.iter().filter(|name| matches!(given.get(*name), Some(Value::Null))).count()
            + members.iter().filter(|name| given.get(*name) == Some(&Value::empty_map())).count()
    };
    for (index, rule) in shape.rules.iter().enumerate() {
        if let ShapeRule::AtLeastOneOf { members } = rule {
            let there = present(members);
            if there == empty(members) {
                // Members that the rule's source does not list may count too, unless exactly one of those that it lists is
                // required; an empty map may not count.
                let is_exact = shape
                    .rules
                    .iter()
                    .any(|other| matches!(other, ShapeRule::AtMostOneOf { members: listed } if listed == members));
                let others = !is_exact
                    && shape.kind.members().into_iter().flatten().any(|(name, member)| {
                        member.location == MemberLocation::Body
                            && !member.required
                            && !members.contains(name)
                            && given.contains_key(name)
                    });
                out.push(Violation {
                    path: place.path.clone(),
                    constraint: rule.constraint(),
                    certainty: Certainty::certain_if(there == 0 && !others),
                });
            }
        } else if let Some(broken) = find_broken_rule(rule, given, place.is_partial) {
            let is_disputed = shape.facts.iter().any(|fact| fact.disputed && fact.field.rule_index() == Some(index));
            let path = broken.member.map_or_else(|| place.path.clone(), |name| place.path.join_member(name));
            let certainty = Certainty::certain_if(broken.certainty.is_certain() && !is_disputed);
            out.push(Violation { path, constraint: rule.constraint(), certainty });
        }
    }
}

/// Returns true if an operation with this input changes a stored resource and leaves out what stays.
fn is_partial_update(contract: &Contract, input: &ShapeId) -> bool {
    let mut using = contract.operations.iter().filter(|operation| operation.input.as_ref() == Some(input));
    using.any(is_partial)
}

/// Returns true for an operation that changes a stored resource and leaves out what stays.
pub(crate) fn is_partial(operation: &Operation) -> bool {
    let by_method = operation.http.as_ref().is_some_and(|http| http.method.eq_ignore_ascii_case("PATCH"));
    let words = ["Update", "Modify", "Change", "Edit", "Patch"];
    by_method
        || words.iter().any(|word| {
            let name = operation.name.as_str();
            name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        })
}
