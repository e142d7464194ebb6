//! What a reader could not understand, with its place.
//!
//! It never prints: the command line shows the excerpt with the span underlined.

use std::fmt;
use std::ops::Range;

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is lost: a page without an operation, a tolerant reading.
    Note,
    /// Something that the document says is not in the contract.
    Warning,
}

/// A place in a document, in all the forms that a display needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The document's name.
    pub document: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The bytes of the (unpacked) document that are meant.
    pub span: Range<usize>,
    /// The line itself, cut at a few hundred characters, so that packed documents can be shown too.
    pub excerpt: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.document, self.line, self.column)
    }
}

/// Something in a document that a person should know of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What is the matter; a lowercase fragment.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Why a document could not be read as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct IngestError {
    /// Where.
    pub place: Box<Place>,
    /// What is the matter; a lowercase fragment.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}
