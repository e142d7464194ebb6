//! What a case tests of its subject: a constraint of a member, a law, a damage, a pair of faults …

use super::law_name::LawName;
use super::subject::CaseClass;
use crate::contract::{Constraint, MemberPath};
use std::borrow::Cow;
use std::fmt;

/// What a case tests of its subject.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CaseKind {
    /// A constraint of a member.
    Constraint(Constraint),
    /// A member as a segment of the URL path.
    Segment,
    /// The plain valid request that shows that an operation works.
    Control,
    /// A request for an operation that cannot exist.
    Canary,
    /// An optional member, named by the variant, or all of them.
    OptionalMember,
    /// Another plain value of the member that the variant names.
    OtherValue,
    /// A valid request drawn at random.
    Random,
    /// Damaged bytes, by the name of the damage.
    Damage(Cow<'static, str>),
    /// The caller is not authenticated.
    Unauthenticated,
    /// The caller lacks a permission.
    Forbidden,
    /// A resource that does not exist, named by this member.
    MissingResource(MemberPath),
    /// Two faults in one request.
    Pair(FaultClass, FaultClass),
    /// A law over several requests.
    Law(LawName),
    /// The requests of a fuzz case.
    FuzzRequests,
    /// One response of a fuzz case.
    FuzzResponse,
}

/// The text of [`CaseKind::Segment`].
const SEGMENT: &str = "segment";
/// The text of [`CaseKind::FuzzResponse`].
const FUZZ: &str = "fuzz";
/// The variant of all planned cases of [`CaseKind::MissingResource`].
pub const UNKNOWN_RESOURCE: &str = "unknown";

impl CaseKind {
    /// Returns the constraint, if the case tests one.
    pub fn constraint(&self) -> Option<Constraint> {
        match self {
            Self::Constraint(constraint) => Some(*constraint),
            _ => None,
        }
    }

    /// Returns the law, if the case tests one.
    pub fn law(&self) -> Option<LawName> {
        match self {
            Self::Law(law) => Some(*law),
            _ => None,
        }
    }

    /// Parses the kind of a case about a member.
    pub(super) fn parse_for_member(text: &str) -> Option<Self> {
        match text {
            SEGMENT => Some(Self::Segment),
            _ => Constraint::ALL.into_iter().find(|constraint| constraint.name() == text).map(Self::Constraint),
        }
    }

    /// Parses the kind of a case of a class.
    pub(super) fn parse_for_class(class: CaseClass, text: &str, variant: &str) -> Option<Self> {
        Some(match (class, text) {
            // A member may be called `fuzz`.
            (CaseClass::Missing, _) if text != FUZZ || variant == UNKNOWN_RESOURCE => {
                Self::MissingResource(parse_path(text))
            }
            (CaseClass::Fuzz, "requests") => Self::FuzzRequests,
            (CaseClass::Fuzz, _) => return None,
            (_, FUZZ) => Self::FuzzResponse,
            (CaseClass::Valid, "control") => Self::Control,
            (CaseClass::Valid, "canary") => Self::Canary,
            (CaseClass::Valid, "member") => Self::OptionalMember,
            (CaseClass::Valid, "other") => Self::OtherValue,
            (CaseClass::Valid, "random") => Self::Random,
            (CaseClass::Auth, "unauthenticated") => Self::Unauthenticated,
            (CaseClass::Auth, "forbidden") => Self::Forbidden,
            (CaseClass::Malformed, _) => Self::Damage(Cow::Owned(text.to_owned())),
            (CaseClass::Law, _) => Self::Law(LawName::from_name(text)?),
            (CaseClass::Pair, _) => {
                let (one, other) = text.split_once('+')?;
                Self::Pair(FaultClass::from_name(one)?, FaultClass::from_name(other)?)
            }
            (CaseClass::Valid | CaseClass::Auth | CaseClass::Missing | CaseClass::Probe, _) => return None,
        })
    }
}

/// Parses a member path. A text that is none is the name of one member, with signs that paths use.
pub(super) fn parse_path(text: &str) -> MemberPath {
    MemberPath::parse(text).unwrap_or_else(|| MemberPath::root().join_member(text))
}

impl fmt::Display for CaseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Constraint(constraint) => constraint.name(),
            Self::Segment => SEGMENT,
            Self::Control => "control",
            Self::Canary => "canary",
            Self::OptionalMember => "member",
            Self::OtherValue => "other",
            Self::Random => "random",
            Self::Damage(name) => name,
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::MissingResource(path) => return write!(f, "{path}"),
            Self::Pair(one, other) => return write!(f, "{one}+{other}"),
            Self::Law(law) => law.as_str(),
            Self::FuzzRequests => "requests",
            Self::FuzzResponse => FUZZ,
        })
    }
}

/// The class of a fault that a request can have together with another one, in the order in which ids name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultClass {
    /// The caller is not authenticated.
    Auth,
    /// The caller lacks a permission.
    Forbidden,
    /// The body is not a complete document.
    Malformed,
    /// A required member is missing.
    Required,
    /// A value has a wrong type.
    Type,
    /// A value is not one of a closed list.
    Enum,
    /// A number is out of range.
    Range,
    /// A text, list or map is too long or too short.
    Length,
    /// A text does not match its pattern.
    Pattern,
    /// A rule over several members is violated.
    Rule,
    /// A resource does not exist.
    Missing,
}

impl FaultClass {
    const ALL: [Self; 11] = [
        Self::Auth,
        Self::Forbidden,
        Self::Malformed,
        Self::Required,
        Self::Type,
        Self::Enum,
        Self::Range,
        Self::Length,
        Self::Pattern,
        Self::Rule,
        Self::Missing,
    ];

    /// Returns the text in ids.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Forbidden => "forbidden",
            Self::Malformed => "malformed",
            Self::Required => "required",
            Self::Type => "type",
            Self::Enum => "enum",
            Self::Range => "range",
            Self::Length => "length",
            Self::Pattern => "pattern",
            Self::Rule => "rule",
            Self::Missing => "missing",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }
}

impl fmt::Display for FaultClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
