//! Implements the command line: flags, environment variables, exit codes and everything that is printed.
//!
//! It never looks inside a case; the work is done in `pipeline`.

mod again;
mod against;
mod cases;
mod check;
mod corpus;
mod doctor;
mod export;
mod flags;
mod fuzz;
mod ingest;
mod jobs;
mod outputs;
mod recorded;
mod replay;
mod runtime;
mod saved;
mod say;
mod serve;
mod snapshot;
mod target;
mod upkeep;
mod values;

use clap::{CommandFactory as _, Parser as _};
use flags::{Command, Flags, When};
use overstep::exit::Exit;

pub use target::{Target, target, target_of};

/// Runs the command that the process was started with, and returns its exit code.
pub fn main() -> Exit {
    std::panic::set_hook(Box::new(say::bug));
    let exit = std::panic::catch_unwind(run).unwrap_or(Exit::Bug);
    // After a panic, started servers may still run because their handles were not dropped.
    overstep::run::kill_started();
    exit
}

fn run() -> Exit {
    let flags = match Flags::try_parse() {
        Ok(flags) => flags,
        Err(error) => {
            // A failure to print is ignored: the reader may have gone away (`| head`).
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Kept };
        }
    };
    let colour = match flags.color {
        When::Auto => anstream::ColorChoice::Auto,
        When::Always => anstream::ColorChoice::AlwaysAnsi,
        When::Never => anstream::ColorChoice::Never,
    };
    colour.write_global();
    let ended = match flags.command {
        Command::Check(flags) => check::check(&flags),
        Command::Fuzz(flags) => fuzz::fuzz(&flags),
        Command::Cases(flags) => cases::cases(&flags),
        Command::Init(flags) => doctor::init(&flags),
        Command::Doctor(flags) => doctor::doctor(&flags),
        Command::Ingest(flags) => ingest::ingest(&flags),
        Command::Drift(flags) => ingest::drift(&flags),
        Command::Replay(flags) => replay::replay(&flags),
        Command::Export(flags) => export::export(&flags),
        Command::Snapshot(command) => snapshot::snapshot(&command),
        Command::Serve(flags) => serve::serve(&flags),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Flags::command(), "overstep", &mut std::io::stdout());
            Ok(Exit::Kept)
        }
    };
    ended.unwrap_or_else(|stopped| {
        say::problems(&stopped.problems);
        stopped.exit
    })
}

/// The reason why a command failed.
#[derive(Debug)]
pub struct Stopped {
    /// The problems to print.
    pub problems: Vec<overstep::report::Diagnostic>,
    /// The exit code.
    pub exit: Exit,
}

impl From<overstep::report::Diagnostic> for Stopped {
    fn from(problem: overstep::report::Diagnostic) -> Self {
        Self { problems: vec![problem], exit: Exit::Usage }
    }
}

impl From<Box<overstep::report::Diagnostic>> for Stopped {
    fn from(problem: Box<overstep::report::Diagnostic>) -> Self {
        Self::from(*problem)
    }
}

impl From<Vec<overstep::report::Diagnostic>> for Stopped {
    fn from(problems: Vec<overstep::report::Diagnostic>) -> Self {
        Self { problems, exit: Exit::Usage }
    }
}

impl From<overstep::store::StoreError> for Stopped {
    fn from(error: overstep::store::StoreError) -> Self {
        Self::from(crate::config::store_problem(&error))
    }
}

impl From<std::io::Error> for Stopped {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self { problems: Vec::new(), exit: Exit::Kept };
        }
        Self::from(overstep::report::Diagnostic::error(format!("cannot write: {error}")))
    }
}

/// Returns the value of an environment variable, or `None` if it is unset or not Unicode.
#[expect(clippy::disallowed_methods, reason = "the environment is read in cli only")]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Returns the directory in which the command was started.
#[expect(clippy::disallowed_methods, reason = "the environment is read in cli only")]
fn current_directory() -> Result<std::path::PathBuf, Stopped> {
    std::env::current_dir()
        .map_err(|error| overstep::report::Diagnostic::error(format!("cannot read current directory: {error}")).into())
}
