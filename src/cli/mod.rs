//! Implements the command line: flags, environment variables, exit codes and everything that is printed.
//!
//! It never looks inside a case; the work is done in `session`.

mod cases;
mod check;
mod corpus;
mod differential;
mod doctor;
mod export;
mod flag_values;
mod flags;
mod fuzz;
mod ingest;
mod jobs;
mod last_run;
mod libfuzzer;
mod lifecycle;
mod messages;
mod outputs;
mod replay;
mod rerun_command;
mod runtime;
mod saved_requests;
mod serve;
mod snapshot;

use clap::{CommandFactory as _, Parser as _};
use flags::{CliCommand, CliFlags, ColorWhen};
use overstep::exit::ExitStatus;

pub use libfuzzer::{LibFuzzerEndpoint, target_from_arguments, target_from_environment};

/// Runs the command that the process was started with, and returns its exit code.
pub fn main() -> ExitStatus {
    std::panic::set_hook(Box::new(messages::print_panic));
    let exit = std::panic::catch_unwind(run_command_line).unwrap_or(ExitStatus::InternalError);
    // After a panic, started servers may still run because their handles were not dropped.
    overstep::run::kill_all_started();
    exit
}

fn run_command_line() -> ExitStatus {
    let flags = match CliFlags::try_parse() {
        Ok(flags) => flags,
        Err(error) => {
            // A failure to print is ignored: the reader may have gone away (`| head`).
            let _ = error.print();
            return if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Success };
        }
    };
    let color = match flags.color {
        ColorWhen::Auto => anstream::ColorChoice::Auto,
        ColorWhen::Always => anstream::ColorChoice::AlwaysAnsi,
        ColorWhen::Never => anstream::ColorChoice::Never,
    };
    color.write_global();
    let result = match flags.command {
        CliCommand::Check(flags) => check::check_scenarios(&flags),
        CliCommand::Fuzz(flags) => fuzz::fuzz_scenarios(&flags),
        CliCommand::Cases(flags) => cases::print_cases(&flags),
        CliCommand::Init(flags) => doctor::init_scenario(&flags),
        CliCommand::Doctor(flags) => doctor::diagnose_scenarios(&flags),
        CliCommand::Ingest(flags) => ingest::ingest_sources(&flags),
        CliCommand::Drift(flags) => ingest::print_drift(&flags),
        CliCommand::Replay(flags) => replay::replay_cases(&flags),
        CliCommand::Export(flags) => export::export_cases(&flags),
        CliCommand::Snapshot(command) => snapshot::run_snapshot_command(&command),
        CliCommand::Serve(flags) => serve::serve_scenario(&flags),
        CliCommand::Completions { shell } => {
            clap_complete::generate(shell, &mut CliFlags::command(), "overstep", &mut std::io::stdout());
            Ok(ExitStatus::Success)
        }
    };
    result.unwrap_or_else(|error| {
        messages::print_problems(&error.problems);
        error.exit
    })
}

/// The reason why a command failed.
#[derive(Debug)]
pub struct CommandError {
    /// The problems to print.
    pub problems: Vec<overstep::report::Diagnostic>,
    /// The exit code.
    pub exit: ExitStatus,
}

impl From<overstep::report::Diagnostic> for CommandError {
    fn from(problem: overstep::report::Diagnostic) -> Self {
        Self { problems: vec![problem], exit: ExitStatus::Usage }
    }
}

impl From<Box<overstep::report::Diagnostic>> for CommandError {
    fn from(problem: Box<overstep::report::Diagnostic>) -> Self {
        Self::from(*problem)
    }
}

impl From<Vec<overstep::report::Diagnostic>> for CommandError {
    fn from(problems: Vec<overstep::report::Diagnostic>) -> Self {
        Self { problems, exit: ExitStatus::Usage }
    }
}

impl From<overstep::session::SessionError> for CommandError {
    fn from(error: overstep::session::SessionError) -> Self {
        match error {
            overstep::session::SessionError::Problems(problems) => Self::from(problems),
            overstep::session::SessionError::OutputClosed => Self { problems: Vec::new(), exit: ExitStatus::Success },
        }
    }
}

impl From<overstep::store::StoreError> for CommandError {
    fn from(error: overstep::store::StoreError) -> Self {
        Self::from(crate::config::store_diagnostic(&error))
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self { problems: Vec::new(), exit: ExitStatus::Success };
        }
        Self::from(overstep::report::Diagnostic::error(format!("cannot write: {error}")))
    }
}

/// Returns the value of an environment variable, or `None` if it is unset or not Unicode.
#[expect(clippy::disallowed_methods, reason = "the environment is read in cli only")]
fn environment_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Returns the directory in which the command was started.
#[expect(clippy::disallowed_methods, reason = "the environment is read in cli only")]
fn current_directory() -> Result<std::path::PathBuf, CommandError> {
    std::env::current_dir()
        .map_err(|error| overstep::report::Diagnostic::error(format!("cannot read current directory: {error}")).into())
}
