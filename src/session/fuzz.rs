//! Fuzzes an endpoint with generated requests and sequences, guided by the kinds of responses.
//!
//! The number of workers never changes what is proposed: each round of proposals is sent concurrently, but its
//! responses are evaluated in order, so the same seed and the same responses lead to the same proposals.

use super::case_observer::CaseObserver as _;
use super::endpoint_setup::EndpointSetup;
use super::engine::{BoxedResult, Session};
use super::error::SessionError;
use super::fuzz_checks;
use super::fuzz_search::{FuzzFinding, FuzzSearch, ProposedCase, SequenceOutcome, ShrunkFinding};
use super::job::{CaseTotals, RunOptions, ScenarioJob};
use super::known_divergences::KnownUsage;
use super::tally::RunTally;
use crate::case::Case;
use crate::generate::FuzzGenerator;
use crate::judge::{EndpointKnowledge, Verdict};
use crate::report::{Reporter, RunSummary};
use crate::run::{CancelToken, CaseOutcome, RunEnd, SearchBudget, SequentialRunner, Stopwatch};
use crate::scenario::Scenario;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use std::time::Duration;

/// Number of proposals that are sent before their responses guide the next ones; fewer at first, when every response
/// is new.
const ROUND_SIZE: usize = 256;
const FIRST_ROUND_SIZE: usize = 32;
/// Number of sequences after which rounds have their full size.
const FIRST_ROUNDS: u64 = 1000;
/// Maximum number of corpus inputs that one run writes.
const MAX_WRITTEN_INPUTS: u64 = 20_000;
/// Time after the time limit until which the responses of the last round are awaited.
const MAX_OVERTIME: Duration = Duration::from_secs(1);

/// Limits and initial inputs of a fuzzing run.
#[derive(Clone, Debug, Default)]
pub struct FuzzOptions {
    /// Maximum duration of the run.
    pub max_time: Option<Duration>,
    /// Maximum number of sequences to send.
    pub max_cases: Option<u64>,
    /// Contents of the corpus files, which are sent first.
    pub corpus: Vec<Vec<u8>>,
}

/// Receives findings and new corpus inputs; an error ends the run.
pub trait FuzzObserver {
    /// Saves an input that led to a new kind of response.
    ///
    /// # Errors
    /// Returns the reason if it cannot be saved.
    fn save_input(&mut self, name: &str, bytes: &[u8]) -> Result<(), String>;

    /// Saves a finding.
    ///
    /// # Errors
    /// Returns the reason if it cannot be saved.
    fn save_finding(&mut self, found: &FuzzFinding) -> Result<(), String>;

    /// Reports progress: numbers of sequences, kinds of responses, corpus inputs and findings, and the elapsed time.
    fn report_progress(&mut self, sent: u64, kinds: usize, kept: usize, findings: u64, elapsed: Duration);
}

/// Operations of which no request succeeded, so that their rejections are meaningless.
pub type OperationsWithoutSuccess = Vec<String>;

/// Fuzzes until a limit of `fuzzing` is reached or the run is stopped.
///
/// Must be called on a multi-threaded runtime, as `check`.
///
/// # Errors
/// Returns an error if no requests can be generated, the endpoint cannot be set up, or a reporter cannot write.
pub async fn fuzz(
    job: &ScenarioJob,
    sending: &RunOptions,
    fuzzing: &FuzzOptions,
    run_id: &str,
    stop: &CancelToken,
    output: &mut (dyn Reporter + Send),
    keep: &mut (dyn FuzzObserver + Send),
) -> Result<(RunSummary, OperationsWithoutSuccess), SessionError> {
    let setup = EndpointSetup::new(job, job.compile_contract(), sending, run_id, stop).await?;
    setup.run(|session| run_fuzz(session, fuzzing, output, keep))
}

fn run_fuzz(
    mut session: Session<'_>,
    fuzzing: &FuzzOptions,
    output: &mut (dyn Reporter + Send),
    keep: &mut (dyn FuzzObserver + Send),
) -> Result<(RunSummary, OperationsWithoutSuccess), SessionError> {
    let (job, options) = (session.job(), session.setup.options);
    // Fuzzing has a time limit of its own.
    session.plan.search_time = SearchBudget::unlimited();
    // Controls come first: an operation that accepts nothing is not worth fuzzing.
    let controls = fuzz_checks::fuzz_controls(job, &session.setup.compiled);
    let drawn: HashSet<String> = controls.iter().map(|case| case.operation.to_string()).collect();
    let planned = CaseTotals { operations: drawn.len() as u64, ..CaseTotals::default() };
    output.begin_run(&session.run_started(planned))?;
    let tally = RunTally::new(job, options);
    if let Err(not_ready) = session.start_server()? {
        return Ok((not_ready.report(tally, output)?, Vec::new()));
    }
    session.allow_restarts();
    let runner = SequentialRunner::new(&session.plan).map_err(|error| SessionError::from_reason(error.to_string()))?;
    let watch = Stopwatch::start();
    let mut run = FuzzRun {
        knowledge: session.probe(&runner)?,
        session: &session,
        runner,
        fuzzing,
        tally,
        known_usage: KnownUsage::new(&job.known_divergences),
        accepted: BTreeMap::new(),
        sent: 0,
        written_inputs: 0,
        ended: RunEnd::Complete,
        watch,
        output,
        keep,
    };
    run.send_controls(controls)?;
    // Only operations that accept their control are fuzzed.
    let scenario = fuzz_checks::restrict_to_accepted(job, &drawn, &run.knowledge);
    let is_usable = run.ended == RunEnd::Complete
        && run.knowledge.obstacle().is_none()
        && run.knowledge.wrong_base_url(&job.contract).is_none();
    let fuzzed =
        if is_usable && !scenario.included_operations.is_empty() { run.fuzz_rounds(&scenario) } else { Ok(()) };
    if matches!(fuzzed, Err(SessionError::OutputClosed)) {
        return Err(SessionError::OutputClosed);
    }
    // The verdicts are reported even if a finding or an input cannot be saved.
    let finished = run.finish();
    fuzzed.and(finished)
}

/// A fuzzing run.
struct FuzzRun<'s, 'o> {
    session: &'s Session<'s>,
    runner: SequentialRunner<'s>,
    fuzzing: &'o FuzzOptions,
    knowledge: EndpointKnowledge,
    tally: RunTally<'s>,
    known_usage: KnownUsage<'s>,
    /// Operations that the endpoint implements, and whether any of their requests succeeded.
    accepted: BTreeMap<String, bool>,
    /// Number of sequences that were sent.
    sent: u64,
    written_inputs: u64,
    ended: RunEnd,
    watch: Stopwatch,
    output: &'o mut (dyn Reporter + Send),
    keep: &'o mut (dyn FuzzObserver + Send),
}

impl FuzzRun<'_, '_> {
    fn send_controls(&mut self, controls: Vec<Case>) -> Result<(), SessionError> {
        let evaluator = self.session.evaluator(None, Some(&self.knowledge));
        let mut results = Vec::new();
        let mut take = |result: BoxedResult| {
            results.push(result);
            ControlFlow::Continue(())
        };
        let evaluate = |outcome| Box::new(evaluator.evaluate(outcome));
        self.ended = self.session.run_cases(controls.into_iter(), evaluate, &mut take);
        for result in &results {
            self.knowledge.record(
                &self.session.job().contract,
                &result.case,
                &result.judgement,
                result.message.as_deref(),
            );
        }
        // A response that every request gets says nothing about a single case.
        if self.knowledge.obstacle().is_some() {
            return Ok(());
        }
        for result in &mut results {
            self.tally.observe(result);
            self.known_usage.observe(result);
            self.output.report_case(result)?;
            let success = result.judgement.observed.status.is_some_and(|status| (200..300).contains(&status));
            if result.judgement.verdict != Verdict::NotImplemented {
                self.accepted.insert(result.case.operation.to_string(), success);
            }
        }
        Ok(())
    }

    /// Sends rounds of sequences of these operations until a limit is reached.
    fn fuzz_rounds(&mut self, scenario: &Scenario) -> Result<(), SessionError> {
        let job = self.session.job();
        let generator = FuzzGenerator::new(&job.contract, scenario, job.seed)
            .map_err(|error| SessionError::from_reason(error.to_string()))?;
        let mut first = generator.control_actions();
        let saved = job.regressions.iter().map(|saved| saved.actions.clone());
        first.extend(saved.filter(|actions| generator.supports_actions(actions)));
        first.extend(self.fuzzing.corpus.iter().filter_map(|bytes| generator.actions_from_bytes(bytes)));
        let knowledge = self.knowledge.clone();
        let evaluator = self.session.evaluator(None, Some(&knowledge));
        let mut search = FuzzSearch::new(&generator, first, evaluator, self.session.setup.run_id, self.watch);
        search.stop_after(self.fuzzing.max_time, &self.session.plan.cancel_token);
        while let Some(size) = self.next_round_size() {
            let round = search.next_round(size);
            if round.is_empty() {
                break;
            }
            for outcome in self.send_round(&search, &round) {
                self.take_outcome(&mut search, &round, outcome)?;
            }
            self.keep.report_progress(
                self.sent,
                search.guide.kind_count(),
                search.guide.corpus_size(),
                self.tally.findings.group_count() as u64,
                self.watch.elapsed(),
            );
        }
        Ok(())
    }

    /// Returns the number of sequences to propose next, or `None` if the run is over.
    fn next_round_size(&self) -> Option<usize> {
        let is_late = self.fuzzing.max_time.is_some_and(|most| self.watch.elapsed() >= most);
        let left = self.fuzzing.max_cases.map_or(u64::MAX, |most| most.saturating_sub(self.sent));
        let is_over = self.ended != RunEnd::Complete
            || self.session.plan.cancel_token.is_cancelled()
            || is_late
            || left == 0
            || self.tally.is_max_failures_reached();
        let size = if self.sent < FIRST_ROUNDS { FIRST_ROUND_SIZE } else { ROUND_SIZE };
        (!is_over).then(|| size.min(usize::try_from(left).unwrap_or(usize::MAX)))
    }

    /// Sends a round and returns the outcomes in its order.
    fn send_round(&mut self, search: &FuzzSearch<'_, '_>, round: &[ProposedCase]) -> Vec<SequenceOutcome> {
        self.runner.close_idle();
        let cases = round.iter().map(|proposed| proposed.fuzz_case.case.clone());
        let by_id: HashMap<&str, usize> =
            round.iter().enumerate().map(|(index, one)| (one.fuzz_case.case.id.as_str(), index)).collect();
        let judge = |outcome: CaseOutcome| {
            let index = by_id[outcome.case.id.as_str()];
            Box::new(search.judge_outcome(index, &round[index].fuzz_case, outcome))
        };
        let (mut outcomes, mut count) = (Vec::new(), 0);
        let deadline = self.fuzzing.max_time.map(|most| most + MAX_OVERTIME);
        let watch = self.watch;
        let mut take = |outcome: Box<SequenceOutcome>| {
            count += 1;
            outcomes.push(*outcome);
            let is_late = deadline.is_some_and(|most| watch.elapsed() >= most);
            if is_late { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let ended = self.session.run_cases(cases, judge, &mut take);
        self.sent += count;
        if ended != RunEnd::EndedByConsumer {
            self.ended = ended;
        }
        outcomes
    }

    /// Counts the outcome of a sequence, lets it guide the next ones, and shrinks and reports its findings.
    fn take_outcome(
        &mut self,
        search: &mut FuzzSearch<'_, '_>,
        round: &[ProposedCase],
        outcome: SequenceOutcome,
    ) -> Result<(), SessionError> {
        let ProposedCase { proposal, fuzz_case } = &round[outcome.index];
        for name in &outcome.judged.succeeded_operations {
            self.accepted.insert(name.clone(), true);
        }
        outcome.count_in(&mut self.tally, fuzz_case);
        let is_new = search.guide.record_responses(proposal, &outcome.judged.signatures);
        if is_new && self.written_inputs < MAX_WRITTEN_INPUTS {
            self.written_inputs += 1;
            let (name, bytes) = fuzz_checks::corpus_input(&proposal.actions);
            self.keep.save_input(&name, &bytes).map_err(|error| SessionError::from_reason(error.to_string()))?;
        }
        for (check, mut result) in outcome.judged.violations {
            self.known_usage.observe(&mut result);
            match search.shrink_finding(&self.runner, &proposal.actions, &fuzz_case.checks[check], result) {
                None => {}
                Some(ShrunkFinding { result, finding: None }) => {
                    let scenario = &self.session.job().scenario.name;
                    self.tally.findings.count_repeat(scenario, &result.case, &result.judgement);
                }
                Some(ShrunkFinding { result, finding: Some(finding) }) => {
                    self.tally.add_example(&result);
                    self.tally.failures += 1;
                    self.output.report_case(&result)?;
                    self.keep.save_finding(&finding).map_err(|error| SessionError::from_reason(error.to_string()))?;
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<(RunSummary, OperationsWithoutSuccess), SessionError> {
        // A signal may arrive between two rounds, when nothing is sent.
        let is_cut_short = self.ended == RunEnd::Complete && self.session.plan.cancel_token.is_cancelled();
        let ended = if is_cut_short { RunEnd::Cancelled } else { self.ended };
        let mut summary = self.tally.into_summary(self.watch.elapsed().as_secs_f64(), &ended);
        self.session.complete_summary(&mut summary, &ended, self.knowledge, &self.known_usage);
        self.output.end_run(&summary)?;
        let without_success = self.accepted.into_iter().filter(|(_, accepted)| !accepted).map(|(name, _)| name);
        Ok((summary, without_success.collect()))
    }
}
