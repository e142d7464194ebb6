//! Builds the plain valid input of an operation, and the same input with some places changed.
//!
//! It never decides which places to change.

use super::aws_formats;
use super::contract_patterns::ContractPatterns;
use super::limits::MAX_ENTRIES;
use super::site::InputSite;
use super::template_filler::TemplateFiller;
use super::testable_shapes::{MAX_PLAIN_SIZE, TestableShapes};
use super::wire_view::writes_only_texts;
use crate::case::{Resource, Value};
use crate::contract::{Contract, Member, MemberPath, Operation, PathSegment, Shape, ShapeId, ShapeKind, ShapeRule};
use crate::scenario::Scenario;
use indexmap::IndexMap;
use std::cell::Cell;
use std::collections::HashMap;

/// A change at one place of an input.
#[derive(Clone, Debug)]
pub(crate) enum InputChange {
    /// Sets the place to this value; for a map's key, a text.
    Set(Value),
    /// Removes the place.
    Remove,
    /// Changes nothing, but makes the place exist.
    Touch,
}

/// Builds inputs for one operation and one case.
pub(crate) struct InputSampler<'a> {
    pub contract: &'a Contract,
    pub scenario: &'a Scenario,
    pub patterns: &'a ContractPatterns,
    pub testable: &'a TestableShapes,
    /// Number of parts that may still be built, so that no contract makes one case take all memory.
    pub parts_left: Cell<u64>,
    pub operation: &'a Operation,
    pub templates: TemplateFiller<'a>,
    pub seed: u64,
    /// Whether to use the identifiers of the same-named resource below another parent.
    pub below_other_parent: bool,
    /// Whether machine models are the only source of the contract.
    pub is_only_modelled: bool,
}

/// Maximum number of parts of all inputs that are built for one case.
pub(crate) const MAX_PARTS: u64 = MAX_PLAIN_SIZE / 4;

/// The rest of the path to a change, during the descent into an input.
#[derive(Clone, Copy)]
pub(super) struct PathTarget<'c> {
    pub rest: &'c [PathSegment],
    pub change: &'c InputChange,
}

/// A member whose texts are free: name, shape and place.
type FreeText<'s> = (&'s str, &'s ShapeId, MemberPath);

impl InputSampler<'_> {
    /// Builds inputs for another resource of the case instead.
    pub fn for_resource(mut self, resource: Resource) -> Self {
        self.below_other_parent = resource == Resource::OtherParent;
        self.templates.resource = match resource {
            Resource::Own(number) => number,
            Resource::OtherParent | Resource::FilteredOut => 1,
        };
        self
    }

    /// Returns the plain valid input: the required members, and those that rules ask for.
    pub fn plain_input(&self) -> Value {
        self.input_with(&[])
    }

    /// Returns the plain input with these changes; every place on the way to a change is made to exist.
    pub fn input_with(&self, changes: &[(&MemberPath, InputChange)]) -> Value {
        let Some(input) = &self.operation.input else { return Value::empty_map() };
        let targets: Vec<PathTarget<'_>> =
            changes.iter().map(|(path, change)| PathTarget { rest: &path.0, change }).collect();
        if let [PathTarget { rest: [], change: InputChange::Set(value) }] = targets.as_slice() {
            return value.clone();
        }
        self.build_value(input, &MemberPath::root(), &targets, 0)
    }

    /// Returns the plain input with one place set to a value.
    pub fn input_with_value(&self, site: &InputSite, value: Value) -> Value {
        self.input_with(&[(&site.path, InputChange::Set(value))])
    }

    /// Returns a plain valid value of a shape at a path.
    pub fn sample_value(&self, id: &ShapeId, path: &MemberPath) -> Value {
        self.build_value(id, path, &[], 1)
    }

    pub(super) fn build_value(
        &self,
        id: &ShapeId,
        path: &MemberPath,
        targets: &[PathTarget<'_>],
        depth: usize,
    ) -> Value {
        if let Some(PathTarget { change: InputChange::Set(value), .. }) =
            targets.iter().find(|target| target.rest.is_empty())
        {
            return value.clone();
        }
        let touched = targets.iter().any(|target| !target.rest.is_empty());
        if self.below_other_parent
            && !touched
            && let Some(given) = self.scenario.elsewhere_values.get(&path.to_string())
        {
            return self.convert_to_shape(id, self.templates.fill_json(given));
        }
        if !touched && let Some(given) = self.scenario.value_when_sent_at(self.operation.name.as_str(), path) {
            return self.convert_to_shape(id, self.templates.fill_json(given));
        }
        let shape = self.contract.shape(id);
        let parts_left = self.parts_left.get();
        self.parts_left.set(parts_left.saturating_sub(1));
        // A shape that requires itself would never end.
        let is_testable = self.testable.has_value(id) || self.leads_to_given_value(path);
        if targets.is_empty() && (parts_left == 0 || !is_testable) {
            match &shape.kind {
                ShapeKind::List { .. } => return Value::List(Vec::new()),
                ShapeKind::Map { .. } | ShapeKind::Structure { .. } | ShapeKind::Union { .. } => {
                    return Value::empty_map();
                }
                ShapeKind::String | ShapeKind::Blob => return Value::text("overstep"),
                _ => {}
            }
        }
        match &shape.kind {
            ShapeKind::Structure { members } => self.build_structure(shape, members, path, targets, depth),
            ShapeKind::Union { members } => self.build_union(id, members, path, targets, depth),
            ShapeKind::List { member } => self.build_list(shape, member, path, targets, depth),
            ShapeKind::Map { key, value } => self.build_map(shape, [key, value], path, targets, depth),
            _ => self.scalar_value(id, shape, path, 0),
        }
    }

    /// Returns true if the scenario's `use` gives a value at this path or below it.
    fn leads_to_given_value(&self, path: &MemberPath) -> bool {
        let name = self.operation.name.as_str();
        if !self.scenario.has_use_values(name) {
            return false;
        }
        let own = self.scenario.operation_notes(name).into_iter().flat_map(|notes| notes.use_values.keys());
        let place = path.to_string();
        own.chain(self.scenario.use_values.keys()).any(|given| given.starts_with(&place))
    }

    fn build_structure(
        &self,
        shape: &Shape,
        members: &IndexMap<String, Member>,
        path: &MemberPath,
        targets: &[PathTarget<'_>],
        depth: usize,
    ) -> Value {
        let mut out = IndexMap::new();
        let by_member = group_by_member(targets);
        // An input may have thousands of optional members; only the scenario can give them a value.
        let has_given_values = depth == 0 && self.scenario.has_use_values(self.operation.name.as_str());
        for (name, member) in members {
            let inner = by_member.get(name.as_str()).map_or(&[][..], Vec::as_slice);
            let named = member.required || !inner.is_empty();
            if (!named && !has_given_values) || is_removed(inner) {
                continue;
            }
            let place = path.join_member(name);
            if named || self.scenario.use_value_at(self.operation.name.as_str(), &place).is_some() {
                out.insert(name.clone(), self.build_value(&member.shape, &place, inner, depth + 1));
            }
        }
        for (name, inner) in by_member.iter().filter(|(name, _)| !members.contains_key(**name)) {
            if let [PathTarget { change: InputChange::Set(value), .. }] = inner.as_slice() {
                out.insert((*name).to_owned(), value.clone());
            }
        }
        self.satisfy_rules(shape, path, targets, depth, &mut out);
        if out.is_empty() && depth > 0 && !targets.iter().any(|target| matches!(target.change, InputChange::Remove)) {
            let member = self.member_of_empty_structure(members);
            out.extend(member.map(|(name, member)| {
                (name.clone(), self.build_value(&member.shape, &path.join_member(name), &[], depth + 1))
            }));
        }
        Value::Map(out)
    }

    /// Returns the member to give to a structure that would be empty, or `None` if it may be empty: services often
    /// require a member that models call optional, and in forms an empty structure cannot be seen.
    fn member_of_empty_structure<'m>(&self, members: &'m IndexMap<String, Member>) -> Option<(&'m String, &'m Member)> {
        let in_texts = self.contract.protocol.is_some_and(writes_only_texts);
        if !self.is_only_modelled && !in_texts {
            return None;
        }
        let mut testable = members.iter().filter(|(_, member)| self.testable.has_value(&member.shape));
        let plain = testable.clone().find(|(_, member)| self.is_scalar(&member.shape));
        plain.or_else(|| testable.next().filter(|_| in_texts))
    }

    fn build_union(
        &self,
        id: &ShapeId,
        members: &IndexMap<String, Member>,
        path: &MemberPath,
        targets: &[PathTarget<'_>],
        depth: usize,
    ) -> Value {
        let named = targets.iter().find_map(|target| match target.rest.first() {
            Some(PathSegment::Member(name)) => Some(name.as_str()),
            _ => None,
        });
        let is_finite = |member: &Member| !self.plain_value_contains(&member.shape, id, &mut Vec::new());
        let testable = || members.iter().filter(|(_, member)| self.testable.has_value(&member.shape));
        let filled = || testable().filter(|(_, member)| self.testable.fills_collections(&member.shape));
        let chosen = named
            .and_then(|name| members.get_key_value(name))
            .or_else(|| testable().find(|(_, member)| self.is_scalar(&member.shape)))
            .or_else(|| filled().find(|(_, member)| is_finite(member)))
            .or_else(|| testable().min_by_key(|(_, member)| self.testable.plain_size(&member.shape)));
        let Some((name, member)) = chosen else { return Value::empty_map() };
        let inner = descend(targets, |segment| matches!(segment, PathSegment::Member(member) if member == name));
        if is_removed(&inner) {
            return Value::empty_map();
        }
        let value = self.build_value(&member.shape, &path.join_member(name), &inner, depth + 1);
        Value::Map(IndexMap::from([(name.clone(), value)]))
    }

    fn build_list(
        &self,
        shape: &Shape,
        member: &ShapeId,
        path: &MemberPath,
        targets: &[PathTarget<'_>],
        depth: usize,
    ) -> Value {
        let place = path.join(PathSegment::Item);
        let inner = descend(targets, |segment| *segment == PathSegment::Item);
        if inner.is_empty() && min_entries(shape) == 0 && !self.testable.fills_collections(member) {
            return Value::List(Vec::new());
        }
        let mut items = vec![self.build_value(member, &place, &inner, depth + 1)];
        for index in 1..min_entries(shape) {
            items.push(self.distinct_item(member, &place, index, depth));
        }
        self.separate_items(shape, member, path, &mut items);
        Value::List(items)
    }

    fn build_map(
        &self,
        shape: &Shape,
        [key, value]: [&ShapeId; 2],
        path: &MemberPath,
        targets: &[PathTarget<'_>],
        depth: usize,
    ) -> Value {
        let keys = descend(targets, |segment| *segment == PathSegment::Key);
        let values = descend(targets, |segment| *segment == PathSegment::Value);
        let is_filled = self.testable.fills_collections(key) && self.testable.fills_collections(value);
        if keys.is_empty() && values.is_empty() && min_entries(shape) == 0 && !is_filled {
            return Value::empty_map();
        }
        let named = keys.iter().find_map(|target| match target.change {
            InputChange::Set(Value::Text(text)) => Some(text.clone()),
            _ => None,
        });
        let mut out = IndexMap::new();
        let place = path.join(PathSegment::Value);
        // Of a key with documented limits it is known what its value looks like.
        let is_free = keys.is_empty() && values.is_empty() && min_entries(shape) <= 1;
        let key_place = path.join(PathSegment::Key);
        if is_free && self.scenario.use_value_at(self.operation.name.as_str(), &key_place).is_none() {
            let known = shape.rules.iter().find_map(|rule| match rule {
                ShapeRule::EntryRange { key, min, max } => Some((key, usual_number(*min, *max))),
                _ => None,
            });
            if let Some((key, number)) = known {
                out.insert(key.clone(), Value::text(number.to_string()));
                return Value::Map(out);
            }
        }
        let first = named.clone().unwrap_or_else(|| self.sample_key(key, path, 0));
        let mut entry = self.build_value(value, &place, &values, depth + 1);
        // A long key may leave room for the shortest value only.
        if named.is_some() && values.is_empty() && !fits_byte_budget(shape, &first, &entry) {
            let inner = self.contract.shape(value);
            if let (Value::Text(text), None) = (&mut entry, &inner.pattern) {
                *text = text.chars().take(inner.length().min.unwrap_or(0) as usize).collect();
            }
        }
        // A long value may leave room for the shortest key only.
        let first = match named {
            None if !values.is_empty() && !fits_byte_budget(shape, &first, &entry) => {
                self.shortest_key(key, path).unwrap_or(first)
            }
            _ => first,
        };
        out.insert(first, entry);
        for index in 1..min_entries(shape) {
            out.insert(self.sample_key(key, path, index), self.build_value(value, &place, &[], depth + 1));
        }
        Value::Map(out)
    }

    /// Converts a value from a scenario to the type of the shape: bytes are base64 in TOML.
    fn convert_to_shape(&self, id: &ShapeId, value: Value) -> Value {
        match (&self.contract.shape(id).kind, value) {
            (ShapeKind::Blob, Value::Text(text)) => match data_encoding::BASE64.decode(text.as_bytes()) {
                Ok(bytes) => Value::Blob(bytes),
                Err(_) => Value::Blob(text.into_bytes()),
            },
            (ShapeKind::Structure { members } | ShapeKind::Union { members }, Value::Map(given)) => Value::Map(
                given
                    .into_iter()
                    .map(|(name, value)| match members.get(&name) {
                        Some(member) => (name, self.convert_to_shape(&member.shape, value)),
                        None => (name, value),
                    })
                    .collect(),
            ),
            (ShapeKind::List { member }, Value::List(items)) => {
                Value::List(items.into_iter().map(|item| self.convert_to_shape(member, item)).collect())
            }
            (ShapeKind::Map { value: entry, .. }, Value::Map(given)) => {
                Value::Map(given.into_iter().map(|(name, value)| (name, self.convert_to_shape(entry, value))).collect())
            }
            (_, value) => value,
        }
    }

    /// Returns true if the plain value of a shape contains another shape.
    fn plain_value_contains<'s>(&'s self, from: &'s ShapeId, to: &ShapeId, seen: &mut Vec<&'s ShapeId>) -> bool {
        if from == to {
            return true;
        }
        if seen.contains(&from) {
            return false;
        }
        seen.push(from);
        match &self.contract.shape(from).kind {
            ShapeKind::Structure { members } => {
                let mut needed = members.values().filter(|member| member.required);
                needed.any(|member| self.plain_value_contains(&member.shape, to, seen))
            }
            ShapeKind::Union { members } => {
                members.values().all(|member| self.plain_value_contains(&member.shape, to, seen))
            }
            ShapeKind::List { member } => self.plain_value_contains(member, to, seen),
            ShapeKind::Map { value, .. } => self.plain_value_contains(value, to, seen),
            _ => false,
        }
    }

    fn is_scalar(&self, id: &ShapeId) -> bool {
        !matches!(
            self.contract.shape(id).kind,
            ShapeKind::List { .. } | ShapeKind::Map { .. } | ShapeKind::Structure { .. } | ShapeKind::Union { .. }
        )
    }

    /// Returns a value for the `index`th item of a list, different from the others if the shape allows it.
    pub fn distinct_item(&self, id: &ShapeId, path: &MemberPath, index: u64, depth: usize) -> Value {
        let shape = self.contract.shape(id);
        match shape.kind {
            ShapeKind::String | ShapeKind::Enum { .. } | ShapeKind::Integer | ShapeKind::Long | ShapeKind::Blob => {
                self.scalar_value(id, shape, path, index)
            }
            _ => self.build_value(id, path, &[], depth + 1),
        }
    }

    /// Returns this many items of a list: copies of the first. If models are the only source, free texts differ in the
    /// copies, because services often require distinct ids, names and keys within a list.
    pub fn distinct_copies(&self, first: &Value, id: &ShapeId, path: &MemberPath, count: u64) -> Vec<Value> {
        // What differs is found once: lists may have thousands of items.
        let free = if self.is_only_modelled { self.free_texts(first, id, path) } else { Vec::new() };
        let copy = |index: u64| {
            let mut item = first.clone();
            if let Value::Map(given) = &mut item
                && index > 0
            {
                for (name, shape, place) in &free {
                    if let Some(value) = given.get_mut(*name) {
                        *value = self.scalar_value(shape, self.contract.shape(shape), place, index);
                    }
                }
            }
            item
        };
        (0..count).map(copy).collect()
    }

    /// Returns the members of a list's item whose texts are free.
    fn free_texts<'s>(&'s self, item: &Value, id: &ShapeId, path: &MemberPath) -> Vec<FreeText<'s>> {
        let (Value::Map(given), ShapeKind::Structure { members }) = (item, &self.contract.shape(id).kind) else {
            return Vec::new();
        };
        let mut free = Vec::new();
        for (name, member) in members {
            let (shape, place) = (self.contract.shape(&member.shape), path.join_member(name));
            let is_free = matches!(shape.kind, ShapeKind::String)
                && matches!(given.get(name), Some(Value::Text(_)))
                && aws_formats::value_for_member(name, &self.contract.service).is_none()
                && self.scenario.use_value_at(self.operation.name.as_str(), &place).is_none();
            if is_free {
                free.push((name.as_str(), &member.shape, place));
            }
        }
        free
    }
}

/// Returns the minimum number of items or entries of a plain value.
fn min_entries(shape: &Shape) -> u64 {
    shape.length().min.unwrap_or(0).min(MAX_ENTRIES)
}

/// Returns true if one of the targets removes the place.
fn is_removed(targets: &[PathTarget<'_>]) -> bool {
    targets.iter().any(|target| target.rest.is_empty() && matches!(target.change, InputChange::Remove))
}

/// Returns true if one entry fits the map's byte budget under every interpretation.
/// Returns a number within limits that is neither of them, if there is room.
fn usual_number(min: Option<i64>, max: Option<i64>) -> i64 {
    let (low, high) = (min.unwrap_or(i64::MIN), max.unwrap_or(i64::MAX));
    low.saturating_add(1).max(30).min(high).max(low)
}

fn fits_byte_budget(shape: &Shape, key: &str, entry: &Value) -> bool {
    let Value::Text(text) = entry else { return true };
    let bytes = (key.len() + text.len()) as u64;
    shape.rules.iter().all(|rule| !matches!(rule, ShapeRule::MaxTotalBytes { max, .. } if bytes > *max))
}

/// Returns the targets inside each member of a structure, by its name.
fn group_by_member<'c>(targets: &[PathTarget<'c>]) -> HashMap<&'c str, Vec<PathTarget<'c>>> {
    let mut found: HashMap<&str, Vec<PathTarget<'c>>> = HashMap::new();
    for target in targets {
        if let Some((PathSegment::Member(name), rest)) = target.rest.split_first() {
            found.entry(name).or_default().push(PathTarget { rest, change: target.change });
        }
    }
    found
}

fn descend<'c>(targets: &[PathTarget<'c>], fits: impl Fn(&PathSegment) -> bool) -> Vec<PathTarget<'c>> {
    targets
        .iter()
        .filter(|target| target.rest.first().is_some_and(&fits))
        .map(|target| PathTarget { rest: &target.rest[1..], change: target.change })
        .collect()
}
