//! Describes what a reader could not understand, and where.
//!
//! It never prints: the command line shows the excerpt with the span underlined.

use std::fmt;
use std::ops::Range;

/// Severity of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum IngestSeverity {
    /// Nothing is lost, for example if a page has no operation or is not strictly valid.
    Note,
    /// The contract lacks something that the document says.
    Warning,
}

/// A location in a document, with everything needed to display it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceLocation {
    /// The document's name.
    pub document: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The byte range in the unpacked document.
    pub span: Range<usize>,
    /// The line, cut at a few hundred characters: a minified document may be a single line.
    pub excerpt: String,
}

impl fmt::Display for SourceLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.document, self.line, self.column)
    }
}

/// A note or warning about a document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IngestDiagnostic {
    /// The severity.
    pub severity: IngestSeverity,
    /// The location in the document.
    pub place: SourceLocation,
    /// The problem, as a lowercase fragment.
    pub message: String,
    /// How to fix it.
    pub hint: Option<String>,
}

impl fmt::Display for IngestDiagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// An error that prevents reading a document at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
#[non_exhaustive]
pub struct IngestError {
    /// The location in the document.
    pub place: Box<SourceLocation>,
    /// The problem, as a lowercase fragment.
    pub message: String,
    /// How to fix it.
    pub hint: Option<String>,
}
