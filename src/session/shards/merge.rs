//! Merges the blobs of all shards into the results of one run.
//!
//! The plan is generated again, and each of its cases gets the result that its shard recorded. Observers and reporters
//! receive them as in a run that was not split, so nothing is judged or counted in another way. Results are read one by
//! one, so memory does not grow with their number.

use super::blob_reader::{BlobError, BlobReader};
use super::follow_up::{FollowUpContext, RecordedExplanations};
use super::recorded_result::RecordedResult;
use super::split::ShardSplit;
use crate::case::Case;
use crate::contract::digest;
use crate::generate::CompiledContract;
use crate::judge::EndpointKnowledge;
use crate::report::{CaseResult, Diagnostic, Reporter, RunStarted, RunSummary, ScenarioBegin, ScenarioEnd};
use crate::run::RunEnd;
use crate::session::case_observer::CaseObserver as _;
use crate::session::check_observers::CheckObservers;
use crate::session::error::SessionError;
use crate::session::job::{RunOptions, ScenarioJob};
use crate::session::limit_discovery::DiscoveredLimits;
use crate::session::snapshot_recorder::AcceptedSnapshots;
use std::sync::Arc;

/// Why shards were not merged.
#[derive(Clone, Debug)]
pub enum MergeError {
    /// They do not fit each other or the plan.
    Shards(Box<Diagnostic>),
    /// The merge cannot go on for the same reasons as a run.
    Session(SessionError),
}

impl<E: Into<SessionError>> From<E> for MergeError {
    fn from(error: E) -> Self {
        Self::Session(error.into())
    }
}

/// Merges what the shards recorded of a job's scenario. Every shard is there, in the order of their numbers. Returns
/// `None` if the scenario has no case.
///
/// # Errors
/// Returns an error if a blob is damaged, the shards do not fit the job or each other, or a reporter cannot write.
pub fn merge_scenario(
    job: &ScenarioJob,
    options: &RunOptions,
    shards: &mut [BlobReader],
    output: &mut (dyn Reporter + Send),
) -> Result<Option<RunSummary>, MergeError> {
    let compiled = job.compile_contract();
    let count = u32::try_from(shards.len()).unwrap_or(u32::MAX);
    let split = ShardSplit::new(job.cases(&compiled)?, count);
    if split.is_empty() {
        return Ok(None);
    }
    let mut begins = Vec::new();
    for shard in &mut *shards {
        begins.push(begin_shard(job, shard)?);
    }
    let Some(first) = begins.first() else { return Ok(None) };
    for (begin, shard) in begins.iter().zip(&*shards) {
        if begin.plan != split.digest() {
            let reason = format!("{} sent the cases of another plan of `{}`", shard.shard.describe(), begin.scenario);
            let hint = "run all shards and the merge with the same version, files, variables and flags";
            return Err(shards_problem(Diagnostic::error(reason).with_hint(hint)));
        }
    }
    let accepted = AcceptedSnapshots::read(job, options.snapshots.as_ref())?;
    let knowledge = EndpointKnowledge::from_canary_record(first.canary.clone())
        .with_vouched_operations(&job.contract, &job.scenario);
    let merge = Merge {
        head: run_started(job, first),
        observers: CheckObservers::new(job, options, &accepted),
        job,
        compiled,
        strict: options.strict,
        split,
        shards,
        knowledge,
        output,
        gaps: Gaps::default(),
    };
    merge.run().map(Some)
}

/// Reads the beginning of a shard's record of a job's scenario.
fn begin_shard(job: &ScenarioJob, shard: &mut BlobReader) -> Result<ScenarioBegin, MergeError> {
    let name = shard.shard.describe();
    let begin = shard.begin_scenario().map_err(|error| blob_problem(shard, &error))?;
    let scenario = &job.scenario.name;
    let begin = begin.filter(|begin| begin.scenario == *scenario).ok_or_else(|| {
        let problem = Diagnostic::error(format!("{name} has no results of `{scenario}`"));
        shards_problem(problem.with_hint("run it again; its server may not have started"))
    })?;
    if begin.contract != digest(&job.contract) {
        let reason = format!("{name} tested another contract of `{scenario}`");
        let hint = "run all shards and the merge with the same documents and the same version";
        return Err(shards_problem(Diagnostic::error(reason).with_hint(hint)));
    }
    Ok(begin)
}

fn shards_problem(problem: Diagnostic) -> MergeError {
    MergeError::Shards(Box::new(problem))
}

fn blob_problem(shard: &BlobReader, error: &BlobError) -> MergeError {
    shards_problem(Diagnostic::error(format!("the blob of {}: {error}", shard.shard.describe())))
}

/// Returns what reporters receive first, without the number of cases.
fn run_started(job: &ScenarioJob, begin: &ScenarioBegin) -> RunStarted {
    RunStarted {
        scenario: job.scenario.name.clone(),
        endpoint: begin.endpoint.clone(),
        profile: job.profile.clone(),
        seed: job.seed,
        run_id: begin.run.clone(),
        started: begin.started,
        contract: begin.contract.clone(),
        operations: 0,
        cases: 0,
        rerun_command: job.rerun_command.clone(),
        server_version: begin.server.clone(),
        documents: job.documents.clone(),
        scenario_file: job.repository_path.clone(),
    }
}

/// Why results are missing.
#[derive(Default)]
struct Gaps {
    /// The first case without a result, with its shard.
    missing: Option<(usize, String)>,
    /// The first operation that one shard ran and another one did not, with the latter.
    disputed: Option<(usize, String)>,
}

/// A merge while it runs.
struct Merge<'a, 'r> {
    job: &'a ScenarioJob,
    compiled: CompiledContract<'a>,
    strict: bool,
    split: ShardSplit,
    shards: &'r mut [BlobReader],
    head: RunStarted,
    observers: CheckObservers<'a>,
    knowledge: EndpointKnowledge,
    output: &'r mut (dyn Reporter + Send),
    gaps: Gaps,
}

impl Merge<'_, '_> {
    fn run(mut self) -> Result<RunSummary, MergeError> {
        let controls = self.merge_controls()?;
        self.begin_run()?;
        let has_obstacle = self.knowledge.obstacle().is_some();
        if !has_obstacle {
            for result in &controls {
                self.output.report_case(result)?;
            }
        }
        drop(controls);
        if has_obstacle {
            // A response that every request gets says nothing about a single case.
            self.observers.forget_results();
        } else if self.knowledge.wrong_base_url(&self.job.contract).is_none() {
            self.merge_others()?;
        }
        let mut found = RecordedExplanations::default();
        let mut ends = Vec::new();
        for index in 0..self.shards.len() {
            let shard = &mut self.shards[index];
            if let Some(extra) = shard.next_case().map_err(|error| blob_problem(shard, &error))?
                && !has_obstacle
                && !extra.detail.borrowed
            {
                return Err(self.unplanned(index, &extra));
            }
            let shard = &mut self.shards[index];
            let mut rest = shard.finish_scenario().map_err(|error| blob_problem(shard, &error))?;
            ends.push(rest.end.take().ok_or_else(|| unfinished(&self.shards[index]))?);
            found.add(rest);
        }
        let limits = if has_obstacle {
            None
        } else {
            let context = FollowUpContext { job: self.job, compiled: &self.compiled, strict: self.strict };
            Some(found.report(&context, &mut self.observers, self.output)?)
        };
        self.finish(&ends, limits)
    }

    fn unplanned(&self, shard: usize, found: &RecordedResult) -> MergeError {
        let reason = format!(
            "{} has a result that does not fit the plan: `{}`",
            self.shards[shard].shard.describe(),
            found.id()
        );
        shards_problem(Diagnostic::error(reason).with_hint("run the shard again"))
    }

    /// Returns the recorded result of the next case of a shard.
    fn take(&mut self, index: u32, case: Case) -> Result<Option<CaseResult>, MergeError> {
        let index = index as usize;
        loop {
            let shard = &mut self.shards[index];
            let Some(found) = shard.next_case().map_err(|error| blob_problem(shard, &error))? else {
                self.gaps.missing.get_or_insert_with(|| (index, case.id.to_string()));
                return Ok(None);
            };
            if found.detail.borrowed {
                continue;
            }
            if found.id() != case.id.as_str() {
                return Err(self.unplanned(index, &found));
            }
            return Ok(Some(found.into_result(Arc::new(case), self.strict)));
        }
    }

    fn merge_controls(&mut self) -> Result<Vec<CaseResult>, MergeError> {
        let job = self.job;
        let mut results = Vec::new();
        for case in job.control_cases(&self.compiled)? {
            let owner = *self.split.shards_of(case.operation.as_str()).start();
            let Some(mut result) = self.take(owner, case)? else { continue };
            self.observers.observe(&mut result);
            results.push(result);
        }
        for result in &results {
            self.knowledge.record(&job.contract, &result.case, &result.judgement, result.message.as_deref());
        }
        for shard in &mut *self.shards {
            shard.read_controls_end().map_err(|error| blob_problem(shard, &error))?;
        }
        Ok(results)
    }

    fn begin_run(&mut self) -> Result<(), MergeError> {
        let is_over =
            self.knowledge.obstacle().is_some() || self.knowledge.wrong_base_url(&self.job.contract).is_some();
        let counts = self.split.count_cases(|operation| !is_over && self.knowledge.should_run(operation));
        (self.head.cases, self.head.operations) = counts;
        Ok(self.output.begin_run(&self.head)?)
    }

    /// Returns true if a shard sent the cases of an operation and not only its control.
    fn was_run_in(&self, shard: u32, operation: &str) -> bool {
        let skipped = self.shards[shard as usize].skipped();
        skipped.is_none_or(|skipped| skipped.iter().all(|name| name != operation))
    }

    fn merge_others(&mut self) -> Result<(), MergeError> {
        let job = self.job;
        let was_run = |operation: &str| {
            self.knowledge.should_run(operation)
                || self.split.shards_of(operation).any(|shard| self.was_run_in(shard, operation))
        };
        let cases = job.other_cases(&self.compiled, &was_run)?;
        // The split is moved out while the results are taken.
        let split = std::mem::take(&mut self.split);
        let mut owners = split.owners();
        for case in cases {
            let owner = owners.owner_of(&case);
            let operation = case.operation.as_str();
            let counts = self.knowledge.should_run(operation);
            if !self.was_run_in(owner.shard, operation) {
                if counts {
                    self.gaps.disputed.get_or_insert_with(|| (owner.shard as usize, operation.to_owned()));
                }
                continue;
            }
            let Some(mut result) = self.take(owner.shard, case)? else { continue };
            // If the control failed where its result counts, the other cases are as meaningless as in one run.
            if counts {
                self.observers.observe(&mut result);
                self.output.report_case(&result)?;
            }
        }
        drop(owners);
        self.split = split;
        Ok(())
    }

    fn finish(self, ends: &[ScenarioEnd], limits: Option<DiscoveredLimits>) -> Result<RunSummary, MergeError> {
        let incomplete = self.incomplete_reason(ends)?;
        let CheckObservers { recorder, tally, known_usage, muted, unknown_places, .. } = self.observers;
        let seconds = ends.iter().map(|end| end.seconds).fold(0.0, f64::max);
        let mut summary = tally.into_summary(seconds, &RunEnd::Complete);
        for finding in &mut summary.findings {
            let discovery = limits.as_ref().and_then(|limits| limits.describe_for(finding));
            finding.discovery = finding.discovery.take().or(discovery);
        }
        summary.incomplete_reason = incomplete.or(summary.incomplete_reason.take());
        summary.incomplete_reason =
            self.knowledge.wrong_base_url(&self.job.contract).or(summary.incomplete_reason.take());
        summary.known_divergence_notes = known_usage.notes();
        summary.muted_notes = muted.notes();
        if let Some(obstacle) = self.knowledge.obstacle() {
            summary.incomplete_reason = Some(obstacle.to_string());
            summary.hint = Some(obstacle.kind.hint());
        } else {
            summary.skipped_operations = self.knowledge.into_skipped_operations();
        }
        add_ends(&mut summary, ends);
        summary.is_complete = summary.incomplete_reason.is_none() && self.job.is_unfiltered();
        let (updates, mut problems) = recorder.write(summary.is_complete, &summary.skipped_operations);
        summary.snapshot_updates = updates;
        problems.extend(unknown_places.problems(self.job));
        self.output.end_run(&summary)?;
        if problems.is_empty() { Ok(summary) } else { Err(problems.into()) }
    }

    /// Returns why the merged run is incomplete.
    fn incomplete_reason(&self, ends: &[ScenarioEnd]) -> Result<Option<String>, MergeError> {
        let reasons: Vec<(usize, &str)> =
            ends.iter().enumerate().filter_map(|(index, end)| Some((index, end.incomplete.as_deref()?))).collect();
        if let Some((index, id)) = &self.gaps.missing
            && ends[*index].incomplete.is_none()
        {
            let name = self.shards[*index].shard.describe();
            let reason = format!("{name} has no result of `{id}`");
            return Err(shards_problem(Diagnostic::error(reason).with_hint("run the shard again")));
        }
        let describe = |index: usize, reason: &str| format!("{}: {reason}", self.shards[index].shard.describe());
        Ok(match (reasons.as_slice(), &self.gaps.disputed) {
            ([(_, first), rest @ ..], _) if reasons.len() == ends.len() && rest.iter().all(|(_, one)| one == first) => {
                Some((*first).to_owned())
            }
            ([(index, first)], _) => Some(describe(*index, first)),
            ([(index, first), rest @ ..], _) => {
                Some(format!("{}; {} more shards are incomplete", describe(*index, first), rest.len()))
            }
            ([], Some((index, operation))) => Some(describe(
                *index,
                &format!("the control of `{operation}` did not succeed there, so its cases were not sent"),
            )),
            ([], None) => None,
        })
    }
}

fn unfinished(shard: &BlobReader) -> MergeError {
    let reason = format!("{} was stopped before its end", shard.shard.describe());
    shards_problem(Diagnostic::error(reason).with_hint("continue it with `overstep check … --resume DIR`"))
}

/// Adds up what the shards know of their ends.
fn add_ends(summary: &mut RunSummary, ends: &[ScenarioEnd]) {
    let processor: Option<Vec<(f64, f64)>> = ends.iter().map(|end| end.processor_seconds).collect();
    summary.processor_seconds =
        processor.map(|all| all.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1)));
    for end in ends {
        if let Some((count, id, why)) = &end.left {
            let left = summary.leaked_fixtures.get_or_insert_with(|| (0, id.clone(), why.clone()));
            left.0 += count;
        }
        summary.worker_note = summary.worker_note.take().or_else(|| end.worker_note.clone());
        if summary.server_output.is_empty() {
            summary.server_output.clone_from(&end.server_output);
        }
    }
}
