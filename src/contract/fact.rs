//! One statement of one source, with its place and its standing.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How a statement is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// A structured field of a documentation page.
    Documented,
    /// Read from a sentence.
    Prose,
    /// A machine-readable model.
    Model,
    /// An amendment by the user; it settles what other sources dispute.
    Scenario,
    /// Observed and accepted by a person.
    Recorded,
    /// A default of ours where all sources are silent, for example how a byte budget counts.
    Assumed,
}

impl fmt::Display for Standing {
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

/// Where a statement stands: a document's name and a line in it, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Provenance {
    /// The document's name as a person would say it: a file name, or `botocore:connect/2017-08-08`.
    pub document: String,
    /// The line, from 1.
    pub line: u32,
}

impl Provenance {
    /// A place in a document.
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
///
/// Paths by owner:
/// - shape: `type`, `length/min`, `length/max`, `range/min`, `range/max`, `pattern`, `enum`, `unique`,
///   `rules/0` (position in `rules`), `members/NAME` (it exists; value: its type's name),
///   `members/NAME/required`, `members/NAME/location`;
/// - operation: `http/method`, `http/uri`, `http/success`, `errors/NAME`, `laws/NAME`, `permission`;
/// - error: `status`, `role`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Which field, relative to its owner; see above.
    pub path: String,
    /// What this source says the field is.
    pub value: serde_json::Value,
    /// How it is known.
    pub standing: Standing,
    /// The document's name.
    pub document: String,
    /// The line in it, from 1.
    pub line: u32,
    /// Whether another source contradicts it and no amendment has settled the matter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disputed: bool,
}

impl Fact {
    /// An undisputed statement.
    pub fn new(
        path: impl Into<String>,
        value: impl Into<serde_json::Value>,
        standing: Standing,
        at: &Provenance,
    ) -> Self {
        Self {
            path: path.into(),
            value: value.into(),
            standing,
            document: at.document.clone(),
            line: at.line,
            disputed: false,
        }
    }

    /// Its place.
    pub fn provenance(&self) -> Provenance {
        Provenance::new(self.document.clone(), self.line)
    }
}
