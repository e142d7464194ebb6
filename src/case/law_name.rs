//! The laws over state, by the names that documents, scenarios and case ids use.

use std::fmt;

/// The name of a law.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LawName {
    /// A write keeps what was stored before.
    Merges,
    /// The last write of an entry wins.
    Overwrites,
    /// A list holds no duplicates.
    Deduplicates,
    /// A list keeps the order of the writes.
    KeepsOrder,
    /// Repeating a write changes nothing.
    Idempotent,
    /// A rejected write stores nothing.
    RejectedLeavesNoTrace,
    /// Resources do not share state.
    Isolated,
    /// A read returns what was written.
    ReadYourWrite,
    /// A removal removes what was written, and nothing else.
    Inverse,
    /// No concurrent write is lost.
    SurvivesConcurrentWriters,
    /// A filter returns matching entries, and nothing else.
    Filters,
    /// A response repeats a value of its request.
    Echoes,
    /// After any sequence of requests, a read returns what was written.
    Sequence,
}

impl LawName {
    /// The laws that a scenario may state for an operation.
    pub const STATED: [Self; 10] = [
        Self::Merges,
        Self::Overwrites,
        Self::Deduplicates,
        Self::KeepsOrder,
        Self::Idempotent,
        Self::RejectedLeavesNoTrace,
        Self::Isolated,
        Self::ReadYourWrite,
        Self::Inverse,
        Self::SurvivesConcurrentWriters,
    ];
    /// The laws that only cases name.
    const TESTED: [Self; 3] = [Self::Filters, Self::Echoes, Self::Sequence];

    /// Returns the name as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merges => "merges",
            Self::Overwrites => "overwrites",
            Self::Deduplicates => "deduplicates",
            Self::KeepsOrder => "keeps-order",
            Self::Idempotent => "idempotent",
            Self::RejectedLeavesNoTrace => "rejected-leaves-no-trace",
            Self::Isolated => "isolated",
            Self::ReadYourWrite => "read-your-write",
            Self::Inverse => "inverse",
            Self::SurvivesConcurrentWriters => "survives-concurrent-writers",
            Self::Filters => "filters",
            Self::Echoes => "echoes",
            Self::Sequence => "sequence",
        }
    }

    /// Returns the law of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::STATED.into_iter().chain(Self::TESTED).find(|law| law.as_str() == name)
    }
}

impl fmt::Display for LawName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
