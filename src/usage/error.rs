//! Why a recording cannot be read.

use super::UsageFormat;

/// The reason why a recording cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct UsageError {
    /// What is wrong, without the name of the file.
    pub reason: String,
    /// The format that the file seems to have.
    pub format: Option<UsageFormat>,
    /// The line, counted from 1, if one is wrong.
    pub line: Option<u32>,
    /// How to fix it, if known.
    pub hint: Option<String>,
}

impl UsageError {
    pub(super) fn new(format: Option<UsageFormat>, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), format, line: None, hint: None }
    }

    pub(super) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(super) fn at_line(self, line: usize) -> Self {
        Self { line: u32::try_from(line).ok(), ..self }
    }

    /// Returns the error for JSON that cannot be parsed. serde_json's position is in its text.
    pub(super) fn invalid_json(format: UsageFormat, error: &serde_json::Error) -> Self {
        let line = u32::try_from(error.line()).ok().filter(|line| *line > 0);
        let cut = if error.is_eof() { ", cut short" } else { "" };
        Self { line, ..Self::new(Some(format), format!("{format}{cut}: {error}")) }
    }
}
