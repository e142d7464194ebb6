//! Changes to the constraints at one site of an input, as faults make them.
//!
//! Holds plain values; never applies a change.

use crate::contract::{ByteScope, MemberPath};

/// A path in the input of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConstraintSite {
    /// The operation's name.
    pub operation: String,
    /// The member path.
    pub path: MemberPath,
}

/// A change to the constraints at one site.
#[derive(Clone, Debug, PartialEq)]
pub enum ConstraintEdit {
    /// The minimum length is this, or there is none.
    LengthMin(Option<u64>),
    /// The maximum length is this, or there is none.
    LengthMax(Option<u64>),
    /// String lengths are counted in this unit.
    LengthUnit(LengthUnit),
    /// The minimum value is this, or there is none.
    RangeMin(Option<f64>),
    /// The maximum value is this, or there is none.
    RangeMax(Option<f64>),
    /// Numbers need not be multiples.
    MultipleDropped,
    /// The required member may be missing.
    RequiredDropped,
    /// The required member may be null.
    RequiredNull,
    /// The optional member is required.
    RequiredAdded,
    /// Map values or list items may be null.
    NullElements,
    /// This enum value is rejected.
    EnumValueRemoved(String),
    /// Any string is accepted as an enum value.
    EnumAnyValue,
    /// Enum values are compared case-insensitively.
    EnumIgnoreCase,
    /// White space around an enum value is ignored.
    EnumTrimmed,
    /// The pattern is not checked.
    PatternDropped,
    /// The pattern may match anywhere in the string.
    PatternUnanchored,
    /// The pattern must only match the beginning.
    PatternPrefix,
    /// The pattern is matched case-insensitively.
    PatternIgnoreCase,
    /// Look-ahead and look-behind are removed from the pattern.
    PatternWithoutLookAround,
    /// The pattern is replaced by this one.
    PatternReplaced(String),
    /// One trailing newline is ignored.
    PatternBeforeNewline,
    /// Values of this JSON type are accepted without further checks.
    TypeAccepted(JsonType),
    /// A value of a wrong type crashes the server.
    TypeCrashes,
    /// Fractions are truncated to integers.
    IntegerTruncates,
    /// Integers of any size are accepted.
    IntegerUnbounded,
    /// Duplicate entries are accepted.
    UniqueDropped,
    /// The rule at this index is not checked.
    RuleDropped(usize),
    /// The rule at this index holds for every value of the member that decides, or in both directions.
    RuleUnconditional(usize),
    /// The order that the rule at this index states allows equal values if it did not, and the other way round.
    RuleEqualSwapped(usize),
    /// The rule at this index has this limit.
    RuleMax(usize, u64),
    /// The byte budget counts only the data in the request.
    RulePerRequest(usize),
    /// The byte budget counts this.
    RuleByteScope(usize, ByteScope),
    /// The byte budget counts code points.
    RuleInChars(usize),
    /// The contents are not checked.
    ContentsUnchecked,
}

/// The unit in which string lengths are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthUnit {
    /// Unicode code points, as documented.
    CodePoints,
    /// UTF-16 code units.
    Utf16,
    /// UTF-8 bytes.
    Bytes,
    /// User-perceived characters: combining marks do not count.
    Graphemes,
}

/// The JSON types, except null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JsonType {
    /// `true`, `false`.
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl JsonType {
    pub(in crate::reference) const ALL: [Self; 5] =
        [Self::Boolean, Self::Number, Self::String, Self::Array, Self::Object];

    pub(in crate::reference) fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}
