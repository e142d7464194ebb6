//! Shrinks failed sequences: runs parts of each again, on resources of their own.
//!
//! A shrunk sequence is never a special case: it has an id from which it can be generated again.

use super::finish::Finish;
use crate::generate::{self, Case, Options};
use crate::judge::Verdict;
use crate::report::Done;
use crate::run::{OneByOne, Searching};
use crate::search::smallest;
use std::collections::HashSet;

/// Maximum number of parts to try per sequence.
const TRIES: usize = 80;
/// Maximum number of failing sequences to shrink per run.
const MOST: usize = 8;

/// Sequences that violated their law, one per operation, member and received response.
#[derive(Default)]
pub(super) struct Failed {
    ids: Vec<String>,
    seen: HashSet<(String, String)>,
}

impl Failed {
    /// Records the result of a case.
    pub fn add(&mut self, done: &Done) {
        let id = &done.case.id.0;
        let Some((before, variant)) = id.rsplit_once('/') else { return };
        if done.judgement.verdict != Verdict::Diverges
            || !before.ends_with("/law/sequence")
            || variant.contains('~')
            || self.ids.len() >= MOST
        {
            return;
        }
        let member = variant.rsplit_once('-').map_or("", |(member, _)| member);
        if self.seen.insert((format!("{before}/{member}"), done.judgement.observed.to_string())) {
            self.ids.push(id.clone());
        }
    }

    /// Returns the shortest part of each sequence that still fails; sequences that do not fail again are left out.
    pub fn shortened(self, line: &OneByOne<'_>, options: Options, finish: &Finish<'_>) -> Vec<Done> {
        let search = line.plan().search_time.begin();
        self.ids.iter().filter_map(|id| shortest(line, options, finish, id, &search)).collect()
    }
}

fn shortest(
    line: &OneByOne<'_>,
    options: Options,
    finish: &Finish<'_>,
    id: &str,
    search: &Searching<'_>,
) -> Option<Done> {
    let plan = line.plan();
    let part = |kept: &[usize]| -> Option<Case> {
        let kept: Vec<String> = kept.iter().map(ToString::to_string).collect();
        generate::part_of_sequence(plan.contract, plan.scenario, options, &format!("{id}~{}", kept.join(".")))
    };
    let run = |kept: &[usize]| -> Option<Done> {
        if kept.is_empty() || plan.stop.is_stopped() || search.is_over() {
            return None;
        }
        Some(finish.finish(line.send(part(kept)?).ok()?))
    };
    // The failed result is kept: the same requests sent again may meet another state of their resource.
    let mut last = None;
    smallest(generate::ACTIONS, TRIES, |kept| {
        let failed = run(kept).filter(|done| done.judgement.verdict == Verdict::Diverges);
        let fails = failed.is_some();
        last = failed.or(last.take());
        fails
    });
    last
}
