//! One run of `check`: the controls, the other stages, the follow-up and the summary.
//!
//! It prints nothing, and knows no flag and no environment.

use super::job::{CaseTotals, RunOptions, ScenarioJob};
use super::planned_cases::PlannedCases;
use super::tally::{RunTally, write_error};
use super::{
    after_effects, embedded, endpoint_probe, evaluate, known_divergences, limit_discovery, server_lifecycle,
    shrink_sequences, snapshot_recorder,
};
use crate::case::{Case, CaseClass};
use crate::generate::CompiledContract;
use crate::report::{CasePrinter, CaseResult, Diagnostic, Reporter, RunStarted, RunSummary};
use crate::run::{CancelToken, RunEnd, Stopwatch};
use crate::{generate, run, wire};
use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Sends every case of a job and compares the responses with the contract. Returns `None` if there is no case to send.
///
/// Must be called on a multi-threaded runtime, because sending uses threads of its own and blocks.
///
/// # Errors
/// Returns an error if cases cannot be generated, the endpoint cannot be set up, or a reporter cannot write.
pub async fn check(
    job: &ScenarioJob,
    sending: &RunOptions,
    run_id: &str,
    stop: &CancelToken,
    output: &mut (dyn Reporter + Send),
) -> Result<Option<RunSummary>, Vec<Diagnostic>> {
    let bench = job.compile_contract()?;
    let controls = PlannedCases::collect_from(job.control_cases(&bench)?);
    let supply = if controls.totals().cases > 0 {
        CaseSource::AfterControls(controls)
    } else {
        let mut all = PlannedCases::collect_from(job.cases(&bench)?);
        if all.totals().cases == 0 {
            return Ok(None);
        }
        let planned = all.totals();
        CaseSource::Fixed(planned, take_or_regenerate(&mut all, || job.cases(&bench))?)
    };
    run_check(job, &bench, supply, sending, run_id, stop, output).await.map(Some)
}

/// An iterator over cases, in plan order.
type CaseIter<'c> = Box<dyn Iterator<Item = Arc<Case>> + Send + 'c>;

/// The source of the cases to send.
enum CaseSource<'c> {
    /// A fixed list of cases whose number is known in advance.
    Fixed(CaseTotals, CaseIter<'c>),
    /// These controls, followed by all cases of the operations whose control succeeded; cases of other operations are
    /// never generated.
    AfterControls(PlannedCases),
}

/// Returns the cases in memory, or generates them again if they were too many to keep.
fn take_or_regenerate<'c, I: Iterator<Item = Case> + Send + 'c>(
    held: &mut PlannedCases,
    again: impl FnOnce() -> Result<I, Vec<Diagnostic>>,
) -> Result<CaseIter<'c>, Vec<Diagnostic>> {
    Ok(match held.cases.take() {
        Some(cases) => Box::new(cases.into_iter()),
        None => Box::new(again()?.map(Arc::new)),
    })
}

/// Like [`check`], but sends these cases of the job instead of all; they may repeat or have other ids.
///
/// Must be called on a multi-threaded runtime.
///
/// # Errors
/// Returns an error if the endpoint cannot be set up, or a reporter cannot write.
pub async fn check_cases(
    job: &ScenarioJob,
    planned: CaseTotals,
    cases: impl Iterator<Item = impl Into<Arc<Case>>> + Send,
    sending: &RunOptions,
    run_id: &str,
    stop: &CancelToken,
    output: &mut (dyn Reporter + Send),
) -> Result<RunSummary, Vec<Diagnostic>> {
    let supply = CaseSource::Fixed(planned, Box::new(cases.map(Into::into)));
    run_check(job, &job.compile_contract()?, supply, sending, run_id, stop, output).await
}

async fn run_check<'a>(
    job: &'a ScenarioJob,
    bench: &CompiledContract<'a>,
    supply: CaseSource<'_>,
    sending: &RunOptions,
    run_id: &str,
    stop: &CancelToken,
    output: &mut (dyn Reporter + Send),
) -> Result<RunSummary, Vec<Diagnostic>> {
    let accepted = snapshot_recorder::AcceptedSnapshots::read(job, sending.snapshots.as_ref())?;
    let embedded = embedded::start_if_embedded(job).await?;
    let port = server_lifecycle::server_port(job)?;
    let endpoint = job.build_endpoint(embedded.as_ref(), port, sending)?;
    let control = |operation: &str| job.control_case(bench, operation);
    let (running, restarts) = (std::sync::OnceLock::new(), std::sync::atomic::AtomicU32::new(0));
    let revive = || server_lifecycle::restart_server(job, &endpoint, running.get(), &restarts, stop);
    let mut plan = job.build_run_plan(&endpoint, sending.settings, run_id, stop, &control);
    let redaction = plan.redaction();
    let origin = endpoint.origin();
    let compared = sending.snapshots.as_ref().map(|_| &accepted);
    let base_evaluator = evaluate::CaseEvaluator {
        job,
        redaction: &redaction,
        origin: &origin,
        probe: None,
        accepted: compared,
        differential: sending.differential.as_ref(),
        strict: sending.strict,
        has_temporary_port: server_lifecycle::has_temporary_port(job),
    };
    let mut wrong_base_url = None;
    let mut record = snapshot_recorder::SnapshotRecorder::new(job, sending.snapshots.as_ref(), &accepted);
    let mut tally = RunTally::new(job, sending);
    let mut failed = shrink_sequences::FailedSequences::default();
    let mut unexpected_limits = limit_discovery::UnexpectedLimits::default();
    let mut known_usage = known_divergences::KnownUsage::default();
    let mut lessons = None;
    let mut unwritable = None;
    let server = tokio::task::block_in_place(|| server_lifecycle::server_version(job, &redaction));
    let head = |planned| RunStarted { server_version: server.clone(), ..job.run_started(run_id, planned, &endpoint) };
    let (mut planned, first, mut controls) = match supply {
        CaseSource::Fixed(planned, cases) => (planned, cases, None),
        CaseSource::AfterControls(controls) => {
            (controls.totals(), Box::new(std::iter::empty()) as CaseIter<'_>, Some(controls))
        }
    };
    if controls.is_none() {
        output.begin_run(&head(planned)).map_err(|error| write_error(&error))?;
    }
    let start = || server_lifecycle::start_server(job, &plan, port, &redaction, sending, stop);
    match tokio::task::block_in_place(start)? {
        Ok(server) => {
            if let Some(server) = &server {
                let _ = running.set(Arc::clone(server));
                plan.restart_endpoint = Some(&revive);
            }
            plan.server = server;
        }
        Err(server_lifecycle::ServerNotReady { reason: why, output: said }) => {
            if let Some(controls) = &controls {
                let planned = controls.totals_with(&PlannedCases::collect_from(job.other_cases(bench, &|_| true)?));
                output.begin_run(&head(planned)).map_err(|error| write_error(&error))?;
            }
            let mut summary = tally.into_summary(0.0, &RunEnd::Complete);
            (summary.incomplete_reason, summary.server_output) = (Some(why), said);
            output.end_run(&summary).map_err(|error| write_error(&error))?;
            return Ok(summary);
        }
    }
    let line = run::SequentialRunner::new(&plan);
    let mut poison = plan.restart_endpoint.is_some().then(after_effects::AfterEffects::default);
    let mut survey = match &line {
        Ok(line) => {
            let survey = tokio::task::block_in_place(|| endpoint_probe::EndpointProbe::send_canary(job, bench, line))?;
            line.close_idle();
            survey
        }
        Err(_) => endpoint_probe::EndpointProbe::default(),
    };
    let spent = || {
        let server: &Arc<run::ServerProcess> = running.get()?;
        Some((run::cpu_seconds(None)?, server.cpu_seconds()?))
    };
    let before = spent();
    let watch = Stopwatch::start();
    let first = match &mut controls {
        Some(controls) => take_or_regenerate(controls, || job.control_cases(bench))?,
        None => first,
    };
    let mut cases = first.peekable();
    let mut ended = RunEnd::Complete;
    // Controls come first, then the valid values that show what a rejection means, then the rest. Each stage uses the
    // results of those before it.
    for stage in STAGES {
        if ended != RunEnd::Complete || unwritable.is_some() {
            break;
        }
        let finish = evaluate::CaseEvaluator { probe: Some(&survey), ..base_evaluator };
        let mut seen = Vec::new();
        let is_announced = controls.is_none();
        // Boxed, because results are buffered until it is their turn in plan order.
        let mut emit = |done: Box<CaseResult>| {
            let mut done = done;
            record.record(&mut done);
            tally.add_result(&done);
            failed.record(&done);
            unexpected_limits.record(&done);
            known_usage.record(&job.known_divergences, &done);
            if let Some(poison) = &mut poison {
                poison.record(&done);
            }
            // Reporters first receive the number of cases, which is only known after the controls.
            if stage != Stage::Controls || is_announced {
                unwritable = output.report_case(&done).err();
            }
            let goes_on = unwritable.is_none() && !tally.is_max_failures_reached();
            if stage != Stage::Rest {
                seen.push(done);
            }
            if goes_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let finished = |outcome| Box::new(finish.evaluate(outcome));
        let due = std::iter::from_fn(|| {
            loop {
                let case = cases.next_if(|case: &Arc<Case>| stage.includes(job, case))?;
                if stage == Stage::Controls || survey.should_run(case.operation.as_str()) {
                    return Some(case);
                }
            }
        });
        ended = tokio::task::block_in_place(|| run::run_cases(&plan, due, finished, &mut emit));
        for done in &seen {
            survey.record(job, done);
        }
        if stage == Stage::Controls {
            wrong_base_url = survey.wrong_base_url(job);
            if let Some(controls) = controls.take() {
                let is_over = stop.is_cancelled() || wrong_base_url.is_some();
                let runs = |operation: &str| !is_over && survey.should_run(operation);
                let mut others = PlannedCases::collect_from(job.other_cases(bench, &runs)?);
                planned = controls.totals_with(&others);
                output.begin_run(&head(planned)).map_err(|error| write_error(&error))?;
                for done in &seen {
                    unwritable = unwritable.or(output.report_case(done).err());
                }
                cases = take_or_regenerate(&mut others, || job.other_cases(bench, &runs))?.peekable();
            }
        }
        if wrong_base_url.is_some() {
            break;
        }
    }
    let finish = evaluate::CaseEvaluator { probe: Some(&survey), ..base_evaluator };
    if unwritable.is_none() && ended == RunEnd::Complete {
        let options = generate::GenerationOptions { seed: job.seed, level: job.level };
        if let Ok(line) = &line {
            // This comes before anything else is sent, so that a control that fails now fails because of the run.
            let found = |poison: after_effects::AfterEffects| poison.find_causes(job, line, &finish, &revive);
            for mut done in poison.map(|poison| tokio::task::block_in_place(|| found(poison))).into_iter().flatten() {
                record.record(&mut done);
                tally.add_result(&done);
                known_usage.record(&job.known_divergences, &done);
                unwritable = unwritable.or(output.report_case(&done).err());
            }
            for done in tokio::task::block_in_place(|| failed.shrink_all(line, options, &finish)) {
                tally.add_example(&done);
                unwritable = unwritable.or(output.report_case(&done).err());
            }
            lessons = Some(tokio::task::block_in_place(|| unexpected_limits.discover(line, bench, options, &finish)));
        }
    }
    if let Some(error) = unwritable {
        return Err(write_error(&error));
    }
    let mut summary = tally.into_summary(watch.elapsed().as_secs_f64(), &ended);
    for finding in &mut summary.findings {
        let lesson = lessons.as_ref().and_then(|lessons| lessons.describe_for(finding));
        finding.discovery = finding.discovery.take().or(lesson);
    }
    if let Some((why, said)) = server_lifecycle::server_exit_reason(plan.server.as_ref(), &ended) {
        summary.incomplete_reason = Some(why);
        summary.server_output = said;
    }
    summary.processor_seconds = before
        .zip(spent())
        .map(|(before, after)| (planned.generation_seconds + after.0 - before.0, (after.1 - before.1).max(0.0)));
    if wrong_base_url.is_some() {
        summary.incomplete_reason = wrong_base_url;
    }
    summary.known_divergence_notes = known_usage.notes(&job.known_divergences);
    summary.skipped_operations = survey.into_skipped_operations();
    summary.leaked_fixtures = plan.leaked_fixtures.summary();
    summary.is_complete = summary.incomplete_reason.is_none() && job.is_unfiltered();
    summary.snapshot_updates = record.write(summary.is_complete, &summary.skipped_operations)?;
    output.end_run(&summary).map_err(|error| write_error(&error))?;
    Ok(summary)
}

/// Prints the cases that [`check`] would send, and returns their number.
///
/// # Errors
/// Returns an error if cases cannot be generated, or the printer cannot write.
pub fn print_cases<W: Write>(
    job: &ScenarioJob,
    run_id: &str,
    with_curl: bool,
    printer: &mut CasePrinter<W>,
) -> Result<u64, Vec<Diagnostic>> {
    let endpoint = job.build_endpoint(None, None, &RunOptions::default())?;
    let (control, stop) = (|_: &str| None, CancelToken::default());
    let plan = job.build_run_plan(&endpoint, run::TransportOptions::default(), run_id, &stop, &control);
    let redaction = plan.redaction();
    let mut printed = 0;
    for case in job.cases(&job.compile_contract()?)? {
        let message = if with_curl { run::build_request(&plan, &case).ok() } else { None };
        let curl = message.and_then(|message| wire::curl_command(&message, &endpoint.origin(), &redaction));
        printer.print_case(&case, curl.as_ref().map(|curl| curl.0.as_str())).map_err(|error| write_error(&error))?;
        printed += 1;
    }
    Ok(printed)
}

/// The stages of a run: which operations succeed, which valid values are accepted, and then the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Controls,
    ValidValues,
    Rest,
}

const STAGES: [Stage; 3] = [Stage::Controls, Stage::ValidValues, Stage::Rest];

impl Stage {
    /// Returns true if a case belongs to this stage, given that it is next in the plan.
    fn includes(self, job: &ScenarioJob, case: &Case) -> bool {
        match self {
            Self::Controls => case.id.is_control(),
            Self::ValidValues => case.id.class() == Some(CaseClass::Valid) && job.contract.is_model_only(),
            Self::Rest => true,
        }
    }
}
