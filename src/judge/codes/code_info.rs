//! What is known of a code: its texts, as `overstep explain`, the pages in `docs/codes/` and reports show them.
//!
//! It holds no text of a code: the tables do.

use super::finding_code::FindingCode;

/// What a code means to a person.
#[derive(Clone, Copy, Debug)]
pub struct CodeInfo {
    /// The code.
    pub code: FindingCode,
    /// The short name, in kebab-case.
    pub name: &'static str,
    /// The kind of findings in a few words.
    pub title: &'static str,
    /// What it means, in one paragraph.
    pub meaning: &'static str,
    /// An example: request and response in a few lines.
    pub example: &'static str,
    /// Why it matters, in one paragraph.
    pub importance: &'static str,
    /// How to fix it in a server, in one paragraph.
    pub fix: &'static str,
}

/// The groups of codes, which are the hundreds of their numbers. The order is that in which findings should be fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CodeGroup {
    /// Lost or wrong data.
    Law,
    /// Failures of the server.
    ServerFailure,
    /// Invalid requests that are accepted.
    AcceptedViolation,
    /// Valid requests that are rejected.
    RejectedValidRequest,
    /// Responses of a wrong form.
    WrongForm,
    /// Rejections with a wrong error.
    WrongError,
    /// Responses that only differ from accepted behaviour.
    ResponseChange,
}

impl CodeGroup {
    /// Returns what the group is about.
    pub fn title(self) -> &'static str {
        match self {
            Self::ServerFailure => "server failures",
            Self::AcceptedViolation => "invalid requests that are accepted",
            Self::RejectedValidRequest => "valid requests that are rejected",
            Self::WrongError => "wrong errors",
            Self::WrongForm => "responses of a wrong form",
            Self::Law => "lost or wrong data",
            Self::ResponseChange => "differences from accepted behaviour",
        }
    }

    /// Returns the severity: `error`, `warning` or `note`, the levels of SARIF.
    pub fn level(self) -> &'static str {
        match self {
            Self::Law | Self::ServerFailure | Self::AcceptedViolation | Self::RejectedValidRequest => "error",
            Self::WrongForm | Self::WrongError => "warning",
            Self::ResponseChange => "note",
        }
    }
}
