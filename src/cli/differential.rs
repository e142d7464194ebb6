//! Implements `overstep check --against`: the responses of a second endpoint replace the accepted snapshots.
//!
//! It never keeps those responses after the comparison.

use super::flags::{CheckFlags, SelectionFlags};
use super::{CommandError, jobs::build_jobs, messages};
use crate::session::{DifferentialMode, RecordedResponses, RunOptions, ScenarioJob, SnapshotOptions, SnapshotUpdate};
use overstep::exit::ExitStatus;
use overstep::report::{CaseResult, Reporter, RunStarted, RunSummary};
use overstep::run::CancelToken;
use overstep::session;
use overstep::store::{self, FoundScenario, TemporaryFolder};
use std::io;

/// The second endpoint of a differential run.
pub struct ComparisonEndpoint {
    jobs: Vec<ScenarioJob>,
    /// The values in its responses.
    pub responses: RecordedResponses,
    folder: TemporaryFolder,
}

impl ComparisonEndpoint {
    /// Prepares the cases that the flags select for the second endpoint `other`.
    pub fn new(flags: &CheckFlags, other: &str) -> Result<Self, CommandError> {
        let choose = SelectionFlags { endpoint: Some(other.to_owned()), ..flags.selection.clone() };
        let (jobs, _, _) = build_jobs(&choose, flags.send.allow_remote, true)?;
        Ok(Self { jobs, responses: RecordedResponses::default(), folder: store::create_temporary_folder()? })
    }

    /// Returns the snapshot options that store its responses in a temporary folder.
    pub fn snapshot_options(&self, found: &FoundScenario, update: SnapshotUpdate) -> SnapshotOptions {
        let folder = self.folder.path();
        SnapshotOptions {
            profile: Some("against".to_owned()),
            ..super::snapshot::snapshot_options(Some(folder), found, folder, update)
        }
    }

    /// Sends all cases and records the responses. Returns a code other than [`Exit::Kept`] if any response is missing.
    pub async fn record_responses(
        &self,
        flags: &CheckFlags,
        sendings: &[RunOptions],
        scenarios: &[(FoundScenario, overstep::scenario::Scenario)],
        run_id: &str,
        stop: &CancelToken,
    ) -> Result<ExitStatus, CommandError> {
        for ((job, sending), (found, _)) in self.jobs.iter().zip(sendings).zip(scenarios) {
            messages::print_line(&format!("sending to {} first: its responses count as accepted", job.profile));
            super::lifecycle::announce_start(job);
            let mut sending = RunOptions {
                snapshots: Some(self.snapshot_options(found, SnapshotUpdate::All)),
                differential: Some(DifferentialMode::Record(self.responses.clone())),
                max_failures: None,
                ..sending.clone()
            };
            if flags.send.workers.is_none() && !job.lifecycle.not_implemented_texts.is_empty() {
                sending.settings.workers = 1;
            }
            let summary = session::check(job, &sending, run_id, stop, &mut SilentOutput).await?;
            if let Some(why) = summary.and_then(|summary| summary.incomplete_reason) {
                messages::print_line(&format!("cannot compare with {}: {why}", job.profile));
                return Ok(ExitStatus::Incomplete);
            }
        }
        match self.responses.dropped_count() {
            0 => {}
            lost => messages::print_line(&format!(
                "{lost} responses exceed the memory limit; their values are not compared"
            )),
        }
        Ok(ExitStatus::Success)
    }
}

/// Discards all events: the second endpoint has no report of its own.
struct SilentOutput;

impl Reporter for SilentOutput {
    fn begin_run(&mut self, _head: &RunStarted) -> io::Result<()> {
        Ok(())
    }

    fn report_case(&mut self, _done: &CaseResult) -> io::Result<()> {
        Ok(())
    }

    fn end_run(&mut self, _summary: &RunSummary) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
