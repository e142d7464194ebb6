//! Examples and defaults that documents state, as plain values of valid requests.
//!
//! It never trusts an example: a value that its own shape does not allow is not sent.

use super::input_sampler::InputSampler;
use super::limits::{integer_range, integer_step, number_limits};
use crate::case::Value;
use crate::contract::{DecimalStep, MemberPath, PathSegment, Shape, ShapeId, ShapeKind, TimestampFormat};
use serde_json::Value as Json;
use std::borrow::Cow;

/// Text that documentation tools write where an author gives no example.
const TOOL_PLACEHOLDER: &str = "string";

impl InputSampler<'_> {
    /// Returns the first documented example of a value without parts that its shape allows; for a further item of a
    /// list, the next one.
    pub(super) fn example_value(&self, id: &ShapeId, shape: &Shape, path: &MemberPath, index: u64) -> Option<Value> {
        if self.is_only_modelled {
            return None;
        }
        let mut fitting: Vec<Value> = Vec::new();
        for example in self.examples_at(path) {
            if let Some(value) = self.fit_example(id, shape, path, &example)
                && !fitting.contains(&value)
            {
                fitting.push(value);
            }
        }
        let first = fitting.first()?;
        match (&shape.kind, first) {
            // Further items follow the example in the order of the listed values, or of the numbers.
            (ShapeKind::Enum { .. }, Value::Text(text)) => {
                let settled = shape.undisputed_values();
                let start = settled.iter().position(|value| value == text)?;
                settled.get((start + index as usize) % settled.len()).map(|value| Value::text(*value))
            }
            (ShapeKind::Integer | ShapeKind::Long, Value::Number(literal)) => {
                let (low, high) = integer_range(shape);
                let start: i128 = literal.parse().ok()?;
                let step = integer_step(shape);
                let count = high.saturating_sub(low) / step + 1;
                Some(Value::integer(low + ((start - low) / step + i128::from(index)) % count * step))
            }
            _ => fitting.into_iter().nth(index as usize),
        }
    }

    /// Returns the examples of the value at a path: those of what encloses it come first, because their parts belong
    /// together.
    fn examples_at(&self, path: &MemberPath) -> Vec<Cow<'_, Json>> {
        let Some(mut id) = self.operation.input.as_ref() else { return Vec::new() };
        let mut found: Vec<Cow<'_, Json>> = Vec::new();
        for segment in &path.0 {
            let shape = self.contract.shape(id);
            found.extend(shape.examples.iter().map(Cow::Borrowed));
            found = found.into_iter().flat_map(|example| parts_of(&example, segment)).collect();
            id = match (segment, &shape.kind) {
                (PathSegment::Item, ShapeKind::List { member }) => member,
                (PathSegment::Key, ShapeKind::Map { key, .. }) => key,
                (PathSegment::Value, ShapeKind::Map { value, .. }) => value,
                (PathSegment::Member(name), kind) => {
                    let Some(member) = kind.members().and_then(|members| members.get(name)) else { return Vec::new() };
                    found.extend(member.examples.iter().map(Cow::Borrowed));
                    &member.shape
                }
                _ => return Vec::new(),
            };
        }
        found.extend(self.contract.shape(id).examples.iter().map(Cow::Borrowed));
        found
    }

    /// Returns an example as a value of a shape without parts, if the shape allows it.
    fn fit_example(&self, id: &ShapeId, shape: &Shape, path: &MemberPath, example: &Json) -> Option<Value> {
        match (&shape.kind, example) {
            (ShapeKind::Enum { .. }, Json::String(text)) => {
                shape.undisputed_values().contains(&text.as_str()).then(|| Value::text(text.as_str()))
            }
            // YAML reads digits without quotes as a number.
            (ShapeKind::String, Json::Number(number)) => {
                self.fit_example(id, shape, path, &Json::String(number.to_string()))
            }
            (ShapeKind::String, Json::String(text)) => {
                let length = shape.length();
                let count = text.chars().count() as u64;
                let fits = (length.min.unwrap_or(0)..=length.max.unwrap_or(u64::MAX)).contains(&count)
                    && self.patterns.get(id).is_none_or(|pattern| pattern.matches(text))
                    && text != TOOL_PLACEHOLDER
                    && self.arrives_unchanged(path, text);
                fits.then(|| Value::text(text.as_str()))
            }
            (ShapeKind::Integer | ShapeKind::Long, Json::Number(number)) => {
                let (low, high) = integer_range(shape);
                let whole: i128 = match number.as_i64() {
                    Some(whole) => whole.into(),
                    None => number.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e15)? as i128,
                };
                let fits = (low..=high).contains(&whole) && self.is_multiple(shape, &whole.to_string());
                fits.then(|| Value::integer(whole))
            }
            (ShapeKind::Float | ShapeKind::Double, Json::Number(number)) => {
                let value = number.as_f64()?;
                let (low, high) = number_limits(shape);
                let is_multiple = self.is_multiple(shape, &number.to_string());
                (low <= value && value <= high && is_multiple).then(|| Value::Number(number.to_string()))
            }
            (ShapeKind::Boolean, Json::Bool(truth)) => Some(Value::Boolean(*truth)),
            (ShapeKind::Timestamp, Json::String(text)) => {
                let is_text = shape.traits.timestamp_format == Some(TimestampFormat::DateTime);
                (is_text && is_date_time(text)).then(|| Value::text(text.as_str()))
            }
            (ShapeKind::Document, example) if !example.is_null() => Some(Value::from_json(example)),
            _ => None,
        }
    }

    fn is_multiple(&self, shape: &Shape, literal: &str) -> bool {
        DecimalStep::of_shape(shape).is_none_or(|step| step.divides(literal) == Some(true))
    }

    /// Returns true if a text means the same on the wire: outside of the body, spaces at the ends and some characters do
    /// not arrive, and an empty text may be none.
    fn arrives_unchanged(&self, path: &MemberPath, text: &str) -> bool {
        let members = self.operation.input.as_ref().and_then(|input| self.contract.shape(input).kind.members());
        let top = path.top_member().and_then(|name| members?.get(name));
        let is_in_document = top.is_none_or(|member| member.location.is_in_document());
        !text.is_empty()
            && text.trim() == text
            && (is_in_document || text.chars().all(|c| (' '..='~').contains(&c)) && !matches!(text, "." | ".."))
    }
}

/// Returns the examples of a part of a value that an example describes.
fn parts_of<'e>(example: &Cow<'e, Json>, segment: &PathSegment) -> Vec<Cow<'e, Json>> {
    // Only the examples that the contract holds are borrowed; keys are made here, and have no parts.
    let Cow::Borrowed(example) = example else { return Vec::new() };
    match (segment, example) {
        (PathSegment::Item, Json::Array(items)) => items.iter().map(Cow::Borrowed).collect(),
        (PathSegment::Member(name), Json::Object(members)) => {
            members.get(name).map(Cow::Borrowed).into_iter().collect()
        }
        (PathSegment::Value, Json::Object(entries)) => entries.values().map(Cow::Borrowed).collect(),
        (PathSegment::Key, Json::Object(entries)) => {
            entries.keys().map(|key| Cow::Owned(Json::String(key.clone()))).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns true for a date with a time after [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6) whose digits
/// may be one.
pub(super) fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', 't']) else { return false };
    let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_in =
        |text: &str, low: u32, high: u32| text.parse::<u32>().is_ok_and(|number| (low..=high).contains(&number));
    let is_date = match date.split('-').collect::<Vec<_>>()[..] {
        [year, month, day] => {
            digits(year, 4) && digits(month, 2) && digits(day, 2) && is_in(month, 1, 12) && is_in(day, 1, 28)
        }
        _ => false,
    };
    let (clock, zone) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => return false,
    };
    let is_hour_and_minute = |text: &str| match text.split_once(':') {
        Some((hour, minute)) => digits(hour, 2) && digits(minute, 2) && is_in(hour, 0, 23) && is_in(minute, 0, 59),
        None => false,
    };
    let is_zone = zone.eq_ignore_ascii_case("z") || is_hour_and_minute(&zone[1..]);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let is_clock = match clock.rsplit_once(':') {
        Some((before, second)) => is_hour_and_minute(before) && digits(second, 2) && is_in(second, 0, 59),
        None => false,
    };
    let is_fraction = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    is_date && is_zone && is_clock && is_fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_with_times_are_recognized() {
        for text in ["2024-02-28T10:00:00Z", "2024-02-28t10:00:00.123z", "2024-12-01T23:59:59+02:00"] {
            assert!(is_date_time(text), "{text}");
        }
        for text in
            ["2024-02-28", "2024-02-28T10:00:00", "2024-13-01T10:00:00Z", "2024-02-28 10:00:00Z", "", "T", "TZ", "x"]
        {
            assert!(!is_date_time(text), "{text}");
        }
    }
}
