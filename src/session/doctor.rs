//! Diagnoses an endpoint: sends the control of every operation, and searches for the members that a rejected one lacks.
//!
//! It never reports a finding, and the number of its requests is bounded.

use crate::contract::{Contract, Operation, ShapeId, ShapeKind};
use crate::generate::{CompiledContract, PlanError};
use crate::infer::InferenceResult;
use crate::judge::{ResponseFingerprint, Verdict, judge, response_message};
use crate::report::{ControlOutcome, EndpointDiagnosis, OperationDiagnosis};
use crate::run::{CancelToken, SequentialRunner, Stopwatch};
use crate::scenario::Scenario;
use crate::search::{CandidateMember, MemberSearch};
use crate::session::endpoint_setup::EndpointSetup;
use crate::session::engine::Session;
use crate::session::error::SessionError;
use crate::session::job::{RunOptions, ScenarioJob, plan_error};
use crate::session::server_lifecycle::ServerNotReady;
use std::collections::HashSet;

/// Maximum number of inputs to try for one operation.
const MAX_ATTEMPTS: usize = 24;
/// Maximum depth to which the members inside a shape are collected.
const MAX_DEPTH: usize = 3;

/// Sends the control of every operation, beginning with those that create resources, and searches for the members that
/// rejected controls lack.
///
/// Must be called on a multi-threaded runtime.
///
/// # Errors
/// Returns an error if requests cannot be generated, or the endpoint cannot be set up.
pub async fn diagnose(
    job: &ScenarioJob,
    inferred: &InferenceResult,
    sending: &RunOptions,
    run_id: &str,
    stop: &CancelToken,
    progress: &mut (dyn FnMut(&OperationDiagnosis) + Send),
) -> Result<EndpointDiagnosis, SessionError> {
    let compiled = job.compile_contract();
    let counts = job.count_cases(&compiled)?;
    let setup = EndpointSetup::new(job, compiled, sending, run_id, stop).await?;
    let mut diagnosis = EndpointDiagnosis {
        scenario: job.scenario.name.clone(),
        endpoint: setup.endpoint.origin(),
        service: job.contract.service.clone(),
        protocol: job.contract.protocol.map(|protocol| protocol.name().to_owned()),
        cases: counts.values().sum(),
        resources: inferred.resources.clone(),
        origins: inferred.origins.clone(),
        workers: sending.settings.workers,
        ..EndpointDiagnosis::default()
    };
    setup.run(|session| run_diagnosis(session, inferred, &mut diagnosis, progress))?;
    let granted = diagnosis.operations.iter().filter(|row| row.outcome == ControlOutcome::Accepted);
    diagnosis.runnable_cases = granted.filter_map(|row| counts.get(row.operation.as_str())).sum();
    Ok(diagnosis)
}

fn run_diagnosis(
    mut session: Session<'_>,
    inferred: &InferenceResult,
    diagnosis: &mut EndpointDiagnosis,
    progress: &mut (dyn FnMut(&OperationDiagnosis) + Send),
) -> Result<(), SessionError> {
    if let Err(ServerNotReady { reason, output }) = session.start_server()? {
        diagnosis.failure_reason = Some(reason);
        diagnosis.server_output = output;
        return Ok(());
    }
    match SequentialRunner::new(&session.plan) {
        Ok(runner) => examine_operations(&session, inferred, &runner, diagnosis, progress),
        Err(why) => {
            diagnosis.failure_reason = Some(why.to_string());
            Ok(())
        }
    }
}

fn examine_operations(
    session: &Session<'_>,
    inferred: &InferenceResult,
    line: &SequentialRunner<'_>,
    diagnosis: &mut EndpointDiagnosis,
    progress: &mut (dyn FnMut(&OperationDiagnosis) + Send),
) -> Result<(), SessionError> {
    let (job, bench) = (session.job(), &session.setup.compiled);
    let canary = bench.canary(&job.scenario).map_err(plan_error)?;
    let canary = match canary.map(|case| line.run_case(case)) {
        Some(Err(why)) => {
            diagnosis.failure_reason = Some(why.to_string());
            return Ok(());
        }
        Some(Ok(outcome)) => {
            let canary = ResponseFingerprint::from_outcome(&job.contract, &outcome);
            let silent = outcome.exchanges.iter().flatten().find_map(|exchange| exchange.response.as_ref().err());
            let nothing = silent.map(|reason| format!("none: {reason}"));
            let response = canary.as_ref().map(ToString::to_string).or(nothing);
            diagnosis.canary_response = response.map(|text| session.redaction.redact_message(&text).into_owned());
            canary
        }
        None => None,
    };
    let mut scenario = job.scenario.clone();
    let makers = inferred.resources.iter().map(|resource| resource.created_by.as_str());
    let all = job.contract.operations.iter().map(|operation| operation.name.as_str());
    let mut done: HashSet<&str> = HashSet::new();
    let watch = Stopwatch::start();
    let (mut sent, mut steps) = (0_u64, 0_u64);
    for name in makers.chain(all.filter(|name| job.scenario.includes_operation(name))) {
        if session.plan.cancel_token.is_cancelled() {
            diagnosis.failure_reason = Some("the diagnosis was stopped".to_owned());
            break;
        }
        let Some(operation) = job.contract.operation(name).filter(|_| done.insert(name)) else { continue };
        let mut examined =
            OperationProbe { job, bench, runner: line, canary: canary.as_ref(), sent_cases: 0, sent_steps: 0 };
        let row = examined.probe_operation(operation, &mut scenario).map_err(plan_error)?;
        (sent, steps) = (sent + examined.sent_cases, steps + examined.sent_steps);
        let mut row = row;
        for text in [&mut row.observed, &mut row.reason] {
            *text = session.redaction.redact_message(text).into_owned();
        }
        progress(&row);
        diagnosis.operations.push(row);
    }
    if sent > 0 {
        diagnosis.request_millis = watch.elapsed().as_secs_f64() * 1000.0 / steps.max(1) as f64;
        diagnosis.requests_per_case = steps as f64 / sent as f64;
    }
    Ok(())
}

struct OperationProbe<'a> {
    job: &'a ScenarioJob,
    bench: &'a CompiledContract<'a>,
    runner: &'a SequentialRunner<'a>,
    canary: Option<&'a ResponseFingerprint>,
    sent_cases: u64,
    sent_steps: u64,
}

/// The result of a control.
struct ControlResult {
    outcome: ControlOutcome,
    observed: String,
    reason: String,
    /// Whether the server failed.
    is_server_failure: bool,
}

impl OperationProbe<'_> {
    fn probe_operation(
        &mut self,
        operation: &Operation,
        scenario: &mut Scenario,
    ) -> Result<OperationDiagnosis, PlanError> {
        let name = operation.name.as_str();
        let mut met = self.send_control(name, scenario)?;
        let mut row = OperationDiagnosis { operation: name.to_owned(), ..OperationDiagnosis::default() };
        // A server that fails because a member is missing responds in the same way as for an unknown operation.
        let is_maker = self.job.inferred.resources.iter().any(|resource| resource.created_by == name);
        let may_lack = met.outcome == ControlOutcome::Rejected
            || (matches!(met.outcome, ControlOutcome::NotImplemented | ControlOutcome::Diverges)
                && met.is_server_failure
                && is_maker);
        if may_lack && self.job.contract.is_model_only() {
            let candidates = candidate_members(&self.job.contract, operation, scenario);
            let mut grant = MemberSearch::new(candidates, &met.reason, MAX_ATTEMPTS);
            while let Some(names) = grant.propose() {
                let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
                let Some(tried) = self.with_members(operation, scenario, &names)? else { continue };
                row.attempts += 1;
                let next = self.send_control(name, &tried)?;
                if next.outcome == ControlOutcome::Accepted {
                    let (names, tried) = self.minimize_members(operation, scenario, names, tried)?;
                    let uses = tried.operation_notes(name).map(|notes| notes.use_values.clone()).unwrap_or_default();
                    row.required_members = uses.into_iter().filter(|(member, _)| names.contains(member)).collect();
                    *scenario = tried;
                    met = next;
                    break;
                }
                grant.record_rejection(&next.reason);
            }
        }
        (row.outcome, row.observed, row.reason) = (met.outcome, met.observed, met.reason);
        Ok(row)
    }

    /// Removes the members that are not needed from those with which the request was accepted.
    fn minimize_members(
        &mut self,
        operation: &Operation,
        scenario: &Scenario,
        mut names: Vec<String>,
        mut granted: Scenario,
    ) -> Result<(Vec<String>, Scenario), PlanError> {
        for name in names.clone() {
            let fewer: Vec<String> = names.iter().filter(|other| **other != name).cloned().collect();
            let Some(tried) = self.with_members(operation, scenario, &fewer)?.filter(|_| !fewer.is_empty()) else {
                continue;
            };
            if self.send_control(operation.name.as_str(), &tried)?.outcome == ControlOutcome::Accepted {
                (names, granted) = (fewer, tried);
            }
        }
        Ok((names, granted))
    }

    /// Returns the scenario with plain values for further members of an operation.
    fn with_members(
        &self,
        operation: &Operation,
        scenario: &Scenario,
        members: &[String],
    ) -> Result<Option<Scenario>, PlanError> {
        let name = operation.name.as_str();
        let mut tried = scenario.clone();
        for member in members {
            let Some(value) = self.bench.sample_member(scenario, name, member)? else {
                return Ok(None);
            };
            tried.operations.entry(name.to_owned()).or_default().use_values.insert(member.clone(), value);
        }
        Ok(Some(tried))
    }

    fn send_control(&mut self, operation: &str, scenario: &Scenario) -> Result<ControlResult, PlanError> {
        let nothing = |why: String| ControlResult {
            outcome: ControlOutcome::NotSent,
            observed: String::new(),
            reason: why,
            is_server_failure: false,
        };
        let Some(case) = self.bench.control(scenario, operation)? else {
            return Ok(nothing("no valid request can be generated".to_owned()));
        };
        self.sent_cases += 1;
        let outcome = match self.runner.run_case(case) {
            Ok(outcome) => outcome,
            Err(why) => return Ok(nothing(why.to_string())),
        };
        self.sent_steps += outcome.exchanges.iter().flatten().count() as u64;
        let judgement = judge(&self.job.contract, scenario, &outcome);
        let observed = if judgement.observed.status.is_some() { judgement.observed.to_string() } else { String::new() };
        let alike = || {
            ResponseFingerprint::from_outcome(&self.job.contract, &outcome)
                .is_some_and(|seen| self.canary == Some(&seen))
        };
        let stands = match judgement.verdict {
            _ if judgement.observed.status.is_some_and(|status| (200..300).contains(&status)) => {
                ControlOutcome::Accepted
            }
            _ if judgement.observed.status.is_none() => ControlOutcome::NotSent,
            _ if alike() => ControlOutcome::NotImplemented,
            _ if judgement.observed.status.is_some_and(|status| (400..500).contains(&status)) => {
                ControlOutcome::Rejected
            }
            _ => ControlOutcome::Diverges,
        };
        let why = match stands {
            ControlOutcome::Accepted if judgement.verdict == Verdict::Diverges => judgement.why,
            ControlOutcome::Accepted | ControlOutcome::NotImplemented => String::new(),
            _ => response_message(&outcome).unwrap_or(judgement.why),
        };
        let failed = judgement.observed.status.is_some_and(|status| status >= 500);
        Ok(ControlResult { outcome: stands, observed, reason: why, is_server_failure: failed })
    }
}

/// Returns the optional input members of an operation for which the scenario has no value.
fn candidate_members(contract: &Contract, operation: &Operation, scenario: &Scenario) -> Vec<CandidateMember> {
    let members = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
    let open = |name: &str| scenario.use_value(operation.name.as_str(), name).is_none();
    let optional = members.into_iter().flatten().filter(|(name, member)| !member.required && open(name));
    optional
        .map(|(name, member)| {
            let mut words = vec![name.clone()];
            collect_member_names(contract, &member.shape, 0, &mut words);
            CandidateMember { name: name.clone(), words }
        })
        .collect()
}

/// Collects the names of all members inside a shape, down to the maximum depth.
fn collect_member_names(contract: &Contract, id: &ShapeId, depth: usize, words: &mut Vec<String>) {
    if depth >= MAX_DEPTH {
        return;
    }
    match &contract.shape(id).kind {
        ShapeKind::Structure { members } | ShapeKind::Union { members } => {
            for (name, member) in members {
                words.push(name.clone());
                collect_member_names(contract, &member.shape, depth + 1, words);
            }
        }
        ShapeKind::List { member } => collect_member_names(contract, member, depth, words),
        ShapeKind::Map { value, .. } => collect_member_names(contract, value, depth, words),
        _ => {}
    }
}
