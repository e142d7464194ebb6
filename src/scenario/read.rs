//! TOML text to a scenario, with spans.

use super::Scenario;

/// Why a text is no scenario.
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

/// Something odd that does not stop the reader: an unknown key.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    /// What is odd.
    pub reason: String,
    /// Byte range in the text.
    pub span: Option<std::ops::Range<usize>>,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Reads a scenario of this name.
///
/// # Errors
/// Where the text is no TOML, or a value has the wrong form.
pub fn read(_name: &str, _text: &str) -> Result<(Scenario, Vec<Warning>), ScenarioError> {
    todo!()
}
