//! The stages of a check: the controls, the valid values, the limits, and the follow-up.
//!
//! It prints nothing, and generates no case itself.

use super::after_effects::AfterEffects;
use super::case_observer::CaseObserver as _;
use super::check_observers::CheckObservers;
use super::engine::{BoxedResult, Session};
use super::error::SessionError;
use super::job::{CaseTotals, ScenarioJob};
use super::limit_discovery::DiscoveredLimits;
use super::planned_cases::{CaseIter, CaseSource, PlannedCases, take_or_regenerate};
use super::snapshot_recorder::AcceptedSnapshots;
use crate::case::Case;
use crate::generate::GenerationOptions;
use crate::judge::EndpointKnowledge;
use crate::report::{Reporter, RunStarted, RunSummary};
use crate::run::{RunEnd, SequentialRunner, Stopwatch};
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
            Self::ValidValues => case.id.plain_value_member().is_some(),
            Self::Rest => true,
        }
    }
}

/// Sends all cases of a source and returns the summary, which the reporter has received as well.
pub(super) fn run_check(
    mut session: Session<'_>,
    accepted: &AcceptedSnapshots,
    source: CaseSource<'_>,
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
            let others = PlannedCases::collect_from(job.other_cases(&session.setup.compiled, &|_| true)?);
            set_totals(&mut head, controls.totals_with(&others));
            output.begin_run(&head)?;
        }
        return not_ready.report(observers.tally, output);
    }
    session.allow_resets();
    session.allow_restarts();
    if session.plan.reset_endpoint.is_some() || session.plan.restart_endpoint.is_some() {
        let probe = session.setup.compiled.canary(&job.scenario).ok().flatten();
        observers.after_effects = Some(AfterEffects::new(probe, session.plan.operation_health.clone()));
    }
    let runner = SequentialRunner::new(&session.plan).ok();
    let knowledge = match &runner {
        Some(runner) => session.probe(runner)?,
        None => EndpointKnowledge::default(),
    };
    let run = CheckRun {
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

/// A check while it runs.
struct CheckRun<'s, 'o> {
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
                let cases =
                    take_or_regenerate(&mut controls, || self.job().control_cases(&self.session.setup.compiled))?;
                (cases, Some(controls))
            }
        };
        let mut cases = cases.peekable();
        // Reporters first receive the number of cases, which is only known after the controls.
        let results = self.run_stage(Stage::Controls, &mut cases, controls.is_none())?;
        self.learn_from(&results);
        if let Some(controls) = controls {
            cases = self.plan_after_controls(&controls)?.peekable();
            if self.knowledge.obstacle().is_none() {
                for result in &results {
                    self.output.report_case(result)?;
                }
            }
        } else if results.is_empty() && self.knowledge.needs_controls() {
            self.send_sample_controls();
        }
        drop(results);
        if self.knowledge.obstacle().is_some() {
            // What every request gets is no result of any.
            let (job, options) = (self.job(), self.session.setup.options);
            self.observers = CheckObservers::new(job, options, self.accepted);
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
        let mut others = PlannedCases::collect_from(job.other_cases(compiled, &runs)?);
        self.planned = controls.totals_with(&others);
        set_totals(&mut self.head, self.planned);
        self.output.begin_run(&self.head)?;
        Ok(take_or_regenerate(&mut others, || job.other_cases(compiled, &runs))?)
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
        let (observers, output) = (&mut self.observers, &mut self.output);
        let (mut results, mut write_error) = (Vec::new(), None);
        let mut take = |mut result: BoxedResult| {
            observers.observe(&mut result);
            if reports {
                write_error = output.report_case(&result).err();
            }
            let goes_on = write_error.is_none() && !observers.tally.is_max_failures_reached();
            if stage != Stage::Rest {
                results.push(result);
            }
            if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let due = iter::from_fn(|| {
            loop {
                let case = cases.next_if(|case: &Arc<Case>| stage.includes(case))?;
                if stage == Stage::Controls || knowledge.should_run(case.operation.as_str()) {
                    return Some(case);
                }
            }
        });
        self.ended = self.session.run_confirmed_cases(due, evaluator, &mut take);
        write_error.map_or(Ok(results), |error| Err(error.into()))
    }

    /// Sends further requests that explain the results: what left a lasting effect, how failed sequences are shrunk, and
    /// which limits the endpoint has.
    fn follow_up(&mut self) -> Result<Option<DiscoveredLimits>, SessionError> {
        let Some(runner) = &self.runner else { return Ok(None) };
        let job = self.session.job();
        let options = GenerationOptions { seed: job.seed, level: job.level };
        let evaluator = self.session.evaluator(self.compared(), Some(&self.knowledge));
        // This comes before anything else is sent, so that a control that fails now fails because of the run.
        if let Some(after_effects) = self.observers.after_effects.take() {
            let restore = || self.session.restore_endpoint();
            for mut result in after_effects.find_causes(job, runner, &evaluator, &restore) {
                self.observers.observe_follow_up(&mut result);
                self.output.report_case(&result)?;
            }
        }
        let failed = std::mem::take(&mut self.observers.failed_sequences);
        for result in failed.shrink_all(runner, options, &evaluator) {
            self.observers.tally.add_example(&result);
            self.output.report_case(&result)?;
        }
        let limits = std::mem::take(&mut self.observers.unexpected_limits);
        Ok(Some(limits.discover(runner, &self.session.setup.compiled, options, &evaluator)))
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
        for finding in &mut summary.findings {
            let discovery = limits.as_ref().and_then(|limits| limits.describe_for(finding));
            finding.discovery = finding.discovery.take().or(discovery);
        }
        summary.processor_seconds = before.zip(self.session.processor_seconds()).map(|(before, after)| {
            (self.planned.generation_seconds + after.0 - before.0, (after.1 - before.1).max(0.0))
        });
        summary.muted_notes = muted.notes();
        self.session.complete_summary(&mut summary, &self.ended, self.knowledge, &known_usage);
        summary.is_complete = summary.incomplete_reason.is_none() && self.session.job().is_unfiltered();
        let (updates, mut problems) = recorder.write(summary.is_complete, &summary.skipped_operations);
        summary.snapshot_updates = updates;
        problems.extend(unknown_places.problems(self.session.job()));
        // The verdicts are reported even if no snapshot can be written, or the scenario has an error.
        self.output.end_run(&summary)?;
        if problems.is_empty() { Ok(summary) } else { Err(problems.into()) }
    }
}
