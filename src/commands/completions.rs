//! Implements `overstep completions`, and answers the shells that its scripts ask.
//!
//! It never sends a request.

use crate::cli::{CliFlags, CommandError, current_directory};
use clap::CommandFactory as _;
use clap_complete::env::{CompleteEnv, Shells};
use overstep::escape::ConsoleWriter;
use overstep::exit::ExitStatus;
use overstep::report::Diagnostic;
use std::ffi::OsString;
use std::io::Write as _;

/// The variable with which a script asks for completions. Its value is the shell.
const SHELL_VARIABLE: &str = "OVERSTEP_COMPLETE";

/// Prints the script that lets a shell ask overstep for completions.
pub fn print_script(shell: clap_complete::Shell) -> Result<ExitStatus, CommandError> {
    let shells = Shells::builtins();
    let name = shell.to_string();
    let Some(completer) = shells.completer(&name) else {
        return Err(Diagnostic::error(format!("no completions for `{name}`")).into());
    };
    let mut script = Vec::new();
    completer.write_registration(SHELL_VARIABLE, "overstep", "overstep", "overstep", &mut script)?;
    let mut out = ConsoleWriter::new(anstream::stdout());
    out.write_all(&script)?;
    out.flush()?;
    Ok(ExitStatus::Success)
}

/// Prints completions if a shell asks for them. Returns true if it did.
pub fn answer_shell(arguments: &[OsString]) -> bool {
    let directory = current_directory().ok();
    let asked = CompleteEnv::with_factory(CliFlags::command).var(SHELL_VARIABLE);
    // A shell shows nothing where no answer is possible.
    asked.try_complete(arguments.to_vec(), directory.as_deref()).unwrap_or(true)
}
