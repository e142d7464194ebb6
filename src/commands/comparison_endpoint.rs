//! The second endpoint of `overstep check --against`: its responses replace the accepted snapshots.
//!
//! It never keeps those responses after the comparison.

use crate::cli::{CommandError, RunSettings, ScenarioRun, announce_start, messages, snapshot_options};
use crate::session::{DifferentialMode, RecordedResponses, RunOptions, SnapshotOptions, SnapshotUpdate};
use overstep::exit::ExitStatus;
use overstep::report::{Reporter, pluralize};
use overstep::run::CancelToken;
use overstep::session;
use overstep::store::{self, FoundScenario, TemporaryFolder};

/// The second endpoint of a differential run.
pub struct ComparisonEndpoint {
    scenarios: Vec<ScenarioRun>,
    /// The values in its responses.
    responses: RecordedResponses,
    folder: TemporaryFolder,
}

impl ComparisonEndpoint {
    /// Takes the second endpoint from the settings, if there is one, and lets the first one be compared with it.
    pub fn from_settings(settings: &mut RunSettings) -> Result<Option<Self>, CommandError> {
        let Some(scenarios) = settings.against.take() else { return Ok(None) };
        let folder = store::create_temporary_folder()?;
        let endpoint = Self { scenarios, responses: RecordedResponses::default(), folder };
        for run in &mut settings.scenarios {
            run.options.snapshots = Some(endpoint.snapshot_options(&run.found, SnapshotUpdate::No));
            run.options.differential = Some(DifferentialMode::Compare(endpoint.responses.clone()));
        }
        Ok(Some(endpoint))
    }

    /// Returns the snapshot options that store its responses in a temporary folder.
    fn snapshot_options(&self, found: &FoundScenario, update: SnapshotUpdate) -> SnapshotOptions {
        let folder = self.folder.path();
        SnapshotOptions { profile: Some("against".to_owned()), ..snapshot_options(Some(folder), found, folder, update) }
    }

    /// Sends all cases and records the responses. Returns a status other than success if any response is missing.
    pub async fn record_responses(&self, run_id: &str, stop: &CancelToken) -> Result<ExitStatus, CommandError> {
        for ScenarioRun { found, job, options } in &self.scenarios {
            messages::print_line(&format!("sending to {} first: its responses count as accepted", job.profile));
            announce_start(job);
            let options = RunOptions {
                snapshots: Some(self.snapshot_options(found, SnapshotUpdate::All)),
                differential: Some(DifferentialMode::Record(self.responses.clone())),
                ..options.clone()
            };
            let summary = session::check(job, &options, run_id, stop, &mut SilentOutput).await?;
            if let Some(why) = summary.and_then(|summary| summary.incomplete_reason) {
                messages::print_line(&format!("cannot compare with {}: {why}", job.profile));
                return Ok(ExitStatus::Incomplete);
            }
        }
        match self.responses.dropped_count() {
            0 => {}
            lost => messages::print_line(&format!(
                "not compared because of the memory limit: the values of {}",
                pluralize(lost, "response")
            )),
        }
        Ok(ExitStatus::Success)
    }
}

/// Discards all events: the second endpoint has no report of its own.
struct SilentOutput;

impl Reporter for SilentOutput {}
