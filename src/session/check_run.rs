//! The stages of a check: the controls, the valid values, the limits, and the follow-up.
//!
//! It prints nothing, and generates no case itself.

use super::after_effects::AfterEffects;
use super::case_observer::CaseObserver as _;
use super::check_observers::CheckObservers;
use super::engine::{BoxedResult, Session};
use super::error::SessionError;
use super::job::{CaseTotals, ScenarioJob};
use super::limit_discovery::{DiscoveredLimits, LimitRequests};
use super::planned_cases::{CaseIter, CaseSource, PlannedCases, take_or_regenerate};
use super::run_part::RunPart;
use super::shards::{FollowUpContext, RecordedExplanations, ShardSelection, select_cases};
use super::snapshot_recorder::AcceptedSnapshots;
use crate::case::Case;
use crate::generate::GenerationOptions;
use crate::judge::EndpointKnowledge;
use crate::report::{Diagnostic, FollowUpReason, MergeRecord, Reporter, RunStarted, RunSummary, ScenarioEnd};
use crate::run::{RunEnd, SequentialRunner, Stopwatch};
use std::io;
use std::iter::{self, Peekable};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Number of controls that are sent to learn whether the endpoint responds to every request in the same way.
const MAX_SAMPLE_CONTROLS: usize = 2;

/// The stages of a run: which operations succeed, which valid values are accepted, and then the limits. Each uses the
/// results of those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Controls,
    ValidValues,
    Rest,
}

impl Stage {
    /// Returns true if a case belongs to this stage, given that it is next in the plan.
    fn includes(self, case: &Case) -> bool {
        match self {
            Self::Controls => case.id.is_control(),
            Self::ValidValues => case.id.is_plain_value(),
            Self::Rest => true,
        }
    }
}

/// Sends all cases of a source and returns the summary, which the reporter has received as well.
pub(super) fn run_check(
    mut session: Session<'_>,
    accepted: &AcceptedSnapshots,
    source: CaseSource<'_>,
    mut part: RunPart<'_>,
    output: &mut (dyn Reporter + Send),
) -> Result<RunSummary, SessionError> {
    let (job, options) = (session.job(), session.setup.options);
    let mut observers = CheckObservers::new(job, options, accepted);
    let mut head = session.run_started(source.totals());
    if let CaseSource::Fixed(..) = &source {
        output.begin_run(&head)?;
    }
    if let Err(not_ready) = session.start_server()? {
        if let CaseSource::AfterControls(controls) = &source {
            let others = select_cases(part.selection, job.other_cases(&session.setup.compiled, &|_| true)?);
            let others = PlannedCases::collect_from(others, |case| part.owns(case));
            set_totals(&mut head, controls.totals_with(&others));
            output.begin_run(&head)?;
        }
        return not_ready.report(observers.tally, output);
    }
    session.allow_resets();
    session.allow_restarts();
    let probe = session.setup.compiled.canary(&job.scenario).ok().flatten();
    observers.after_effects = Some(AfterEffects::new(probe, session.plan.operation_health.clone()));
    let runner = SequentialRunner::new(&session.plan).ok();
    let knowledge = match &runner {
        Some(runner) => session.probe(runner)?,
        None => EndpointKnowledge::default(),
    };
    if let Some(begin) = part.begin(&session, &head, &knowledge) {
        output.record_for_merge(&MergeRecord::Begin(&begin))?;
        part.begin_recorded(&begin)?;
    }
    let run = CheckRun {
        part,
        session: &session,
        runner,
        accepted,
        planned: source.totals(),
        head,
        observers,
        knowledge,
        output,
        ended: RunEnd::Complete,
    };
    run.run(source)
}

fn set_totals(head: &mut RunStarted, totals: CaseTotals) {
    (head.cases, head.operations) = (totals.cases, totals.operations);
}

/// Receives the results of one stage.
struct StageResults<'r, 's> {
    observers: &'r mut CheckObservers<'s>,
    output: &'r mut (dyn Reporter + Send),
    selection: Option<&'r ShardSelection>,
    /// Whether results are reported as soon as they are known.
    reports: bool,
    /// Whether later stages need the results.
    keeps: bool,
    results: Vec<BoxedResult>,
    write_error: Option<io::Error>,
}

impl StageResults<'_, '_> {
    /// Passes a result on; breaks if no further one is wanted.
    fn take(&mut self, mut result: BoxedResult) -> ControlFlow<()> {
        let is_borrowed = self.selection.is_some_and(|selection| selection.is_borrowed(&result.case));
        if !is_borrowed {
            self.observers.observe(&mut result);
        }
        let mut written = self.output.record_for_merge(&MergeRecord::Case { result: &result, is_borrowed });
        if self.reports && !is_borrowed {
            written = written.and_then(|()| self.output.report_case(&result));
        }
        self.write_error = written.err();
        let goes_on = self.write_error.is_none() && !self.observers.tally.is_max_failures_reached();
        if self.keeps {
            self.results.push(result);
        }
        if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

/// A check while it runs.
struct CheckRun<'s, 'o> {
    part: RunPart<'s>,
    session: &'s Session<'s>,
    /// Sends single cases; absent if no client can be created, which the stages report.
    runner: Option<SequentialRunner<'s>>,
    accepted: &'s AcceptedSnapshots,
    planned: CaseTotals,
    head: RunStarted,
    observers: CheckObservers<'s>,
    knowledge: EndpointKnowledge,
    output: &'o mut (dyn Reporter + Send),
    ended: RunEnd,
}

impl<'s> CheckRun<'s, '_> {
    fn run(mut self, source: CaseSource<'_>) -> Result<RunSummary, SessionError> {
        let (before, watch) = (self.session.processor_seconds(), Stopwatch::start());
        self.run_stages(source)?;
        let goes_on = self.ended == RunEnd::Complete && self.knowledge.obstacle().is_none();
        let limits = if goes_on { self.follow_up()? } else { None };
        self.finish(limits, before, watch)
    }

    fn job(&self) -> &'s ScenarioJob {
        self.session.job()
    }

    /// Returns accepted behaviour, if responses are compared with it.
    fn compared(&self) -> Option<&'s AcceptedSnapshots> {
        self.session.setup.options.snapshots.as_ref().map(|_| self.accepted)
    }

    fn run_stages(&mut self, source: CaseSource<'_>) -> Result<(), SessionError> {
        let (cases, controls) = match source {
            CaseSource::Fixed(_, cases) => (cases, None),
            CaseSource::AfterControls(mut controls) => {
                let regenerate = || {
                    let all = self.job().control_cases(&self.session.setup.compiled)?;
                    Ok::<_, Vec<Diagnostic>>(select_cases(self.part.selection, all))
                };
                let cases = take_or_regenerate(&mut controls, regenerate)?;
                (cases, Some(controls))
            }
        };
        let mut cases = cases.peekable();
        // Reporters first receive the number of cases, which is only known after the controls.
        let results = self.run_stage(Stage::Controls, &mut cases, controls.is_none())?;
        self.learn_from(&results);
        if controls.is_some() {
            self.ask_other_controls()?;
        }
        let skipped = self.knowledge.skipped_operations().iter().map(|one| one.operation.clone());
        self.output.record_for_merge(&MergeRecord::Controls(&skipped.collect::<Vec<_>>()))?;
        if let Some(controls) = controls {
            cases = self.plan_after_controls(&controls)?.peekable();
            if self.knowledge.obstacle().is_none() {
                for result in results.iter().filter(|result| self.part.owns(&result.case)) {
                    self.output.report_case(result)?;
                }
            }
        } else if results.is_empty() && self.knowledge.needs_controls() {
            self.send_sample_controls();
        }
        drop(results);
        if self.knowledge.obstacle().is_some() {
            // A response that every request gets says nothing about a single case.
            self.observers.forget_results();
            return Ok(());
        }
        if self.knowledge.wrong_base_url(&self.job().contract).is_some() {
            return Ok(());
        }
        for stage in [Stage::ValidValues, Stage::Rest] {
            if self.ended == RunEnd::Complete {
                let results = self.run_stage(stage, &mut cases, true)?;
                self.learn_from(&results);
            }
        }
        Ok(())
    }

    fn learn_from(&mut self, results: &[BoxedResult]) {
        for result in results {
            self.knowledge.record(&self.job().contract, &result.case, &result.judgement, result.message.as_deref());
        }
    }

    /// Sends the controls of other shards if those of this one suggest that the endpoint responds to all in the same way.
    fn ask_other_controls(&mut self) -> Result<(), SessionError> {
        let Some(selection) = self.part.selection else { return Ok(()) };
        let suggests =
            self.knowledge.obstacle().is_some() || self.knowledge.wrong_base_url(&self.job().contract).is_some();
        if !suggests || self.ended != RunEnd::Complete {
            return Ok(());
        }
        let all = self.job().control_cases(&self.session.setup.compiled)?;
        let others = all.filter(|case| !selection.has_operation(case.operation.as_str())).map(Arc::new);
        let mut others = (Box::new(others) as CaseIter<'_>).peekable();
        let results = self.run_stage(Stage::Controls, &mut others, false)?;
        self.learn_from(&results);
        Ok(())
    }

    /// Sends a few controls that are not part of the run, to learn whether every request meets the canary's obstacle.
    fn send_sample_controls(&mut self) {
        let Some(runner) = &self.runner else { return };
        let (job, evaluator) = (self.session.job(), self.session.evaluator(None, None));
        let names = job.contract.operations.iter().map(|operation| operation.name.as_str());
        let controls = names.filter_map(|name| self.session.setup.control_case(name)).take(MAX_SAMPLE_CONTROLS);
        let outcomes = controls.filter_map(|control| runner.run_case(control).ok());
        let results: Vec<BoxedResult> = outcomes.map(|outcome| Box::new(evaluator.evaluate(outcome))).collect();
        runner.close_idle();
        self.learn_from(&results);
    }

    /// Returns the cases of the operations whose control succeeded, and announces their number.
    fn plan_after_controls(&mut self, controls: &PlannedCases) -> Result<CaseIter<'s>, SessionError> {
        let (job, compiled) = (self.job(), &self.session.setup.compiled);
        let is_over = self.session.plan.cancel_token.is_cancelled()
            || self.knowledge.obstacle().is_some()
            || self.knowledge.wrong_base_url(&job.contract).is_some();
        let runs = |operation: &str| !is_over && self.knowledge.should_run(operation);
        let selection = self.part.selection;
        let regenerate = || Ok::<_, Vec<Diagnostic>>(select_cases(selection, job.other_cases(compiled, &runs)?));
        let mut others = PlannedCases::collect_from(regenerate()?, |case| self.part.owns(case));
        self.planned = controls.totals_with(&others);
        set_totals(&mut self.head, self.planned);
        self.output.begin_run(&self.head)?;
        Ok(take_or_regenerate(&mut others, regenerate)?)
    }

    /// Runs the cases of one stage. Returns their results, unless they are of no use for a later stage.
    fn run_stage(
        &mut self,
        stage: Stage,
        cases: &mut Peekable<CaseIter<'_>>,
        reports: bool,
    ) -> Result<Vec<BoxedResult>, SessionError> {
        let knowledge = &self.knowledge;
        let evaluator = self.session.evaluator(self.compared(), Some(knowledge));
        let strict = self.session.setup.options.strict;
        let mut sink = StageResults {
            observers: &mut self.observers,
            output: &mut *self.output,
            selection: self.part.selection,
            reports,
            keeps: stage != Stage::Rest,
            results: Vec::new(),
            write_error: None,
        };
        let mut due = iter::from_fn(|| {
            loop {
                let case = cases.next_if(|case: &Arc<Case>| stage.includes(case))?;
                if stage == Stage::Controls || knowledge.should_run(case.operation.as_str()) {
                    return Some(case);
                }
            }
        })
        .peekable();
        self.ended = RunEnd::Complete;
        while let Some(case) = due.peek() {
            let Some(result) = self.part.next_recorded(case, strict)? else { break };
            due.next();
            if sink.take(result).is_break() {
                self.ended = RunEnd::EndedByConsumer;
                break;
            }
        }
        if self.ended == RunEnd::Complete && self.part.recorded.is_none() {
            sink.output.record_for_merge(&MergeRecord::Live)?;
            self.ended = self.session.run_confirmed_cases(due, evaluator, &mut |result| sink.take(result));
        }
        let StageResults { results, write_error, .. } = sink;
        write_error.map_or(Ok(results), |error| Err(error.into()))
    }

    /// Sends further requests that explain the results: what left a lasting effect, how failed sequences are shrunk, and
    /// which limits the endpoint has.
    fn follow_up(&mut self) -> Result<Option<DiscoveredLimits>, SessionError> {
        let job = self.session.job();
        if let Some(recorded) = self.part.recorded.as_mut() {
            let found = recorded.finish_scenario().map_err(SessionError::from_reason)?;
            if found.end.as_ref().is_some_and(|end| end.incomplete.is_none()) {
                let mut explanations = RecordedExplanations::default();
                explanations.add(found);
                let strict = self.session.setup.options.strict;
                let context = FollowUpContext { job, compiled: &self.session.setup.compiled, strict };
                return Ok(Some(explanations.report(&context, &mut self.observers, self.output)?));
            }
            *self.part.recorded = None;
        }
        let Some(runner) = &self.runner else { return Ok(None) };
        let options = GenerationOptions { seed: job.seed, level: job.level };
        let evaluator = self.session.evaluator(self.compared(), Some(&self.knowledge));
        // This comes before anything else is sent, so that a control that fails now fails because of the run.
        if let Some(after_effects) = self.observers.after_effects.take() {
            let restore = || self.session.restore_endpoint();
            let can_restore =
                self.session.plan.reset_endpoint.is_some() || self.session.plan.restart_endpoint.is_some();
            let restore = can_restore.then_some(&restore as &dyn Fn() -> bool);
            for mut result in after_effects.find_causes(job, runner, &evaluator, restore) {
                self.observers.observe_follow_up(&mut result);
                self.output.record_for_merge(&MergeRecord::FollowUp(&result, FollowUpReason::BrokenControl))?;
                self.output.report_case(&result)?;
            }
        }
        let failed = std::mem::take(&mut self.observers.failed_sequences);
        for (sequence, result) in failed.shrink_all(runner, options, &evaluator) {
            self.observers.tally.add_example(&result);
            let reason = FollowUpReason::PartOf(sequence.to_string());
            self.output.record_for_merge(&MergeRecord::FollowUp(&result, reason))?;
            self.output.report_case(&result)?;
        }
        let limits = std::mem::take(&mut self.observers.unexpected_limits);
        let compiled = &self.session.setup.compiled;
        let mut requests = LimitRequests::new(runner, compiled, options, &evaluator);
        let found = limits.discover(compiled, &job.scenario, &mut requests);
        for answers in &requests.answers {
            self.output.record_for_merge(&MergeRecord::Limit(answers))?;
        }
        Ok(Some(found))
    }

    /// Writes snapshots and reports the summary.
    fn finish(
        self,
        limits: Option<DiscoveredLimits>,
        before: Option<(f64, f64)>,
        watch: Stopwatch,
    ) -> Result<RunSummary, SessionError> {
        let CheckObservers { recorder, tally, known_usage, muted, unknown_places, .. } = self.observers;
        let mut summary = tally.into_summary(watch.elapsed().as_secs_f64(), &self.ended);
        // A reason that all controls show is left to the merge, which has the controls of all shards.
        let shown_by_controls = summary.incomplete_reason.clone().filter(|_| self.ended == RunEnd::Complete);
        if shown_by_controls.is_some() && !self.part.has_all_controls() {
            summary.incomplete_reason = None;
        }
        for finding in &mut summary.findings {
            let discovery = limits.as_ref().and_then(|limits| limits.describe_for(finding));
            finding.discovery = finding.discovery.take().or(discovery);
        }
        summary.processor_seconds = before.zip(self.session.processor_seconds()).map(|(before, after)| {
            (self.planned.generation_seconds + after.0 - before.0, (after.1 - before.1).max(0.0))
        });
        summary.muted_notes = muted.notes();
        self.session.complete_summary(&mut summary, &self.ended, self.knowledge, &known_usage);
        let mut is_whole = true;
        if let Some(selection) = self.part.selection {
            is_whole = !selection.shard.is_part();
            summary.skipped_operations.retain(|skipped| selection.owns_operation(&skipped.operation));
        }
        summary.is_complete = is_whole && summary.incomplete_reason.is_none() && self.session.job().is_unfiltered();
        let (updates, mut problems) = recorder.write(summary.is_complete, &summary.skipped_operations);
        summary.snapshot_updates = updates;
        problems.extend(unknown_places.problems(self.session.job()));
        self.output.record_for_merge(&MergeRecord::End(&ScenarioEnd {
            incomplete: summary.incomplete_reason.clone().filter(|reason| Some(reason) != shown_by_controls.as_ref()),
            server_output: summary.server_output.clone(),
            worker_note: summary.worker_note.clone(),
            left: summary.leaked_fixtures.clone(),
            processor_seconds: summary.processor_seconds,
            seconds: summary.seconds,
        }))?;
        // The verdicts are reported even if no snapshot can be written, or the scenario has an error.
        self.output.end_run(&summary)?;
        if problems.is_empty() { Ok(summary) } else { Err(problems.into()) }
    }
}
