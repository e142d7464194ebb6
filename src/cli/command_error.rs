//! The reason why a command failed, with its exit code.
//!
//! It never prints anything.

use overstep::exit::ExitStatus;
use overstep::report::Diagnostic;
use overstep::run::Shortage;
use overstep::session::SessionError;
use overstep::store::StoreError;
use std::io;

/// The reason why a command failed.
#[derive(Debug)]
pub struct CommandError {
    /// The problems to print.
    pub problems: Vec<Diagnostic>,
    /// The exit code.
    pub exit: ExitStatus,
}

impl From<Diagnostic> for CommandError {
    fn from(problem: Diagnostic) -> Self {
        Self { problems: vec![problem], exit: ExitStatus::Usage }
    }
}

impl From<Box<Diagnostic>> for CommandError {
    fn from(problem: Box<Diagnostic>) -> Self {
        Self::from(*problem)
    }
}

impl From<Vec<Diagnostic>> for CommandError {
    fn from(problems: Vec<Diagnostic>) -> Self {
        Self { problems, exit: ExitStatus::Usage }
    }
}

impl From<SessionError> for CommandError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Problems(problems) => Self::from(problems),
            SessionError::OutputClosed => Self { problems: Vec::new(), exit: ExitStatus::Success },
        }
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::from(crate::config::store_diagnostic(&error))
    }
}

impl From<Shortage> for CommandError {
    fn from(shortage: Shortage) -> Self {
        Self::from(Diagnostic::error(shortage.to_string()).with_hint(shortage.hint()))
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { problems: Vec::new(), exit: ExitStatus::Success };
        }
        Self::from(Diagnostic::error(format!("cannot write: {error}")))
    }
}
