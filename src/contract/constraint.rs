//! The kinds of constraints on values.
//!
//! It holds no limit: those are in shapes.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The constraints, by their names in case ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Constraint {
    /// A required member is present and not null.
    Required,
    /// A value has its shape's type.
    Type,
    /// The length of a text or blob, or the number of entries.
    Length,
    /// The range of a number.
    Range,
    /// The number that a number is a multiple of.
    MultipleOf,
    /// The regular expression that a text matches.
    Pattern,
    /// The value is one of a closed list.
    Enum,
    /// The entries of a list are distinct.
    Unique,
    /// At least one of several members is present.
    AtLeastOneOf,
    /// At most one of several members is present.
    AtMostOneOf,
    /// The contents stay within a byte budget.
    MaxTotalBytes,
}

impl Constraint {
    /// Returns the name used in case ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Type => "type",
            Self::Length => "length",
            Self::Range => "range",
            Self::MultipleOf => "multipleOf",
            Self::Pattern => "pattern",
            Self::Enum => "enum",
            Self::Unique => "unique",
            Self::AtLeastOneOf => "atLeastOneOf",
            Self::AtMostOneOf => "atMostOneOf",
            Self::MaxTotalBytes => "maxTotalBytes",
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
