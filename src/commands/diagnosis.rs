//! Diagnoses an endpoint while a progress bar is shown; `doctor` and `init` do so.
//!
//! It never prints the result.

use crate::cli::{CommandError, CommandRuntime, stop_on_signal};
use crate::session::{RunOptions, ScenarioJob};
use indicatif::{ProgressBar, ProgressStyle};
use overstep::escape::escape_line;
use overstep::report::EndpointDiagnosis;
use overstep::run::CancelToken;
use overstep::session;

/// Diagnoses the endpoint of a job, with a progress bar.
pub fn run_diagnosis(
    job: &ScenarioJob,
    run_id: Option<String>,
    progress: bool,
) -> Result<EndpointDiagnosis, CommandError> {
    let runtime = CommandRuntime::new()?;
    let run_id = run_id.unwrap_or_else(session::new_run_id);
    let stop = CancelToken::default();
    let bar = if progress { ProgressBar::new(job.contract.operations.len() as u64) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}") {
        bar.set_style(style);
    }
    let mut step = |row: &overstep::report::OperationDiagnosis| {
        bar.inc(1);
        bar.set_message(escape_line(&row.operation));
    };
    let diagnosis = runtime.block_on(async {
        tokio::spawn(stop_on_signal(stop.clone()));
        session::diagnose(job, &job.inferred, &RunOptions::default(), &run_id, &stop, &mut step).await
    });
    bar.finish_and_clear();
    Ok(diagnosis?)
}
