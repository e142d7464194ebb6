//! Runs the command that the process was started with.
//!
//! It never looks at a flag of a command.

use super::{
    cases, check, completions, doctor, drift, explain, export, fit, fuzz, ingest, init, man, merge, replay, report,
    schema, serve, snapshot, trend, watch,
};
use crate::cli::{CliCommand, CliFlags, ColorWhen, environment_variable, messages, usage_diagnostic};
use clap::{CommandFactory as _, Parser as _};
use overstep::exit::ExitStatus;
use std::ffi::OsString;
use std::io::IsTerminal as _;

/// Runs the command that the process was started with, and returns its exit code.
pub fn main() -> ExitStatus {
    std::panic::set_hook(Box::new(messages::print_panic));
    let exit = std::panic::catch_unwind(run_command_line).unwrap_or(ExitStatus::InternalError);
    // After a panic, started servers may still run because their handles were not dropped.
    overstep::run::kill_all_started();
    exit
}

fn run_command_line() -> ExitStatus {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if completions::answer_shell(&arguments) {
        return ExitStatus::Success;
    }
    let flags = match CliFlags::try_parse_from(&arguments) {
        Ok(flags) => flags,
        Err(error) => return print_usage_error(&error, &arguments),
    };
    let color = match flags.color {
        // anstream takes `CLICOLOR_FORCE=0` for a wish to have colors.
        ColorWhen::Auto if has_value("CLICOLOR_FORCE", "0") && (!is_terminal() || has_value("CLICOLOR", "0")) => {
            anstream::ColorChoice::Never
        }
        ColorWhen::Auto => anstream::ColorChoice::Auto,
        ColorWhen::Always => anstream::ColorChoice::AlwaysAnsi,
        ColorWhen::Never => anstream::ColorChoice::Never,
    };
    color.write_global();
    let result = match flags.command {
        CliCommand::Check(flags) => check::check_scenarios(&flags),
        CliCommand::Merge(flags) => merge::merge_shards(&flags),
        CliCommand::Fit(flags) => fit::check_fit(&flags),
        CliCommand::Fuzz(flags) => fuzz::fuzz_scenarios(&flags),
        CliCommand::Cases(flags) => cases::print_cases(&flags),
        CliCommand::Init(flags) => init::init_scenario(&flags),
        CliCommand::Doctor(flags) => doctor::diagnose_scenarios(&flags),
        CliCommand::Ingest(flags) => ingest::ingest_sources(&flags),
        CliCommand::Drift(flags) => drift::print_drift(&flags),
        CliCommand::Report(flags) => report::print_findings(&flags),
        CliCommand::Trend(flags) => trend::print_trend(&flags),
        CliCommand::Watch(flags) => watch::watch_scenarios(&flags),
        CliCommand::Explain(flags) => explain::print_explanation(&flags),
        CliCommand::Replay(flags) => replay::replay_cases(&flags),
        CliCommand::Export(flags) => export::export_cases(&flags),
        CliCommand::Snapshot(command) => snapshot::run_snapshot_command(&command),
        CliCommand::Serve(flags) => serve::serve_scenario(&flags),
        CliCommand::Schema { name } => schema::print_schema(name),
        CliCommand::Completions { shell } => completions::print_script(shell),
        CliCommand::Man(flags) => man::print_pages(&flags),
    };
    result.unwrap_or_else(|error| {
        messages::print_problems(&error.problems);
        error.exit
    })
}

fn has_value(variable: &str, value: &str) -> bool {
    environment_variable(variable).as_deref() == Some(value)
}

fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Prints what is wrong with the command line, or the help that it asks for.
fn print_usage_error(error: &clap::Error, arguments: &[OsString]) -> ExitStatus {
    let words: Vec<String> = arguments.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let mut root = CliFlags::command();
    root.build();
    match usage_diagnostic(error, &root, &words) {
        Some(problem) => messages::print_problems(&[problem]),
        // A failure to print is ignored: the reader may have gone away (`| head`).
        None => drop(error.print()),
    }
    if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Success }
}
