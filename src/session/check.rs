//! One run of `check`: plans the cases, prepares the endpoint, and runs the stages.
//!
//! It prints nothing, and knows no flag and no environment.

use super::check_run::run_check;
use super::endpoint_setup::EndpointSetup;
use super::error::SessionError;
use super::job::{CaseTotals, RunOptions, ScenarioJob};
use super::planned_cases::{CaseSource, PlannedCases, take_or_regenerate};
use super::run_part::RunPart;
use super::shards::{BlobReader, ShardSelection, select_cases};
use super::snapshot_recorder::AcceptedSnapshots;
use crate::case::Case;
use crate::generate::CompiledContract;
use crate::report::{CasePrinter, Diagnostic, Reporter, RunSummary};
use crate::run::CancelToken;
use crate::{run, wire};
use std::io::Write;
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
) -> Result<Option<RunSummary>, SessionError> {
    resume_check(job, sending, (run_id, stop), &mut None, output).await
}

/// Like [`check`], but takes the results of cases from the blob of an earlier run as long as it has any, and sends only
/// the others. The blob is set to `None` once it has no more.
///
/// Must be called on a multi-threaded runtime.
///
/// # Errors
/// Returns an error if the blob is damaged or belongs to another plan, or under the same conditions as [`check`].
pub async fn resume_check(
    job: &ScenarioJob,
    sending: &RunOptions,
    (run_id, stop): (&str, &CancelToken),
    recorded: &mut Option<BlobReader>,
    output: &mut (dyn Reporter + Send),
) -> Result<Option<RunSummary>, SessionError> {
    let compiled = job.compile_contract();
    let selection = sending.shard.map(|shard| ShardSelection::new(job, &compiled, shard)).transpose()?;
    let selection = selection.as_ref();
    if selection.is_some_and(|selection| selection.split.is_empty()) {
        return Ok(None);
    }
    let counts = |case: &Case| selection.is_none_or(|selection| !selection.is_borrowed(case));
    let controls = PlannedCases::collect_from(select_cases(selection, job.control_cases(&compiled)?), counts);
    let source = if controls.is_empty() {
        let regenerate = || Ok::<_, Vec<Diagnostic>>(select_cases(selection, job.cases(&compiled)?));
        let mut all = PlannedCases::collect_from(regenerate()?, counts);
        if all.totals().cases == 0 && selection.is_none_or(|selection| !selection.shard.is_part()) {
            return Ok(None);
        }
        let planned = all.totals();
        CaseSource::Fixed(planned, take_or_regenerate(&mut all, regenerate)?)
    } else {
        CaseSource::AfterControls(controls)
    };
    let setup = RunSetup { job, compiled, sending, run_id, stop };
    check_source(setup, source, RunPart { selection, recorded }, output).await.map(Some)
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
) -> Result<RunSummary, SessionError> {
    let source = CaseSource::Fixed(planned, Box::new(cases.map(Into::into)));
    let setup = RunSetup { job, compiled: job.compile_contract(), sending, run_id, stop };
    check_source(setup, source, RunPart { selection: None, recorded: &mut None }, output).await
}

/// What a run is made of, besides its cases.
struct RunSetup<'a> {
    job: &'a ScenarioJob,
    compiled: CompiledContract<'a>,
    sending: &'a RunOptions,
    run_id: &'a str,
    stop: &'a CancelToken,
}

async fn check_source(
    setup: RunSetup<'_>,
    source: CaseSource<'_>,
    part: RunPart<'_>,
    output: &mut (dyn Reporter + Send),
) -> Result<RunSummary, SessionError> {
    let RunSetup { job, compiled, sending, run_id, stop } = setup;
    let accepted = AcceptedSnapshots::read(job, sending.snapshots.as_ref())?;
    let setup = EndpointSetup::new(job, compiled, sending, run_id, stop).await?;
    setup.run(|session| run_check(session, &accepted, source, part, output))
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
) -> Result<u64, SessionError> {
    let endpoint = job.build_endpoint(None, None, &RunOptions::default())?;
    let (control, stop) = (|_: &str| None, CancelToken::default());
    let plan = job.build_run_plan(&endpoint, run::TransportOptions::default(), run_id, &stop, &control);
    let redaction = plan.redaction();
    let mut printed = 0;
    for case in job.cases(&job.compile_contract())? {
        let message = if with_curl { run::build_request(&plan, &case).ok() } else { None };
        let curl = message.and_then(|message| wire::curl_command(&message, &endpoint.origin(), &redaction));
        printer.print_case(&case, curl.as_ref().map(|curl| curl.0.as_str()))?;
        printed += 1;
    }
    Ok(printed)
}
