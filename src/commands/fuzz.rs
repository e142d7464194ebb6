//! Implements `overstep fuzz`: fuzzes each selected scenario, and writes findings to files that can be sent again.
//!
//! It never decides what is sent; that is the work of `session`.

use super::finding_writer::FindingWriter;
use crate::cli::{
    CommandError, CommandRuntime, FuzzFlags, FuzzSettings, RunOutputs, announce_start, exit_of_summary,
    exit_without_cases, messages, stop_on_signal,
};
use crate::session::{OperationsWithoutSuccess, SessionError};
use overstep::exit::ExitStatus;
use overstep::report::{Diagnostic, RunSummary, Severity};
use overstep::run::CancelToken;
use overstep::session;

/// Fuzzes the endpoint of each selected scenario.
pub fn fuzz_scenarios(flags: &FuzzFlags) -> Result<ExitStatus, CommandError> {
    let settings = FuzzSettings::new(flags)?;
    let runtime = CommandRuntime::new()?;
    let mut outputs = RunOutputs::open(&settings.run)?;
    outputs.print_embedded_notice(&settings.run)?;
    let (exit, problems) = runtime.block_on(run_scenarios(&settings, &mut outputs));
    let finished = outputs.finish_all();
    messages::print_problems(&problems);
    finished?;
    Ok(exit)
}

async fn run_scenarios(settings: &FuzzSettings, outputs: &mut RunOutputs) -> (ExitStatus, Vec<Diagnostic>) {
    let (mut exit, mut problems) = (ExitStatus::Success, Vec::new());
    let stop = CancelToken::default();
    tokio::spawn(stop_on_signal(stop.clone()));
    for run in &settings.run.scenarios {
        if stop.is_cancelled() {
            break;
        }
        announce_start(&run.job);
        let mut writer = FindingWriter::new(settings, run);
        let run_id = &settings.run.run_id;
        let result =
            session::fuzz(&run.job, &run.options, &settings.fuzzing, run_id, &stop, outputs, &mut writer).await;
        writer.finish_progress();
        match result {
            Ok((summary, without_success)) => {
                for file in &writer.saved_files {
                    let shown = file.strip_prefix(&settings.run.directory).unwrap_or(file);
                    messages::print_line(&format!("saved: {}", shown.display()));
                }
                exit = exit.combine(exit_of_result(settings, &summary, &without_success));
            }
            Err(SessionError::OutputClosed) => {
                exit = exit.combine(ExitStatus::Incomplete);
                break;
            }
            Err(SessionError::Problems(found)) => {
                exit = exit.combine(ExitStatus::Usage);
                problems.extend(found);
            }
        }
    }
    (exit, problems)
}

/// Returns the exit code for one scenario, and warns if its result means little.
fn exit_of_result(
    settings: &FuzzSettings,
    summary: &RunSummary,
    without_success: &OperationsWithoutSuccess,
) -> ExitStatus {
    let exit = exit_of_summary(summary);
    if !without_success.is_empty() {
        let reason =
            format!("no request succeeded, so rejected requests show nothing about {}", without_success.join(", "));
        let problem = Diagnostic::error(reason).with_hint("`overstep doctor` shows what they need");
        messages::print_problems(&[Diagnostic { severity: Severity::Warning, ..problem }]);
        return exit.combine(ExitStatus::NothingRan);
    }
    if summary.counts.total() == 0 && summary.incomplete_reason.is_none() {
        return exit.combine(exit_without_cases(settings.run.no_cases));
    }
    exit
}
