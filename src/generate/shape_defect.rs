//! Why no request can hold a value of a shape: contradicting limits, sizes beyond what is sent, and endless recursion.
//!
//! It checks one shape at a time; `testable_shapes.rs` follows the references between shapes.

use super::contract_patterns::{ContractPatterns, PatternDefect};
use super::limits::{MAX_BODY_SIZE, MAX_ENTRIES, MAX_ENUM_VALUES, length_unit, pluralize};
use crate::contract::{Contract, Fact, FactField, NumberRange, Provenance, Shape, ShapeId, ShapeKind};
use std::fmt;

/// Why no value of a shape is sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ShapeDefect {
    /// The minimum length is greater than the maximum length.
    LengthOrder {
        /// The minimum.
        min: u64,
        /// The maximum.
        max: u64,
    },
    /// The minimum of a number is greater than its maximum.
    RangeOrder {
        /// The limits.
        range: NumberRange,
    },
    /// The minimum length is beyond what overstep sends.
    LongMinimum {
        /// The minimum with its unit.
        minimum: String,
        /// The maximum that overstep sends, with its unit.
        limit: String,
    },
    /// The list of values is empty.
    NoValues,
    /// The pattern of a documented shape cannot be drawn.
    Pattern {
        /// The pattern.
        pattern: String,
        /// Why it is not tested.
        defect: PatternDefect,
    },
    /// The shape requires itself, so that every value is infinite.
    Recursion {
        /// The shapes from this one back to itself.
        cycle: Vec<ShapeId>,
    },
    /// Its required members nest deeper than overstep sends.
    Depth {
        /// Maximum number of levels.
        limit: usize,
    },
    /// Its smallest value is larger than overstep sends.
    Size {
        /// Maximum size in bytes.
        limit: u64,
    },
}

impl fmt::Display for ShapeDefect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LengthOrder { min, max } => write!(f, "its minimum length {min} is greater than its maximum {max}"),
            Self::RangeOrder { range } => {
                let number = |limit: &Option<serde_json::Number>| limit.as_ref().map(ToString::to_string);
                let (min, max) = (number(&range.min).unwrap_or_default(), number(&range.max).unwrap_or_default());
                write!(f, "its minimum {min} is greater than its maximum {max}")
            }
            Self::LongMinimum { minimum, limit } => {
                write!(f, "its values have at least {minimum}, but overstep sends at most {limit}")
            }
            Self::NoValues => f.write_str("its list of values is empty"),
            Self::Pattern { pattern, defect } => {
                write!(f, "its pattern `{}` cannot be tested: {defect}", shorten_pattern(pattern))
            }
            Self::Recursion { cycle } => {
                let names: Vec<String> = cycle.iter().take(MAX_SHOWN_CYCLE).map(|id| format!("`{id}`")).collect();
                let more = if cycle.len() > MAX_SHOWN_CYCLE { " → …" } else { "" };
                write!(f, "it requires itself ({}{more}), so no value of it ends", names.join(" → "))
            }
            Self::Depth { limit } => write!(f, "its required members nest deeper than {limit} levels"),
            Self::Size { limit } => write!(f, "its smallest value has more than {} KiB", limit >> 10),
        }
    }
}

/// Maximum number of shapes of a cycle that are shown.
const MAX_SHOWN_CYCLE: usize = 6;
/// Maximum number of characters of a pattern that are shown.
const MAX_SHOWN_PATTERN: usize = 120;

/// Returns the beginning of a pattern, for a message.
pub fn shorten_pattern(pattern: &str) -> String {
    match pattern.char_indices().nth(MAX_SHOWN_PATTERN) {
        Some((end, _)) => format!("{}…", &pattern[..end]),
        None => pattern.to_owned(),
    }
}

impl ShapeDefect {
    /// Returns where the contract states what is wrong.
    pub(super) fn source(&self, shape: &Shape) -> Option<Provenance> {
        let field = match self {
            Self::LengthOrder { .. } | Self::LongMinimum { .. } => FactField::LengthMin,
            Self::RangeOrder { .. } => FactField::RangeMin,
            Self::NoValues => FactField::Enum,
            Self::Pattern { .. } => FactField::Pattern,
            Self::Recursion { .. } | Self::Depth { .. } | Self::Size { .. } => FactField::Type,
        };
        shape.preferred_fact(&field).or_else(|| shape.facts.first()).map(Fact::provenance)
    }
}

/// Returns what makes every value of a shape invalid, whatever the shapes that it refers to. Patterns are checked only
/// if `patterns` are given.
pub(super) fn find_defect(id: &ShapeId, shape: &Shape, patterns: Option<&ContractPatterns>) -> Option<ShapeDefect> {
    let length = shape.length();
    let (min, max) = (length.min.unwrap_or(0), length.max.unwrap_or(u64::MAX));
    let limit = match shape.kind {
        ShapeKind::String | ShapeKind::Blob => Some(MAX_BODY_SIZE),
        ShapeKind::List { .. } | ShapeKind::Map { .. } => Some(MAX_ENTRIES),
        _ => None,
    };
    if let Some(limit) = limit {
        if min > max {
            return Some(ShapeDefect::LengthOrder { min, max });
        }
        if min > limit {
            let (one, many) = length_unit(&shape.kind);
            return Some(ShapeDefect::LongMinimum {
                minimum: pluralize(min, one, many),
                limit: pluralize(limit, one, many),
            });
        }
    }
    if let Some(range) = shape.range.as_ref().filter(|range| is_empty_range(range)) {
        return Some(ShapeDefect::RangeOrder { range: range.clone() });
    }
    if matches!(&shape.kind, ShapeKind::Enum { values } if values.is_empty()) {
        return Some(ShapeDefect::NoValues);
    }
    let defect = patterns?.defect(id)?;
    Some(ShapeDefect::Pattern { pattern: shape.pattern.clone().unwrap_or_default(), defect: defect.clone() })
}

fn is_empty_range(range: &NumberRange) -> bool {
    let (Some(min), Some(max)) = (&range.min, &range.max) else { return false };
    match (min.to_string().parse::<i128>(), max.to_string().parse::<i128>()) {
        (Ok(min), Ok(max)) => min > max,
        _ => min.as_f64() > max.as_f64(),
    }
}

/// Returns the enums of which only a part is tested, with the number of their values and where they are documented.
pub fn partially_tested_enums(contract: &Contract) -> Vec<(ShapeId, usize, Option<Provenance>)> {
    let count = |shape: &Shape| match &shape.kind {
        ShapeKind::Enum { values } if values.len() > MAX_ENUM_VALUES => Some(values.len()),
        _ => None,
    };
    let source = |shape: &Shape| shape.preferred_fact(&FactField::Enum).map(Fact::provenance);
    contract.shapes.iter().filter_map(|(id, shape)| Some((id.clone(), count(shape)?, source(shape)))).collect()
}
