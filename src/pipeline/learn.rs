//! What an endpoint enforces in place of what is documented: limits, found by sending more sizes after the run,
//! and patterns and enums that nothing is refused for.
//!
//! Bounded in number, and never a verdict: what is learnt is said beside the finding that asked for it.

use super::finish::Finish;
use crate::contract::{Constraint, MemberPath};
use crate::generate::{self, Intent, Options, Workbench};
use crate::judge::{Finding, Verdict};
use crate::report::Done;
use crate::run::{OneByOne, Stopwatch};
use crate::search::{Learnt, limit};
use indexmap::IndexMap;
use std::time::Duration;

/// So many requests go to one limit, and to all of them together.
const ASKS: usize = 48;
const MOST_ASKS: usize = 400;
/// After this no further limit is asked for.
const MOST_TIME: Duration = Duration::from_secs(30);
/// Nothing larger is sent to learn how large it may be.
const LARGEST: i128 = 1 << 17;
/// What a list or map may hold at the most.
const MOST_ENTRIES: i128 = 2000;

/// Limits that answers strayed from.
#[derive(Default)]
pub(super) struct Strayed {
    limits: IndexMap<Limit, Sides>,
    /// Patterns and enums: how many values that break them were sent, and how many of those were taken.
    sets: IndexMap<Place, (u32, u32)>,
}

/// So many values that break a pattern or an enum, all of them taken, are more than an oversight.
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

/// What the boundary cases showed.
#[derive(Clone, Copy, Debug, Default)]
struct Sides {
    /// A valid value at the limit was refused.
    refused: bool,
    /// A value past the limit was taken.
    taken: bool,
}

/// What is said beside findings, by operation, member and constraint.
pub(super) struct Lessons(Vec<(Place, String)>);

impl Strayed {
    /// Takes note of a case at a documented limit.
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

    /// Asks the endpoint for the limits that it has instead.
    pub fn learn(self, line: &OneByOne<'_>, bench: &Workbench<'_>, options: Options, finish: &Finish<'_>) -> Lessons {
        let (mut left, watch) = (MOST_ASKS, Stopwatch::start());
        let all = self.sets.into_iter().filter(|(_, (sent, taken))| sent == taken && *sent >= MANY);
        let words = |sent: u32| format!("accepts all {sent} values that break it");
        let mut lessons: Vec<(Place, String)> = all.map(|(place, (sent, _))| (place, words(sent))).collect();
        for (limit, sides) in self.limits {
            // Refused at the limit and taken past it: that is no limit at all.
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
    /// What was learnt about a finding's limit.
    pub fn about(&self, finding: &Finding) -> Option<String> {
        let fits = |place: &Place| {
            place.operation == finding.operation
                && place.constraint == finding.constraint
                && place.member.to_string() == finding.member
        };
        let words: Vec<&str> =
            self.0.iter().filter(|(place, _)| fits(place)).map(|(_, words)| words.as_str()).collect();
        (!words.is_empty()).then(|| {
            format!("the documented constraint seems not to be what this endpoint enforces: {}", words.join("; "))
        })
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
    // What is taken for certain, and how far to go from there.
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
    // Where the start itself is refused, it is not the size that is refused.
    if !sides.taken && !takes(taken)? {
        return None;
    }
    let unit = bounds.unit;
    Some(match (limit(taken, end, asks, takes)?, which.upper) {
        (Learnt::Between { taken, refused }, true) => format!("accepts up to {taken}{unit}, rejects from {refused}"),
        (Learnt::Between { taken, refused }, false) => format!("accepts from {taken}{unit}, rejects up to {refused}"),
        (Learnt::AtLeast(taken), true) if sides.taken => format!("accepts at least {taken}{unit}"),
        (Learnt::AtLeast(taken), false) if sides.taken => format!("accepts down to {taken}{unit}"),
        // At the limit itself another value was refused: the size is not the reason.
        (Learnt::AtLeast(_), _) => return None,
    })
}
