//! Plain texts, numbers and keys: what a sampler fills in where an input has no parts.
//!
//! It never builds a list, map or structure.

use super::input_sampler::InputSampler;
use super::limits::{integer_range, integer_step, number_limits};
use super::{aws_formats, documents};
use crate::case::Value;
use crate::contract::{DecimalStep, MemberPath, PathSegment, Shape, ShapeId, ShapeKind};
use crate::pattern::{Draw, SeededDraw};

impl InputSampler<'_> {
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
    pub(super) fn shortest_key(&self, id: &ShapeId, path: &MemberPath) -> Option<String> {
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

    /// Returns the `index`th plain value of a shape without parts, different from the others if the shape allows it.
    pub(super) fn scalar_value(&self, id: &ShapeId, shape: &Shape, path: &MemberPath, index: u64) -> Value {
        if let Some(example) = self.example_value(id, shape, path, index) {
            return example;
        }
        let length = shape.length();
        match &shape.kind {
            ShapeKind::Blob => {
                if let Some(bytes) = self.blob_document(path).filter(|_| index == 0) {
                    return Value::Blob(bytes);
                }
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
                let (low, high) = number_limits(shape);
                Value::Number(match DecimalStep::of_shape(shape) {
                    Some(step) => {
                        step.multiple(step.first_index_from(1.5_f64.clamp(low, high)).min(step.last_index_to(high)))
                    }
                    None => format!("{}", 1.5_f64.clamp(low, high)),
                })
            }
            ShapeKind::Timestamp => Value::Number(self.plain_time(path).to_string()),
            ShapeKind::String => Value::Text(self.text_value(id, shape, path, index)),
            _ => Value::text("overstep"),
        }
    }

    /// Returns the least document that the name of a blob asks for.
    fn blob_document(&self, path: &MemberPath) -> Option<Vec<u8>> {
        let member = path.last_member().filter(|_| self.is_only_modelled)?.to_ascii_lowercase();
        documents::blob_document(&member, self.operation.name.as_str())
    }

    /// Returns a point in time, in seconds since 1970: an end is later than its beginning.
    fn plain_time(&self, path: &MemberPath) -> i64 {
        let name = path.last_member().unwrap_or_default().to_ascii_lowercase();
        let is_end =
            !self.is_only_modelled && ["end", "until", "to_", "due", "expire"].iter().any(|one| name.starts_with(one));
        1_700_000_000 + if is_end { 86_400 } else { 0 }
    }

    fn integer_value(&self, shape: &Shape, index: u64) -> i128 {
        let (low, high) = integer_range(shape);
        (integer_step(shape) * (1 + i128::from(index))).clamp(low, high)
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
        if self.is_only_modelled && index == 0 {
            // The name of a shape says what a member called `Content` holds.
            let names = path.last_member().into_iter().chain([id.as_str()]);
            let mut forms = names.filter_map(|name| aws_formats::value_for_member(name, &self.contract.service));
            if let Some(form) = forms.find(|form| fits(form)) {
                return form;
            }
        }
        let stem = if preferred.is_empty() { "v".to_owned() } else { preferred.clone() };
        let sized = if (stem.len() as u64) < min { repeat_to_length(&stem, min as usize) } else { stem };
        // The index is at the end, so a small maximum cuts the front.
        let sized: String = sized.chars().skip((sized.len() as u64).saturating_sub(max) as usize).collect();
        if fits(&sized) {
            return sized;
        }
        let Some(pattern) = self.patterns.get(id) else { return sized };
        // Of the texts that match, those of a usual form are the most likely to be accepted.
        let usual = [format!("{}", 10 + index), format!("2030-01-{:02}", 2 + index % 27)];
        if let Some(text) = usual.into_iter().find(|text| !self.is_only_modelled && fits(text)) {
            return text;
        }
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

/// Returns a text of exactly `size` characters that repeats `unit`, which must not be empty.
pub(crate) fn repeat_to_length(unit: &str, size: usize) -> String {
    let one = unit.chars().count().max(1);
    let mut text = unit.repeat(size / one);
    text.extend(unit.chars().take(size % one));
    text
}
