//! What a sentence states about the member that it describes.
//!
//! It never holds the sentence.

use serde_json::Number;
use std::fmt;

/// The smallest and the largest size, where each is stated.
pub(super) type SizeEnds = (Option<u64>, Option<u64>);

/// The part of a member's value that a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatedPart {
    /// The value itself.
    Whole,
    /// Each item of the list, or each value of the map.
    Item,
    /// Each key of the map.
    Key,
}

/// A pattern for UUIDs.
pub(in crate::ingest) const UUID_PATTERN: &str =
    "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";

/// A format of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextFormat {
    /// A UUID, hyphenated, in either case.
    Uuid,
    /// An e-mail address.
    Email,
    /// A URL.
    Url,
    /// A telephone number in E.164 form.
    PhoneNumber,
    /// A date and time as ISO 8601 and RFC 3339 write it.
    DateTime,
    /// A range of IP addresses in CIDR notation.
    Cidr,
}

impl TextFormat {
    /// Returns a pattern of texts in this format: of all of them for a UUID, otherwise of some that every server accepts.
    pub(in crate::ingest) fn pattern(self) -> &'static str {
        match self {
            Self::Uuid => UUID_PATTERN,
            Self::Email => "^[a-z][a-z0-9]{0,30}@example\\.com$",
            Self::Url => "^https://example\\.com/[a-z0-9]{0,200}$",
            Self::PhoneNumber => "^\\+1202555[0-9]{4}$",
            Self::DateTime => {
                "^20[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\dZ$"
            }
            Self::Cidr => "^192\\.0\\.2\\.0/2[4-8]$",
        }
    }
}

/// A relation between the member that a sentence describes and others of the same structure, which it names. Lists of
/// names hold the described member as `None` where the sentence does not name it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StatedRelation {
    /// At most one of these is given.
    AtMostOneOf(Vec<Option<String>>),
    /// At least one of these is given.
    AtLeastOneOf(Vec<Option<String>>),
    /// Exactly one of these is given.
    ExactlyOneOf(Vec<Option<String>>),
    /// At most one member of the described structure is given.
    AtMostOneMember,
    /// The structure has no other members than the described ones.
    NoOtherMembers,
    /// All of these are given, or none.
    AllOrNone(Vec<Option<String>>),
    /// If the member is given, all of `needs` are.
    Requires {
        /// The member that needs others.
        member: Option<String>,
        /// The members that it needs.
        needs: Vec<Option<String>>,
    },
    /// If the member has one of these values, all of `needs` are given.
    RequiredIf {
        /// The member that decides.
        member: Option<String>,
        /// The values, without marks.
        values: Vec<String>,
        /// The members that are required then.
        needs: Vec<Option<String>>,
    },
    /// If the member has one of these values, none of `excludes` is given.
    ForbiddenIf {
        /// The member that decides.
        member: Option<String>,
        /// The values, without marks.
        values: Vec<String>,
        /// The members that are forbidden then.
        excludes: Vec<Option<String>>,
    },
    /// The member is given only if the other one has one of these values.
    OnlyIf {
        /// The member that is restricted.
        member: Option<String>,
        /// The member that decides.
        other: Option<String>,
        /// The values, without marks.
        values: Vec<String>,
    },
    /// The first is less than the second, or before it. A name of several words is written without spaces.
    LessThan(Option<String>, Option<String>),
    /// The first is at most the second, or not after it.
    AtMost(Option<String>, Option<String>),
    /// These lists have the same number of entries.
    EqualLengths(Vec<Option<String>>),
    /// No two items of the list have the same value of this member.
    DistinctBy(Option<String>),
}

/// A limit or another fact that a sentence states. Both ends of ranges are included.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StatedFact {
    /// Minimum and maximum number of characters.
    Characters(Option<u64>, Option<u64>),
    /// Minimum and maximum number of entries.
    Entries(Option<u64>, Option<u64>),
    /// The range of a number.
    Range(Option<Number>, Option<Number>),
    /// The range of a number without its ends.
    Between(Option<Number>, Option<Number>),
    /// A size without a unit: characters of a text, entries of a collection, or the range of a number.
    Size(Option<u64>, Option<u64>),
    /// Neither an empty text nor an empty collection is valid.
    NotEmpty,
    /// The number that a number is a multiple of.
    MultipleOf(Number),
    /// The closed list of values.
    Values(Vec<String>),
    /// The inside of the character class of all allowed characters.
    CharacterSet(String),
    /// The format of a text.
    Format(TextFormat),
    /// The entries of a list are distinct.
    Unique,
    /// Maximum number of bytes of all contents together. The flag is true if the limit is on the stored resource.
    TotalBytes(u64, bool),
    /// The value that is used if none is given.
    Default(String),
    /// A relation with other members.
    Relation(StatedRelation),
}

/// A fact that a sentence states, and the part of the value that it is about.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ProseStatement {
    /// The part of the value.
    pub part: StatedPart,
    /// The fact.
    pub fact: StatedFact,
}

impl ProseStatement {
    pub(super) fn whole(fact: StatedFact) -> Self {
        Self { part: StatedPart::Whole, fact }
    }
}

impl fmt::Display for StatedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole => "",
            Self::Item => "item ",
            Self::Key => "key ",
        })
    }
}

impl fmt::Display for TextFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uuid => "uuid",
            Self::Email => "email",
            Self::Url => "url",
            Self::PhoneNumber => "e164",
            Self::DateTime => "date-time",
            Self::Cidr => "cidr",
        })
    }
}

impl fmt::Display for StatedRelation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |member: &Option<String>| member.clone().unwrap_or_else(|| "*".to_owned());
        let names = |members: &[Option<String>]| members.iter().map(name).collect::<Vec<_>>().join(",");
        match self {
            Self::AtMostOneOf(members) => write!(f, "atMostOneOf({})", names(members)),
            Self::AtLeastOneOf(members) => write!(f, "atLeastOneOf({})", names(members)),
            Self::ExactlyOneOf(members) => write!(f, "exactlyOneOf({})", names(members)),
            Self::AtMostOneMember => f.write_str("atMostOneMember"),
            Self::NoOtherMembers => f.write_str("noOtherMembers"),
            Self::AllOrNone(members) => write!(f, "allOrNone({})", names(members)),
            Self::Requires { member, needs } => write!(f, "requires({},{})", name(member), names(needs)),
            Self::RequiredIf { member, values, needs } => {
                write!(f, "requiredIf({}={},{})", name(member), values.join("|"), names(needs))
            }
            Self::ForbiddenIf { member, values, excludes } => {
                write!(f, "forbiddenIf({}={},{})", name(member), values.join("|"), names(excludes))
            }
            Self::OnlyIf { member, other, values } => {
                write!(f, "onlyIf({},{}={})", name(member), name(other), values.join("|"))
            }
            Self::LessThan(low, high) => write!(f, "lessThan({},{})", name(low), name(high)),
            Self::AtMost(low, high) => write!(f, "atMost({},{})", name(low), name(high)),
            Self::EqualLengths(members) => write!(f, "equalLengths({})", names(members)),
            Self::DistinctBy(key) => write!(f, "distinctBy({})", name(key)),
        }
    }
}

/// Writes the parts of a statement with `; ` between them: `characters>=1; characters<=200`.
impl fmt::Display for ProseStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = self.part;
        let ends = |unit: &str, min: Option<String>, max: Option<String>| {
            let end = |sign: &str, end: Option<String>| end.map(|end| format!("{part}{unit}{sign}{end}"));
            [end(">=", min), end("<=", max)].into_iter().flatten().collect::<Vec<_>>().join("; ")
        };
        let text = |end: &Option<u64>| end.map(|end| end.to_string());
        match &self.fact {
            StatedFact::Characters(min, max) => f.write_str(&ends("characters", text(min), text(max))),
            StatedFact::Entries(min, max) => f.write_str(&ends("entries", text(min), text(max))),
            StatedFact::Size(min, max) => f.write_str(&ends("size", text(min), text(max))),
            StatedFact::Range(min, max) => {
                f.write_str(&ends("number", min.as_ref().map(Number::to_string), max.as_ref().map(Number::to_string)))
            }
            StatedFact::Between(min, max) => {
                let end = |sign: &str, end: &Option<Number>| end.as_ref().map(|end| format!("{part}number{sign}{end}"));
                let ends: Vec<String> = [end(">", min), end("<", max)].into_iter().flatten().collect();
                f.write_str(&ends.join("; "))
            }
            StatedFact::NotEmpty => write!(f, "{part}notEmpty"),
            StatedFact::MultipleOf(step) => write!(f, "{part}multipleOf={step}"),
            StatedFact::Values(values) => write!(f, "{part}values={}", values.join("|")),
            StatedFact::CharacterSet(set) => write!(f, "{part}set={set}"),
            StatedFact::Format(format) => write!(f, "{part}format={format}"),
            StatedFact::Unique => write!(f, "{part}unique"),
            StatedFact::TotalBytes(max, stored) => {
                write!(f, "{part}{}bytes<={max}", if *stored { "stored " } else { "" })
            }
            StatedFact::Default(value) => write!(f, "{part}default={value}"),
            StatedFact::Relation(relation) => relation.fmt(f),
        }
    }
}
