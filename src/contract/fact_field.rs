//! Names the field that a fact is about.
//!
//! It never holds a value; see [`super::Fact`].

use super::Constraint;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The field of a shape, an operation or an error that a fact is about.
///
/// Its text, which contracts in JSON hold, is the path of the field in its owner, such as `length/max`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FactField {
    /// `type`: the type of a shape.
    Type,
    /// `length/min`: the minimum length of a shape.
    LengthMin,
    /// `length/max`: the maximum length of a shape.
    LengthMax,
    /// `range/min`: the minimum value of a shape.
    RangeMin,
    /// `range/max`: the maximum value of a shape.
    RangeMax,
    /// `multipleOf`: the number that all values of a shape are multiples of.
    MultipleOf,
    /// `pattern`: the regular expression of a shape.
    Pattern,
    /// `enum`: the values of a shape.
    Enum,
    /// `unique`: whether the entries of a shape are distinct.
    Unique,
    /// `rules/0`: the rule at this position in the shape's list.
    Rule(usize),
    /// `rules/0/over`: what the byte budget at this position counts.
    RuleScope(usize),
    /// `members/NAME`: the member exists; the fact's value is the name of its type.
    Member(String),
    /// `members/NAME/required`: whether the member is required.
    MemberRequired(String),
    /// `members/NAME/location`: the part of a request that holds the member.
    MemberLocation(String),
    /// `http/method`: the method of an operation.
    HttpMethod,
    /// `http/uri`: the path and query of an operation.
    HttpUri,
    /// `http/success`: the success status of an operation.
    HttpSuccess,
    /// `errors/NAME`: the operation has this error.
    Error(String),
    /// `laws/NAME`: the operation has this law.
    Law(String),
    /// `permission`: the permission that an operation needs.
    Permission,
    /// `status`: the status of an error.
    Status,
    /// `role`: the role of an error.
    Role,
    /// A field that this version does not know; it is kept as it is.
    Other(String),
}

impl FactField {
    /// Returns the position of the rule that the field belongs to.
    pub fn rule_index(&self) -> Option<usize> {
        match self {
            Self::Rule(index) | Self::RuleScope(index) => Some(*index),
            _ => None,
        }
    }

    /// Returns true if the field only says that a shape or member exists, and of which type it is.
    pub fn is_existence(&self) -> bool {
        matches!(self, Self::Type | Self::Member(_))
    }

    /// Returns the constraint that the field states about the values of a shape, except for rules over several members.
    pub fn constraint(&self) -> Option<Constraint> {
        match self {
            Self::Type => Some(Constraint::Type),
            Self::LengthMin | Self::LengthMax => Some(Constraint::Length),
            Self::RangeMin | Self::RangeMax => Some(Constraint::Range),
            Self::MultipleOf => Some(Constraint::MultipleOf),
            Self::Pattern => Some(Constraint::Pattern),
            Self::Enum => Some(Constraint::Enum),
            Self::Unique => Some(Constraint::Unique),
            _ => None,
        }
    }
}

impl fmt::Display for FactField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type => f.write_str("type"),
            Self::LengthMin => f.write_str("length/min"),
            Self::LengthMax => f.write_str("length/max"),
            Self::RangeMin => f.write_str("range/min"),
            Self::RangeMax => f.write_str("range/max"),
            Self::MultipleOf => f.write_str("multipleOf"),
            Self::Pattern => f.write_str("pattern"),
            Self::Enum => f.write_str("enum"),
            Self::Unique => f.write_str("unique"),
            Self::Rule(index) => write!(f, "rules/{index}"),
            Self::RuleScope(index) => write!(f, "rules/{index}/over"),
            Self::Member(name) => write!(f, "members/{name}"),
            Self::MemberRequired(name) => write!(f, "members/{name}/required"),
            Self::MemberLocation(name) => write!(f, "members/{name}/location"),
            Self::HttpMethod => f.write_str("http/method"),
            Self::HttpUri => f.write_str("http/uri"),
            Self::HttpSuccess => f.write_str("http/success"),
            Self::Error(name) => write!(f, "errors/{name}"),
            Self::Law(name) => write!(f, "laws/{name}"),
            Self::Permission => f.write_str("permission"),
            Self::Status => f.write_str("status"),
            Self::Role => f.write_str("role"),
            Self::Other(path) => f.write_str(path),
        }
    }
}

impl From<&str> for FactField {
    fn from(path: &str) -> Self {
        let fixed = match path {
            "type" => Some(Self::Type),
            "length/min" => Some(Self::LengthMin),
            "length/max" => Some(Self::LengthMax),
            "range/min" => Some(Self::RangeMin),
            "range/max" => Some(Self::RangeMax),
            "multipleOf" => Some(Self::MultipleOf),
            "pattern" => Some(Self::Pattern),
            "enum" => Some(Self::Enum),
            "unique" => Some(Self::Unique),
            "http/method" => Some(Self::HttpMethod),
            "http/uri" => Some(Self::HttpUri),
            "http/success" => Some(Self::HttpSuccess),
            "permission" => Some(Self::Permission),
            "status" => Some(Self::Status),
            "role" => Some(Self::Role),
            _ => None,
        };
        fixed.or_else(|| parse_named_field(path)).unwrap_or_else(|| Self::Other(path.to_owned()))
    }
}

/// Parses a field that contains a name or a position.
fn parse_named_field(path: &str) -> Option<FactField> {
    let (owner, rest) = path.split_once('/')?;
    match owner {
        "members" => Some(match rest.rsplit_once('/') {
            Some((name, "required")) => FactField::MemberRequired(name.to_owned()),
            Some((name, "location")) => FactField::MemberLocation(name.to_owned()),
            _ => FactField::Member(rest.to_owned()),
        }),
        "errors" => Some(FactField::Error(rest.to_owned())),
        "laws" => Some(FactField::Law(rest.to_owned())),
        "rules" => match rest.split_once('/') {
            None => parse_index(rest).map(FactField::Rule),
            Some((index, "over")) => parse_index(index).map(FactField::RuleScope),
            Some(_) => None,
        },
        _ => None,
    }
}

/// Parses a number without leading zeros or signs, so that it is written again in the same way.
fn parse_index(text: &str) -> Option<usize> {
    text.parse().ok().filter(|index: &usize| index.to_string() == text)
}

impl From<String> for FactField {
    fn from(path: String) -> Self {
        Self::from(path.as_str())
    }
}

impl Serialize for FactField {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FactField {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_parsed_and_written_in_the_same_way() {
        let name = || "a/b.c".to_owned();
        for (path, field) in [
            ("type", FactField::Type),
            ("length/min", FactField::LengthMin),
            ("length/max", FactField::LengthMax),
            ("range/min", FactField::RangeMin),
            ("range/max", FactField::RangeMax),
            ("multipleOf", FactField::MultipleOf),
            ("pattern", FactField::Pattern),
            ("enum", FactField::Enum),
            ("unique", FactField::Unique),
            ("rules/12", FactField::Rule(12)),
            ("rules/0/over", FactField::RuleScope(0)),
            ("members/a/b.c", FactField::Member(name())),
            ("members/a/b.c/required", FactField::MemberRequired(name())),
            ("members/a/b.c/location", FactField::MemberLocation(name())),
            ("http/method", FactField::HttpMethod),
            ("http/uri", FactField::HttpUri),
            ("http/success", FactField::HttpSuccess),
            ("errors/a/b.c", FactField::Error(name())),
            ("laws/a/b.c", FactField::Law(name())),
            ("permission", FactField::Permission),
            ("status", FactField::Status),
            ("role", FactField::Role),
        ] {
            assert_eq!(FactField::from(path), field, "{path}");
            assert_eq!(field.to_string(), path);
        }
        for path in ["", "length", "length/mid", "rules/x", "rules/01", "rules/+1", "rules/0/max", "input", "members"] {
            assert_eq!(FactField::from(path), FactField::Other(path.to_owned()));
            assert_eq!(FactField::from(path).to_string(), path);
        }
    }
}
