//! Behaviours that only a fault switches on, as a set that the faithful path tests with one bit operation.
//!
//! What each one does stands where it is asked for; here are only their names.

macro_rules! tricks {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One way to misbehave that is no change of a constraint or an error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Trick {
            $($(#[$doc])* $name,)*
        }

        impl Trick {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

tricks! {
    /// Every request is answered with the documented error for invalid input.
    AlwaysInvalid,
    /// Every request is answered with 400 and nothing else.
    AlwaysBare400,
    /// Every request is answered with 500.
    AlwaysCrash,
    /// Every request is answered with success, unread.
    AlwaysOk,
    /// Every request is answered with success and its own body.
    Echo,
    /// Every request is answered with 501.
    AlwaysNotImplemented,
    /// Constraints are not checked; bodies are read and resources looked up.
    Unchecked,
    /// A body that is not JSON crashes the server.
    MalformedCrashes,
    /// A deeply nested body crashes the server.
    DeepCrashes,
    /// Invalid UTF-8 crashes the server.
    InvalidUtf8Crashes,
    /// A NUL in a text crashes the server.
    NulCrashes,
    /// A lone surrogate crashes the server.
    SurrogateCrashes,
    /// A number too large for its type crashes the server.
    HugeNumberCrashes,
    /// An empty body crashes the server.
    EmptyBodyCrashes,
    /// Characters beyond the basic plane crash the server.
    AstralCrashes,
    /// Texts beyond ASCII crash the server.
    NonAsciiCrashes,
    /// A null anywhere crashes the server.
    NullCrashes,
    /// A missing required member crashes the server.
    MissingMemberCrashes,
    /// Every violation of a constraint crashes the server.
    ViolationCrashes,
    /// A body that is no object crashes the server.
    NotObjectCrashes,
    /// Bytes after the body's document are overlooked.
    TrailingBytes,
    /// A body that is not JSON is accepted.
    MalformedAccepted,
    /// Invalid UTF-8 is replaced and accepted.
    InvalidUtf8Accepted,
    /// `NaN` and `Infinity` are read as null.
    NanAccepted,
    /// A truncated body is completed and accepted.
    TruncatedAccepted,
    /// An array with the object in it is accepted, and a body of another type is taken for an empty object.
    NotObjectAccepted,
    /// An empty body is accepted although members are required.
    EmptyBodyAccepted,
    /// A resource that does not exist is taken for one that does.
    MissingAccepted,
    /// A resource that does not exist is answered like invalid input.
    MissingAsInvalid,
    /// A resource that does not exist crashes the server.
    MissingCrashes,
    /// Writes replace what is stored instead of merging.
    Replaces,
    /// What is stored already wins over what is written.
    FirstWins,
    /// Duplicates are kept.
    KeepsDuplicates,
    /// Duplicates are found without regard to case.
    FoldsDuplicates,
    /// Answers hold only what was written just now.
    AnswersWritten,
    /// Written keys are lower-cased.
    LowersKeys,
    /// Written values are lower-cased.
    LowersValues,
    /// Written values are trimmed.
    TrimsValues,
    /// Written values are truncated.
    TruncatesValues,
    /// Written texts are normalised to Unicode's form C.
    Normalises,
    /// Characters beyond ASCII become question marks.
    ManglesNonAscii,
    /// Empty values are not stored.
    DropsEmpty,
    /// The last entry of several is not stored.
    DropsLast,
    /// Entries are stored in the order of their keys.
    Sorts,
    /// A request is written before it is checked.
    WritesRejected,
    /// Nothing is stored.
    LosesWrites,
    /// A write starts from what was stored when its request came, and ends a little later.
    LosesUpdates,
    /// A repeated write of the same value removes it.
    Toggles,
    /// Everything is written to one and the same resource.
    SharesResources,
    /// Resources of one name below different parents are one.
    MixesParents,
    /// Writes go to another resource.
    WritesElsewhere,
    /// Answers hold what was stored before the write.
    AnswersStale,
    /// Answers name another resource.
    AnswersOther,
    /// Removing removes nothing.
    RemovesNothing,
    /// Removing removes everything.
    RemovesAll,
    /// A filter is not applied.
    IgnoresFilter,
    /// Nobody needs to prove who they are.
    AuthIgnored,
    /// Only the beginning of a key is compared.
    AuthPrefix,
    /// Keys are compared without regard to case.
    AuthFolded,
    /// Any scheme will do before the key.
    AuthAnyScheme,
    /// A key without a scheme will do.
    AuthNoScheme,
    /// Any key will do, if there is one.
    AuthAnyKey,
    /// An empty key will do.
    AuthEmptyKey,
    /// A header with parts missing will do.
    AuthIncomplete,
    /// Missing proof crashes the server.
    AuthCrashes,
    /// Missing proof is answered like invalid input.
    AuthAsInvalid,
    /// Missing proof is answered like a missing resource.
    AuthAsMissing,
    /// Permissions are not looked at.
    PermissionIgnored,
    /// A missing permission is answered like a missing proof of identity.
    PermissionAsUnauthenticated,
    /// Callers prove who they are only after their request has been checked.
    AuthLast,
    /// Path segments are decoded twice.
    DecodesTwice,
    /// Path segments are not decoded.
    DecodesNever,
    /// The path is decoded before it is split into segments.
    DecodesBeforeSplit,
    /// A plus in a path is read as a space.
    PlusIsSpace,
    /// `.` and `..` in a path are resolved.
    ResolvesDots,
    /// Empty path segments are skipped.
    SkipsEmptySegments,
    /// Query parameters are not decoded.
    QueryUndecoded,
    /// Only the last of several query parameters of one name is read.
    QueryLastOnly,
    /// Labels are trimmed.
    TrimsLabels,
    /// Labels are lower-cased.
    LowersLabels,
    /// No answer ever comes.
    Hangs,
    /// The connection is dropped.
    Drops,
    /// No answer ever comes to a request that breaks the contract.
    HangsOnViolation,
    /// The connection is dropped on a request that breaks the contract.
    DropsOnViolation,
    /// An answer to a request that breaks the contract comes in chunks, and ends before its last one.
    CutsChunksOnViolation,
    /// The declared length is more than what comes.
    ShortBody,
    /// The declared length is less than what comes.
    LongBody,
    /// What comes is not HTTP.
    NotHttp,
    /// The status of success is 201.
    SuccessCreated,
    /// The status of success is 202.
    SuccessAccepted,
    /// The status of success is 204, without a body.
    SuccessNoContent,
    /// Success is a redirection.
    SuccessRedirects,
    /// The body of success is not JSON.
    SuccessNotJson,
    /// The body of success is HTML.
    SuccessHtml,
    /// Bytes stand after the body of success.
    SuccessTrailing,
    /// The body of success is null.
    SuccessNull,
    /// The body of success is an array.
    SuccessArray,
    /// The body of success has no members.
    SuccessEmpty,
    /// The body of success lies inside another member.
    SuccessWrapped,
    /// The members of the success have wrong types.
    SuccessWrongTypes,
    /// The members of the success are named in lower case.
    SuccessLowered,
    /// An undocumented member stands in the success.
    SuccessExtra,
    /// A success is in truth an error: 200 with an error's body.
    SuccessIsError,
}

/// A set of tricks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tricks(u128);

impl Tricks {
    pub(super) fn add(&mut self, trick: Trick) {
        self.0 |= 1 << (trick as u32);
    }

    pub(super) fn has(self, trick: Trick) -> bool {
        self.0 & (1 << (trick as u32)) != 0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Trick> for Tricks {
    fn from_iter<I: IntoIterator<Item = Trick>>(tricks: I) -> Self {
        let mut set = Self::default();
        tricks.into_iter().for_each(|trick| set.add(trick));
        set
    }
}

// A set is one machine word's worth of bits; a longer list would need another kind of set.
const _: () = assert!(Trick::ALL.len() <= 128);
