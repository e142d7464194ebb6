//! Replays cases of an earlier run exactly as they were sent, except for date and signature.
//!
//! This module never opens a file: it receives the earlier run as a record.

use super::endpoint_setup::EndpointSetup;
use super::engine::Session;
use super::error::SessionError;
use super::evaluate::CaseEvaluator;
use super::server_lifecycle::{self, ServerNotReady};
use super::snapshot_recorder::AcceptedSnapshots;
use crate::contract::digest;
use crate::judge::{SnapshotChange, Verdict};
use crate::report::{Diagnostic, RecordedCase, RecordedStep, ReplayedCase};
use crate::run::{CancelToken, CaseOutcome, RunEnd, credential_variables, is_sensitive_header};
use crate::scenario::Scenario;
use crate::session::job::{RunOptions, ScenarioJob};
use crate::store::ScenarioRecord;
use crate::wire::curl_command;
use std::io;
use std::ops::ControlFlow;

/// Returns the record that is needed to replay a job's cases; `original` is the scenario before flags changed it.
pub fn build_record(job: &ScenarioJob, named: &str, endpoint: &str, original: &Scenario) -> ScenarioRecord {
    let in_credentials = credential_variables(&job.scenario);
    let mut record = ScenarioRecord {
        scenario: job.scenario.name.clone(),
        named: named.to_owned(),
        endpoint: endpoint.to_owned(),
        profile: job.profile.clone(),
        contract: digest(&job.contract),
        again: job.rerun_command.clone(),
        ..ScenarioRecord::default()
    };
    for (name, variable) in &job.scenario.variables {
        // Variables that are not in the scenario come from the environment, and will be read from there again.
        let Some(before) = original.variables.get(name) else { continue };
        // A variable that is used in credentials is secret even if it is not marked so.
        let secret = variable.secret || before.secret || in_credentials.contains(&name.as_str());
        if !secret {
            record.variables.insert(name.clone(), variable.value.clone());
        } else if before.value != variable.value {
            record.secrets.push(name.clone());
        }
    }
    record
}

/// Splits headers into those that may be stored, and the names of those that may not.
pub fn split_headers(headers: &[(String, String)]) -> (Vec<(String, String)>, Vec<String>) {
    let (secret, plain): (Vec<_>, Vec<_>) =
        headers.iter().cloned().partition(|(name, value)| is_sensitive_header(name, value));
    (plain, secret.into_iter().map(|(name, _)| name).collect())
}

/// Returns the ids of all cases of a job, in plan order.
///
/// # Errors
/// Returns an error if cases cannot be generated.
pub fn list_case_ids(job: &ScenarioJob) -> Result<Vec<String>, Vec<Diagnostic>> {
    Ok(job.cases(&job.compile_contract())?.map(|case| case.id.to_string()).collect())
}

/// The result of replaying one scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplaySummary {
    /// Number of replayed cases.
    pub sent: u64,
    /// Number of cases that diverge now.
    pub diverging: u64,
    /// Number of diverging cases that are accepted or known.
    pub known: u64,
    /// Number of cases whose response differs from the accepted one.
    pub changed: u64,
    /// Number of findings.
    pub findings: u64,
    /// Number of inconclusive cases.
    pub indeterminate: u64,
    /// Why the replay is incomplete, if it is.
    pub incomplete_reason: Option<String>,
    /// The last output lines of the server, if overstep started it and its exit ended the replay.
    pub server_output: Vec<String>,
    /// Number of cases whose cleanup failed, with the first one's id and the reason.
    pub leaked_fixtures: Option<(u64, String, String)>,
}

/// Replays the selected cases of a job and passes each to `emit` as soon as it is judged and compared with accepted
/// behaviour. Snapshots are not written.
///
/// Must be called on a multi-threaded runtime, as `check`.
///
/// # Errors
/// Returns an error if cases cannot be generated, the endpoint cannot be set up, or `emit` returns one.
pub async fn replay_cases(
    job: &ScenarioJob,
    sending: &RunOptions,
    run_id: &str,
    stop: &CancelToken,
    mut then: impl FnMut(&str) -> Option<RecordedCase> + Send,
    mut emit: impl FnMut(&ReplayedCase) -> io::Result<()> + Send,
) -> Result<ReplaySummary, SessionError> {
    let accepted = AcceptedSnapshots::read(job, sending.snapshots.as_ref())?;
    let setup = EndpointSetup::new(job, job.compile_contract(), sending, run_id, stop).await?;
    setup.run(|session| {
        let accepted = sending.snapshots.as_ref().map(|_| &accepted);
        run_replay(session, accepted, &mut then, &mut emit)
    })
}

fn run_replay(
    mut session: Session<'_>,
    accepted: Option<&AcceptedSnapshots>,
    then: &mut (dyn FnMut(&str) -> Option<RecordedCase> + Send),
    emit: &mut (dyn FnMut(&ReplayedCase) -> io::Result<()> + Send),
) -> Result<ReplaySummary, SessionError> {
    let mut end = ReplaySummary::default();
    if let Err(ServerNotReady { reason, output, .. }) = session.start_server()? {
        end.incomplete_reason = Some(reason);
        end.server_output = output;
        return Ok(end);
    }
    let finish = session.evaluator(accepted, None);
    let mut unwritable = None;
    let mut take = |mut one: ReplayedCase| {
        end.sent += 1;
        end.diverging += u64::from(one.result.judgement.verdict == Verdict::Diverges);
        end.known += u64::from(one.result.comparison.is_known_divergence);
        end.changed += u64::from(one.result.comparison.change == SnapshotChange::Changed);
        end.findings += u64::from(one.result.is_finding);
        end.indeterminate += u64::from(one.result.judgement.verdict == Verdict::Indeterminate);
        one.recorded = then(one.result.case.id.as_str());
        unwritable = emit(&one).err();
        if unwritable.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let cases = session.job().cases(&session.setup.compiled)?;
    let ended = session.run_cases(cases, |outcome| replayed_case(&finish, outcome), &mut take);
    if let Some(error) = unwritable {
        return Err(error.into());
    }
    end.incomplete_reason = match &ended {
        RunEnd::Complete | RunEnd::EndedByConsumer => None,
        RunEnd::Unreachable(why) => Some(format!("the endpoint could not be reached: {why}")),
        RunEnd::EndpointDied(why) => Some(format!("the endpoint stopped responding: {why}")),
        RunEnd::Shortage(shortage) => Some(format!("{shortage}; {}", shortage.hint())),
        RunEnd::Cancelled => Some("the replay was stopped".to_owned()),
    };
    if let Some((why, said)) = server_lifecycle::server_exit_reason(session.plan.server.as_ref(), &ended) {
        end.incomplete_reason = Some(why);
        end.server_output = said;
    }
    let clean = |text: String| session.redaction.redact_message(&text).into_owned();
    end.incomplete_reason = end.incomplete_reason.map(clean);
    end.leaked_fixtures = session.plan.leaked_fixtures.summary().map(|(count, id, why)| (count, id, clean(why)));
    Ok(end)
}

/// Judges an outcome and records all its steps, whatever the verdict.
fn replayed_case(finish: &CaseEvaluator<'_>, outcome: CaseOutcome) -> ReplayedCase {
    let steps: Vec<Option<RecordedStep>> = outcome
        .case
        .steps
        .iter()
        .zip(&outcome.exchanges)
        .map(|(step, exchange)| Some(finish.record_step(step.purpose, exchange.as_ref()?)))
        .collect();
    let curls = outcome
        .exchanges
        .iter()
        .map(|exchange| exchange.as_ref().filter(|_| !finish.has_temporary_port))
        .map(|exchange| Some(curl_command(&exchange?.request, finish.origin, finish.redaction)?.0))
        .collect();
    let judged = outcome.case.judged.shown_step();
    ReplayedCase { result: finish.evaluate(outcome), steps, curl_lines: curls, judged_step: judged, recorded: None }
}
