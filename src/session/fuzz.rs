//! Fuzzes an endpoint with generated requests and sequences, guided by the kinds of responses.
//!
//! The number of workers never changes what is proposed: each round of proposals is sent concurrently, but its
//! responses are evaluated in order, so the same seed and the same responses lead to the same proposals.

use super::tally::{RunTally, write_error};
use super::{embedded, fuzz_checks, known_divergences, regressions, server_lifecycle};
use crate::case::{Case, Intent};
use crate::generate::{Action, FuzzCase, FuzzCheck, FuzzGenerator, actions_to_json};
use crate::judge::{Verdict, judge};
use crate::report::{CaseResult, Diagnostic, Reporter, RunStarted, RunSummary};
use crate::run;
use crate::run::{CancelToken, CaseOutcome, RunEnd, SequentialRunner, Stopwatch};
use crate::scenario::{Regression, write_regression};
use crate::search::{FuzzGuide, FuzzProposal, minimize};
use crate::session::endpoint_probe::EndpointProbe;
use crate::session::evaluate::CaseEvaluator;
use crate::session::fuzz_checks::SequenceJudgement;
use crate::session::job::{RunOptions, ScenarioJob};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

/// Number of proposals that are sent before their responses guide the next ones; fewer at first, when every response
/// is new.
const ROUND_SIZE: usize = 256;
const FIRST_ROUND_SIZE: usize = 32;
/// Maximum number of attempts to shrink a finding.
const MAX_SHRINK_ATTEMPTS: usize = 240;
/// Maximum time to shrink a finding; with a slow endpoint, findings are reported as far as they were shrunk by then.
const MAX_SHRINK_TIME: Duration = Duration::from_secs(4);
/// Maximum number of findings to shrink; the others are reported unchanged.
const MAX_SHRUNK_FINDINGS: usize = 64;
/// Maximum number of corpus inputs that one run writes.
const MAX_WRITTEN_INPUTS: u64 = 20_000;

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

/// A finding, shrunk as far as possible.
#[derive(Clone, Debug, PartialEq)]
pub struct FuzzFinding {
    /// The case's id.
    pub id: String,
    /// The name under which it should be saved.
    pub name: String,
    /// The content of its file.
    pub text: String,
    /// What was received.
    pub observed: String,
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

/// The result of one sequence.
struct SequenceOutcome {
    index: usize,
    case: Arc<Case>,
    judged: SequenceJudgement,
}

/// Fuzzes until a limit of `fuzzing` is reached or the run is stopped.
///
/// Must be called on a multi-threaded runtime, as [`crate::session::check`].
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
) -> Result<(RunSummary, OperationsWithoutSuccess), Vec<Diagnostic>> {
    let failed = |reason: String| vec![Diagnostic::error(reason)];
    let embedded = embedded::start_if_embedded(job).await?;
    let port = server_lifecycle::server_port(job)?;
    let endpoint = job.build_endpoint(embedded.as_ref(), port, sending)?;
    let bench = job.compile_contract()?;
    let control = |operation: &str| job.control_case(&bench, operation);
    let (running, restarts) = (std::sync::OnceLock::new(), std::sync::atomic::AtomicU32::new(0));
    let revive = || server_lifecycle::restart_server(job, &endpoint, running.get(), &restarts, stop);
    let mut plan = job.build_run_plan(&endpoint, sending.settings, run_id, stop, &control);
    // Fuzzing has a time limit of its own.
    plan.search_time = run::SearchBudget::unlimited();
    let redaction = plan.redaction();
    let origin = endpoint.origin();
    let base_evaluator = CaseEvaluator {
        job,
        redaction: &redaction,
        origin: &origin,
        probe: None,
        accepted: None,
        differential: None,
        strict: sending.strict,
        has_temporary_port: server_lifecycle::has_temporary_port(job),
    };
    // Controls come first: an operation that accepts nothing is not worth fuzzing.
    let controls = fuzz_checks::fuzz_controls(job, &bench);
    let drawn: HashSet<String> = controls.iter().map(|case| case.operation.to_string()).collect();
    let planned = crate::session::job::CaseTotals {
        operations: drawn.len() as u64,
        ..crate::session::job::CaseTotals::default()
    };
    let server = tokio::task::block_in_place(|| server_lifecycle::server_version(job, &redaction));
    let head = RunStarted { server_version: server, ..job.run_started(run_id, planned, &endpoint) };
    output.begin_run(&head).map_err(|error| write_error(&error))?;
    let mut tally = RunTally::new(job, sending);
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
            let mut summary = tally.into_summary(0.0, &RunEnd::Complete);
            (summary.incomplete_reason, summary.server_output) = (Some(why), said);
            output.end_run(&summary).map_err(|error| write_error(&error))?;
            return Ok((summary, Vec::new()));
        }
    }
    let line = SequentialRunner::new(&plan).map_err(failed)?;
    let watch = Stopwatch::start();
    let mut survey = tokio::task::block_in_place(|| EndpointProbe::send_canary(job, &bench, &line))?;
    let mut granted: BTreeMap<String, bool> = BTreeMap::new();
    let mut known_usage = known_divergences::KnownUsage::default();
    let mut unwritable = None;
    let mut seen = Vec::new();
    let mut ended = {
        let finish = CaseEvaluator { probe: Some(&survey), ..base_evaluator };
        let mut emit = |done: Box<CaseResult>| {
            tally.add_result(&done);
            known_usage.record(&job.known_divergences, &done);
            unwritable = output.report_case(&done).err();
            seen.push(done);
            if unwritable.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let finished = |outcome| Box::new(finish.evaluate(outcome));
        line.close_idle();
        tokio::task::block_in_place(|| run::run_cases(&plan, controls.into_iter(), finished, &mut emit))
    };
    for done in &seen {
        survey.record(job, done);
        let success = done.judgement.observed.status.is_some_and(|status| (200..300).contains(&status));
        if done.judgement.verdict != Verdict::NotImplemented {
            granted.insert(done.case.operation.to_string(), success);
        }
    }
    if let Some(error) = unwritable {
        return Err(write_error(&error));
    }
    let wrong_base_url = survey.wrong_base_url(job);
    // Only operations that accept their control are fuzzed.
    let scenario = fuzz_checks::restrict_to_accepted(job, &drawn, &survey);
    let finish = CaseEvaluator { probe: Some(&survey), ..base_evaluator };
    let mut sent = 0;
    if ended == RunEnd::Complete && wrong_base_url.is_none() && !scenario.included_operations.is_empty() {
        let wild = FuzzGenerator::new(&job.contract, &scenario, job.seed).map_err(|error| failed(error.to_string()))?;
        let mut first = wild.control_actions();
        first.extend(
            job.regressions.iter().map(|saved| saved.actions.clone()).filter(|acts| wild.supports_actions(acts)),
        );
        first.extend(fuzzing.corpus.iter().filter_map(|bytes| wild.actions_from_bytes(bytes)));
        let mut search = FuzzSearch {
            job,
            generator: &wild,
            guide: FuzzGuide::new(&wild, job.seed, first),
            evaluator: finish,
            run_id,
            sequence_count: 0,
            written_inputs: 0,
            seen_findings: HashSet::new(),
            shrunk_findings: 0,
            watch,
            shrink_deadline: fuzzing.max_time.map(|most| most + MAX_SHRINK_TIME),
        };
        while ended == RunEnd::Complete && !stop.is_cancelled() {
            let over = fuzzing.max_time.is_some_and(|most| watch.elapsed() >= most);
            let left = fuzzing.max_cases.map_or(u64::MAX, |most| most.saturating_sub(sent));
            if over || left == 0 || tally.is_max_failures_reached() {
                break;
            }
            let size = if sent < 1000 { FIRST_ROUND_SIZE } else { ROUND_SIZE };
            let round = search.next_round(size.min(usize::try_from(left).unwrap_or(usize::MAX)));
            if round.is_empty() {
                break;
            }
            let mut news = Vec::new();
            let (over_at, began) = (fuzzing.max_time, watch);
            let result = tokio::task::block_in_place(|| {
                line.close_idle();
                let cases = round.iter().map(|(_, tale)| tale.case.clone());
                let by_id: HashMap<&str, usize> =
                    round.iter().enumerate().map(|(index, (_, tale))| (tale.case.id.as_str(), index)).collect();
                let finished = |outcome: CaseOutcome| {
                    let index = by_id[outcome.case.id.as_str()];
                    Box::new(search.judge_outcome(index, &round[index].1, outcome))
                };
                let mut emit = |one: Box<SequenceOutcome>| {
                    sent += 1;
                    news.push(one);
                    let late = over_at.is_some_and(|most| began.elapsed() >= most + Duration::from_secs(1));
                    if late { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                };
                run::run_cases(&plan, cases, finished, &mut emit)
            });
            if result != RunEnd::EndedByConsumer {
                ended = result;
            }
            for one in news {
                let proposal = &round[one.index].0;
                for name in &one.judged.succeeded_operations {
                    granted.insert(name.clone(), true);
                }
                search.count_outcome(&mut tally, &round[one.index].1, &one);
                if search.guide.record_responses(proposal, &one.judged.signatures) {
                    search.save_input(&proposal.actions, keep).map_err(failed)?;
                }
                for (claim, done) in one.judged.violations {
                    known_usage.record(&job.known_divergences, &done);
                    let claim = &round[one.index].1.checks[claim];
                    let found =
                        tokio::task::block_in_place(|| search.shrink_finding(&line, &proposal.actions, claim, done));
                    match found {
                        None => {}
                        Some((done, None)) => {
                            tally.findings.count_repeat(&job.scenario.name, &done.case, &done.judgement);
                        }
                        Some((done, Some(found))) => {
                            tally.add_example(&done);
                            tally.failures += 1;
                            output.report_case(&done).map_err(|error| write_error(&error))?;
                            keep.save_finding(&found).map_err(failed)?;
                        }
                    }
                }
            }
            keep.report_progress(
                sent,
                search.guide.kind_count(),
                search.guide.corpus_size(),
                tally.findings.len() as u64,
                watch.elapsed(),
            );
        }
    }
    let vacuous: OperationsWithoutSuccess =
        granted.into_iter().filter(|(_, granted)| !granted).map(|(name, _)| name).collect();
    let mut summary = tally.into_summary(watch.elapsed().as_secs_f64(), &ended);
    if stop.is_cancelled() {
        // Stopping is the usual way to end a fuzzer, so the run is not incomplete.
        summary.incomplete_reason = None;
    }
    if let Some((why, said)) = server_lifecycle::server_exit_reason(plan.server.as_ref(), &ended) {
        summary.incomplete_reason = Some(why);
        summary.server_output = said;
    }
    if wrong_base_url.is_some() {
        summary.incomplete_reason = wrong_base_url;
    }
    summary.known_divergence_notes = known_usage.notes(&job.known_divergences);
    summary.skipped_operations = survey.into_skipped_operations();
    summary.leaked_fixtures = plan.leaked_fixtures.summary();
    output.end_run(&summary).map_err(|error| write_error(&error))?;
    Ok((summary, vacuous))
}

/// The state of a fuzzing run.
struct FuzzSearch<'s, 'a> {
    job: &'s ScenarioJob,
    generator: &'s FuzzGenerator<'a>,
    guide: FuzzGuide<'s, 'a>,
    evaluator: CaseEvaluator<'s>,
    run_id: &'s str,
    /// Number of sequences so far; it is part of their names, so that each sequence has resources of its own.
    sequence_count: u64,
    written_inputs: u64,
    /// Findings so far, by group (operation, member and constraint) and received response.
    seen_findings: HashSet<(String, String)>,
    shrunk_findings: usize,
    watch: Stopwatch,
    /// After this time no finding is shrunk: there may be many, and each takes time.
    shrink_deadline: Option<Duration>,
}

impl FuzzSearch<'_, '_> {
    fn next_name(&mut self) -> String {
        self.sequence_count += 1;
        format!("{}-{}", self.run_id, self.sequence_count)
    }

    fn next_round(&mut self, size: usize) -> Vec<(FuzzProposal, FuzzCase)> {
        let mut round = Vec::with_capacity(size);
        for _ in 0..size * 2 {
            if round.len() >= size {
                break;
            }
            let Some(proposal) = self.guide.propose() else { break };
            let name = self.next_name();
            if let Some(tale) = self.generator.build_fuzz_case(&name, &proposal.actions) {
                round.push((proposal, tale));
            }
        }
        round
    }

    /// Judges the responses to a sequence, on the worker that sent it.
    fn judge_outcome(&self, index: usize, tale: &FuzzCase, mut outcome: CaseOutcome) -> SequenceOutcome {
        let judged = fuzz_checks::judge_sequence(&self.evaluator, tale, &mut outcome);
        SequenceOutcome { index, case: outcome.case, judged }
    }

    /// Adds the result of a sequence to the counts and the coverage.
    fn count_outcome(&self, tally: &mut RunTally, tale: &FuzzCase, one: &SequenceOutcome) {
        let mut case = (*one.case).clone();
        for (number, (claim, judgement)) in tale.checks.iter().zip(&one.judged.judgements).enumerate() {
            claim.apply_to(&mut case);
            let told =
                one.judged.violations.iter().find(|(broke, _)| *broke == number).map(|(_, done)| &done.judgement);
            let judgement = told.unwrap_or(judgement);
            tally.counts.count_verdict(judgement.verdict);
            tally.coverage.add_case(&case, judgement);
        }
    }

    /// Saves a corpus input, up to the maximum number.
    fn save_input(&mut self, acts: &[Action], keep: &mut (dyn FuzzObserver + Send)) -> Result<(), String> {
        if self.written_inputs >= MAX_WRITTEN_INPUTS {
            return Ok(());
        }
        self.written_inputs += 1;
        keep.save_input(&regressions::regression_name(acts), actions_to_json(acts).to_string().as_bytes())
    }

    /// Shrinks a finding if it is new. Returns it with what to save, or without if it was found before. Returns
    /// `None` if the result is not a finding.
    fn shrink_finding(
        &mut self,
        line: &SequentialRunner<'_>,
        acts: &[Action],
        claim: &FuzzCheck,
        done: CaseResult,
    ) -> Option<(CaseResult, Option<FuzzFinding>)> {
        if !done.is_finding {
            return None;
        }
        let key = (finding_group(&done), done.judgement.observed.to_string());
        if !self.seen_findings.insert(key.clone()) {
            return Some((done, None));
        }
        let mut best = (acts.to_vec(), claim.action_index, None);
        if self.shrunk_findings < MAX_SHRUNK_FINDINGS {
            self.shrunk_findings += 1;
            let began = Stopwatch::start();
            let mut again = |acts: &Vec<Action>| -> bool {
                let late = self.shrink_deadline.is_some_and(|most| self.watch.elapsed() >= most);
                if late || line.plan().cancel_token.is_cancelled() || began.elapsed() > MAX_SHRINK_TIME {
                    return false;
                }
                let name = regressions::regression_name(acts);
                let Some((done, at)) = self.reproduce(line, &name, acts, claim, &key) else { return false };
                best = (acts.clone(), at, Some(done));
                true
            };
            // A finding that cannot be reproduced cannot be shrunk.
            if again(&acts.to_vec()) {
                minimize(acts.to_vec(), MAX_SHRINK_ATTEMPTS, |acts| self.generator.shrink_actions(acts), again);
            }
        }
        let (acts, judged, simple) = best;
        // The shrunk case has its final id, so that it can be replayed by it.
        let done = match simple {
            Some(done) => done,
            None => done,
        };
        let simple = (finding_group(&done), done.judgement.observed.to_string());
        // Two findings that look different may shrink to the same one.
        if simple != key && !self.seen_findings.insert(simple) {
            return Some((done, None));
        }
        let regression = Regression {
            description: format!(
                "{}, expected {}: {}",
                done.judgement.observed,
                crate::judge::describe_expectation(&done.case.expectation),
                done.case.rule
            ),
            judged_request: judged,
            requests: regressions::actions_to_text(&acts),
        };
        let found = FuzzFinding {
            id: done.case.id.to_string(),
            name: regressions::regression_name(&acts),
            text: write_regression(&regression),
            observed: done.judgement.observed.to_string(),
        };
        Some((done, Some(found)))
    }

    /// Sends these actions and returns the result that reproduces the finding: a similar check of the same operation
    /// fails with the same response.
    fn reproduce(
        &self,
        line: &SequentialRunner<'_>,
        name: &str,
        acts: &[Action],
        claim: &FuzzCheck,
        key: &(String, String),
    ) -> Option<(CaseResult, Option<usize>)> {
        let tale = self.generator.build_fuzz_case(name, acts)?;
        let mut outcome = line.run_case(tale.case.clone()).ok()?;
        for other in &tale.checks {
            let alike = other.operation == claim.operation
                && (other.intent == claim.intent || matches!(claim.intent, Intent::Probe))
                && other.action_index.is_some() == claim.action_index.is_some();
            if !alike {
                continue;
            }
            other.apply_to(Arc::make_mut(&mut outcome.case));
            let judgement = judge(&self.job.contract, &self.job.scenario, &outcome);
            if judgement.verdict == Verdict::Diverges && judgement.observed.to_string() == key.1 {
                let done = self.evaluator.evaluate(outcome.clone());
                // A known divergence, or a response that is not a finding, is not the same.
                if done.is_finding {
                    return Some((done, other.action_index));
                }
            }
        }
        None
    }
}

/// Returns the case id without its variant, by which findings are grouped.
fn finding_group(done: &CaseResult) -> String {
    done.case.id.without_variant().to_owned()
}
