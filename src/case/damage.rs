//! Damage to requests, as data.

use serde::{Deserialize, Serialize};

/// Deliberate damage to an encoded request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
    /// Replaces the body with exactly these bytes.
    Body(#[serde(with = "crate::case::bytes_text")] Vec<u8>),
    /// Truncates the body to this percentage of its bytes. At least one byte is removed, and one is kept if the
    /// body has two or more.
    BodyTruncated(u8),
    /// Inserts these bytes before the body.
    BodyPrefixed(#[serde(with = "crate::case::bytes_text")] Vec<u8>),
    /// Appends these bytes to the body.
    BodySuffixed(#[serde(with = "crate::case::bytes_text")] Vec<u8>),
    /// Replaces each occurrence of the first bytes in the encoded body with the second.
    BodyReplaced(
        #[serde(with = "crate::case::bytes_text")] Vec<u8>,
        #[serde(with = "crate::case::bytes_text")] Vec<u8>,
    ),
    /// Writes this member of the body's document twice, with the same value.
    DuplicateMember(String),
    /// Sets the form field of this name to this value, or removes it.
    Field(String, Option<String>),
    /// Replaces the number of the last item of this list in a form with these characters.
    ListNumber(String, String),
    /// Writes this word, or none, before the item numbers of this list in a form.
    ListWord(String, Option<String>),
    /// Renames the root element of the XML document.
    Root(String),
    /// Encodes the outermost map of the CBOR document with indefinite length.
    Indefinite,
    /// Writes the JSON document in a syntax that only lenient parsers read.
    LenientJson(LenientSyntax),
    /// Sets the content type, or removes it.
    ContentType(Option<String>),
    /// Sets the header of this name to this value, or removes it.
    Header(String, Option<String>),
    /// Writes exactly these characters as the path segment of this label, without further encoding.
    RawLabel(String, String),
    /// Writes exactly these characters as path and query after the endpoint's base URL.
    RawTarget(String),
    /// Replaces the method.
    Method(String),
}

/// A syntax that is not JSON ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)), and that lenient parsers read as if it were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LenientSyntax {
    /// Strings in single quotes.
    SingleQuotes,
    /// Member names without quotes.
    BareNames,
    /// A comma after the last member.
    TrailingComma,
    /// A comment in `/*` and `*/`.
    BlockComment,
    /// A comment from `//` to the end of the line.
    LineComment,
}
