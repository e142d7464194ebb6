//! The identity of a case: one text everywhere, with typed parts.
//!
//! Nothing else takes the text apart.

use super::kind::{CaseKind, UNKNOWN_RESOURCE, parse_path};
use super::law_name::LawName;
use super::sequence::SequenceVariant;
use super::subject::{CaseClass, CaseSubject, INPUT};
use crate::contract::{Constraint, MemberPath};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cmp::Ordering;
use std::fmt::{self, Write as _};
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

/// The id of a case: `<scenario>/<Operation>/<subject>/<kind>/<variant>`.
///
/// The subject is the path of a member, `input` for the input itself, or a class such as `valid`, `malformed` or `law`.
/// Two ids are equal if their texts are. Clones share the text and the parts.
///
/// ```
/// use overstep::case::{CaseId, CaseKind};
/// use overstep::contract::Constraint;
///
/// let id: CaseId = "connect/TagContact/Tags{key}/length/above-max".parse()?;
/// assert_eq!(id.operation(), "TagContact");
/// assert_eq!(*id.kind(), CaseKind::Constraint(Constraint::Length));
/// assert_eq!(id.variant(), "above-max");
/// # Ok::<(), overstep::case::CaseIdError>(())
/// ```
#[derive(Clone)]
pub struct CaseId(Arc<CaseIdParts>);

struct CaseIdParts {
    text: String,
    /// The byte offsets in `text` of the slashes after scenario, operation, subject and kind.
    ends: [usize; 4],
    subject: CaseSubject,
    kind: CaseKind,
}

/// The variant of controls.
pub const CONTROL_VARIANT: &str = "plain";
/// The variant of controls that are repeated after a run.
const AFTER_RUN: &str = "after";

/// A text that is not a case id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a case id: {reason}")]
pub struct CaseIdError {
    /// The text.
    pub text: String,
    /// What is wrong.
    pub reason: &'static str,
}

impl CaseId {
    /// Creates an id from its parts.
    pub fn new(scenario: &str, operation: &str, subject: CaseSubject, kind: CaseKind, variant: &str) -> Self {
        let mut text = String::with_capacity(scenario.len() + operation.len() + variant.len() + 48);
        let mut ends = [0; 4];
        let parts: [&dyn fmt::Display; 4] = [&scenario, &operation, &subject, &kind];
        for (part, end) in parts.into_iter().zip(&mut ends) {
            write!(text, "{part}").expect("writing to a string cannot fail");
            *end = text.len();
            text.push('/');
        }
        text.push_str(variant);
        Self(Arc::new(CaseIdParts { text, ends, subject, kind }))
    }

    /// Creates the id of an operation's control that is repeated after a run.
    pub fn control_after_run(scenario: &str, operation: &str) -> Self {
        Self::new(scenario, operation, CaseSubject::Class(CaseClass::Valid), CaseKind::Control, AFTER_RUN)
    }

    /// Creates the id of a control that is sent during a run to see whether its operation still works; `number` makes the
    /// names of its resources differ from those of others.
    pub fn control_check(scenario: &str, operation: &str, number: u32) -> Self {
        let variant = format!("check-{number}");
        Self::new(scenario, operation, CaseSubject::Class(CaseClass::Valid), CaseKind::Control, &variant)
    }

    /// Creates an empty id, for values that do not depend on a case.
    pub fn empty() -> Self {
        Self(Arc::new(CaseIdParts {
            text: String::new(),
            ends: [0; 4],
            subject: CaseSubject::Member(MemberPath::root()),
            kind: CaseKind::Control,
        }))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// Returns the scenario's name.
    pub fn scenario(&self) -> &str {
        &self.0.text[..self.0.ends[0]]
    }

    /// Returns the operation's name.
    pub fn operation(&self) -> &str {
        self.between(0, 1)
    }

    /// Returns what the case is about.
    pub fn subject(&self) -> &CaseSubject {
        &self.0.subject
    }

    /// Returns the subject as it stands in the id.
    pub fn subject_text(&self) -> &str {
        self.between(1, 2)
    }

    /// Returns what the case tests of its subject.
    pub fn kind(&self) -> &CaseKind {
        &self.0.kind
    }

    /// Returns the kind as it stands in the id.
    pub fn kind_text(&self) -> &str {
        self.between(2, 3)
    }

    /// Returns subject and kind as they stand in the id: `Tags{key}/length`.
    pub fn place(&self) -> &str {
        self.between(1, 3)
    }

    /// Returns what distinguishes the case from others of its kind.
    pub fn variant(&self) -> &str {
        self.0.text.get(self.0.ends[3] + 1..).unwrap_or_default()
    }

    /// Returns the id without its variant, which all cases of one kind share.
    pub fn without_variant(&self) -> &str {
        &self.0.text[..self.0.ends[3]]
    }

    fn between(&self, before: usize, end: usize) -> &str {
        self.0.text.get(self.0.ends[before] + 1..self.0.ends[end]).unwrap_or_default()
    }

    /// Returns the class, or `None` if the case is about a member.
    pub fn class(&self) -> Option<CaseClass> {
        self.0.subject.class()
    }

    /// Returns true for the plain valid request that shows that an operation works.
    pub fn is_control(&self) -> bool {
        self.0.kind == CaseKind::Control && self.variant() == CONTROL_VARIANT
    }

    /// Returns true for a control that is repeated after a run.
    pub fn is_control_after_run(&self) -> bool {
        self.0.kind == CaseKind::Control && self.variant() == AFTER_RUN
    }

    /// Returns true if the case sends a plain valid value, whose response tells what others mean.
    pub fn is_plain_value(&self) -> bool {
        matches!(self.0.kind, CaseKind::OptionalMember | CaseKind::OtherValue)
    }

    /// Returns the member that the case tests with a plain valid value, if it does.
    pub fn plain_value_member(&self) -> Option<MemberPath> {
        match self.0.kind {
            CaseKind::OptionalMember | CaseKind::OtherValue => MemberPath::parse(self.variant()),
            _ => None,
        }
    }

    /// Returns true if the case sends an empty text, list or map to test the length of a member.
    pub fn is_empty_value(&self) -> bool {
        self.0.kind == CaseKind::Constraint(Constraint::Length) && self.variant() == "empty"
    }

    /// Returns the names of the two faults of a request with two faults, as its variant gives them.
    pub fn pair_names(&self) -> Option<(&str, &str)> {
        if matches!(self.0.kind, CaseKind::Pair(..)) { self.variant().split_once('+') } else { None }
    }

    /// Returns the law, if the case is about one.
    pub fn law(&self) -> Option<LawName> {
        self.0.kind.law()
    }

    /// Returns which random sequence the case is, if it is one.
    pub fn sequence(&self) -> Option<SequenceVariant> {
        if self.law() == Some(LawName::Sequence) { self.variant().parse().ok() } else { None }
    }

    /// Returns the id of the case that consists of these actions of a sequence.
    pub fn sequence_part(&self, kept: &[usize]) -> Option<Self> {
        let variant = SequenceVariant { kept: Some(kept.to_vec()), ..self.sequence()? };
        let (subject, kind) = (self.0.subject.clone(), self.0.kind.clone());
        Some(Self::new(self.scenario(), self.operation(), subject, kind, &variant.to_string()))
    }

    /// Returns the value of `{case}` (`number` 1), `{case:2}` and so on.
    ///
    /// The token is 48 bits, in hex, of a fixed hash (version 1) of the id; it depends on nothing else.
    pub fn token(&self, number: u32) -> String {
        use sha2::{Digest as _, Sha256};
        let mut hash = Sha256::new();
        hash.update(b"overstep-case/1\0");
        hash.update(self.as_str().as_bytes());
        if number > 1 {
            hash.update(format!("\0{number}"));
        }
        data_encoding::HEXLOWER.encode(&hash.finalize()[..6])
    }
}

impl FromStr for CaseId {
    type Err = CaseIdError;

    fn from_str(text: &str) -> Result<Self, CaseIdError> {
        let fail = |reason| CaseIdError { text: text.to_owned(), reason };
        let mut parts = text.splitn(3, '/');
        let (Some(scenario), Some(operation), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(fail("it does not have five parts"));
        };
        if scenario.is_empty() || operation.is_empty() || rest.matches('/').count() < 2 {
            return Err(fail("it does not have five parts"));
        }
        // The name of a member may contain slashes, too.
        let found = rest.match_indices('/').find_map(|(end, _)| {
            let (kind, variant) = rest[end + 1..].split_once('/')?;
            let (subject, kind) = parse_place(&rest[..end], kind, variant)?;
            Some(Self::new(scenario, operation, subject, kind, variant))
        });
        found.ok_or_else(|| fail("its fourth part is not a kind of case"))
    }
}

/// Returns true for a constraint whose cases have the structure as their subject.
fn is_about_structure(constraint: Constraint) -> bool {
    matches!(
        constraint,
        Constraint::AtLeastOneOf
            | Constraint::AtMostOneOf
            | Constraint::AllOrNone
            | Constraint::EqualLengths
            | Constraint::KnownMembers
    )
}

/// Parses subject and kind. A member may have the name of a class; then the kind tells them apart.
fn parse_place(subject: &str, kind: &str, variant: &str) -> Option<(CaseSubject, CaseKind)> {
    let class = CaseClass::from_name(subject);
    let is_missing = class == Some(CaseClass::Missing) && variant == UNKNOWN_RESOURCE;
    match (CaseKind::parse_for_member(kind).filter(|_| !is_missing), class) {
        (Some(CaseKind::Constraint(rule)), _) if subject == INPUT && is_about_structure(rule) => {
            Some((CaseSubject::Member(MemberPath::root()), CaseKind::Constraint(rule)))
        }
        (Some(kind), _) => Some((CaseSubject::Member(parse_path(subject)), kind)),
        (None, Some(class)) => Some((CaseSubject::Class(class), CaseKind::parse_for_class(class, kind, variant)?)),
        (None, None) => None,
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CaseId").field(&self.as_str()).finish()
    }
}

impl PartialEq for CaseId {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for CaseId {}

impl Hash for CaseId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl PartialOrd for CaseId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for CaseId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Serialize for CaseId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CaseId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::super::kind::FaultClass;
    use super::*;

    fn parse(text: &str) -> CaseId {
        text.parse().expect(text)
    }

    #[test]
    fn parse_reverses_display() {
        for text in [
            "s/Op/Tags{key}/length/above-max",
            "s/Op/input/atLeastOneOf/none",
            "s/Op/input/length/at-max",
            "s/Op/valid/length/at-max",
            "s/Op/missing/enum/extended",
            "s/Op/missing/enum/unknown",
            "s/Op/missing/References{value}.Type/unknown",
            "s/Op/missing/fuzz/r-1.0",
            "s/Op/valid/control/plain",
            "s/Op/malformed/not-json/brace",
            "s/Op/pair/auth+malformed/no-header+brace",
            "s/Op/law/sequence/Tags-03~0.4",
            "s/Op/fuzz/requests/r-1",
            "s/Op/probe/fuzz/r-1.0",
            "s/Op/x/enum/member-a/b",
            "s/Op/a.{b/type/null",
        ] {
            assert_eq!(parse(text).to_string(), text);
        }
        for text in ["", "s", "s/Op/valid/control", "s/Op/valid/nothing/x", "/Op/a/length/x", "s/Op/a/nothing/x"] {
            assert!(text.parse::<CaseId>().is_err(), "{text}");
        }
    }

    #[test]
    fn parts_are_typed() {
        let id = parse("s/Op/Tags{key}/length/at-max/x");
        assert_eq!(
            (id.scenario(), id.operation(), id.place(), id.variant()),
            ("s", "Op", "Tags{key}/length", "at-max/x")
        );
        assert_eq!(
            (id.subject_text(), id.kind_text(), id.without_variant()),
            ("Tags{key}", "length", "s/Op/Tags{key}/length")
        );
        assert!(parse("s/Op/valid/control/plain").is_control());
        assert!(CaseId::control_after_run("s", "Op").is_control_after_run());
        assert!(!parse("s/Op/valid/member/plain").is_control());
        assert_eq!(*parse("s/Op/pair/auth+rule/a+b").kind(), CaseKind::Pair(FaultClass::Auth, FaultClass::Rule));
        assert_eq!(parse("s/Op/law/keeps-order/x").law(), Some(LawName::KeepsOrder));
        assert_eq!(parse("s/Op/law/sequence/03").sequence_part(&[1, 2]), Some(parse("s/Op/law/sequence/03~1.2")));
        assert_eq!(parse("s/Op/valid/other/a.b").plain_value_member(), MemberPath::parse("a.b"));
        assert!(parse("s/Op/a/length/empty").is_empty_value());
    }

    #[test]
    fn empty_id_has_empty_parts() {
        let id = CaseId::empty();
        assert_eq!((id.as_str(), id.scenario(), id.place(), id.variant()), ("", "", "", ""));
        assert!(!id.is_control());
    }
}
