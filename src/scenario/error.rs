//! Defines errors and warnings with their place in a TOML text.
//!
//! It never shows them.

/// The error returned if a text is not a scenario.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct ScenarioError {
    /// What is wrong.
    pub reason: String,
    /// Byte range in the text.
    pub span: Option<std::ops::Range<usize>>,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A problem that does not stop the reader, such as an unknown key.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioWarning {
    /// What is wrong.
    pub reason: String,
    /// Byte range in the text.
    pub span: Option<std::ops::Range<usize>>,
    /// What to do about it.
    pub hint: Option<String>,
}
