//! Discovers what an endpoint enforces instead of what is documented: limits, by sending more sizes after the run, and
//! patterns and enums that it does not check at all.
//!
//! This module never changes a verdict: its results are shown with the finding. The number of requests is bounded.

use crate::case::Intent;
use crate::contract::{Constraint, MemberPath};
use crate::generate;
use crate::generate::{CompiledContract, GenerationOptions};
use crate::judge::{Finding, Verdict};
use crate::report::{CaseResult, LimitAnswers};
use crate::run::{SequentialRunner, Stopwatch};
use crate::scenario::Scenario;
use crate::search::{FoundLimit, find_limit};
use crate::session::case_observer::CaseObserver;
use crate::session::evaluate::CaseEvaluator;
use indexmap::IndexMap;
use std::time::Duration;

/// Maximum number of requests to find one limit.
const MAX_REQUESTS_PER_LIMIT: usize = 48;
/// Maximum number of requests to find all limits together.
const MAX_REQUESTS: usize = 400;
/// Time after which no further limit is searched.
const MAX_DURATION: Duration = Duration::from_secs(30);
/// Maximum size that is sent in search of a limit.
const MAX_SIZE: i128 = 1 << 17;
/// Maximum number of entries of a list or map that is sent in search of a limit.
const MAX_ENTRIES: i128 = 2000;

/// Constraints that responses contradicted during a run.
#[derive(Default)]
pub(super) struct UnexpectedLimits {
    limits: IndexMap<LimitSide, BoundaryOutcome>,
    /// Per pattern and enum: the number of violating values that were sent, and of those that were accepted.
    value_sets: IndexMap<ConstraintPlace, (u32, u32)>,
}

/// Minimum number of violating values of a pattern or enum which, if all are accepted, show that it is not checked.
const MIN_ACCEPTED_VALUES: u32 = 3;

/// A constraint of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct ConstraintPlace {
    operation: String,
    member: MemberPath,
    constraint: &'static str,
}

/// One side of a length or range.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct LimitSide {
    at: ConstraintPlace,
    upper: bool,
}

/// The results of the boundary cases of one side.
#[derive(Clone, Copy, Debug, Default)]
struct BoundaryOutcome {
    /// A valid value at the limit was rejected.
    rejected: bool,
    /// A value past the limit was accepted.
    accepted: bool,
}

/// The discovered limits as text, by operation, member and constraint.
pub(super) struct DiscoveredLimits(Vec<(ConstraintPlace, String)>);

impl CaseObserver for UnexpectedLimits {
    fn observe(&mut self, done: &mut CaseResult) {
        let (case, status) = (&done.case, done.judgement.observed.status);
        let (Some(member), Some(constraint)) = (&case.member, case.constraint) else { return };
        let place = || ConstraintPlace {
            operation: case.operation.as_str().to_owned(),
            member: member.clone(),
            constraint: constraint.name(),
        };
        match constraint {
            Constraint::Pattern | Constraint::Enum if case.intent == Intent::Violates => {
                let (sent, taken) = self.value_sets.entry(place()).or_default();
                *sent += 1;
                *taken += u32::from(matches!(status, Some(200..300)));
                return;
            }
            Constraint::Length | Constraint::Range if done.judgement.verdict == Verdict::Diverges => {}
            _ => return,
        }
        let upper = match case.id.variant() {
            "at-max" | "above-max" => true,
            "at-min" | "below-min" => false,
            _ => return,
        };
        let sides = match (case.intent, status) {
            (Intent::Valid, Some(400..500)) => BoundaryOutcome { rejected: true, accepted: false },
            (Intent::Violates, Some(200..300)) => BoundaryOutcome { rejected: false, accepted: true },
            _ => return,
        };
        let known = self.limits.entry(LimitSide { at: place(), upper }).or_default();
        known.rejected |= sides.rejected;
        known.accepted |= sides.accepted;
    }
}

/// One side of a limit that is searched.
#[derive(Clone, Copy, Debug)]
pub(super) struct LimitQuestion<'a> {
    pub operation: &'a str,
    pub member: &'a MemberPath,
    pub constraint: &'static str,
    /// Whether it is the maximum.
    pub upper: bool,
}

/// Tells which sizes an endpoint accepts: by sending requests, or from the record of an earlier run.
pub(super) trait LimitProbe {
    /// Returns true if no further limit may be searched.
    fn is_over(&self) -> bool;

    /// Returns true if the endpoint accepts a member of this size, and `None` if that is not known.
    fn accepts(&mut self, limit: LimitQuestion<'_>, size: i128) -> Option<bool>;
}

/// Sends a request for each size, and records the answers.
pub(super) struct LimitRequests<'a> {
    runner: &'a SequentialRunner<'a>,
    compiled: &'a CompiledContract<'a>,
    options: GenerationOptions,
    evaluator: &'a CaseEvaluator<'a>,
    watch: Stopwatch,
    /// The answers so far, by limit.
    pub answers: Vec<LimitAnswers>,
}

impl<'a> LimitRequests<'a> {
    pub fn new(
        runner: &'a SequentialRunner<'a>,
        compiled: &'a CompiledContract<'a>,
        options: GenerationOptions,
        evaluator: &'a CaseEvaluator<'a>,
    ) -> Self {
        Self { runner, compiled, options, evaluator, watch: Stopwatch::start(), answers: Vec::new() }
    }

    fn send(&self, limit: LimitQuestion<'_>, size: i128) -> Option<bool> {
        let plan = self.runner.plan();
        let LimitQuestion { operation, member, constraint, .. } = limit;
        let case =
            generate::case_of_size(self.compiled, plan.scenario, self.options, operation, member, constraint, size)?;
        let done = self.evaluator.evaluate(self.runner.run_case(case).ok()?);
        match done.judgement.observed.status? {
            200..300 => Some(true),
            400..500 => Some(false),
            _ => None,
        }
    }
}

impl LimitProbe for LimitRequests<'_> {
    fn is_over(&self) -> bool {
        self.watch.elapsed() > MAX_DURATION
    }

    fn accepts(&mut self, limit: LimitQuestion<'_>, size: i128) -> Option<bool> {
        if self.runner.plan().cancel_token.is_cancelled() {
            return None;
        }
        let answer = self.send(limit, size);
        let member = limit.member.to_string();
        let is_same = |known: &&mut LimitAnswers| {
            (known.operation.as_str(), &known.member, known.constraint.as_str(), known.upper)
                == (limit.operation, &member, limit.constraint, limit.upper)
        };
        let entry = (size.to_string(), answer);
        match self.answers.last_mut().filter(is_same) {
            Some(known) => known.answers.push(entry),
            None => self.answers.push(LimitAnswers {
                operation: limit.operation.to_owned(),
                member,
                constraint: limit.constraint.to_owned(),
                upper: limit.upper,
                answers: vec![entry],
            }),
        }
        answer
    }
}

impl UnexpectedLimits {
    /// Searches for the limits that the endpoint has instead.
    pub fn discover(
        self,
        bench: &CompiledContract<'_>,
        scenario: &Scenario,
        probe: &mut dyn LimitProbe,
    ) -> DiscoveredLimits {
        let mut left = MAX_REQUESTS;
        let all =
            self.value_sets.into_iter().filter(|(_, (sent, taken))| sent == taken && *sent >= MIN_ACCEPTED_VALUES);
        let words = |sent: u32| format!("accepts all {sent} violating values");
        let mut lessons: Vec<(ConstraintPlace, String)> = all.map(|(place, (sent, _))| (place, words(sent))).collect();
        for (limit, sides) in self.limits {
            // An endpoint that rejects a value at the limit and accepts one past it has no limit to search for.
            if sides.rejected && sides.accepted || probe.is_over() {
                continue;
            }
            if let Some(words) = discover_limit(bench, scenario, (&limit, sides), &mut left, probe) {
                lessons.push((limit.at, words));
            }
        }
        DiscoveredLimits(lessons)
    }
}

impl DiscoveredLimits {
    /// Returns what was discovered about the constraint of a finding.
    pub fn describe_for(&self, finding: &Finding) -> Option<String> {
        let fits = |place: &ConstraintPlace| {
            place.operation == finding.operation
                && place.constraint == finding.constraint
                && place.member.to_string() == finding.member
        };
        let words: Vec<&str> =
            self.0.iter().filter(|(place, _)| fits(place)).map(|(_, words)| words.as_str()).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}

fn discover_limit(
    bench: &CompiledContract<'_>,
    scenario: &Scenario,
    (which, sides): (&LimitSide, BoundaryOutcome),
    left: &mut usize,
    probe: &mut dyn LimitProbe,
) -> Option<String> {
    let ConstraintPlace { operation, member, constraint } = &which.at;
    let bounds = generate::documented_bounds(bench, scenario, operation, member, constraint)?;
    let most = if bounds.counts_entries { MAX_ENTRIES } else { MAX_SIZE };
    // The search begins with a size that is accepted and goes no further than `end`.
    let (taken, end) = match (which.upper, sides.accepted) {
        (true, true) => (bounds.max? + 1, most.max(bounds.max? + 1)),
        (true, false) => (bounds.min.unwrap_or(0).max(bounds.smallest_sendable), bounds.max?),
        (false, true) => (bounds.min? - 1, bounds.smallest),
        (false, false) => (bounds.max.unwrap_or(bounds.min? + 64).min(bounds.min? + 4096), bounds.min?),
    };
    let asks = MAX_REQUESTS_PER_LIMIT.min(*left);
    let question = LimitQuestion { operation, member, constraint, upper: which.upper };
    let mut takes = |size: i128| {
        *left = left.saturating_sub(1);
        probe.accepts(question, size)
    };
    // If the size at the start is rejected, the reason is not the size.
    if !sides.accepted && !takes(taken)? {
        return None;
    }
    let unit = bounds.unit;
    Some(match (find_limit(taken, end, asks, takes)?, which.upper) {
        (FoundLimit::Between { accepted: taken, rejected: refused }, true) => {
            format!("accepts up to {taken}{unit}, rejects {refused}")
        }
        (FoundLimit::Between { accepted: taken, rejected: refused }, false) => {
            format!("accepts {taken}{unit} or more, rejects {refused}")
        }
        (FoundLimit::AtLeast(taken), true) if sides.accepted => {
            format!("accepts {taken}{unit} (the largest size tried)")
        }
        (FoundLimit::AtLeast(taken), false) if sides.accepted => {
            format!("accepts {taken}{unit} (the smallest size tried)")
        }
        // Only another value at the limit was rejected, so the reason is not the size.
        (FoundLimit::AtLeast(_), _) => return None,
    })
}
