//! Defines the error for a file that could not be read or written.
//!
//! It never decides what happens after an error.

use std::path::Path;

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct StoreError {
    /// The problem, including the file's name.
    pub reason: String,
    /// How to fix it.
    pub hint: Option<String>,
}

impl StoreError {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: None }
    }

    pub(super) fn with_hint(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: Some(hint.into()) }
    }

    pub(super) fn from_io(action: &str, path: &Path, error: &std::io::Error) -> Self {
        let cause = match error.kind() {
            std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            std::io::ErrorKind::IsADirectory => "is a directory".to_owned(),
            std::io::ErrorKind::InvalidData => "not valid UTF-8".to_owned(),
            _ => error.to_string(),
        };
        Self::new(format!("cannot {action} `{}`: {cause}", path.display()))
    }
}
