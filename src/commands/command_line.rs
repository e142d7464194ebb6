//! Runs the command that the process was started with.
//!
//! It never looks at a flag of a command.

use super::{
    cases, check, doctor, drift, explain, export, fuzz, ingest, init, merge, replay, report, schema, serve, snapshot,
};
use crate::cli::{CliCommand, CliFlags, ColorWhen, messages};
use clap::{CommandFactory as _, Parser as _};
use overstep::exit::ExitStatus;

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
        CliCommand::Merge(flags) => merge::merge_shards(&flags),
        CliCommand::Fuzz(flags) => fuzz::fuzz_scenarios(&flags),
        CliCommand::Cases(flags) => cases::print_cases(&flags),
        CliCommand::Init(flags) => init::init_scenario(&flags),
        CliCommand::Doctor(flags) => doctor::diagnose_scenarios(&flags),
        CliCommand::Ingest(flags) => ingest::ingest_sources(&flags),
        CliCommand::Drift(flags) => drift::print_drift(&flags),
        CliCommand::Report(flags) => report::print_findings(&flags),
        CliCommand::Explain(flags) => explain::print_explanation(&flags),
        CliCommand::Replay(flags) => replay::replay_cases(&flags),
        CliCommand::Export(flags) => export::export_cases(&flags),
        CliCommand::Snapshot(command) => snapshot::run_snapshot_command(&command),
        CliCommand::Serve(flags) => serve::serve_scenario(&flags),
        CliCommand::Schema { name } => schema::print_schema(name),
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
