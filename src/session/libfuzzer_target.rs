//! An endpoint as a libFuzzer target: the engine supplies bytes, and kinds of responses serve as coverage.
//!
//! It never starts the user's server, and sends nothing before the first input.

use super::endpoint_setup::EndpointSetup;
use super::engine::Session;
use super::error::SessionError;
use super::fuzz_checks::{self, SequenceJudgement};
use super::job::{EndpointTarget, RunOptions, ScenarioJob};
use crate::generate::{Action, FuzzGenerator};
use crate::inprocess::InProcessFinding;
use crate::judge::{EndpointKnowledge, Judgement, ResponseSignature, SkippedOperation};
use crate::report::Diagnostic;
use crate::run::{BackgroundRunner, CancelToken, CaseOutcome, Exchange, Liveness, SequentialRunner};
use crate::wire::RequestPart;
use std::collections::HashSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// Maximum number of kinds of responses that are distinguished: the size of the counter table that an engine should
/// pass.
pub const MAX_RESPONSE_KINDS: usize = 1 << 16;

/// Why an input was not completed.
#[derive(Debug)]
pub enum FuzzInputError {
    /// The endpoint violated the contract.
    Finding(Box<InProcessFinding>),
    /// The endpoint responded before, but no longer does; with the last requests and their responses.
    EndpointDown(String),
    /// The endpoint was never reached, or accepts no operation; with the reason.
    Unusable(String),
}

/// An endpoint with everything that is needed to send inputs to it and to judge its responses. It is meant for a
/// `static`: created once, it lives as long as the program.
pub struct LibFuzzerTarget {
    job: &'static ScenarioJob,
    options: &'static RunOptions,
    run_id: &'static str,
    ready: OnceLock<Result<ReadyTarget, String>>,
    /// Number of inputs that were sent.
    inputs_sent: AtomicU64,
}

/// The state after the controls were sent.
struct ReadyTarget {
    runner: BackgroundRunner,
    generator: FuzzGenerator<'static>,
    session: &'static Session<'static>,
    knowledge: EndpointKnowledge,
}

impl LibFuzzerTarget {
    /// Creates a target for a job, without sending anything.
    ///
    /// # Errors
    /// Returns an error if overstep would have to start the job's endpoint.
    pub fn new(job: ScenarioJob, sending: RunOptions, run_id: &str) -> Result<Self, SessionError> {
        // An engine kills its processes without notice, so a server that they started would keep running.
        let open = matches!(&job.target, EndpointTarget::Url(url) if url.contains("{port}"));
        if open {
            let reason = format!("endpoint `{}` has no fixed port", job.profile);
            let problem = Diagnostic::error(reason);
            return Err(problem.with_hint("start the server yourself and set OVERSTEP_ENDPOINT=http://…").into());
        }
        let (job, options) = (&*Box::leak(Box::new(job)), &*Box::leak(Box::new(sending)));
        let run_id = run_id.to_owned().leak();
        Ok(Self { job, options, run_id, ready: OnceLock::new(), inputs_sent: AtomicU64::new(0) })
    }

    /// Sends the controls, unless that was done before, and returns the operations that are not fuzzed because theirs
    /// failed.
    ///
    /// # Errors
    /// Returns an error if the endpoint cannot be reached, or accepts no operation.
    pub fn probe_operations(&self) -> Result<&[SkippedOperation], FuzzInputError> {
        self.ready().map(|ready| ready.knowledge.skipped_operations())
    }

    fn ready(&self) -> Result<&ReadyTarget, FuzzInputError> {
        let ready = self.ready.get_or_init(|| ReadyTarget::new(self.job, self.options, self.run_id));
        ready.as_ref().map_err(|why| FuzzInputError::Unusable(why.clone()))
    }

    /// Decodes a fuzzer's bytes into a request or a sequence, sends it, and compares every response and the final state
    /// with the contract. Increments the counter of each kind of response in `kinds`. Returns the number of checks.
    ///
    /// # Errors
    /// Returns an error if the endpoint violates the contract or does not respond.
    pub fn run_input(&self, bytes: &[u8], kinds: &[AtomicU8]) -> Result<usize, FuzzInputError> {
        let ready = self.ready()?;
        let Some(acts) = ready.generator.actions_from_bytes(bytes) else { return Ok(0) };
        // The name gives the input resources that no other input, and no other process, uses.
        let name = format!("{}-{}", self.run_id, self.inputs_sent.fetch_add(1, Ordering::Relaxed));
        let Some(tale) = ready.generator.build_fuzz_case(&name, &acts) else { return Ok(0) };
        let mut outcome =
            ready.runner.run_case(tale.case.clone()).map_err(|error| FuzzInputError::Unusable(error.to_string()))?;
        let finish = ready.session.evaluator(None, Some(&ready.knowledge));
        let SequenceJudgement { signatures, violations: broke, .. } =
            fuzz_checks::judge_sequence(&finish, &tale, &mut outcome);
        increment_counters(&signatures, kinds);
        if outcome.liveness == Some(Liveness::Down) {
            return Err(FuzzInputError::EndpointDown(ready.describe_crash(&outcome)));
        }
        // Known divergences and operations that are not implemented are not findings.
        if let Some((claim, done)) = broke.into_iter().find(|(_, done)| done.is_finding) {
            tale.checks[claim].apply_to(std::sync::Arc::make_mut(&mut outcome.case));
            return Err(FuzzInputError::Finding(Box::new(ready.build_finding(&outcome, &done.judgement, &acts))));
        }
        Ok(tale.checks.len())
    }
}

impl ReadyTarget {
    fn new(job: &'static ScenarioJob, options: &'static RunOptions, run_id: &'static str) -> Result<Self, String> {
        let session = open_session(job, options, run_id)?;
        let runner = SequentialRunner::new(&session.plan).map_err(|error| error.to_string())?;
        let mut knowledge = session.probe(&runner).map_err(in_words)?;
        let mut drawn = HashSet::new();
        for case in fuzz_checks::fuzz_controls(job, &session.setup.compiled) {
            drawn.insert(case.operation.to_string());
            let outcome = runner.run_case(case).map_err(|error| error.to_string())?;
            if outcome.liveness == Some(Liveness::Down) {
                return Err(format!("{} does not respond", session.origin));
            }
            let result = session.evaluator(None, Some(&knowledge)).evaluate(outcome);
            knowledge.record(&job.contract, &result.case, &result.judgement, result.message.as_deref());
        }
        let clean = |text: String| session.redaction.redact_message(&text).into_owned();
        if let Some(obstacle) = knowledge.obstacle() {
            return Err(clean(obstacle.to_string()));
        }
        if let Some(why) = knowledge.wrong_base_url(&job.contract) {
            return Err(clean(why));
        }
        let scenario = Box::leak(Box::new(fuzz_checks::restrict_to_accepted(job, &drawn, &knowledge)));
        if scenario.included_operations.is_empty() {
            let describe = |one: &SkippedOperation| format!("{}: {} {}", one.operation, one.observed, one.reason);
            let reasons: Vec<String> = knowledge.skipped_operations().iter().map(describe).collect();
            return Err(clean(format!("no control request succeeded: {}", reasons.join("; "))));
        }
        let generator = FuzzGenerator::new(&job.contract, scenario, job.seed).map_err(|error| error.to_string())?;
        let runner = BackgroundRunner::new(&session.plan).map_err(|error| error.to_string())?;
        Ok(Self { runner, generator, session, knowledge })
    }

    fn build_finding(&self, outcome: &CaseOutcome, judgement: &Judgement, acts: &[Action]) -> InProcessFinding {
        InProcessFinding::new(outcome, judgement, Some(acts), &self.session.origin, &self.session.redaction)
    }

    /// Describes the requests after which the endpoint stopped responding.
    fn describe_crash(&self, outcome: &CaseOutcome) -> String {
        let (origin, redaction) = (&self.session.origin, &self.session.redaction);
        let line = |exchange: &Exchange| {
            let sent = &exchange.request;
            let line = crate::wire::curl_command(sent, origin, redaction).map(|line| line.0);
            let line = line.unwrap_or_else(|| {
                let line = format!("{} {}", sent.method, sent.target);
                redaction.redact_request(&line, RequestPart::Other).into_owned()
            });
            match &exchange.response {
                Ok(answer) => format!("\n    {line}   # {}", answer.status),
                Err(why) => format!("\n    {line}   # {}", redaction.redact_message(&why.to_string())),
            }
        };
        let lines: String = outcome.exchanges.iter().flatten().map(line).collect();
        format!("{origin} stopped responding after these requests:{lines}")
    }
}

/// Opens a session that lives as long as the program. The user's server is not started.
fn open_session(
    job: &'static ScenarioJob,
    options: &'static RunOptions,
    run_id: &'static str,
) -> Result<&'static Session<'static>, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime: &'static _ = Box::leak(Box::new(runtime.map_err(|error| format!("cannot start: {error}"))?));
    let compiled = job.compile_contract();
    let stop = CancelToken::default();
    let setup = runtime.block_on(EndpointSetup::new(job, compiled, options, run_id, &stop)).map_err(in_words)?;
    let setup: &'static EndpointSetup<'static> = Box::leak(Box::new(setup));
    let control = Box::leak(Box::new(|operation: &str| setup.control_case(operation)));
    Ok(Box::leak(Box::new(Session::new(setup, control, &|| false, &|| false))))
}

fn in_words(error: SessionError) -> String {
    let reasons = error.into_problems().into_iter().map(|problem| problem.reason);
    reasons.collect::<Vec<_>>().join("; ")
}

/// Increments the counter of each kind of response.
fn increment_counters(signatures: &[ResponseSignature], kinds: &[AtomicU8]) {
    for signature in signatures {
        let Some(at) = usize::try_from(signature.0 % kinds.len().max(1) as u64).ok() else { continue };
        if let Some(counter) = kinds.get(at) {
            // A full counter saturates, because 0 means that the kind was never seen.
            counter.store(counter.load(Ordering::Relaxed).saturating_add(1), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counter_saturates_instead_of_wrapping_to_zero() {
        let kinds: Vec<AtomicU8> = (0..8).map(|_| AtomicU8::new(0)).collect();
        for _ in 0..600 {
            increment_counters(
                &[ResponseSignature(3), ResponseSignature(8 * 5 + 3), ResponseSignature(u64::MAX)],
                &kinds,
            );
        }
        let seen: Vec<u8> = kinds.iter().map(|one| one.load(Ordering::Relaxed)).collect();
        assert_eq!(seen, [0, 0, 0, 255, 0, 0, 0, 255]);
        increment_counters(&[ResponseSignature(1)], &[]);
    }
}
