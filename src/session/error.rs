//! The error for a session that cannot go on.
//!
//! A finding is never an error.

use crate::report::Diagnostic;
use std::io;

/// Why a session did not complete.
#[derive(Clone, Debug)]
pub enum SessionError {
    /// Problems of the documents, the configuration, the endpoint or the outputs; there is at least one.
    Problems(Vec<Diagnostic>),
    /// The reader of the output closed it (`| head`), which is not worth a message.
    OutputClosed,
}

impl SessionError {
    /// Returns the problems to show.
    pub fn into_problems(self) -> Vec<Diagnostic> {
        match self {
            Self::Problems(problems) => problems,
            Self::OutputClosed => Vec::new(),
        }
    }

    /// Returns the error for a reason in words.
    pub(super) fn from_reason(reason: impl std::fmt::Display) -> Self {
        Self::from(Diagnostic::error(reason.to_string()))
    }
}

impl From<Diagnostic> for SessionError {
    fn from(problem: Diagnostic) -> Self {
        Self::Problems(vec![problem])
    }
}

impl From<Vec<Diagnostic>> for SessionError {
    fn from(problems: Vec<Diagnostic>) -> Self {
        Self::Problems(problems)
    }
}

/// The error for results that cannot be written.
impl From<io::Error> for SessionError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::OutputClosed;
        }
        Self::from_reason(format!("cannot write results: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_pipe_is_distinguished_from_other_write_errors() {
        let closed = SessionError::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert!(matches!(closed, SessionError::OutputClosed));
        let full = SessionError::from(io::Error::from(io::ErrorKind::StorageFull));
        assert!(full.into_problems()[0].reason.starts_with("cannot write results: "));
    }
}
