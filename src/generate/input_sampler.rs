//! Builds the plain valid input of an operation, and the same input with some places changed.
//!
//! It never decides which places to change.

use super::draw::{Draw, Seeded};
use super::patterns::Patterns;
use super::shown::shows_only_texts;
use super::site::Site;
use super::template::Templates;
use super::{Value, forms};
use crate::contract::{Contract, Kind, MemberPath, Operation, Rule, Segment, Shape, ShapeId};
use crate::scenario::Scenario;
use indexmap::IndexMap;

/// A change at one place of an input.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Sets the place to this value; for a map's key, a text.
    Set(Value),
    /// Removes the place.
    Remove,
    /// Changes nothing, but makes the place exist.
    Touch,
}

/// Builds inputs for one operation and one case.
pub(crate) struct Sampler<'a> {
    pub contract: &'a Contract,
    pub scenario: &'a Scenario,
    pub patterns: &'a Patterns,
    pub operation: &'a Operation,
    pub templates: Templates<'a>,
    pub seed: u64,
    /// Whether to use the identifiers of the same-named resource below another parent.
    pub elsewhere: bool,
    /// Whether machine models are the only source of the contract.
    pub modelled: bool,
}

/// Maximum depth of plain values that no change asks for.
const DEEPEST: usize = 24;

/// The number of the resource that has the same name as the first one, below another parent.
pub(crate) const ELSEWHERE: u32 = 0;

/// The rest of the path to a change, during the descent into an input.
#[derive(Clone, Copy)]
struct Aim<'c> {
    rest: &'c [Segment],
    change: &'c Change,
}

impl Sampler<'_> {
    /// Builds inputs for another resource of the case instead: its number, from 1, or [`OTHER_PARENT`].
    pub fn of_resource(mut self, resource: u32) -> Self {
        self.elsewhere = resource == ELSEWHERE;
        self.templates.resource = resource.max(1);
        self
    }

    /// Returns the plain valid input: the required members, and those that rules ask for.
    pub fn plain(&self) -> Value {
        self.with(&[])
    }

    /// Returns the plain input with these changes; every place on the way to a change is made to exist.
    pub fn with(&self, changes: &[(&MemberPath, Change)]) -> Value {
        let Some(input) = &self.operation.input else { return Value::empty() };
        let aims: Vec<Aim<'_>> = changes.iter().map(|(path, change)| Aim { rest: &path.0, change }).collect();
        if let [Aim { rest: [], change: Change::Set(value) }] = aims.as_slice() {
            return value.clone();
        }
        self.value(input, &MemberPath::root(), &aims, 0)
    }

    /// Returns the plain input with one place set to a value.
    pub fn set(&self, site: &Site, value: Value) -> Value {
        self.with(&[(&site.path, Change::Set(value))])
    }

    /// Returns a plain valid value of a shape at a path.
    pub fn sample(&self, id: &ShapeId, path: &MemberPath) -> Value {
        self.value(id, path, &[], 1)
    }

    fn value(&self, id: &ShapeId, path: &MemberPath, aims: &[Aim<'_>], depth: usize) -> Value {
        if let Some(Aim { change: Change::Set(value), .. }) = aims.iter().find(|aim| aim.rest.is_empty()) {
            return value.clone();
        }
        let touched = aims.iter().any(|aim| !aim.rest.is_empty());
        if self.elsewhere
            && !touched
            && let Some(given) = self.scenario.elsewhere.get(&path.to_string())
        {
            return self.typed(id, self.templates.json(given));
        }
        if !touched && let Some(given) = self.scenario.use_at(self.operation.name.as_str(), path) {
            return self.typed(id, self.templates.json(given));
        }
        let shape = self.contract.shape(id);
        // A shape that requires itself would never end.
        if depth > DEEPEST && aims.is_empty() {
            match &shape.kind {
                Kind::List { .. } => return Value::List(Vec::new()),
                Kind::Map { .. } | Kind::Structure { .. } | Kind::Union { .. } => return Value::empty(),
                _ => {}
            }
        }
        match &shape.kind {
            Kind::Structure { members } => {
                let mut out = IndexMap::new();
                for (name, member) in members {
                    let inner = down(aims, |segment| matches!(segment, Segment::Member(m) if m == name));
                    if inner.iter().any(|aim| aim.rest.is_empty() && matches!(aim.change, Change::Remove)) {
                        continue;
                    }
                    let named = member.required || !inner.is_empty();
                    if !named && depth > 0 {
                        continue;
                    }
                    let place = path.member(name);
                    if named || self.scenario.use_at(self.operation.name.as_str(), &place).is_some() {
                        out.insert(name.clone(), self.value(&member.shape, &place, &inner, depth + 1));
                    }
                }
                self.add_companions(shape, path, aims, depth, &mut out);
                // Services often require a member that models call optional, and in forms an empty structure cannot be
                // seen.
                let in_texts = self.contract.protocol.is_some_and(shows_only_texts);
                if out.is_empty()
                    && (self.modelled || in_texts)
                    && depth > 0
                    && !aims.iter().any(|aim| matches!(aim.change, Change::Remove))
                {
                    let plain = members.iter().find(|(_, member)| self.is_plain(&member.shape));
                    let plain = plain.or_else(|| members.first().filter(|_| in_texts));
                    out.extend(plain.map(|(name, member)| {
                        (name.clone(), self.value(&member.shape, &path.member(name), &[], depth + 1))
                    }));
                }
                Value::Map(out)
            }
            Kind::Union { members } => {
                let named = aims.iter().find_map(|aim| match aim.rest.first() {
                    Some(Segment::Member(name)) => Some(name.as_str()),
                    _ => None,
                });
                let chosen = named
                    .and_then(|name| members.get_key_value(name))
                    .or_else(|| members.iter().find(|(_, member)| self.is_plain(&member.shape)))
                    .or_else(|| members.iter().find(|(_, member)| !self.leads_to(&member.shape, id, &mut Vec::new())))
                    .or_else(|| members.first());
                let mut out = IndexMap::new();
                if let Some((name, member)) = chosen {
                    let inner = down(aims, |segment| matches!(segment, Segment::Member(m) if m == name));
                    if !inner.iter().any(|aim| aim.rest.is_empty() && matches!(aim.change, Change::Remove)) {
                        out.insert(name.clone(), self.value(&member.shape, &path.member(name), &inner, depth + 1));
                    }
                }
                Value::Map(out)
            }
            Kind::List { member } => {
                let place = path.then(Segment::Item);
                let inner = down(aims, |segment| *segment == Segment::Item);
                let least = shape.length().min.unwrap_or(0).clamp(1, 64);
                let mut items = vec![self.value(member, &place, &inner, depth + 1)];
                for index in 1..least {
                    items.push(self.distinct(member, &place, index, depth));
                }
                Value::List(items)
            }
            Kind::Map { key, value } => {
                let least = shape.length().min.unwrap_or(0).clamp(1, 64);
                let keys = down(aims, |segment| *segment == Segment::Key);
                let values = down(aims, |segment| *segment == Segment::Value);
                let named = keys.iter().find_map(|aim| match aim.change {
                    Change::Set(Value::Text(text)) => Some(text.clone()),
                    _ => None,
                });
                let mut out = IndexMap::new();
                let place = path.then(Segment::Value);
                let first = named.clone().unwrap_or_else(|| self.key(key, path, 0));
                let mut entry = self.value(value, &place, &values, depth + 1);
                // A long key may leave room for the shortest value only.
                if named.is_some() && values.is_empty() && !within_budget(shape, &first, &entry) {
                    let inner = self.contract.shape(value);
                    if let (Value::Text(text), None) = (&mut entry, &inner.pattern) {
                        *text = text.chars().take(inner.length().min.unwrap_or(0) as usize).collect();
                    }
                }
                // A long value may leave room for the shortest key only.
                let first = match named {
                    None if !values.is_empty() && !within_budget(shape, &first, &entry) => {
                        self.shortest_key(key, path).unwrap_or(first)
                    }
                    _ => first,
                };
                out.insert(first, entry);
                for index in 1..least {
                    out.insert(self.key(key, path, index), self.value(value, &place, &[], depth + 1));
                }
                Value::Map(out)
            }
            _ => self.scalar(id, shape, path, 0),
        }
    }

    /// Converts a value from a scenario to the type of the shape: bytes are base64 in TOML.
    fn typed(&self, id: &ShapeId, value: Value) -> Value {
        match (&self.contract.shape(id).kind, value) {
            (Kind::Blob, Value::Text(text)) => match data_encoding::BASE64.decode(text.as_bytes()) {
                Ok(bytes) => Value::Blob(bytes),
                Err(_) => Value::Blob(text.into_bytes()),
            },
            (Kind::Structure { members } | Kind::Union { members }, Value::Map(given)) => Value::Map(
                given
                    .into_iter()
                    .map(|(name, value)| match members.get(&name) {
                        Some(member) => (name, self.typed(&member.shape, value)),
                        None => (name, value),
                    })
                    .collect(),
            ),
            (Kind::List { member }, Value::List(items)) => {
                Value::List(items.into_iter().map(|item| self.typed(member, item)).collect())
            }
            (Kind::Map { value: entry, .. }, Value::Map(given)) => {
                Value::Map(given.into_iter().map(|(name, value)| (name, self.typed(entry, value))).collect())
            }
            (_, value) => value,
        }
    }

    /// Satisfies each `atLeastOneOf` rule with a member that no change targets.
    fn add_companions(
        &self,
        shape: &Shape,
        path: &MemberPath,
        aims: &[Aim<'_>],
        depth: usize,
        out: &mut IndexMap<String, Value>,
    ) {
        let Kind::Structure { members } = &shape.kind else { return };
        let aimed =
            |name: &String| aims.iter().any(|aim| matches!(aim.rest.first(), Some(Segment::Member(m)) if m == name));
        for rule in &shape.rules {
            let Rule::AtLeastOneOf { members: wanted } = rule else { continue };
            if wanted.iter().any(|name| out.contains_key(name) && !aimed(name)) {
                continue;
            }
            let free = || wanted.iter().filter(|name| !aimed(name)).filter_map(|name| members.get_key_value(name));
            let plain = free().find(|(_, member)| self.contract.shape(&member.shape).kind.is_text());
            if let Some((name, member)) = plain.or_else(|| free().next()) {
                let value = self.value(&member.shape, &path.member(name), &[], depth + 1);
                out.insert(name.clone(), value);
            }
        }
    }

    /// Returns true if the plain value of a shape contains another shape.
    fn leads_to<'s>(&'s self, from: &'s ShapeId, to: &ShapeId, seen: &mut Vec<&'s ShapeId>) -> bool {
        if from == to {
            return true;
        }
        if seen.contains(&from) {
            return false;
        }
        seen.push(from);
        match &self.contract.shape(from).kind {
            Kind::Structure { members } => {
                let mut needed = members.values().filter(|member| member.required);
                needed.any(|member| self.leads_to(&member.shape, to, seen))
            }
            Kind::Union { members } => members.values().all(|member| self.leads_to(&member.shape, to, seen)),
            Kind::List { member } => self.leads_to(member, to, seen),
            Kind::Map { value, .. } => self.leads_to(value, to, seen),
            _ => false,
        }
    }

    fn is_plain(&self, id: &ShapeId) -> bool {
        !matches!(
            self.contract.shape(id).kind,
            Kind::List { .. } | Kind::Map { .. } | Kind::Structure { .. } | Kind::Union { .. }
        )
    }

    /// Returns the `index`th key of a map, different from the others.
    pub fn key(&self, id: &ShapeId, path: &MemberPath, index: u64) -> String {
        let place = path.then(Segment::Key);
        match self.scenario.use_at(self.operation.name.as_str(), &place) {
            Some(serde_json::Value::String(text)) if index == 0 => match self.templates.text(text) {
                Value::Text(text) => return text,
                Value::Template(template) => return Value::template_key(&template),
                _ => {}
            },
            _ => {}
        }
        match self.scalar(id, self.contract.shape(id), &place, index) {
            Value::Text(text) => text,
            other => format!("{other:?}"),
        }
    }

    /// Returns a key of the minimum length that its shape allows.
    fn shortest_key(&self, id: &ShapeId, path: &MemberPath) -> Option<String> {
        let shape = self.contract.shape(id);
        let least = shape.length().min.unwrap_or(0).max(1) as usize;
        if !matches!(shape.kind, Kind::String) {
            return None;
        }
        let plain = "k".repeat(least);
        let Some(pattern) = self.patterns.get(id).filter(|pattern| !pattern.matches(&plain)) else {
            return Some(plain);
        };
        let mut draw = Seeded::new(self.seed, &format!("shortest/{}/{path}", self.operation.name));
        pattern.member(&mut draw, Some(least.max(pattern.lengths().0))).filter(|key| pattern.matches(key))
    }

    /// Returns a value for the `index`th item of a list, different from the others if the shape allows it.
    pub fn distinct(&self, id: &ShapeId, path: &MemberPath, index: u64, depth: usize) -> Value {
        let shape = self.contract.shape(id);
        match shape.kind {
            Kind::String | Kind::Enum { .. } | Kind::Integer | Kind::Long | Kind::Blob => {
                self.scalar(id, shape, path, index)
            }
            _ => self.value(id, path, &[], depth + 1),
        }
    }

    /// Returns a copy of a list's first item. If models are the only source, free texts differ in the copy, because
    /// services often require distinct ids, names and keys within a list.
    pub fn told_apart(&self, first: &Value, id: &ShapeId, path: &MemberPath, index: u64) -> Value {
        let mut item = first.clone();
        let (true, Value::Map(given), Kind::Structure { members }) =
            (self.modelled && index > 0, &mut item, &self.contract.shape(id).kind)
        else {
            return item;
        };
        for (name, value) in given {
            let Some(member) = members.get(name) else { continue };
            let (shape, place) = (self.contract.shape(&member.shape), path.member(name));
            let is_free = matches!(shape.kind, Kind::String)
                && matches!(value, Value::Text(_))
                && forms::of(name, &self.contract.service).is_none()
                && self.scenario.use_at(self.operation.name.as_str(), &place).is_none();
            if is_free {
                *value = self.scalar(&member.shape, shape, &place, index);
            }
        }
        item
    }

    fn scalar(&self, id: &ShapeId, shape: &Shape, path: &MemberPath, index: u64) -> Value {
        let length = shape.length();
        match &shape.kind {
            Kind::Blob => {
                let size = 8.max(length.min.unwrap_or(0)).min(length.max.unwrap_or(u64::MAX)) as usize;
                Value::Blob((0..size).map(|at| b"overstep"[(at + index as usize) % 8]).collect())
            }
            Kind::Boolean => Value::Boolean(true),
            Kind::Enum { .. } => {
                let settled = shape.settled_values();
                let at = (index as usize).checked_rem(settled.len()).unwrap_or(0);
                Value::text(settled.get(at).copied().unwrap_or_default())
            }
            Kind::Integer | Kind::Long => Value::integer(self.integer(shape, index)),
            Kind::Float | Kind::Double => {
                let (low, high) = float_range(shape);
                Value::Number(format!("{}", 1.5_f64.clamp(low, high)))
            }
            Kind::Timestamp => Value::Number("1700000000".to_owned()),
            Kind::String => Value::Text(self.text(id, shape, path, index)),
            _ => Value::text("overstep"),
        }
    }

    fn integer(&self, shape: &Shape, index: u64) -> i128 {
        let (low, high) = super::strategy::integer_range(shape);
        (1 + i128::from(index)).clamp(low, high)
    }

    fn text(&self, id: &ShapeId, shape: &Shape, path: &MemberPath, index: u64) -> String {
        let length = shape.length();
        let (min, max) = (length.min.unwrap_or(0), length.max.unwrap_or(u64::MAX));
        let name = path.last_member().unwrap_or("value").to_ascii_lowercase();
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
        let wish = if index == 0 { name } else { format!("{name}{index}") };
        let fits = |text: &str| {
            let count = text.chars().count() as u64;
            (min..=max).contains(&count) && self.patterns.get(id).is_none_or(|pattern| pattern.matches(text))
        };
        if self.modelled
            && index == 0
            && let Some(form) = path.last_member().and_then(|member| forms::of(member, &self.contract.service))
            && fits(&form)
        {
            return form;
        }
        let stem = if wish.is_empty() { "v".to_owned() } else { wish.clone() };
        let sized = if (stem.len() as u64) < min { cycled(&stem, min as usize) } else { stem };
        // The index is at the end, so a small maximum cuts the front.
        let sized: String = sized.chars().skip((sized.len() as u64).saturating_sub(max) as usize).collect();
        if fits(&sized) {
            return sized;
        }
        let Some(pattern) = self.patterns.get(id) else { return sized };
        let mut draw = Seeded::new(self.seed, &format!("sample/{}/{path}/{index}", self.operation.name));
        let mut last = None;
        for _ in 0..8 {
            let (low, high) = pattern.lengths();
            let (low, high) = ((low as u64).max(min), (high as u64).min(max));
            let wanted = if low <= high { Some(draw.between(low, high.min(low + 8)) as usize) } else { None };
            if let Some(text) = pattern.member(&mut draw, wanted).filter(|text| fits(text)) {
                return text;
            }
            last = pattern.member(&mut draw, None);
        }
        last.unwrap_or(sized)
    }
}

/// Returns true if one entry fits the map's byte budget under every interpretation.
fn within_budget(shape: &Shape, key: &str, entry: &Value) -> bool {
    let Value::Text(text) = entry else { return true };
    let bytes = (key.len() + text.len()) as u64;
    shape.rules.iter().all(|rule| !matches!(rule, Rule::MaxTotalBytes { max, .. } if bytes > *max))
}

fn float_range(shape: &Shape) -> (f64, f64) {
    let limit = |pick: fn(&crate::contract::Range) -> &Option<serde_json::Number>| {
        shape.range.as_ref().and_then(|range| pick(range).as_ref()).and_then(serde_json::Number::as_f64)
    };
    let low = limit(|range| &range.min).unwrap_or(f64::MIN);
    (low, limit(|range| &range.max).unwrap_or(f64::MAX).max(low))
}

fn down<'c>(aims: &[Aim<'c>], fits: impl Fn(&Segment) -> bool) -> Vec<Aim<'c>> {
    aims.iter()
        .filter(|aim| aim.rest.first().is_some_and(&fits))
        .map(|aim| Aim { rest: &aim.rest[1..], change: aim.change })
        .collect()
}

/// Returns a text of exactly `size` characters that repeats `unit`, which must not be empty.
pub(crate) fn cycled(unit: &str, size: usize) -> String {
    let one = unit.chars().count().max(1);
    let mut text = unit.repeat(size / one);
    text.extend(unit.chars().take(size % one));
    text
}
