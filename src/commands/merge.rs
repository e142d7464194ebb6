//! Implements `overstep merge`, which turns the blobs of all shards into the results of one run.
//!
//! It never sends a request.

use crate::cli::{CommandError, MergeFlags, MergeSettings, RunOutputs, exit_of_summary, exit_without_cases, messages};
use crate::session::{MergeError, SessionError};
use overstep::exit::ExitStatus;
use overstep::session;

/// Merges the shards of a run, and reports it as if one machine had sent it.
pub fn merge_shards(flags: &MergeFlags) -> Result<ExitStatus, CommandError> {
    let MergeSettings { run: settings, mut shards } = MergeSettings::new(flags)?;
    let mut outputs = RunOutputs::open(&settings)?;
    outputs.print_embedded_notice(&settings)?;
    let (mut exit, mut problems, mut cases) = (ExitStatus::Success, Vec::new(), 0);
    for run in &settings.scenarios {
        match session::merge_scenario(&run.job, &run.options, &mut shards, &mut outputs) {
            Ok(None) => {}
            Ok(Some(summary)) => {
                cases += summary.counts.total();
                exit = exit.combine(exit_of_summary(&summary));
            }
            Err(MergeError::Session(SessionError::OutputClosed)) => {
                outputs.store_last_run();
                return Ok(exit.combine(ExitStatus::Incomplete));
            }
            Err(MergeError::Shards(problem)) => {
                exit = exit.combine(ExitStatus::Incomplete);
                problems.push(*problem);
                break;
            }
            Err(MergeError::Session(SessionError::Problems(found))) => {
                exit = exit.combine(ExitStatus::Usage);
                problems.extend(found);
            }
        }
    }
    let finished = outputs.finish_all();
    messages::print_problems(&problems);
    finished?;
    if cases == 0 && exit == ExitStatus::Success {
        exit = exit_without_cases(settings.no_cases);
    }
    Ok(exit)
}
