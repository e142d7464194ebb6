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
    /// A second resource under a name that must be unique is rejected, and the first one stays.
    RejectsDuplicates,
    /// The same action twice in a row is rejected the second time.
    RejectsRepetition,
    /// A replacement removes the optional members that it does not send.
    Replaces,
    /// A request that repeats an idempotency key has no second effect.
    HonorsIdempotencyKey,
    /// A resource that others depend on is not deleted.
    ProtectsChildren,
    /// What an expression refers to is given, and what is given for it is used.
    ResolvesExpressions,
    /// A list shows what exists, and nothing else.
    Lists,
    /// Pages show all entries, each once, and never more than was asked for.
    Pages,
    /// A list has the requested order.
    Sorts,
    /// An identifier names one resource, below its own parent.
    Identifies,
    /// After any sequence of requests, a read returns what was written.
    Sequence,
}

impl LawName {
    /// The laws that a scenario may state for an operation.
    pub const STATED: [Self; 15] = [
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
        Self::RejectsDuplicates,
        Self::RejectsRepetition,
        Self::Replaces,
        Self::HonorsIdempotencyKey,
        Self::ProtectsChildren,
    ];
    /// The laws that only cases name.
    const TESTED: [Self; 8] = [
        Self::Filters,
        Self::Echoes,
        Self::Sequence,
        Self::Lists,
        Self::Pages,
        Self::Sorts,
        Self::Identifies,
        Self::ResolvesExpressions,
    ];

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
            Self::RejectsDuplicates => "rejects-duplicates",
            Self::RejectsRepetition => "rejects-repetition",
            Self::Replaces => "replaces",
            Self::HonorsIdempotencyKey => "honors-idempotency-key",
            Self::ProtectsChildren => "protects-children",
            Self::ResolvesExpressions => "resolves-expressions",
            Self::Lists => "lists",
            Self::Pages => "pages",
            Self::Sorts => "sorts",
            Self::Identifies => "identifies",
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
