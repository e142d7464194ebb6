//! Reads the environment: variables and the current directory.
//!
//! No other file does.

use super::CommandError;
use overstep::report::Diagnostic;
use std::path::PathBuf;

/// Returns the value of an environment variable, or `None` if it is unset or not Unicode.
#[expect(clippy::disallowed_methods, reason = "the environment is read in cli only")]
pub fn environment_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Returns the directory in which the command was started.
#[expect(clippy::disallowed_methods, reason = "the environment is read in cli only")]
pub fn current_directory() -> Result<PathBuf, CommandError> {
    std::env::current_dir().map_err(|error| Diagnostic::error(format!("cannot read current directory: {error}")).into())
}
