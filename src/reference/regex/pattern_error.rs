//! Why a pattern cannot be used.

use std::borrow::Cow;

/// The reason why a pattern cannot be translated or compiled.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(in crate::reference) struct JavaPatternError(Cow<'static, str>);

impl From<&'static str> for JavaPatternError {
    fn from(reason: &'static str) -> Self {
        Self(Cow::Borrowed(reason))
    }
}

impl From<String> for JavaPatternError {
    fn from(reason: String) -> Self {
        Self(Cow::Owned(reason))
    }
}
