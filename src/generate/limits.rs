//! The sizes and ranges that values can have: what types allow, and how much overstep sends at most.
//!
//! It never reads an input.

use crate::contract::{MemberLocation, Shape, ShapeKind};

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
        MemberLocation::Body | MemberLocation::Payload => MAX_BODY_SIZE,
        _ => MAX_HEAD_SIZE,
    }
}

/// Returns the minimum and maximum that a shape's type and range allow.
pub(crate) fn integer_range(shape: &Shape) -> (i128, i128) {
    let (type_min, type_max) = integer_bounds(&shape.kind);
    let parse_limit =
        |number: &Option<serde_json::Number>| number.as_ref().and_then(|number| number.to_string().parse().ok());
    let range = shape.range.clone().unwrap_or_default();
    let low: i128 = parse_limit(&range.min).unwrap_or(type_min).max(type_min);
    (low, parse_limit(&range.max).unwrap_or(type_max).min(type_max).max(low))
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
