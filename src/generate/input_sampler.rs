//! Builds the plain valid input of an operation, and the same input with some places changed.
//!
//! It never decides which places to change.

use super::aws_formats;
use super::contract_patterns::ContractPatterns;
use super::site::InputSite;
use super::template_filler::TemplateFiller;
use super::wire_view::writes_only_texts;
use crate::case::{Resource, Value};
use crate::contract::{Contract, MemberPath, Operation, PathSegment, Shape, ShapeId, ShapeKind, ShapeRule};
use crate::pattern::{Draw, SeededDraw};
use crate::scenario::Scenario;
use indexmap::IndexMap;

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
    pub operation: &'a Operation,
    pub templates: TemplateFiller<'a>,
    pub seed: u64,
    /// Whether to use the identifiers of the same-named resource below another parent.
    pub below_other_parent: bool,
    /// Whether machine models are the only source of the contract.
    pub is_only_modelled: bool,
}

/// Maximum depth of plain values that no change asks for.
const MAX_PLAIN_DEPTH: usize = 24;

/// The rest of the path to a change, during the descent into an input.
#[derive(Clone, Copy)]
struct PathTarget<'c> {
    rest: &'c [PathSegment],
    change: &'c InputChange,
}

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

    fn build_value(&self, id: &ShapeId, path: &MemberPath, targets: &[PathTarget<'_>], depth: usize) -> Value {
        if let Some(PathTarget { change: InputChange::Set(value), .. }) = targets.iter().find(|aim| aim.rest.is_empty())
        {
            return value.clone();
        }
        let touched = targets.iter().any(|aim| !aim.rest.is_empty());
        if self.below_other_parent
            && !touched
            && let Some(given) = self.scenario.elsewhere_values.get(&path.to_string())
        {
            return self.convert_to_shape(id, self.templates.fill_json(given));
        }
        if !touched && let Some(given) = self.scenario.use_value_at(self.operation.name.as_str(), path) {
            return self.convert_to_shape(id, self.templates.fill_json(given));
        }
        let shape = self.contract.shape(id);
        // A shape that requires itself would never end.
        if depth > MAX_PLAIN_DEPTH && targets.is_empty() {
            match &shape.kind {
                ShapeKind::List { .. } => return Value::List(Vec::new()),
                ShapeKind::Map { .. } | ShapeKind::Structure { .. } | ShapeKind::Union { .. } => {
                    return Value::empty_map();
                }
                _ => {}
            }
        }
        match &shape.kind {
            ShapeKind::Structure { members } => {
                let mut out = IndexMap::new();
                for (name, member) in members {
                    let inner = descend(targets, |segment| matches!(segment, PathSegment::Member(m) if m == name));
                    if inner.iter().any(|aim| aim.rest.is_empty() && matches!(aim.change, InputChange::Remove)) {
                        continue;
                    }
                    let named = member.required || !inner.is_empty();
                    if !named && depth > 0 {
                        continue;
                    }
                    let place = path.join_member(name);
                    if named || self.scenario.use_value_at(self.operation.name.as_str(), &place).is_some() {
                        out.insert(name.clone(), self.build_value(&member.shape, &place, &inner, depth + 1));
                    }
                }
                self.satisfy_rules(shape, path, targets, depth, &mut out);
                // Services often require a member that models call optional, and in forms an empty structure cannot be
                // seen.
                let in_texts = self.contract.protocol.is_some_and(writes_only_texts);
                if out.is_empty()
                    && (self.is_only_modelled || in_texts)
                    && depth > 0
                    && !targets.iter().any(|aim| matches!(aim.change, InputChange::Remove))
                {
                    let plain = members.iter().find(|(_, member)| self.is_scalar(&member.shape));
                    let plain = plain.or_else(|| members.first().filter(|_| in_texts));
                    out.extend(plain.map(|(name, member)| {
                        (name.clone(), self.build_value(&member.shape, &path.join_member(name), &[], depth + 1))
                    }));
                }
                Value::Map(out)
            }
            ShapeKind::Union { members } => {
                let named = targets.iter().find_map(|aim| match aim.rest.first() {
                    Some(PathSegment::Member(name)) => Some(name.as_str()),
                    _ => None,
                });
                let chosen = named
                    .and_then(|name| members.get_key_value(name))
                    .or_else(|| members.iter().find(|(_, member)| self.is_scalar(&member.shape)))
                    .or_else(|| {
                        members
                            .iter()
                            .find(|(_, member)| !self.plain_value_contains(&member.shape, id, &mut Vec::new()))
                    })
                    .or_else(|| members.first());
                let mut out = IndexMap::new();
                if let Some((name, member)) = chosen {
                    let inner = descend(targets, |segment| matches!(segment, PathSegment::Member(m) if m == name));
                    if !inner.iter().any(|aim| aim.rest.is_empty() && matches!(aim.change, InputChange::Remove)) {
                        out.insert(
                            name.clone(),
                            self.build_value(&member.shape, &path.join_member(name), &inner, depth + 1),
                        );
                    }
                }
                Value::Map(out)
            }
            ShapeKind::List { member } => {
                let place = path.join(PathSegment::Item);
                let inner = descend(targets, |segment| *segment == PathSegment::Item);
                let least = shape.length().min.unwrap_or(0).clamp(1, 64);
                let mut items = vec![self.build_value(member, &place, &inner, depth + 1)];
                for index in 1..least {
                    items.push(self.distinct_item(member, &place, index, depth));
                }
                Value::List(items)
            }
            ShapeKind::Map { key, value } => {
                let least = shape.length().min.unwrap_or(0).clamp(1, 64);
                let keys = descend(targets, |segment| *segment == PathSegment::Key);
                let values = descend(targets, |segment| *segment == PathSegment::Value);
                let named = keys.iter().find_map(|aim| match aim.change {
                    InputChange::Set(Value::Text(text)) => Some(text.clone()),
                    _ => None,
                });
                let mut out = IndexMap::new();
                let place = path.join(PathSegment::Value);
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
                for index in 1..least {
                    out.insert(self.sample_key(key, path, index), self.build_value(value, &place, &[], depth + 1));
                }
                Value::Map(out)
            }
            _ => self.scalar_value(id, shape, path, 0),
        }
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

    /// Satisfies each `atLeastOneOf` rule with a member that no change targets.
    fn satisfy_rules(
        &self,
        shape: &Shape,
        path: &MemberPath,
        targets: &[PathTarget<'_>],
        depth: usize,
        out: &mut IndexMap<String, Value>,
    ) {
        let ShapeKind::Structure { members } = &shape.kind else { return };
        let aimed = |name: &String| {
            targets.iter().any(|aim| matches!(aim.rest.first(), Some(PathSegment::Member(m)) if m == name))
        };
        for rule in &shape.rules {
            let ShapeRule::AtLeastOneOf { members: wanted } = rule else { continue };
            if wanted.iter().any(|name| out.contains_key(name) && !aimed(name)) {
                continue;
            }
            let free = || wanted.iter().filter(|name| !aimed(name)).filter_map(|name| members.get_key_value(name));
            let plain = free().find(|(_, member)| self.contract.shape(&member.shape).kind.is_text());
            if let Some((name, member)) = plain.or_else(|| free().next()) {
                let value = self.build_value(&member.shape, &path.join_member(name), &[], depth + 1);
                out.insert(name.clone(), value);
            }
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

    /// Returns the `index`th key of a map, different from the others.
    pub fn sample_key(&self, id: &ShapeId, path: &MemberPath, index: u64) -> String {
        let place = path.join(PathSegment::Key);
        match self.scenario.use_value_at(self.operation.name.as_str(), &place) {
            Some(serde_json::Value::String(text)) if index == 0 => match self.templates.fill_text(text) {
                Value::Text(text) => return text,
                Value::Template(template) => return Value::template_key(&template),
                _ => {}
            },
            _ => {}
        }
        match self.scalar_value(id, self.contract.shape(id), &place, index) {
            Value::Text(text) => text,
            other => format!("{other:?}"),
        }
    }

    /// Returns a key of the minimum length that its shape allows.
    fn shortest_key(&self, id: &ShapeId, path: &MemberPath) -> Option<String> {
        let shape = self.contract.shape(id);
        let least = shape.length().min.unwrap_or(0).max(1) as usize;
        if !matches!(shape.kind, ShapeKind::String) {
            return None;
        }
        let plain = "k".repeat(least);
        let Some(pattern) = self.patterns.get(id).filter(|pattern| !pattern.matches(&plain)) else {
            return Some(plain);
        };
        let mut draw = SeededDraw::new(self.seed, &format!("shortest/{}/{path}", self.operation.name));
        pattern.draw_member(&mut draw, Some(least.max(pattern.length_range().0))).filter(|key| pattern.matches(key))
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

    /// Returns a copy of a list's first item. If models are the only source, free texts differ in the copy, because
    /// services often require distinct ids, names and keys within a list.
    pub fn distinct_copy(&self, first: &Value, id: &ShapeId, path: &MemberPath, index: u64) -> Value {
        let mut item = first.clone();
        let (true, Value::Map(given), ShapeKind::Structure { members }) =
            (self.is_only_modelled && index > 0, &mut item, &self.contract.shape(id).kind)
        else {
            return item;
        };
        for (name, value) in given {
            let Some(member) = members.get(name) else { continue };
            let (shape, place) = (self.contract.shape(&member.shape), path.join_member(name));
            let is_free = matches!(shape.kind, ShapeKind::String)
                && matches!(value, Value::Text(_))
                && aws_formats::value_for_member(name, &self.contract.service).is_none()
                && self.scenario.use_value_at(self.operation.name.as_str(), &place).is_none();
            if is_free {
                *value = self.scalar_value(&member.shape, shape, &place, index);
            }
        }
        item
    }

    fn scalar_value(&self, id: &ShapeId, shape: &Shape, path: &MemberPath, index: u64) -> Value {
        let length = shape.length();
        match &shape.kind {
            ShapeKind::Blob => {
                let size = 8.max(length.min.unwrap_or(0)).min(length.max.unwrap_or(u64::MAX)) as usize;
                Value::Blob((0..size).map(|at| b"overstep"[(at + index as usize) % 8]).collect())
            }
            ShapeKind::Boolean => Value::Boolean(true),
            ShapeKind::Enum { .. } => {
                let settled = shape.undisputed_values();
                let at = (index as usize).checked_rem(settled.len()).unwrap_or(0);
                Value::text(settled.get(at).copied().unwrap_or_default())
            }
            ShapeKind::Integer | ShapeKind::Long => Value::integer(self.integer_value(shape, index)),
            ShapeKind::Float | ShapeKind::Double => {
                let (low, high) = float_range(shape);
                Value::Number(format!("{}", 1.5_f64.clamp(low, high)))
            }
            ShapeKind::Timestamp => Value::Number("1700000000".to_owned()),
            ShapeKind::String => Value::Text(self.text_value(id, shape, path, index)),
            _ => Value::text("overstep"),
        }
    }

    fn integer_value(&self, shape: &Shape, index: u64) -> i128 {
        let (low, high) = crate::generate::operation_context::integer_range(shape);
        (1 + i128::from(index)).clamp(low, high)
    }

    fn text_value(&self, id: &ShapeId, shape: &Shape, path: &MemberPath, index: u64) -> String {
        let length = shape.length();
        let (min, max) = (length.min.unwrap_or(0), length.max.unwrap_or(u64::MAX));
        let name = path.last_member().unwrap_or("value").to_ascii_lowercase();
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
        let preferred = if index == 0 { name } else { format!("{name}{index}") };
        let fits = |text: &str| {
            let count = text.chars().count() as u64;
            (min..=max).contains(&count) && self.patterns.get(id).is_none_or(|pattern| pattern.matches(text))
        };
        if self.is_only_modelled
            && index == 0
            && let Some(form) =
                path.last_member().and_then(|member| aws_formats::value_for_member(member, &self.contract.service))
            && fits(&form)
        {
            return form;
        }
        let stem = if preferred.is_empty() { "v".to_owned() } else { preferred.clone() };
        let sized = if (stem.len() as u64) < min { repeat_to_length(&stem, min as usize) } else { stem };
        // The index is at the end, so a small maximum cuts the front.
        let sized: String = sized.chars().skip((sized.len() as u64).saturating_sub(max) as usize).collect();
        if fits(&sized) {
            return sized;
        }
        let Some(pattern) = self.patterns.get(id) else { return sized };
        let mut draw = SeededDraw::new(self.seed, &format!("sample/{}/{path}/{index}", self.operation.name));
        let mut last = None;
        for _ in 0..8 {
            let (low, high) = pattern.length_range();
            let (low, high) = ((low as u64).max(min), (high as u64).min(max));
            let wanted = if low <= high { Some(draw.between(low, high.min(low + 8)) as usize) } else { None };
            if let Some(text) = pattern.draw_member(&mut draw, wanted).filter(|text| fits(text)) {
                return text;
            }
            last = pattern.draw_member(&mut draw, None);
        }
        last.unwrap_or(sized)
    }
}

/// Returns true if one entry fits the map's byte budget under every interpretation.
fn fits_byte_budget(shape: &Shape, key: &str, entry: &Value) -> bool {
    let Value::Text(text) = entry else { return true };
    let bytes = (key.len() + text.len()) as u64;
    shape.rules.iter().all(|rule| !matches!(rule, ShapeRule::MaxTotalBytes { max, .. } if bytes > *max))
}

fn float_range(shape: &Shape) -> (f64, f64) {
    let limit = |pick: fn(&crate::contract::NumberRange) -> &Option<serde_json::Number>| {
        shape.range.as_ref().and_then(|range| pick(range).as_ref()).and_then(serde_json::Number::as_f64)
    };
    let low = limit(|range| &range.min).unwrap_or(f64::MIN);
    (low, limit(|range| &range.max).unwrap_or(f64::MAX).max(low))
}

fn descend<'c>(targets: &[PathTarget<'c>], fits: impl Fn(&PathSegment) -> bool) -> Vec<PathTarget<'c>> {
    targets
        .iter()
        .filter(|aim| aim.rest.first().is_some_and(&fits))
        .map(|aim| PathTarget { rest: &aim.rest[1..], change: aim.change })
        .collect()
}

/// Returns a text of exactly `size` characters that repeats `unit`, which must not be empty.
pub(crate) fn repeat_to_length(unit: &str, size: usize) -> String {
    let one = unit.chars().count().max(1);
    let mut text = unit.repeat(size / one);
    text.extend(unit.chars().take(size % one));
    text
}
