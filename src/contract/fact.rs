//! One statement of one source, with its place and its origin.

use super::FactField;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The kind of source that a statement comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum FactOrigin {
    /// A structured field of a documentation page.
    Documented,
    /// Extracted from a sentence of a documentation page.
    Prose,
    /// A machine-readable model.
    Model,
    /// An amendment by the user; it overrides what other sources dispute.
    Scenario,
    /// Observed and accepted by a person.
    Recorded,
    /// A default of overstep, used if all sources are silent; for example how a byte budget counts.
    Assumed,
}

impl fmt::Display for FactOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Documented => "documented",
            Self::Prose => "prose",
            Self::Model => "model",
            Self::Scenario => "scenario",
            Self::Recorded => "recorded",
            Self::Assumed => "assumed",
        })
    }
}

/// The place of a statement: a document's name and a line in it, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Provenance {
    /// The document's name as shown to people: a file name, or `botocore:connect/2017-08-08`.
    pub document: String,
    /// The line, from 1.
    pub line: u32,
}

impl Provenance {
    /// Creates a place in a document.
    pub fn new(document: impl Into<String>, line: u32) -> Self {
        Self { document: document.into(), line }
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.document, self.line)
    }
}

/// One statement of one source about one field of a shape, an operation or an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Fact {
    /// The field of its owner.
    #[serde(rename = "path")]
    pub field: FactField,
    /// The value that this source states.
    pub value: serde_json::Value,
    /// The kind of source that makes the statement.
    pub standing: FactOrigin,
    /// The document's name.
    pub document: String,
    /// The line in the document, from 1.
    pub line: u32,
    /// Whether another source contradicts this fact and no amendment overrides both.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disputed: bool,
}

impl Fact {
    /// Creates an undisputed statement.
    pub fn new(
        field: impl Into<FactField>,
        value: impl Into<serde_json::Value>,
        standing: FactOrigin,
        at: &Provenance,
    ) -> Self {
        Self {
            field: field.into(),
            value: value.into(),
            standing,
            document: at.document.clone(),
            line: at.line,
            disputed: false,
        }
    }

    /// Returns the place of the statement.
    pub fn provenance(&self) -> Provenance {
        Provenance::new(self.document.clone(), self.line)
    }
}
