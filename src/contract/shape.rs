//! Shapes, their members, and every constraint that can stand on them.

use super::{Fact, Parts, ShapeId, Standing, Traits};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of value a shape describes, with the parts that only this kind has.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Bytes; base64 in JSON.
    Blob,
    /// `true` or `false`.
    Boolean,
    /// Text.
    String,
    /// One of a closed list of texts.
    Enum {
        /// The documented members, in documented order. Those that only some sources list are
        /// here too; their facts are disputed, see [`Shape::settled_values`].
        values: Vec<String>,
    },
    /// A whole number of 32 bits.
    Integer,
    /// A whole number of 64 bits.
    Long,
    /// A number of single precision.
    Float,
    /// A number of double precision.
    Double,
    /// A point in time.
    Timestamp,
    /// Any value.
    Document,
    /// A sequence.
    List {
        /// The shape of each item.
        member: ShapeId,
    },
    /// Texts to values.
    Map {
        /// The shape of the keys.
        key: ShapeId,
        /// The shape of the values.
        value: ShapeId,
    },
    /// Named members.
    Structure {
        /// By name, in documented order.
        members: IndexMap<String, Member>,
    },
    /// Exactly one of the named members.
    Union {
        /// By name, in documented order.
        members: IndexMap<String, Member>,
    },
}

impl Kind {
    /// The name used in the JSON form: `string`, `map`, `structure` …
    pub fn name(&self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Boolean => "boolean",
            Self::String => "string",
            Self::Enum { .. } => "enum",
            Self::Integer => "integer",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Timestamp => "timestamp",
            Self::Document => "document",
            Self::List { .. } => "list",
            Self::Map { .. } => "map",
            Self::Structure { .. } => "structure",
            Self::Union { .. } => "union",
        }
    }

    /// The members of a structure or union.
    pub fn members(&self) -> Option<&IndexMap<String, Member>> {
        match self {
            Self::Structure { members } | Self::Union { members } => Some(members),
            _ => None,
        }
    }

    /// The members of a structure or union, to change them.
    pub fn members_mut(&mut self) -> Option<&mut IndexMap<String, Member>> {
        match self {
            Self::Structure { members } | Self::Union { members } => Some(members),
            _ => None,
        }
    }

    /// Whether values are texts: a string or an enum.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::String | Self::Enum { .. })
    }
}

/// How many: code points of a string, bytes of a blob, entries of a list or map. Both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Length {
    /// The least that is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u64>,
    /// The most that is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
}

/// Between which numbers, both ends included.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// The least that is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<serde_json::Number>,
    /// The most that is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<serde_json::Number>,
}

/// Where a member of an input travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// A segment of the path.
    Label,
    /// A parameter of the query.
    Query,
    /// A header.
    Header,
    /// A member of the body's document.
    #[default]
    Body,
    /// The body itself.
    Payload,
}

/// A member of a structure or union.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// The shape of its values.
    pub shape: ShapeId,
    /// Whether it must be there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Where it travels.
    #[serde(default)]
    pub location: Location,
    /// Its name on the wire, where that is not its name here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<String>,
    /// How it looks on the wire, beside its name.
    #[serde(default, skip_serializing_if = "Traits::is_empty")]
    pub traits: Traits,
}

impl Member {
    /// An optional member of the body.
    pub fn new(shape: ShapeId) -> Self {
        Self { shape, required: false, location: Location::Body, wire: None, traits: Traits::default() }
    }

    /// The name on the wire of a member called `name`.
    pub fn wire_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.wire.as_deref().unwrap_or(name)
    }
}

/// What a byte budget counts, always in UTF-8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ByteScope {
    /// The values of a map; of structure values, the member `Value` where there is one, else all texts.
    Values,
    /// Keys and values.
    KeysAndValues,
}

/// A constraint over several members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "rule", rename_all = "camelCase")]
pub enum Rule {
    /// On a structure: at least one of these members is there.
    AtLeastOneOf {
        /// Names of members of the structure.
        members: Vec<String>,
    },
    /// On a structure: at most one of these members is there.
    AtMostOneOf {
        /// Names of members of the structure.
        members: Vec<String>,
    },
    /// On a map or list: its contents take at most so many UTF-8 bytes in all.
    MaxTotalBytes {
        /// What is counted. Where several readings are possible this is the recorded one.
        over: ByteScope,
        /// The most bytes allowed.
        max: u64,
        /// Whether what is already stored in the resource counts too (the sentence speaks of the
        /// resource, not of the request).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stored: bool,
    },
}

impl Rule {
    /// The constraint that the rule is.
    pub fn constraint(&self) -> Constraint {
        match self {
            Self::AtLeastOneOf { .. } => Constraint::AtLeastOneOf,
            Self::AtMostOneOf { .. } => Constraint::AtMostOneOf,
            Self::MaxTotalBytes { .. } => Constraint::MaxTotalBytes,
        }
    }
}

/// The names of the constraints, as they stand in case ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Constraint {
    /// A member must be there, and not null.
    Required,
    /// A value has its shape's type.
    Type,
    /// How long or how many.
    Length,
    /// How large.
    Range,
    /// Which texts.
    Pattern,
    /// Which of a closed list.
    Enum,
    /// No entry twice.
    Unique,
    /// At least one of several members.
    AtLeastOneOf,
    /// At most one of several members.
    AtMostOneOf,
    /// A byte budget.
    MaxTotalBytes,
}

impl Constraint {
    /// As in case ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Type => "type",
            Self::Length => "length",
            Self::Range => "range",
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

/// A shape: a kind of value and the constraints on it. What no source says is absent.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// What kind of value.
    pub kind: Kind,
    /// How long or how many.
    pub length: Option<Length>,
    /// How large.
    pub range: Option<Range>,
    /// Which texts, in the dialect of the source (Java's for AWS: `\d` and `\w` are ASCII).
    pub pattern: Option<String>,
    /// Whether the entries of a list differ from each other.
    pub unique: bool,
    /// Constraints over several members.
    pub rules: Vec<Rule>,
    /// How its values look on the wire.
    pub traits: Traits,
    /// How the parts of a list or map look on the wire.
    pub parts: Parts,
    /// Who says so, and where.
    pub facts: Vec<Fact>,
}

impl Shape {
    /// A shape without constraints.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            length: None,
            range: None,
            pattern: None,
            unique: false,
            rules: Vec::new(),
            traits: Traits::default(),
            parts: Parts::default(),
            facts: Vec::new(),
        }
    }

    /// A structure without members.
    pub fn structure() -> Self {
        Self::new(Kind::Structure { members: IndexMap::new() })
    }

    /// The documented length, open at both ends where nothing is said.
    pub fn length(&self) -> Length {
        self.length.unwrap_or_default()
    }

    /// What the sources say of one field, see [`Fact`] for the paths.
    pub fn facts_at<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Fact> {
        self.facts.iter().filter(move |fact| fact.path == path)
    }

    /// The statement to show for one field: the user's own word before a page's, a page's before a model's.
    pub fn fact(&self, path: &str) -> Option<&Fact> {
        let rank = |fact: &&Fact| match fact.standing {
            Standing::Scenario => 0,
            Standing::Documented => 1,
            Standing::Prose => 2,
            Standing::Model => 3,
            Standing::Recorded => 4,
            Standing::Assumed => 5,
        };
        self.facts.iter().filter(|fact| fact.path == path).min_by_key(rank)
    }

    /// Whether the sources contradict each other on one field.
    pub fn is_disputed(&self, path: &str) -> bool {
        self.facts_at(path).any(|fact| fact.disputed)
    }

    /// The numbers that the sources state for one field (`length/max` …), least first, where they
    /// contradict each other; empty otherwise.
    pub fn disputed_numbers(&self, path: &str) -> Vec<u64> {
        let mut numbers: Vec<u64> =
            self.facts_at(path).filter(|fact| fact.disputed).filter_map(|fact| fact.value.as_u64()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The enum members that every source which lists members has: the ones a valid request may use.
    pub fn settled_values(&self) -> Vec<&str> {
        let Kind::Enum { values } = &self.kind else { return Vec::new() };
        values
            .iter()
            .map(String::as_str)
            .filter(|value| {
                self.facts_at("enum").filter(|fact| fact.disputed).all(|fact| {
                    fact.value.as_array().is_none_or(|listed| listed.iter().any(|one| one.as_str() == Some(value)))
                })
            })
            .collect()
    }
}
