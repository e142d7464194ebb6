//! Diagnoses an endpoint: sends the control of every operation, and searches for the members that a rejected one lacks.
//!
//! It never reports a finding, and the number of its requests is bounded.

use super::job::unplanned;
use super::survey::said;
use super::{Job, Sending, embedded, started};
use crate::contract::{Contract, Kind, Operation, ShapeId};
use crate::generate::{Inference, PlanError, Workbench};
use crate::judge::{Likeness, Verdict, judge};
use crate::report::{DiagnosedOperation, Diagnosis, Diagnostic, Stands};
use crate::run::{OneByOne, Stop, Stopwatch};
use crate::scenario::Scenario;
use crate::search::{Candidate, Grant};
use std::collections::HashSet;

/// Maximum number of inputs to try for one operation.
const TRIES: usize = 24;
/// Maximum depth to which the members inside a shape are collected.
const DEEPEST: usize = 3;

/// Sends the control of every operation, beginning with those that create resources, and searches for the members that
/// rejected controls lack.
///
/// Must be called on a multi-threaded runtime.
///
/// # Errors
/// Returns an error if requests cannot be generated, or the endpoint cannot be set up.
pub async fn doctor(
    job: &Job,
    inferred: &Inference,
    sending: &Sending,
    run_id: &str,
    stop: &Stop,
    progress: &mut (dyn FnMut(&DiagnosedOperation) + Send),
) -> Result<Diagnosis, Vec<Diagnostic>> {
    let bench = job.bench()?;
    let counts = job.counts(&bench)?;
    let embedded = embedded::where_wanted(job).await?;
    let port = started::port(job)?;
    let endpoint = job.endpoint(embedded.as_ref(), port, sending)?;
    let control = |operation: &str| job.control(&bench, operation);
    let mut plan = job.plan(&endpoint, sending.settings, run_id, stop, &control);
    let redaction = plan.redaction();
    let mut diagnosis = Diagnosis {
        scenario: job.scenario.name.clone(),
        endpoint: endpoint.origin(),
        service: job.contract.service.clone(),
        protocol: job.contract.protocol.map(|protocol| protocol.name().to_owned()),
        cases: counts.values().sum(),
        resources: inferred.resources.clone(),
        origins: inferred.origins.clone(),
        workers: sending.settings.workers,
        ..Diagnosis::default()
    };
    let start = || started::start(job, &plan, port, &redaction, sending, stop);
    match tokio::task::block_in_place(start)? {
        Ok(server) => plan.server = server,
        Err(started::NotReady { why, output }) => {
            diagnosis.unreachable = Some(why);
            diagnosis.server_output = output;
            return Ok(diagnosis);
        }
    }
    tokio::task::block_in_place(|| {
        let line = match OneByOne::new(&plan) {
            Ok(line) => line,
            Err(why) => {
                diagnosis.unreachable = Some(why);
                return Ok(());
            }
        };
        examine(job, &bench, inferred, &line, stop, &mut diagnosis, progress)
    })?;
    let granted = diagnosis.operations.iter().filter(|row| row.stands == Stands::Granted);
    diagnosis.cases_run = granted.filter_map(|row| counts.get(row.operation.as_str())).sum();
    Ok(diagnosis)
}

fn examine(
    job: &Job,
    bench: &Workbench<'_>,
    inferred: &Inference,
    line: &OneByOne<'_>,
    stop: &Stop,
    diagnosis: &mut Diagnosis,
    progress: &mut (dyn FnMut(&DiagnosedOperation) + Send),
) -> Result<(), Vec<Diagnostic>> {
    let canary = bench.canary(&job.scenario).map_err(unplanned)?;
    let canary = match canary.map(|case| line.send(case)) {
        Some(Err(why)) => {
            diagnosis.unreachable = Some(why);
            return Ok(());
        }
        Some(Ok(outcome)) => {
            let canary = Likeness::of(&job.contract, &outcome);
            let silent = outcome.exchanges.iter().flatten().find_map(|exchange| exchange.answer.as_ref().err());
            let nothing = silent.map(|reason| format!("none: {reason}"));
            diagnosis.canary = canary.as_ref().map(ToString::to_string).or(nothing);
            canary
        }
        None => None,
    };
    let mut scenario = job.scenario.clone();
    let makers = inferred.resources.iter().map(|resource| resource.made_by.as_str());
    let all = job.contract.operations.iter().map(|operation| operation.name.as_str());
    let mut done: HashSet<&str> = HashSet::new();
    let watch = Stopwatch::start();
    let (mut sent, mut steps) = (0_u64, 0_u64);
    for name in makers.chain(all.filter(|name| job.scenario.wants(name))) {
        if stop.is_stopped() {
            diagnosis.unreachable = Some("the diagnosis was stopped".to_owned());
            break;
        }
        let Some(operation) = job.contract.operation(name).filter(|_| done.insert(name)) else { continue };
        let mut examined = Examined { job, bench, line, canary: canary.as_ref(), sent: 0, steps: 0 };
        let row = examined.operation(operation, &mut scenario).map_err(unplanned)?;
        (sent, steps) = (sent + examined.sent, steps + examined.steps);
        progress(&row);
        diagnosis.operations.push(row);
    }
    if sent > 0 {
        diagnosis.millis = watch.elapsed().as_secs_f64() * 1000.0 / steps.max(1) as f64;
        diagnosis.steps = steps as f64 / sent as f64;
    }
    Ok(())
}

struct Examined<'a> {
    job: &'a Job,
    bench: &'a Workbench<'a>,
    line: &'a OneByOne<'a>,
    canary: Option<&'a Likeness>,
    sent: u64,
    steps: u64,
}

/// The result of a control.
struct Met {
    stands: Stands,
    observed: String,
    why: String,
    /// Whether the server failed.
    failed: bool,
}

impl Examined<'_> {
    fn operation(&mut self, operation: &Operation, scenario: &mut Scenario) -> Result<DiagnosedOperation, PlanError> {
        let name = operation.name.as_str();
        let mut met = self.met(name, scenario)?;
        let mut row = DiagnosedOperation { operation: name.to_owned(), ..DiagnosedOperation::default() };
        // A server that fails because a member is missing responds in the same way as for an unknown operation.
        let is_maker = self.job.inferred.resources.iter().any(|resource| resource.made_by == name);
        let may_lack = met.stands == Stands::Refused
            || (matches!(met.stands, Stands::NotImplemented | Stands::Diverges) && met.failed && is_maker);
        if may_lack && self.job.contract.is_only_modelled() {
            let candidates = candidates(&self.job.contract, operation, scenario);
            let mut grant = Grant::new(candidates, &met.why, TRIES);
            while let Some(names) = grant.propose() {
                let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
                let Some(tried) = self.with(operation, scenario, &names)? else { continue };
                row.tries += 1;
                let next = self.met(name, &tried)?;
                if next.stands == Stands::Granted {
                    let (names, tried) = self.fewest(operation, scenario, names, tried)?;
                    let uses = tried.notes(name).map(|notes| notes.uses.clone()).unwrap_or_default();
                    row.found = uses.into_iter().filter(|(member, _)| names.contains(member)).collect();
                    *scenario = tried;
                    met = next;
                    break;
                }
                grant.refused(&next.why);
            }
        }
        (row.stands, row.observed, row.why) = (met.stands, met.observed, met.why);
        Ok(row)
    }

    /// Removes the members that are not needed from those with which the request was accepted.
    fn fewest(
        &mut self,
        operation: &Operation,
        scenario: &Scenario,
        mut names: Vec<String>,
        mut granted: Scenario,
    ) -> Result<(Vec<String>, Scenario), PlanError> {
        for name in names.clone() {
            let fewer: Vec<String> = names.iter().filter(|other| **other != name).cloned().collect();
            let Some(tried) = self.with(operation, scenario, &fewer)?.filter(|_| !fewer.is_empty()) else { continue };
            if self.met(operation.name.as_str(), &tried)?.stands == Stands::Granted {
                (names, granted) = (fewer, tried);
            }
        }
        Ok((names, granted))
    }

    /// Returns the scenario with plain values for further members of an operation.
    fn with(
        &self,
        operation: &Operation,
        scenario: &Scenario,
        members: &[String],
    ) -> Result<Option<Scenario>, PlanError> {
        let name = operation.name.as_str();
        let mut tried = scenario.clone();
        for member in members {
            let Some(value) = self.bench.plain_member(scenario, name, member)? else {
                return Ok(None);
            };
            tried.operations.entry(name.to_owned()).or_default().uses.insert(member.clone(), value);
        }
        Ok(Some(tried))
    }

    fn met(&mut self, operation: &str, scenario: &Scenario) -> Result<Met, PlanError> {
        let nothing = |why: String| Met { stands: Stands::NotSent, observed: String::new(), why, failed: false };
        let Some(case) = self.bench.control(scenario, operation)? else {
            return Ok(nothing("no valid request can be generated".to_owned()));
        };
        self.sent += 1;
        let outcome = match self.line.send(case) {
            Ok(outcome) => outcome,
            Err(why) => return Ok(nothing(why)),
        };
        self.steps += outcome.exchanges.iter().flatten().count() as u64;
        let judgement = judge(&self.job.contract, scenario, &outcome);
        let observed = if judgement.observed.status.is_some() { judgement.observed.to_string() } else { String::new() };
        let alike = || Likeness::of(&self.job.contract, &outcome).is_some_and(|seen| self.canary == Some(&seen));
        let stands = match judgement.verdict {
            _ if judgement.observed.status.is_some_and(|status| (200..300).contains(&status)) => Stands::Granted,
            _ if judgement.observed.status.is_none() => Stands::NotSent,
            _ if alike() => Stands::NotImplemented,
            _ if judgement.observed.status.is_some_and(|status| (400..500).contains(&status)) => Stands::Refused,
            _ => Stands::Diverges,
        };
        let why = match stands {
            Stands::Granted if judgement.verdict == Verdict::Diverges => judgement.why,
            Stands::Granted | Stands::NotImplemented => String::new(),
            _ => said(&outcome).unwrap_or(judgement.why),
        };
        let failed = judgement.observed.status.is_some_and(|status| status >= 500);
        Ok(Met { stands, observed, why, failed })
    }
}

/// Returns the optional input members of an operation for which the scenario has no value.
fn candidates(contract: &Contract, operation: &Operation, scenario: &Scenario) -> Vec<Candidate> {
    let members = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
    let open = |name: &str| scenario.use_for(operation.name.as_str(), name).is_none();
    let optional = members.into_iter().flatten().filter(|(name, member)| !member.required && open(name));
    optional
        .map(|(name, member)| {
            let mut words = vec![name.clone()];
            inside(contract, &member.shape, 0, &mut words);
            Candidate { name: name.clone(), words }
        })
        .collect()
}

/// Collects the names of all members inside a shape, down to the maximum depth.
fn inside(contract: &Contract, id: &ShapeId, depth: usize, words: &mut Vec<String>) {
    if depth >= DEEPEST {
        return;
    }
    match &contract.shape(id).kind {
        Kind::Structure { members } | Kind::Union { members } => {
            for (name, member) in members {
                words.push(name.clone());
                inside(contract, &member.shape, depth + 1, words);
            }
        }
        Kind::List { member } => inside(contract, member, depth, words),
        Kind::Map { value, .. } => inside(contract, value, depth, words),
        _ => {}
    }
}

/// Returns the members whose values only the user knows, by operation: the required ones that name a resource which no
/// operation of the contract creates.
pub fn open_members(contract: &Contract, inferred: &Inference) -> Vec<(String, Vec<String>)> {
    let scenario = &inferred.scenario;
    let mut open = Vec::new();
    for operation in contract.operations.iter().filter(|operation| scenario.wants(operation.name.as_str())) {
        let name = operation.name.as_str();
        let members = operation.input.as_ref().and_then(|input| contract.shape(input).kind.members());
        let lacking: Vec<String> = members
            .into_iter()
            .flatten()
            .filter(|(member, it)| {
                it.required && matches!(contract.shape(&it.shape).kind, Kind::String) && names_something(member)
            })
            .map(|(member, _)| member.clone())
            .filter(|member| scenario.use_for(name, member).is_none())
            .collect();
        if !lacking.is_empty() {
            open.push((name.to_owned(), lacking));
        }
    }
    open
}

/// Returns true if the name of a member suggests that its value is not free text.
fn names_something(member: &str) -> bool {
    ["Id", "ID", "Arn", "ARN", "Url", "URL", "Name", "Document", "Policy", "Definition", "Expression"]
        .iter()
        .any(|end| member.ends_with(end))
        || matches!(member, "id" | "arn" | "url" | "name" | "policy" | "definition" | "role" | "Role")
}
