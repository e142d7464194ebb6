//! Shapes, their members, and every constraint that can apply to them.

use super::{Fact, FactField, FactOrigin, PartTraits, ShapeId, ShapeRule, WireTraits};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// The kind of value that a shape describes, with the parts that only this kind has.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ShapeKind {
    /// Bytes; base64 in JSON.
    Blob,
    /// `true` or `false`.
    Boolean,
    /// Text.
    String,
    /// One of a closed list of texts.
    Enum {
        /// The documented values, in documented order. Values that only some sources list are
        /// included; their facts are disputed, see [`Shape::undisputed_values`].
        values: Vec<String>,
    },
    /// A 32-bit integer.
    Integer,
    /// A 64-bit integer.
    Long,
    /// A single-precision floating-point number.
    Float,
    /// A double-precision floating-point number.
    Double,
    /// A point in time.
    Timestamp,
    /// Any value.
    Document,
    /// A list of items.
    List {
        /// The shape of each item.
        member: ShapeId,
    },
    /// A map from texts to values.
    Map {
        /// The shape of the keys.
        key: ShapeId,
        /// The shape of the values.
        value: ShapeId,
    },
    /// A structure with named members.
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

impl ShapeKind {
    /// Returns the name used in the JSON form: `string`, `map`, `structure` …
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

    /// Returns the members of a structure or union.
    pub fn members(&self) -> Option<&IndexMap<String, Member>> {
        match self {
            Self::Structure { members } | Self::Union { members } => Some(members),
            _ => None,
        }
    }

    /// Returns the members of a structure or union for modification.
    pub fn members_mut(&mut self) -> Option<&mut IndexMap<String, Member>> {
        match self {
            Self::Structure { members } | Self::Union { members } => Some(members),
            _ => None,
        }
    }

    /// Returns true if values are texts: for a string or an enum.
    pub fn is_text(&self) -> bool {
        matches!(self, Self::String | Self::Enum { .. })
    }
}

/// Limits of a length: code points of a string, bytes of a blob, entries of a list or map. Both ends are included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LengthRange {
    /// The minimum, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u64>,
    /// The maximum, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u64>,
}

/// Limits of a number. Both ends are included.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NumberRange {
    /// The minimum, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<serde_json::Number>,
    /// The maximum, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<serde_json::Number>,
}

/// The part of the HTTP message that carries a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MemberLocation {
    /// A segment of the path.
    Label,
    /// A parameter of the query.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
    /// A field of a form, which is the body.
    Form,
    /// A member of the body's document.
    #[default]
    Body,
    /// The body itself.
    Payload,
}

impl MemberLocation {
    /// Returns true for the parts of a document in the body, where values have types; elsewhere they are texts.
    pub fn is_in_document(self) -> bool {
        matches!(self, Self::Body | Self::Payload)
    }

    /// Returns true for members of the body, whether it is a document or a form.
    pub fn is_in_body(self) -> bool {
        matches!(self, Self::Body | Self::Form)
    }
}

/// A member of a structure or union.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Member {
    /// The shape of its values.
    pub shape: ShapeId,
    /// Whether the member is required.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// The part of the HTTP message that carries it.
    #[serde(default)]
    pub location: MemberLocation,
    /// Its name on the wire, if it differs from the name in the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wire: Option<String>,
    /// How it looks on the wire, apart from its name.
    #[serde(default, skip_serializing_if = "WireTraits::is_empty")]
    pub traits: WireTraits,
    /// Values that the source gives as examples or as the default, which may or may not be valid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<serde_json::Value>,
}

impl Member {
    /// Creates an optional member of the body.
    pub fn new(shape: ShapeId) -> Self {
        Self {
            shape,
            required: false,
            location: MemberLocation::Body,
            wire: None,
            traits: WireTraits::default(),
            examples: Vec::new(),
        }
    }

    /// Returns the name on the wire of a member called `name`.
    pub fn wire_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.wire.as_deref().unwrap_or(name)
    }
}

/// A shape: a kind of value and the constraints on it. A constraint that no source states is absent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Shape {
    /// The kind of value.
    pub kind: ShapeKind,
    /// Limits of the length of a text or blob, or of the number of entries.
    pub length: Option<LengthRange>,
    /// Limits of a number.
    pub range: Option<NumberRange>,
    /// The number that all values are multiples of.
    pub multiple_of: Option<serde_json::Number>,
    /// The regular expression that texts match, in the dialect of the source (Java's for AWS: `\d` and `\w` are ASCII).
    pub pattern: Option<String>,
    /// Whether the entries of a list must be distinct.
    pub unique: bool,
    /// Whether null is a documented value, too.
    pub nullable: bool,
    /// Whether other values than the described ones may be valid, too: the source states alternatives or conditions that
    /// a contract cannot express. Every described value is valid; no other value certainly violates anything.
    pub open: bool,
    /// Whether an integer or a number may have any size, because the source states no width.
    pub any_size: bool,
    /// Constraints over several members.
    pub rules: Vec<ShapeRule>,
    /// How its values are written on the wire.
    pub traits: WireTraits,
    /// How the parts of a list or map are written on the wire.
    pub parts: PartTraits,
    /// Values that the source gives as examples or as the default, which may or may not be valid.
    pub examples: Vec<serde_json::Value>,
    /// The statements of the sources, with their places.
    pub facts: Vec<Fact>,
}

impl Shape {
    /// Creates a shape without constraints.
    pub fn new(kind: ShapeKind) -> Self {
        Self {
            kind,
            length: None,
            range: None,
            multiple_of: None,
            pattern: None,
            unique: false,
            nullable: false,
            open: false,
            any_size: false,
            rules: Vec::new(),
            traits: WireTraits::default(),
            parts: PartTraits::default(),
            examples: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// Creates a structure without members.
    pub fn structure() -> Self {
        Self::new(ShapeKind::Structure { members: IndexMap::new() })
    }

    /// Returns the documented length; an end that no source states is open.
    pub fn length(&self) -> LengthRange {
        self.length.unwrap_or_default()
    }

    /// Returns the facts about one field.
    pub fn facts_at<'a>(&'a self, field: &'a FactField) -> impl Iterator<Item = &'a Fact> {
        self.facts.iter().filter(move |fact| fact.field == *field)
    }

    /// Returns the fact to show for one field: an amendment before a page, a page before a model.
    pub fn preferred_fact(&self, field: &FactField) -> Option<&Fact> {
        let rank = |fact: &&Fact| match fact.standing {
            FactOrigin::Scenario => 0,
            FactOrigin::Documented => 1,
            FactOrigin::Prose => 2,
            FactOrigin::Model => 3,
            FactOrigin::Recorded => 4,
            FactOrigin::Assumed => 5,
        };
        self.facts.iter().filter(|fact| fact.field == *field).min_by_key(rank)
    }

    /// Returns true if the sources contradict each other about one field.
    pub fn is_disputed(&self, field: &FactField) -> bool {
        self.facts_at(field).any(|fact| fact.disputed)
    }

    /// Returns the numbers that the sources state for one field (`length/max` …) in ascending order if they
    /// contradict each other; otherwise the list is empty.
    pub fn disputed_numbers(&self, field: &FactField) -> Vec<u64> {
        let mut numbers: Vec<u64> =
            self.facts_at(field).filter(|fact| fact.disputed).filter_map(|fact| fact.value.as_u64()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Returns the enum values that every source with a list of values includes: a valid request may use them.
    pub fn undisputed_values(&self) -> Vec<&str> {
        let ShapeKind::Enum { values } = &self.kind else { return Vec::new() };
        let disputed = self.facts_at(&FactField::Enum).filter(|fact| fact.disputed);
        let lists: Vec<HashSet<&str>> = disputed
            .filter_map(|fact| Some(fact.value.as_array()?.iter().filter_map(serde_json::Value::as_str).collect()))
            .collect();
        values.iter().map(String::as_str).filter(|value| lists.iter().all(|list| list.contains(value))).collect()
    }
}
