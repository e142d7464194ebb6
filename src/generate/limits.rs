//! The sizes and ranges that values can have: what types allow, and how much overstep sends at most.
//!
//! It never reads an input.

use crate::contract::{DecimalStep, MemberLocation, Shape, ShapeKind};

/// Maximum length of a text or blob in a body, in characters or bytes.
pub(crate) const MAX_BODY_SIZE: u64 = 1 << 20;
/// Maximum length of a text in a path, a query or a header. Servers commonly limit the request head to 8 KiB.
pub(crate) const MAX_HEAD_SIZE: u64 = 4096;
/// Maximum number of entries of a list or map.
pub(crate) const MAX_ENTRIES: u64 = 20_000;
/// Maximum number of values of an enum that are sent, each in a case of its own.
pub const MAX_ENUM_VALUES: usize = 1_000;
/// Maximum size of the items or entries of a list or map together, in bytes.
pub(crate) const MAX_CONTENT_SIZE: u64 = 4 << 20;

/// Returns the least and the greatest number that the kind itself can hold.
pub(crate) fn integer_bounds(kind: &ShapeKind) -> (i128, i128) {
    match kind {
        ShapeKind::Integer => (i128::from(i32::MIN), i128::from(i32::MAX)),
        _ => (i128::from(i64::MIN), i128::from(i64::MAX)),
    }
}

/// Returns the maximum length of a text, which depends on its location.
pub(crate) fn max_characters(location: MemberLocation) -> u64 {
    match location {
        MemberLocation::Body | MemberLocation::Payload | MemberLocation::Form => MAX_BODY_SIZE,
        _ => MAX_HEAD_SIZE,
    }
}

/// Returns the minimum and maximum that a shape's type, range and step allow.
pub(crate) fn integer_range(shape: &Shape) -> (i128, i128) {
    let (type_min, type_max) = integer_bounds(&shape.kind);
    let parse_limit =
        |number: &Option<serde_json::Number>| number.as_ref().and_then(|number| number.to_string().parse().ok());
    let range = shape.range.clone().unwrap_or_default();
    let low: i128 = parse_limit(&range.min).unwrap_or(type_min).max(type_min);
    let high = parse_limit(&range.max).unwrap_or(type_max).min(type_max).max(low);
    let Some(step) = DecimalStep::of_shape(shape).map(DecimalStep::whole_step) else { return (low, high) };
    let (first, last) = (low + (step - low.rem_euclid(step)) % step, high - high.rem_euclid(step));
    if first <= last { (first, last) } else { (low, high) }
}

/// Returns the distance between two integers that a shape allows.
pub(crate) fn integer_step(shape: &Shape) -> i128 {
    DecimalStep::of_shape(shape).map_or(1, DecimalStep::whole_step)
}

/// Returns the greatest integer up to this one that a shape allows.
pub(crate) fn round_to_step(shape: &Shape, number: i128) -> i128 {
    let (low, high) = integer_range(shape);
    (number - number.rem_euclid(integer_step(shape))).clamp(low, high)
}

/// Returns the documented limits of a number; an end that no source states is the greatest number.
pub(crate) fn number_limits(shape: &Shape) -> (f64, f64) {
    let limit = |number: Option<&serde_json::Number>| number.and_then(serde_json::Number::as_f64);
    let range = shape.range.as_ref();
    let low = limit(range.and_then(|range| range.min.as_ref())).unwrap_or(f64::MIN);
    (low, limit(range.and_then(|range| range.max.as_ref())).unwrap_or(f64::MAX).max(low))
}

/// Returns a count with its unit: `1 entry`, `2 entries`.
pub(crate) fn pluralize(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

pub(crate) fn length_unit(kind: &ShapeKind) -> (&'static str, &'static str) {
    match kind {
        ShapeKind::Blob => ("byte", "bytes"),
        ShapeKind::List { .. } => ("item", "items"),
        ShapeKind::Map { .. } => ("entry", "entries"),
        _ => ("character", "characters"),
    }
}
