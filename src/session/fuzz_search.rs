//! Proposes sequences to send, and shrinks their findings.
//!
//! It never reports anything; [`crate::session::fuzz`] does.

use super::evaluate::CaseEvaluator;
use super::fuzz_checks::{self, SequenceJudgement};
use super::{regressions, tally::RunTally};
use crate::case::{Case, Intent};
use crate::generate::{Action, FuzzCase, FuzzCheck, FuzzGenerator};
use crate::judge::{Verdict, describe_expectation, judge};
use crate::report::CaseResult;
use crate::run::{CancelToken, CaseOutcome, SequentialRunner, Stopwatch};
use crate::scenario::{Regression, write_regression};
use crate::search::{FuzzGuide, FuzzProposal, minimize};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// Maximum number of attempts to shrink a finding.
const MAX_SHRINK_ATTEMPTS: usize = 240;
/// Maximum time to shrink a finding; with a slow endpoint, findings are reported as far as they were shrunk by then.
const MAX_SHRINK_TIME: Duration = Duration::from_secs(4);
/// Maximum number of findings to shrink; the others are reported unchanged.
const MAX_SHRUNK_FINDINGS: usize = 64;

/// A proposal with the case that sends it.
pub(super) struct ProposedCase {
    pub proposal: FuzzProposal,
    pub fuzz_case: FuzzCase,
}

/// The result of one sequence.
pub(super) struct SequenceOutcome {
    /// Index of the sequence in its round.
    pub index: usize,
    pub case: Arc<Case>,
    pub judged: SequenceJudgement,
}

impl SequenceOutcome {
    /// Adds the result of a sequence to the counts and the coverage.
    pub fn count_in(&self, tally: &mut RunTally<'_>, fuzz_case: &FuzzCase) {
        let mut case = (*self.case).clone();
        for (number, (check, judgement)) in fuzz_case.checks.iter().zip(&self.judged.judgements).enumerate() {
            check.apply_to(&mut case);
            let violation = self.judged.violations.iter().find(|(violated, _)| *violated == number);
            let judgement = violation.map_or(judgement, |(_, result)| &result.judgement);
            tally.counts.count_verdict(judgement.verdict);
            tally.coverage.add_case(&case, judgement);
        }
    }
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

/// A finding after it was shrunk.
pub(super) struct ShrunkFinding {
    pub result: CaseResult,
    /// What to save; absent if the finding was found before.
    pub finding: Option<FuzzFinding>,
}

/// What makes two findings the same: the group (operation, member and constraint) and the received response.
type FuzzFindingKey = (String, String);

/// When nothing more is proposed.
#[derive(Clone)]
struct ProposalDeadline {
    watch: Stopwatch,
    max_time: Option<Duration>,
    cancel_token: CancelToken,
}

impl ProposalDeadline {
    fn is_over(&self) -> bool {
        self.cancel_token.is_cancelled() || self.max_time.is_some_and(|most| self.watch.elapsed() >= most)
    }
}

/// Returns up to `size` proposals; fewer if time is over, because large contracts take long to draw from. `propose`
/// returns `None` if there is nothing more, and an inner `None` for a proposal of which no request can be built.
fn fill_round<T>(size: usize, deadline: &ProposalDeadline, mut propose: impl FnMut() -> Option<Option<T>>) -> Vec<T> {
    let mut round = Vec::with_capacity(size);
    for _ in 0..size * 2 {
        if round.len() >= size || deadline.is_over() {
            break;
        }
        let Some(proposal) = propose() else { break };
        round.extend(proposal);
    }
    round
}

/// What a fuzzing run proposes, and the findings so far.
pub(super) struct FuzzSearch<'s, 'a> {
    pub guide: FuzzGuide<'s, 'a>,
    generator: &'s FuzzGenerator<'a>,
    evaluator: CaseEvaluator<'s>,
    run_id: &'s str,
    /// Number of sequences so far; it is part of their names, so that each sequence has resources of its own.
    sequence_count: u64,
    seen_findings: HashSet<FuzzFindingKey>,
    shrunk_findings: usize,
    deadline: ProposalDeadline,
    /// After this time no finding is shrunk: there may be many, and each takes time.
    shrink_deadline: Option<Duration>,
}

impl<'s, 'a> FuzzSearch<'s, 'a> {
    /// Creates a search that proposes the actions of `first` before any other.
    pub fn new(
        generator: &'s FuzzGenerator<'a>,
        first: Vec<Vec<Action>>,
        evaluator: CaseEvaluator<'s>,
        run_id: &'s str,
        watch: Stopwatch,
    ) -> Self {
        Self {
            guide: FuzzGuide::new(generator, evaluator.job.seed, first),
            generator,
            evaluator,
            run_id,
            sequence_count: 0,
            seen_findings: HashSet::new(),
            shrunk_findings: 0,
            deadline: ProposalDeadline { watch, max_time: None, cancel_token: CancelToken::default() },
            shrink_deadline: None,
        }
    }

    /// Sets the time limit of the run, after which nothing is proposed, and soon after which no finding is shrunk.
    pub fn stop_after(&mut self, max_time: Option<Duration>, cancel_token: &CancelToken) {
        self.deadline.max_time = max_time;
        self.shrink_deadline = max_time.map(|most| most + MAX_SHRINK_TIME);
        self.deadline.cancel_token = cancel_token.clone();
    }

    fn next_name(&mut self) -> String {
        self.sequence_count += 1;
        format!("{}-{}", self.run_id, self.sequence_count)
    }

    /// Returns the next sequences to send.
    pub fn next_round(&mut self, size: usize) -> Vec<ProposedCase> {
        let deadline = self.deadline.clone();
        fill_round(size, &deadline, || {
            let proposal = self.guide.propose()?;
            let name = self.next_name();
            let fuzz_case = self.generator.build_fuzz_case(&name, &proposal.actions);
            Some(fuzz_case.map(|fuzz_case| ProposedCase { proposal, fuzz_case }))
        })
    }

    /// Judges the responses to a sequence, on the worker that sent it.
    pub fn judge_outcome(&self, index: usize, fuzz_case: &FuzzCase, mut outcome: CaseOutcome) -> SequenceOutcome {
        let judged = fuzz_checks::judge_sequence(&self.evaluator, fuzz_case, &mut outcome);
        SequenceOutcome { index, case: outcome.case, judged }
    }

    /// Shrinks a finding if it is new. Returns `None` if the result is not a finding.
    pub fn shrink_finding(
        &mut self,
        runner: &SequentialRunner<'_>,
        actions: &[Action],
        check: &FuzzCheck,
        result: CaseResult,
    ) -> Option<ShrunkFinding> {
        if !result.is_finding {
            return None;
        }
        let key = finding_key(&result);
        if !self.seen_findings.insert(key.clone()) {
            return Some(ShrunkFinding { result, finding: None });
        }
        let mut best = (actions.to_vec(), check.action_index, None);
        if self.shrunk_findings < MAX_SHRUNK_FINDINGS {
            self.shrunk_findings += 1;
            self.shrink_actions(runner, actions, check, &key, &mut best);
        }
        let (actions, judged_action, shrunk) = best;
        // The shrunk case has its final id, so that it can be replayed by it.
        let result = shrunk.unwrap_or(result);
        let shrunk_key = finding_key(&result);
        // Two findings that look different may shrink to the same one.
        if shrunk_key != key && !self.seen_findings.insert(shrunk_key) {
            return Some(ShrunkFinding { result, finding: None });
        }
        let finding = describe_finding(&result, judged_action, &actions);
        Some(ShrunkFinding { result, finding: Some(finding) })
    }

    /// Replaces `best` by the shortest and simplest actions that reproduce a finding, with the action that is judged and
    /// the result. A finding that cannot be reproduced is left unchanged.
    fn shrink_actions(
        &self,
        runner: &SequentialRunner<'_>,
        actions: &[Action],
        check: &FuzzCheck,
        key: &FuzzFindingKey,
        best: &mut (Vec<Action>, Option<usize>, Option<CaseResult>),
    ) {
        let began = Stopwatch::start();
        let mut reproduces = |actions: &Vec<Action>| -> bool {
            let is_late = self.shrink_deadline.is_some_and(|most| self.deadline.watch.elapsed() >= most);
            if is_late || runner.plan().cancel_token.is_cancelled() || began.elapsed() > MAX_SHRINK_TIME {
                return false;
            }
            let name = regressions::regression_name(actions);
            let Some((result, at)) = self.reproduce(runner, &name, actions, check, key) else { return false };
            *best = (actions.clone(), at, Some(result));
            true
        };
        if reproduces(&actions.to_vec()) {
            let shrink = |actions: &Vec<Action>| self.generator.shrink_actions(actions);
            minimize(actions.to_vec(), MAX_SHRINK_ATTEMPTS, shrink, reproduces);
        }
    }

    /// Sends these actions and returns the result that reproduces the finding: a similar check of the same operation
    /// fails with the same response.
    fn reproduce(
        &self,
        runner: &SequentialRunner<'_>,
        name: &str,
        actions: &[Action],
        check: &FuzzCheck,
        key: &FuzzFindingKey,
    ) -> Option<(CaseResult, Option<usize>)> {
        let fuzz_case = self.generator.build_fuzz_case(name, actions)?;
        let mut outcome = runner.run_case(fuzz_case.case.clone()).ok()?;
        for other in &fuzz_case.checks {
            let is_similar = other.operation == check.operation
                && (other.intent == check.intent || matches!(check.intent, Intent::Probe))
                && other.action_index.is_some() == check.action_index.is_some();
            if !is_similar {
                continue;
            }
            other.apply_to(Arc::make_mut(&mut outcome.case));
            let judgement = judge(&self.evaluator.job.contract, &self.evaluator.job.scenario, &outcome);
            if judgement.verdict == Verdict::Diverges {
                let result = self.evaluator.evaluate(outcome.clone());
                // A known divergence, or a response that is not a finding, is not the same.
                if result.is_finding && result.judgement.observed.to_string() == key.1 {
                    return Some((result, other.action_index));
                }
            }
        }
        None
    }
}

/// Returns what to save of a finding.
fn describe_finding(result: &CaseResult, judged_action: Option<usize>, actions: &[Action]) -> FuzzFinding {
    let regression = Regression {
        description: format!(
            "{}, expected {}: {}",
            result.judgement.observed,
            describe_expectation(&result.case.expectation),
            result.case.rule
        ),
        judged_request: judged_action,
        requests: regressions::actions_to_text(actions),
    };
    FuzzFinding {
        id: result.case.id.to_string(),
        name: regressions::regression_name(actions),
        text: write_regression(&regression),
        observed: result.judgement.observed.to_string(),
    }
}

/// Returns by what findings are grouped: the case id without its variant, and the received response.
fn finding_key(result: &CaseResult) -> FuzzFindingKey {
    let group = result.case.id.without_variant().to_owned();
    (group, result.judgement.observed.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_ends_as_soon_as_time_is_over() {
        let cancel_token = CancelToken::default();
        let deadline =
            |max_time| ProposalDeadline { watch: Stopwatch::start(), max_time, cancel_token: cancel_token.clone() };
        let endless = || Some(Some(()));
        assert_eq!(fill_round(256, &deadline(None), endless).len(), 256);
        assert_eq!(fill_round(256, &deadline(Some(Duration::ZERO)), endless).len(), 0);
        // The third proposal takes so long that the run is over when it is there.
        let mut proposed = 0;
        let round = fill_round(256, &deadline(None), || {
            proposed += 1;
            if proposed == 3 {
                cancel_token.cancel();
            }
            Some((proposed != 2).then_some(proposed))
        });
        assert_eq!(round, [1, 3]);
    }
}
