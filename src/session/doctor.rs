//! Diagnoses an endpoint: sends the control of every operation, and searches for what a rejected one lacks.
//!
//! It never reports a finding, and the number of its requests is bounded.

use crate::contract::{Operation, OperationName};
use crate::generate::PlanError;
use crate::infer::{InferenceResult, PREREQUISITE_STATUSES, complete_scenario, find_prerequisites, is_list_operation};
use crate::judge::{EndpointKnowledge, ResponseFingerprint};
use crate::report::{ControlOutcome, EndpointDiagnosis, OperationDiagnosis};
use crate::run::{CancelToken, SequentialRunner, Stopwatch};
use crate::scenario::{Fixture, RawRequest};
use crate::session::control_result::CreatorValue;
use crate::session::endpoint_setup::EndpointSetup;
use crate::session::engine::Session;
use crate::session::error::SessionError;
use crate::session::job::{RunOptions, ScenarioJob, plan_error};
use crate::session::operation_probe::OperationProbe;
use crate::session::server_lifecycle::ServerNotReady;
use indexmap::IndexMap;
use std::collections::HashSet;

/// Sends the control of every operation, beginning with those that create resources, and searches for the values that
/// rejected controls lack. If an operation creates nothing, another one that may create the resource is tried.
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
        unread_sentences: job.contract.unread_sentences.clone(),
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
    if let Err(ServerNotReady { reason, output, .. }) = session.start_server()? {
        diagnosis.failure_reason = Some(reason);
        diagnosis.server_output = output;
        return Ok(());
    }
    session.allow_resets();
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
    let job = session.job();
    let canary = match session.send_canary(line).map_err(plan_error)? {
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
            Some(outcome)
        }
        None => None,
    };
    let texts = &job.lifecycle.not_implemented_texts;
    let knowledge = EndpointKnowledge::new(&job.contract, &job.scenario, canary.as_ref(), texts);
    let mut examination = Examination::new(session, inferred, line, knowledge);
    let watch = Stopwatch::start();
    loop {
        while let Some(name) = examination.next_operation() {
            if session.plan.cancel_token.is_cancelled() {
                diagnosis.failure_reason = Some("the diagnosis was stopped".to_owned());
                break;
            }
            let Some(operation) = job.contract.any_operation(&name) else { continue };
            let row = examination.examine(operation).map_err(plan_error)?;
            progress(&row);
            for found in std::mem::take(&mut examination.creator_values) {
                let creator = diagnosis.operations.iter_mut().find(|row| row.operation == found.operation);
                if let Some(creator) = creator {
                    creator.reasons.insert(found.member.clone(), found.reason);
                    creator.required_members.insert(found.member, found.value);
                }
            }
            diagnosis.operations.push(row);
        }
        let is_stopped = diagnosis.failure_reason.is_some();
        if is_stopped || !examination.find_prerequisite(&mut diagnosis.operations).map_err(plan_error)? {
            break;
        }
    }
    let Examination { inferred, sent_cases: sent, sent_steps: steps, prerequisites, .. } = examination;
    diagnosis.prerequisites = prerequisites;
    diagnosis.resources = inferred.resources;
    diagnosis.origins = inferred.origins;
    if sent > 0 {
        diagnosis.request_millis = watch.elapsed().as_secs_f64() * 1000.0 / steps.max(1) as f64;
        diagnosis.requests_per_case = steps as f64 / sent as f64;
    }
    Ok(())
}

/// Minimum number of operations with the same error before something is taken to be missing.
const MIN_REJECTED_ALIKE: usize = 3;
/// Maximum number of things that are found to be missing.
const MAX_PREREQUISITES: usize = 3;

/// The operations that are examined, and what was inferred after the results so far.
struct Examination<'a> {
    session: &'a Session<'a>,
    line: &'a SequentialRunner<'a>,
    /// What the response to the canary shows.
    knowledge: EndpointKnowledge,
    /// What is inferred from the scenario and from what was found so far.
    inferred: InferenceResult,
    done: HashSet<String>,
    /// Fixtures that operations need although no member names them, each with the operation that creates it.
    prerequisites: Vec<(String, String)>,
    /// Values that were found for operations other than the examined one, not yet shown in their rows.
    creator_values: Vec<CreatorValue>,
    sent_cases: u64,
    sent_steps: u64,
}

impl<'a> Examination<'a> {
    fn new(
        session: &'a Session<'a>,
        inferred: &InferenceResult,
        line: &'a SequentialRunner<'a>,
        knowledge: EndpointKnowledge,
    ) -> Self {
        let inferred = InferenceResult { scenario: session.job().scenario.clone(), ..inferred.clone() };
        Self {
            session,
            line,
            knowledge,
            inferred,
            done: HashSet::new(),
            prerequisites: Vec::new(),
            creator_values: Vec::new(),
            sent_cases: 0,
            sent_steps: 0,
        }
    }

    /// Returns the next operation: those that create resources come first.
    fn next_operation(&self) -> Option<String> {
        let job = self.session.job();
        let creators = self.inferred.resources.iter().map(|resource| resource.created_by.as_str());
        let all = job.contract.operations.iter().map(|operation| operation.name.as_str());
        let wanted = all.filter(|name| job.scenario.includes_operation(name));
        // The operations of other services need nothing of this one.
        let is_of_other = |name: &&str| name.contains(OperationName::SERVICE_SEPARATOR);
        let of_others = creators.clone().filter(is_of_other);
        of_others.chain(creators).chain(wanted).find(|name| !self.done.contains(*name)).map(str::to_owned)
    }

    fn examine(&mut self, operation: &Operation) -> Result<OperationDiagnosis, PlanError> {
        let session = self.session;
        let name = operation.name.as_str();
        self.done.insert(name.to_owned());
        let mut probe =
            OperationProbe::new(session.job(), &session.setup.compiled, self.line, &self.knowledge, &self.inferred);
        let (mut row, mut found) = probe.probe_operation(operation)?;
        if probe.lost_response && session.restart_exited_server().is_some() {
            // A request before this one may have been the cause, so only what repeats on a fresh server counts.
            probe.lost_response = false;
            (row, found) = probe.probe_operation(operation)?;
            if probe.lost_response
                && let Some(exit) = session.restart_exited_server()
            {
                (row.outcome, row.reason) = (ControlOutcome::Diverges, format!("ends the server: it {exit}"));
            }
        }
        // An experiment with another operation may have broken what this one needs.
        let health = &session.plan.operation_health;
        if let Some(broken) = probe.broken_operation.take().filter(|broken| health.is_worth_restoring(broken))
            && row.outcome != ControlOutcome::Accepted
        {
            health.count_breakage(&broken);
            if session.restore_endpoint() {
                (row, found) = probe.probe_operation(operation)?;
            }
        }
        (self.sent_cases, self.sent_steps) = (self.sent_cases + probe.sent_cases, self.sent_steps + probe.sent_steps);
        let creator_values = std::mem::take(&mut probe.creator_values);
        for CreatorValue { operation, member, value, reason } in creator_values {
            self.inferred.given.add_found_value(&operation, &member, &value);
            self.inferred.scenario.add_found_value(&operation, &member, &value);
            let reason = session.redaction.redact_message(&reason).into_owned();
            self.creator_values.push(CreatorValue { operation, member, value, reason });
        }
        if !row.after.is_empty() {
            self.inferred.given.operations.entry(name.to_owned()).or_default().after.clone_from(&row.after);
            self.inferred = complete_scenario(&session.job().contract, &self.inferred.given);
        }
        for (member, value) in found {
            self.inferred.given.add_found_value(name, &member, &value);
            self.inferred.scenario.add_found_value(name, &member, &value);
        }
        let found_needs = std::mem::take(&mut row.needs);
        for needed in &found_needs {
            for scenario in [&mut self.inferred.given, &mut self.inferred.scenario] {
                scenario.operations.entry(name.to_owned()).or_default().needs.push(needed.clone());
            }
            self.inferred.scenario.order_fixtures();
        }
        let creates = self.inferred.resources.iter().any(|resource| resource.created_by == name);
        // What cannot be created cannot be referred to.
        if row.outcome != ControlOutcome::Accepted {
            self.inferred.alternative_references.retain(|reference| reference.created_by != name);
        }
        if creates && row.outcome != ControlOutcome::Accepted {
            let cannot_create = matches!(row.outcome, ControlOutcome::NotImplemented | ControlOutcome::Diverges);
            row.creates_nothing = self.try_other_creator(name, cannot_create);
        }
        let needs = self.inferred.given.operation_notes(name).map(|notes| notes.needs.clone()).unwrap_or_default();
        row.needs = needs
            .into_iter()
            .filter(|one| found_needs.contains(one) || self.prerequisites.iter().any(|(fixture, _)| fixture == one))
            .collect();
        row.is_supporting = operation.name.service().is_some() || !session.job().scenario.includes_operation(name);
        for text in [&mut row.observed, &mut row.reason].into_iter().chain(row.reasons.values_mut()) {
            *text = session.redaction.redact_message(text).into_owned();
        }
        Ok(row)
    }

    /// Infers again without an operation that created nothing. Returns false if no other operation creates the resource,
    /// unless the endpoint does not implement the operation or fails: then those that need the resource are sent without
    /// it.
    fn try_other_creator(&mut self, failed: &str, is_missing: bool) -> bool {
        let mut given = self.inferred.given.clone();
        given.operations.entry(failed.to_owned()).or_default().creates_nothing = true;
        let other = complete_scenario(&self.session.job().contract, &given);
        let creators = |found: &InferenceResult| -> Vec<String> {
            found.resources.iter().map(|resource| resource.created_by.clone()).collect()
        };
        let before = creators(&self.inferred);
        // What a list shows exists already, so it says less about the endpoint than what failed.
        let lists = |name: &String| {
            let operation = self.session.job().contract.operation(name);
            let is_model = self.session.job().contract.is_model_only();
            is_model && is_list_operation(name)
                || operation.and_then(|operation| operation.http.as_ref()).is_some_and(|http| http.method == "GET")
        };
        if !is_missing && creators(&other).iter().all(|name| before.contains(name) || lists(name)) {
            return false;
        }
        self.inferred = other;
        true
    }

    /// Looks for something that must exist before several operations work which were rejected with one error. Returns true
    /// if it was found: then the operations that were rejected are examined again, and `rows` no longer has them.
    fn find_prerequisite(&mut self, rows: &mut Vec<OperationDiagnosis>) -> Result<bool, PlanError> {
        let contract = &self.session.job().contract;
        let mut groups: IndexMap<&str, Vec<&OperationDiagnosis>> = IndexMap::new();
        for row in rows.iter().filter(|row| row.outcome == ControlOutcome::Rejected && !row.observed.is_empty()) {
            groups.entry(row.observed.as_str()).or_default().push(row);
        }
        // Operations whose resources cannot be created fail for the same reason.
        let depends = |observed: &str| {
            let is_unsent = |row: &&OperationDiagnosis| {
                row.outcome == ControlOutcome::NotSent && row.reason.ends_with(&format!("returned {observed}"))
            };
            rows.iter().filter(is_unsent).count()
        };
        let groups = groups.iter().filter(|(observed, rows)| rows.len() + depends(observed) >= MIN_REJECTED_ALIKE);
        for (observed, rejected) in groups {
            for (creator, fixture) in find_prerequisites(contract, observed, &rejected[0].reason) {
                if self.prerequisites.len() >= MAX_PREREQUISITES
                    || self.inferred.given.fixtures.contains_key(&fixture)
                    || rejected.iter().any(|row| row.operation == creator.name.as_str())
                {
                    continue;
                }
                let mut names: Vec<String> = rejected.iter().map(|row| row.operation.clone()).collect();
                let tried = self.with_prerequisite(creator, &fixture, &names);
                if self.is_accepted_with(&tried, &names)? {
                    // A server may also fail because something is missing.
                    let is_failure =
                        |row: &&OperationDiagnosis| row.outcome == ControlOutcome::Diverges || row.creates_nothing;
                    let failed = rows.iter().filter(is_failure);
                    names.extend(failed.map(|row| row.operation.clone()));
                    self.inferred = self.with_prerequisite(creator, &fixture, &names);
                    self.prerequisites.push((fixture, creator.name.to_string()));
                    let is_open = |row: &OperationDiagnosis| {
                        names.contains(&row.operation) || row.outcome == ControlOutcome::NotSent
                    };
                    let (open, settled) = std::mem::take(rows).into_iter().partition(is_open);
                    *rows = settled;
                    open.iter().for_each(|row: &OperationDiagnosis| {
                        self.done.remove(&row.operation);
                    });
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Infers again with a fixture that these operations need.
    fn with_prerequisite(&self, creator: &Operation, fixture: &str, operations: &[String]) -> InferenceResult {
        let mut given = self.inferred.given.clone();
        let create = RawRequest {
            request: creator.name.to_string(),
            success_statuses: PREREQUISITE_STATUSES.to_vec(),
            ..RawRequest::default()
        };
        // Others may need it, so it comes first.
        given.fixtures.shift_insert(0, fixture.to_owned(), Fixture { create: vec![create], ..Fixture::default() });
        for name in operations {
            let notes = given.operations.entry(name.clone()).or_default();
            notes.needs.push(fixture.to_owned());
            notes.creates_nothing = false;
        }
        complete_scenario(&self.session.job().contract, &given)
    }

    /// Returns true if one of the first of these operations is accepted with what is inferred.
    fn is_accepted_with(&mut self, inferred: &InferenceResult, operations: &[String]) -> Result<bool, PlanError> {
        let (session, contract) = (self.session, &self.session.job().contract);
        let mut probe =
            OperationProbe::new(session.job(), &session.setup.compiled, self.line, &self.knowledge, inferred);
        let mut is_accepted = false;
        for operation in operations.iter().filter_map(|name| contract.operation(name)).take(MIN_REJECTED_ALIKE) {
            is_accepted = is_accepted || probe.probe_operation(operation)?.0.outcome == ControlOutcome::Accepted;
        }
        (self.sent_cases, self.sent_steps) = (self.sent_cases + probe.sent_cases, self.sent_steps + probe.sent_steps);
        Ok(is_accepted)
    }
}
