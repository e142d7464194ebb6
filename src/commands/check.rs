//! Implements `overstep check`.
//!
//! It never sends a request before all scenarios, documents and settings have been read.

use super::comparison_endpoint::ComparisonEndpoint;
use crate::cli::{
    CheckFlags, CommandError, CommandRuntime, RunOutputs, RunSettings, announce_known_divergences, announce_start,
    exit_of_summary, exit_without_cases, messages, stop_on_signal,
};
use crate::session::{BlobReader, SessionError, ShardNumber};
use overstep::exit::ExitStatus;
use overstep::report::Diagnostic;
use overstep::run::CancelToken;
use overstep::session;
use overstep::store;
use std::path::Path;

/// Sends every case and compares the responses with the documentation.
pub fn check_scenarios(flags: &CheckFlags) -> Result<ExitStatus, CommandError> {
    let mut settings = RunSettings::for_check(flags)?;
    let against = ComparisonEndpoint::from_settings(&mut settings)?;
    let runtime = CommandRuntime::new()?;
    runtime.block_on(async {
        let stop = CancelToken::default();
        tokio::spawn(stop_on_signal(stop.clone()));
        if let Some(against) = &against {
            let exit = against.record_responses(&settings.run_id, &stop).await?;
            if exit != ExitStatus::Success {
                return Ok(exit);
            }
        }
        run_scenarios(&settings, &stop).await
    })
}

async fn run_scenarios(settings: &RunSettings, stop: &CancelToken) -> Result<ExitStatus, CommandError> {
    let mut outputs = RunOutputs::open(settings)?;
    outputs.print_embedded_notice(settings)?;
    if settings.scenarios.iter().any(|run| run.job.lifecycle.start.is_some()) {
        store::remove_server_log(&settings.directory);
    }
    if let Some(shard) = settings.shard {
        messages::print_line(&shard.describe());
    }
    let mut recorded = settings.resumed.as_deref().map(open_recorded).transpose()?;
    let mut exit = ExitStatus::Success;
    let (mut cases, mut problems) = (0, Vec::new());
    for run in &settings.scenarios {
        if stop.is_cancelled() {
            exit = exit.combine(ExitStatus::Incomplete);
            break;
        }
        announce_known_divergences(&run.job, &run.found);
        announce_start(&run.job);
        let control = (settings.run_id.as_str(), stop);
        match session::resume_check(&run.job, &run.options, control, &mut recorded, &mut outputs).await {
            Ok(None) => {}
            Ok(Some(summary)) => {
                cases += summary.counts.total();
                exit = exit.combine(exit_of_summary(&summary));
            }
            Err(SessionError::OutputClosed) => {
                // The run is stored so that the findings shown by `… | head` can be replayed.
                outputs.store_last_run();
                return Ok(exit.combine(ExitStatus::Incomplete));
            }
            Err(SessionError::Problems(found)) => {
                outputs.abandon_resumed_blob();
                exit = exit.combine(ExitStatus::Usage);
                problems.extend(found);
            }
        }
    }
    let _writing = stop.begin_cleanup();
    let finished = outputs.finish_all();
    messages::print_problems(&problems);
    finished?;
    let is_part = settings.shard.is_some_and(ShardNumber::is_part);
    if cases == 0 && exit == ExitStatus::Success && !is_part {
        exit = exit_without_cases(settings.no_cases);
    }
    Ok(exit)
}

/// Opens the blob of an earlier run that was stopped. A run that was stopped before its first result has none.
fn open_recorded(path: &Path) -> Result<BlobReader, CommandError> {
    let lines = store::open_results(path)?;
    let problem = |reason: String| {
        Diagnostic::error(format!("cannot resume from `{}`: {reason}", path.display()))
            .with_hint("start again without `--resume`, or remove the file")
    };
    let reader = BlobReader::new(Box::new(lines)).map_err(|error| problem(error.to_string()))?;
    if reader.header.version != env!("CARGO_PKG_VERSION") {
        return Err(problem(format!("overstep {} wrote it", reader.header.version)).into());
    }
    Ok(reader)
}
