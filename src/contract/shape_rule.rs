//! Rules over several members of a structure, or over the contents of a list or map.
//!
//! It never evaluates a rule: the generator and the embedded server each do so on their own.

use super::Constraint;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a byte budget counts, always in UTF-8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ByteScope {
    /// The values of a map. For a structure value, the member `Value` if it has one, otherwise all texts.
    Values,
    /// Keys and values.
    KeysAndValues,
}

/// A constraint over several members. Except where a rule says otherwise, it is on a structure, and its names are those
/// of members of the structure. Values are written as texts: `true`, `7`, `STANDARD`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "camelCase")]
#[non_exhaustive]
pub enum ShapeRule {
    /// At least one of these members is present.
    AtLeastOneOf {
        /// Names of members of the structure.
        members: Vec<String>,
    },
    /// At most one of these members is present.
    AtMostOneOf {
        /// Names of members of the structure.
        members: Vec<String>,
    },
    /// All of these members are present, or none.
    AllOrNone {
        /// Names of members of the structure.
        members: Vec<String>,
    },
    /// If the member is present, all of `needs` are.
    Requires {
        /// The member that needs others.
        member: String,
        /// The members that it needs.
        needs: Vec<String>,
    },
    /// If the member has one of these values, all of `needs` are present.
    RequiredIf {
        /// The member that decides.
        member: String,
        /// The values with which the others are required.
        values: Vec<String>,
        /// The members that are required then.
        needs: Vec<String>,
    },
    /// If the member has one of these values, none of `excludes` is present.
    ForbiddenIf {
        /// The member that decides.
        member: String,
        /// The values with which the others are forbidden.
        values: Vec<String>,
        /// The members that are forbidden then.
        excludes: Vec<String>,
    },
    /// If the member is present, the other one has one of these values.
    OnlyIf {
        /// The member that is restricted.
        member: String,
        /// The member that decides.
        other: String,
        /// The values with which the restricted member is allowed.
        values: Vec<String>,
    },
    /// If both are present, the member is less than the other one: a number, a date, a time, or a number of entries.
    LessThan {
        /// The smaller member.
        member: String,
        /// The larger member.
        other: String,
    },
    /// If both are present, the member is at most the other one: a number, a date, a time, or a number of entries.
    AtMost {
        /// The member that is not larger.
        member: String,
        /// The member that is not smaller.
        other: String,
    },
    /// Those of these lists that are present have the same number of entries.
    EqualLengths {
        /// Names of members of the structure.
        members: Vec<String>,
    },
    /// On a list of structures: no two items have the same value of this member.
    DistinctBy {
        /// The name of a member of the items.
        key: String,
    },
    /// The structure has no other members than those of its shape.
    KnownMembers,
    /// On a map: the text under this key is a number within these limits.
    EntryRange {
        /// The key.
        key: String,
        /// The minimum.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<i64>,
        /// The maximum.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<i64>,
    },
    /// On a map or list: maximum number of UTF-8 bytes of all contents together.
    MaxTotalBytes {
        /// What is counted. If several readings are possible, this is the recorded one.
        over: ByteScope,
        /// Maximum number of bytes.
        max: u64,
        /// Whether what is already stored in the resource counts too, because the documentation limits the
        /// resource and not the request.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stored: bool,
    },
}

impl ShapeRule {
    /// Returns the constraint that this rule states.
    pub fn constraint(&self) -> Constraint {
        match self {
            Self::AtLeastOneOf { .. } => Constraint::AtLeastOneOf,
            Self::AtMostOneOf { .. } => Constraint::AtMostOneOf,
            Self::AllOrNone { .. } => Constraint::AllOrNone,
            Self::Requires { .. } => Constraint::Requires,
            Self::RequiredIf { .. } => Constraint::RequiredIf,
            Self::ForbiddenIf { .. } => Constraint::ForbiddenIf,
            Self::OnlyIf { .. } => Constraint::OnlyIf,
            Self::LessThan { .. } => Constraint::LessThan,
            Self::AtMost { .. } => Constraint::AtMost,
            Self::EqualLengths { .. } => Constraint::EqualLengths,
            Self::DistinctBy { .. } => Constraint::DistinctBy,
            Self::KnownMembers => Constraint::KnownMembers,
            Self::EntryRange { .. } => Constraint::Range,
            Self::MaxTotalBytes { .. } => Constraint::MaxTotalBytes,
        }
    }

    /// Returns the names of the members that the rule relates; none for a rule over the contents of a list or map.
    pub fn related_members(&self) -> Vec<&str> {
        let (first, rest): (Vec<&String>, &[String]) = match self {
            Self::AtLeastOneOf { members }
            | Self::AtMostOneOf { members }
            | Self::AllOrNone { members }
            | Self::EqualLengths { members } => (Vec::new(), members),
            Self::Requires { member, needs } | Self::RequiredIf { member, needs, .. } => (vec![member], needs),
            Self::ForbiddenIf { member, excludes, .. } => (vec![member], excludes),
            Self::OnlyIf { member, other, .. } | Self::LessThan { member, other } | Self::AtMost { member, other } => {
                (vec![member, other], &[])
            }
            Self::DistinctBy { .. } | Self::KnownMembers | Self::EntryRange { .. } | Self::MaxTotalBytes { .. } => {
                (Vec::new(), &[])
            }
        };
        first.into_iter().chain(rest).map(String::as_str).collect()
    }

    /// Returns the member to which a violation belongs; `None` for the structure, list or map that has the rule.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Requires { member, .. }
            | Self::OnlyIf { member, .. }
            | Self::LessThan { member, .. }
            | Self::AtMost { member, .. } => Some(member),
            Self::RequiredIf { needs: members, .. } | Self::ForbiddenIf { excludes: members, .. } => {
                members.first().map(String::as_str)
            }
            _ => None,
        }
    }

    /// Returns the member that decides, for a rule that depends on the value of one.
    pub fn deciding_member(&self) -> Option<(&str, &[String])> {
        match self {
            Self::RequiredIf { member, values, .. }
            | Self::ForbiddenIf { member, values, .. }
            | Self::OnlyIf { other: member, values, .. } => Some((member, values)),
            _ => None,
        }
    }

    /// Returns true if a structure may have several rules of this kind, about other members each.
    pub(super) fn is_about_same(&self, other: &Self) -> bool {
        self.constraint() == other.constraint()
            && match self {
                Self::AtLeastOneOf { .. } | Self::AtMostOneOf { .. } | Self::MaxTotalBytes { .. } => true,
                Self::EntryRange { key, .. } => matches!(other, Self::EntryRange { key: one, .. } if one == key),
                _ => self.related_members() == other.related_members(),
            }
    }
}

/// Describes the rule in words: `at least one of a, b`.
impl fmt::Display for ShapeRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |members: &[String]| members.join(", ");
        let one_of =
            |values: &[String]| values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" or ");
        match self {
            Self::AtLeastOneOf { members } => write!(f, "at least one of {}", list(members)),
            Self::AtMostOneOf { members } => write!(f, "at most one of {}", list(members)),
            Self::AllOrNone { members } => write!(f, "all of {}, or none", list(members)),
            Self::Requires { member, needs } => write!(f, "{member} only with {}", list(needs)),
            Self::RequiredIf { member, values, needs } => {
                write!(f, "{} required if {member} is {}", list(needs), one_of(values))
            }
            Self::ForbiddenIf { member, values, excludes } => {
                write!(f, "no {} if {member} is {}", list(excludes), one_of(values))
            }
            Self::OnlyIf { member, other, values } => write!(f, "{member} only if {other} is {}", one_of(values)),
            Self::LessThan { member, other } => write!(f, "{member} less than {other}"),
            Self::AtMost { member, other } => write!(f, "{member} at most {other}"),
            Self::EqualLengths { members } => write!(f, "as many entries in each of {}", list(members)),
            Self::DistinctBy { key } => write!(f, "items that differ in {key}"),
            Self::KnownMembers => f.write_str("no other members"),
            Self::EntryRange { key, min, max } => match (min, max) {
                (Some(min), Some(max)) => write!(f, "{key} from {min} to {max}"),
                (Some(min), None) => write!(f, "{key} at least {min}"),
                (None, Some(max)) => write!(f, "{key} at most {max}"),
                (None, None) => write!(f, "{key} without limits"),
            },
            Self::MaxTotalBytes { max: 1, .. } => f.write_str("at most 1 byte in total"),
            Self::MaxTotalBytes { max, .. } => write!(f, "at most {max} bytes in total"),
        }
    }
}
