//! What a case is about: a member of the operation's input, or a class of requests.

use crate::contract::MemberPath;
use std::fmt;

/// What a case is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum CaseSubject {
    /// A member, or the input itself if the path is empty.
    Member(MemberPath),
    /// A class of requests that are not about one member.
    Class(CaseClass),
}

/// The text of the empty path in ids.
pub(super) const INPUT: &str = "input";

impl CaseSubject {
    /// Returns the class, or `None` if the case is about a member.
    pub fn class(&self) -> Option<CaseClass> {
        match self {
            Self::Member(_) => None,
            Self::Class(class) => Some(*class),
        }
    }
}

impl fmt::Display for CaseSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(path) if path.0.is_empty() => f.write_str(INPUT),
            Self::Member(path) => write!(f, "{path}"),
            Self::Class(class) => write!(f, "{class}"),
        }
    }
}

/// A class of cases that are not about one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CaseClass {
    /// Valid requests: controls, optional members, random values.
    Valid,
    /// Requests whose bytes are damaged.
    Malformed,
    /// Requests with missing or wrong credentials.
    Auth,
    /// Requests that name a resource that does not exist.
    Missing,
    /// Sequences of requests that must keep a law.
    Law,
    /// Requests with two faults.
    Pair,
    /// Sequences that the fuzzer drew.
    Fuzz,
    /// Fuzzed requests whose outcome is undocumented.
    Probe,
}

impl CaseClass {
    const ALL: [Self; 8] =
        [Self::Valid, Self::Malformed, Self::Auth, Self::Missing, Self::Law, Self::Pair, Self::Fuzz, Self::Probe];

    /// Returns the text in ids.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Malformed => "malformed",
            Self::Auth => "auth",
            Self::Missing => "missing",
            Self::Law => "law",
            Self::Pair => "pair",
            Self::Fuzz => "fuzz",
            Self::Probe => "probe",
        }
    }

    /// Returns the class of this name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }
}

impl fmt::Display for CaseClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
