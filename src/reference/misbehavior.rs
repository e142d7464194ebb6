//! Misbehaviors that only a fault enables, as a set that the faithful path tests with one bit operation.
//!
//! Never implements a misbehavior: each one is implemented in the code that checks for it.

macro_rules! misbehaviors {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A way to misbehave other than a changed constraint or a changed error.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Misbehavior {
            $($(#[$doc])* $name,)*
        }

        impl Misbehavior {
            /// All misbehaviors.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

misbehaviors! {
    /// Every request gets the documented error for invalid input.
    AlwaysInvalid,
    /// Every request gets a bare 400.
    AlwaysBare400,
    /// Every request gets a 500.
    AlwaysCrash,
    /// Every request succeeds unread.
    AlwaysOk,
    /// Every request succeeds with its own body as the response.
    Echo,
    /// Every request gets a 501.
    AlwaysNotImplemented,
    /// Constraints are not checked; bodies are still parsed and resources looked up.
    Unchecked,
    /// A body that is not JSON crashes the server.
    MalformedCrashes,
    /// A deeply nested body crashes the server.
    DeepCrashes,
    /// Invalid UTF-8 crashes the server.
    InvalidUtf8Crashes,
    /// A NUL in a string crashes the server.
    NulCrashes,
    /// A lone surrogate crashes the server.
    SurrogateCrashes,
    /// A number too large for its type crashes the server.
    HugeNumberCrashes,
    /// An empty body crashes the server.
    EmptyBodyCrashes,
    /// Characters outside the Basic Multilingual Plane crash the server.
    AstralCrashes,
    /// Non-ASCII characters crash the server.
    NonAsciiCrashes,
    /// A null anywhere crashes the server.
    NullCrashes,
    /// A missing required member crashes the server.
    MissingMemberCrashes,
    /// Every constraint violation crashes the server.
    ViolationCrashes,
    /// A body that is not an object crashes the server.
    NotObjectCrashes,
    /// Bytes after the body's document are ignored.
    TrailingBytes,
    /// A body that is not JSON is accepted.
    MalformedAccepted,
    /// Invalid UTF-8 is replaced and accepted.
    InvalidUtf8Accepted,
    /// `NaN` and `Infinity` are accepted.
    NanAccepted,
    /// Strings in single quotes are accepted.
    SingleQuotesAccepted,
    /// Member names without quotes are accepted.
    BareNamesAccepted,
    /// A comma after the last member is accepted.
    TrailingCommaAccepted,
    /// Comments are accepted.
    CommentsAccepted,
    /// A truncated body is accepted.
    TruncatedAccepted,
    /// A body that is not an object is accepted.
    NotObjectAccepted,
    /// An empty body is accepted although members are required.
    EmptyBodyAccepted,
    /// A resource that does not exist is treated as existing.
    MissingAccepted,
    /// A resource that does not exist is reported as invalid input.
    MissingAsInvalid,
    /// A resource that does not exist crashes the server.
    MissingCrashes,
    /// Writes replace what is stored instead of merging.
    Replaces,
    /// Stored entries are not overwritten.
    FirstWins,
    /// Duplicates are kept.
    KeepsDuplicates,
    /// Duplicates are detected case-insensitively.
    FoldsDuplicates,
    /// Responses contain only the entries of the current write.
    AnswersWritten,
    /// Written keys are lower-cased.
    LowersKeys,
    /// Written values are lower-cased.
    LowersValues,
    /// Written values are trimmed.
    TrimsValues,
    /// Written values are truncated.
    TruncatesValues,
    /// Written strings are normalised to Unicode's form C.
    Normalises,
    /// Non-ASCII characters become question marks.
    ManglesNonAscii,
    /// Empty values are not stored.
    DropsEmpty,
    /// The last entry of several is not stored.
    DropsLast,
    /// Entries are stored in the order of their keys.
    Sorts,
    /// A rejected request is written all the same.
    WritesRejected,
    /// Nothing is stored.
    LosesWrites,
    /// A write starts from the state at the time of its request and is applied a little later.
    LosesUpdates,
    /// A repeated write of the same value removes it.
    Toggles,
    /// Everything is written to the same resource.
    SharesResources,
    /// Resources of the same name under different parents are the same resource.
    MixesParents,
    /// Writes go to another resource.
    WritesElsewhere,
    /// Responses contain the state before the write.
    AnswersStale,
    /// Responses name another resource.
    AnswersOther,
    /// Removing removes nothing.
    RemovesNothing,
    /// Removing removes everything.
    RemovesAll,
    /// A filter is not applied.
    IgnoresFilter,
    /// No authentication is required.
    AuthIgnored,
    /// Only a prefix of the key is compared.
    AuthPrefix,
    /// Keys are compared case-insensitively.
    AuthFolded,
    /// Any scheme is accepted before the key.
    AuthAnyScheme,
    /// A key without a scheme is accepted.
    AuthNoScheme,
    /// Any non-empty key is accepted.
    AuthAnyKey,
    /// An empty key is accepted.
    AuthEmptyKey,
    /// An incomplete header is accepted.
    AuthIncomplete,
    /// Missing credentials crash the server.
    AuthCrashes,
    /// Missing credentials are reported as invalid input.
    AuthAsInvalid,
    /// Missing credentials are reported as a missing resource.
    AuthAsMissing,
    /// Permissions are not checked.
    PermissionIgnored,
    /// A missing permission is reported as missing credentials.
    PermissionAsUnauthenticated,
    /// Callers are authenticated only after their request has been validated.
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
    /// Only the last of several query parameters with the same name is read.
    QueryLastOnly,
    /// Labels are trimmed.
    TrimsLabels,
    /// Labels are lower-cased.
    LowersLabels,
    /// No response is ever sent.
    Hangs,
    /// The connection is dropped.
    Drops,
    /// No response is ever sent to a request that violates the contract.
    HangsOnViolation,
    /// The connection is dropped on a request that violates the contract.
    DropsOnViolation,
    /// The response to a request that violates the contract is chunked and ends before its last chunk.
    CutsChunksOnViolation,
    /// The declared length is greater than the body.
    ShortBody,
    /// The declared length is less than the body.
    LongBody,
    /// The response is not HTTP.
    NotHttp,
    /// The status of success is 201.
    SuccessCreated,
    /// The status of success is 202.
    SuccessAccepted,
    /// The status of success is 204, without a body.
    SuccessNoContent,
    /// Success is a redirect.
    SuccessRedirects,
    /// The body of success is not JSON.
    SuccessNotJson,
    /// The body of success is HTML.
    SuccessHtml,
    /// The body of success is followed by extra bytes.
    SuccessTrailing,
    /// The body of success is null.
    SuccessNull,
    /// The body of success is an array.
    SuccessArray,
    /// The body of success has no members.
    SuccessEmpty,
    /// The body of success is wrapped in another member.
    SuccessWrapped,
    /// The members of the success body have wrong types.
    SuccessWrongTypes,
    /// The members of the success body are named in lower case.
    SuccessLowered,
    /// The success body has an undocumented member.
    SuccessExtra,
    /// A success has the body and headers of an error.
    SuccessIsError,
}

/// A set of misbehaviors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MisbehaviorSet(u128);

impl MisbehaviorSet {
    pub(super) fn add(&mut self, misbehavior: Misbehavior) {
        self.0 |= 1 << (misbehavior as u32);
    }

    pub(super) fn has(self, misbehavior: Misbehavior) -> bool {
        self.0 & (1 << (misbehavior as u32)) != 0
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Misbehavior> for MisbehaviorSet {
    fn from_iter<I: IntoIterator<Item = Misbehavior>>(misbehaviors: I) -> Self {
        let mut set = Self::default();
        misbehaviors.into_iter().for_each(|misbehavior| set.add(misbehavior));
        set
    }
}

// The set has 128 bits; a longer list needs another representation.
const _: () = assert!(Misbehavior::ALL.len() <= 128);
