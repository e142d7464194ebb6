//! Discovers what an endpoint enforces instead of what is documented: limits, by sending more sizes after the run, and
//! patterns and enums that it does not check at all.
//!
//! This module never changes a verdict: its results are shown with the finding. The number of requests is bounded.

use super::finish::Finish;
use crate::contract::{Constraint, MemberPath};
use crate::generate::{self, Intent, Options, Workbench};
use crate::judge::{Finding, Verdict};
use crate::report::Done;
use crate::run::{OneByOne, Stopwatch};
use crate::search::{Learnt, limit};
use indexmap::IndexMap;
use std::time::Duration;

/// Maximum number of requests to find one limit.
const ASKS: usize = 48;
/// Maximum number of requests to find all limits together.
const MOST_ASKS: usize = 400;
/// Time after which no further limit is searched.
const MOST_TIME: Duration = Duration::from_secs(30);
/// Maximum size that is sent in search of a limit.
const LARGEST: i128 = 1 << 17;
/// Maximum number of entries of a list or map that is sent in search of a limit.
const MOST_ENTRIES: i128 = 2000;

/// Constraints that responses contradicted during a run.
#[derive(Default)]
pub(super) struct Strayed {
    limits: IndexMap<Limit, Sides>,
    /// Per pattern and enum: the number of violating values that were sent, and of those that were accepted.
    sets: IndexMap<Place, (u32, u32)>,
}

/// Minimum number of violating values of a pattern or enum which, if all are accepted, show that it is not checked.
const MANY: u32 = 3;

/// A constraint of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    operation: String,
    member: MemberPath,
    constraint: &'static str,
}

/// One side of a length or range.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Limit {
    at: Place,
    upper: bool,
}

/// The results of the boundary cases of one side.
#[derive(Clone, Copy, Debug, Default)]
struct Sides {
    /// A valid value at the limit was rejected.
    refused: bool,
    /// A value past the limit was accepted.
    taken: bool,
}

/// The discovered limits as text, by operation, member and constraint.
pub(super) struct Lessons(Vec<(Place, String)>);

impl Strayed {
    /// Records the result of a case at a documented limit.
    pub fn add(&mut self, done: &Done) {
        let (case, status) = (&done.case, done.judgement.observed.status);
        let (Some(member), Some(constraint)) = (&case.member, case.constraint) else { return };
        let place = || Place {
            operation: case.operation.as_str().to_owned(),
            member: member.clone(),
            constraint: constraint.name(),
        };
        match constraint {
            Constraint::Pattern | Constraint::Enum if case.intent == Intent::Violates => {
                let (sent, taken) = self.sets.entry(place()).or_default();
                *sent += 1;
                *taken += u32::from(matches!(status, Some(200..300)));
                return;
            }
            Constraint::Length | Constraint::Range if done.judgement.verdict == Verdict::Diverges => {}
            _ => return,
        }
        let variant = case.id.0.rsplit('/').next().unwrap_or_default();
        let upper = match variant {
            "at-max" | "above-max" => true,
            "at-min" | "below-min" => false,
            _ => return,
        };
        let sides = match (case.intent, status) {
            (Intent::Valid, Some(400..500)) => Sides { refused: true, taken: false },
            (Intent::Violates, Some(200..300)) => Sides { refused: false, taken: true },
            _ => return,
        };
        let known = self.limits.entry(Limit { at: place(), upper }).or_default();
        known.refused |= sides.refused;
        known.taken |= sides.taken;
    }

    /// Searches for the limits that the endpoint has instead.
    pub fn learn(self, line: &OneByOne<'_>, bench: &Workbench<'_>, options: Options, finish: &Finish<'_>) -> Lessons {
        let (mut left, watch) = (MOST_ASKS, Stopwatch::start());
        let all = self.sets.into_iter().filter(|(_, (sent, taken))| sent == taken && *sent >= MANY);
        let words = |sent: u32| format!("accepts all {sent} violating values");
        let mut lessons: Vec<(Place, String)> = all.map(|(place, (sent, _))| (place, words(sent))).collect();
        for (limit, sides) in self.limits {
            // An endpoint that rejects a value at the limit and accepts one past it has no limit to search for.
            if sides.refused && sides.taken || watch.elapsed() > MOST_TIME {
                continue;
            }
            if let Some(words) = learnt(line, bench, options, finish, &limit, sides, &mut left) {
                lessons.push((limit.at, words));
            }
        }
        Lessons(lessons)
    }
}

impl Lessons {
    /// Returns what was discovered about the constraint of a finding.
    pub fn about(&self, finding: &Finding) -> Option<String> {
        let fits = |place: &Place| {
            place.operation == finding.operation
                && place.constraint == finding.constraint
                && place.member.to_string() == finding.member
        };
        let words: Vec<&str> =
            self.0.iter().filter(|(place, _)| fits(place)).map(|(_, words)| words.as_str()).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}

fn learnt(
    line: &OneByOne<'_>,
    bench: &Workbench<'_>,
    options: Options,
    finish: &Finish<'_>,
    which: &Limit,
    sides: Sides,
    left: &mut usize,
) -> Option<String> {
    let Place { operation, member, constraint } = &which.at;
    let plan = line.plan();
    let bounds = generate::bounds(bench, plan.scenario, operation, member, constraint)?;
    let most = if bounds.counts_entries { MOST_ENTRIES } else { LARGEST };
    // The search begins with a size that is accepted and goes no further than `end`.
    let (taken, end) = match (which.upper, sides.taken) {
        (true, true) => (bounds.max? + 1, most.max(bounds.max? + 1)),
        (true, false) => (bounds.min.unwrap_or(0).max(bounds.usual_least), bounds.max?),
        (false, true) => (bounds.min? - 1, bounds.least),
        (false, false) => (bounds.max.unwrap_or(bounds.min? + 64).min(bounds.min? + 4096), bounds.min?),
    };
    let asks = ASKS.min(*left);
    let mut takes = |size: i128| {
        if plan.stop.is_stopped() {
            return None;
        }
        *left = left.saturating_sub(1);
        let case = generate::of_size(bench, plan.scenario, options, operation, member, constraint, size)?;
        let done = finish.finish(line.send(case).ok()?);
        match done.judgement.observed.status? {
            200..300 => Some(true),
            400..500 => Some(false),
            _ => None,
        }
    };
    // If the size at the start is rejected, the reason is not the size.
    if !sides.taken && !takes(taken)? {
        return None;
    }
    let unit = bounds.unit;
    Some(match (limit(taken, end, asks, takes)?, which.upper) {
        (Learnt::Between { taken, refused }, true) => format!("accepts up to {taken}{unit}, rejects {refused}"),
        (Learnt::Between { taken, refused }, false) => format!("accepts {taken}{unit} or more, rejects {refused}"),
        (Learnt::AtLeast(taken), true) if sides.taken => format!("accepts {taken}{unit} (the largest size tried)"),
        (Learnt::AtLeast(taken), false) if sides.taken => format!("accepts {taken}{unit} (the smallest size tried)"),
        // Only another value at the limit was rejected, so the reason is not the size.
        (Learnt::AtLeast(_), _) => return None,
    })
}
