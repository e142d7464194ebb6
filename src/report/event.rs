//! The events of a run, as every reporter receives them.
//!
//! Every reporter gets the same calls in the same order and never changes a result.

pub use crate::judge::SkippedOperation;

use super::blob_event::{FollowUpReason, LimitAnswers, ScenarioBegin, ScenarioEnd};
use super::reach::OperationReach;
use crate::case::Case;
use crate::judge::{Finding, Judgement, OperationCoverage, SnapshotChange, SnapshotComparison, Verdict};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use std::io;
use std::sync::Arc;
use std::time::SystemTime;

/// What is known about a run before its first request.
#[derive(Clone, Debug)]
pub struct RunStarted {
    /// The scenario's name.
    pub scenario: String,
    /// The endpoint's base URL, without secrets.
    pub endpoint: String,
    /// The endpoint's name; `embedded`, or `default` for a bare URL.
    pub profile: String,
    /// Seed of the generated data.
    pub seed: u64,
    /// The run's id, the value of `{run}`.
    pub run_id: String,
    /// When the run began.
    pub started: SystemTime,
    /// The contract's digest, prefixed with `sha256:`.
    pub contract: String,
    /// Number of operations that have cases.
    pub operations: u64,
    /// Number of cases.
    pub cases: u64,
    /// The command line that repeats this run, without a filter.
    pub rerun_command: String,
    /// The version that the server reports, if it has a version command.
    pub server_version: Option<String>,
    /// Paths in the repository of the documents that are there, by the names that facts use for them.
    pub documents: IndexMap<String, String>,
    /// The path in the repository of the scenario's file, if it is there.
    pub scenario_file: Option<String>,
}

/// One case with its verdict.
#[derive(Debug)]
pub struct CaseResult {
    /// The case that was sent.
    pub case: Arc<Case>,
    /// The verdict and what was received.
    pub judgement: Judgement,
    /// The comparison of the response with the accepted one.
    pub comparison: SnapshotComparison,
    /// Whether the case counts as a finding.
    pub is_finding: bool,
    /// The message of the response, if the case diverges and it has one.
    pub message: Option<String>,
    /// The form of the response, if the run sees it for the first time.
    pub new_form: Option<NewForm>,
    /// Duration of the judged step, in milliseconds.
    pub millis: f64,
    /// The case's line in the NDJSON results, without the newline.
    pub results_line: Vec<u8>,
    /// The judged request as a curl line, if the case did not pass and curl can send it.
    pub curl: Option<String>,
    /// Output of the server during this case, if overstep started the server and the case failed.
    pub server_output: Vec<String>,
}

impl CaseResult {
    /// Returns what a finding shows to reproduce this case.
    pub fn reproduction(&self) -> crate::judge::Reproduction {
        crate::judge::Reproduction { curl: self.curl.clone(), server_output: self.server_output.clone() }
    }
}

/// A form of responses, reported when it first occurs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewForm {
    /// A name such as `f1`, the same in the results and in the operation's snapshot.
    pub name: String,
    /// The facts that make up the form, as pairs of name and value.
    pub facts: Vec<(String, String)>,
}

/// Number of snapshot files that a run has written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SnapshotUpdates {
    /// Files that wait for a review.
    pub pending: u64,
    /// Files that were accepted without a review.
    pub accepted: u64,
}

/// Number of cases per verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VerdictCounts {
    /// Responses that match the contract.
    pub pass: u64,
    /// Responses that contradict the contract.
    pub diverges: u64,
    /// Cases whose result the documents do not define.
    pub unspecified: u64,
    /// Cases of operations that the endpoint does not implement.
    pub not_implemented: u64,
    /// Cases that diverged, but not when they were sent again alone.
    pub flaky: u64,
    /// Cases without a usable response (transport, throttling, failed setup).
    pub indeterminate: u64,
    /// Cases that could not be sent.
    pub unsendable: u64,
    /// Diverging cases that match an accepted snapshot or a known divergence (a subset of `diverges`).
    pub known: u64,
    /// Cases whose response differs from the accepted one.
    pub changed: u64,
    /// Cases with a response for which no snapshot is accepted yet.
    #[serde(rename = "new")]
    pub unreviewed: u64,
}

impl VerdictCounts {
    /// Counts one case with this verdict.
    pub fn count_verdict(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Pass => self.pass += 1,
            Verdict::Diverges => self.diverges += 1,
            Verdict::Unspecified => self.unspecified += 1,
            Verdict::NotImplemented => self.not_implemented += 1,
            Verdict::Flaky => self.flaky += 1,
            Verdict::Indeterminate => self.indeterminate += 1,
            Verdict::Unsendable => self.unsendable += 1,
        }
    }

    /// Counts the comparison of one case with accepted behaviour.
    pub fn count_comparison(&mut self, comparison: &SnapshotComparison) {
        self.known += u64::from(comparison.is_known_divergence);
        self.changed += u64::from(comparison.change == SnapshotChange::Changed);
        self.unreviewed += u64::from(comparison.change == SnapshotChange::New);
    }

    /// Returns the number of all cases.
    pub fn total(&self) -> u64 {
        self.pass
            + self.diverges
            + self.unspecified
            + self.not_implemented
            + self.flaky
            + self.indeterminate
            + self.unsendable
    }
}

/// What is known about a run after its last response.
#[derive(Clone, Debug, Default)]
pub struct RunSummary {
    /// The scenario's name.
    pub scenario: String,
    /// Cases by verdict.
    pub counts: VerdictCounts,
    /// One row per operation that had cases.
    pub operations: Vec<OperationCoverage>,
    /// Findings, most urgent first.
    pub findings: Vec<Finding>,
    /// IDs of the first flaky cases, each with the reason in one sentence.
    pub flaky_cases: Vec<(String, String)>,
    /// Operations that were not run.
    pub skipped_operations: Vec<SkippedOperation>,
    /// Reasons why more than a fifth of the cases were not compared with the documentation, one sentence each.
    pub muted_notes: Vec<String>,
    /// The operations whose control was run, with the status that it got, if it was sent.
    pub controls: Vec<(String, Option<u16>)>,
    /// Notes about known divergences that expired or no longer occur, one sentence each.
    pub known_divergence_notes: Vec<String>,
    /// Why the run is incomplete, if it is.
    pub incomplete_reason: Option<String>,
    /// How to fix the incomplete run, if known.
    pub hint: Option<&'static str>,
    /// Why fewer workers were used than were asked for.
    pub worker_note: Option<String>,
    /// Whether the run covered every case of the scenario.
    pub is_complete: bool,
    /// The snapshot files that were written.
    pub snapshot_updates: SnapshotUpdates,
    /// The last output lines of the server, if overstep started it and its exit ended the run.
    pub server_output: Vec<String>,
    /// Number of cases whose cleanup failed, with the first one's id and the reason.
    pub leaked_fixtures: Option<(u64, String, String)>,
    /// Processor time of overstep and of the server that it started, in seconds, if both are known.
    pub processor_seconds: Option<(f64, f64)>,
    /// Time from the first request to the last response, in seconds.
    pub seconds: f64,
}

impl RunSummary {
    /// Returns how many of the endpoint's operations a plain request reached.
    pub fn operation_reach(&self) -> OperationReach {
        let mut reach = OperationReach::default();
        for (operation, status) in &self.controls {
            let skipped = self.skipped_operations.iter().find(|skipped| skipped.operation == *operation);
            if skipped.is_none_or(|skipped| skipped.is_implemented) {
                let observed = status.map_or_else(String::new, |status| status.to_string());
                reach.add(status.is_some_and(|status| status < 400), &observed);
            }
        }
        reach
    }
}

/// What only a merge needs of a run, in the order in which it happens.
#[derive(Debug)]
pub enum MergeRecord<'a> {
    /// A scenario begins.
    Begin(&'a ScenarioBegin),
    /// A case was judged, and the forms of responses have their names.
    Case {
        /// Its result.
        result: &'a CaseResult,
        /// Whether the result belongs to another shard, which sends the same case.
        is_borrowed: bool,
    },
    /// What follows is not known from an earlier run.
    Live,
    /// All controls were sent; no further case of these operations is.
    Controls(&'a [String]),
    /// A case was sent after all others.
    FollowUp(&'a CaseResult, FollowUpReason),
    /// One side of a limit was searched.
    Limit(&'a LimitAnswers),
    /// A scenario ends.
    End(&'a ScenarioEnd),
}

/// Turns the events of a run into bytes. Events that a reporter does not use are ignored.
pub trait Reporter {
    /// Called once when a scenario begins.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    fn begin_run(&mut self, _head: &RunStarted) -> io::Result<()> {
        Ok(())
    }

    /// Called for each judged case, in plan order.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    fn report_case(&mut self, _done: &CaseResult) -> io::Result<()> {
        Ok(())
    }

    /// Called when a scenario ends, also after Ctrl-C.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    fn end_run(&mut self, _summary: &RunSummary) -> io::Result<()> {
        Ok(())
    }

    /// Called with what only a merge of several shards needs. Only blobs hold it.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    fn record_for_merge(&mut self, _record: &MergeRecord<'_>) -> io::Result<()> {
        Ok(())
    }

    /// Called after the last scenario.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
