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
    /// All of several members are present, or none.
    AllOrNone,
    /// A member is present only together with others.
    Requires,
    /// A member is present if another one has a certain value.
    RequiredIf,
    /// A member is not present if another one has a certain value.
    ForbiddenIf,
    /// A member is present only if another one has a certain value.
    OnlyIf,
    /// A member is less than another one.
    LessThan,
    /// A member is at most another one.
    AtMost,
    /// Several lists have the same number of entries.
    EqualLengths,
    /// The items of a list differ in one of their members.
    DistinctBy,
    /// No other members than the documented ones are present.
    KnownMembers,
    /// The contents stay within a byte budget.
    MaxTotalBytes,
}

impl Constraint {
    /// All constraints, in the order in which they are tested.
    pub const ALL: [Self; 21] = [
        Self::Required,
        Self::Type,
        Self::Length,
        Self::Range,
        Self::MultipleOf,
        Self::Pattern,
        Self::Enum,
        Self::Unique,
        Self::AtLeastOneOf,
        Self::AtMostOneOf,
        Self::AllOrNone,
        Self::Requires,
        Self::RequiredIf,
        Self::ForbiddenIf,
        Self::OnlyIf,
        Self::LessThan,
        Self::AtMost,
        Self::EqualLengths,
        Self::DistinctBy,
        Self::KnownMembers,
        Self::MaxTotalBytes,
    ];

    /// Returns true for the constraints over several members of a structure.
    pub fn relates_members(self) -> bool {
        matches!(
            self,
            Self::AtLeastOneOf
                | Self::AtMostOneOf
                | Self::AllOrNone
                | Self::Requires
                | Self::RequiredIf
                | Self::ForbiddenIf
                | Self::OnlyIf
                | Self::LessThan
                | Self::AtMost
                | Self::EqualLengths
        )
    }

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
            Self::AllOrNone => "allOrNone",
            Self::Requires => "requires",
            Self::RequiredIf => "requiredIf",
            Self::ForbiddenIf => "forbiddenIf",
            Self::OnlyIf => "onlyIf",
            Self::LessThan => "lessThan",
            Self::AtMost => "atMost",
            Self::EqualLengths => "equalLengths",
            Self::DistinctBy => "distinctBy",
            Self::KnownMembers => "knownMembers",
            Self::MaxTotalBytes => "maxTotalBytes",
        }
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
