//! Shrinks failed sequences: runs parts of each again, on resources of their own.
//!
//! A shrunk sequence is never a special case: it has an id from which it can be generated again.

use crate::case::Case;
use crate::generate;
use crate::generate::GenerationOptions;
use crate::judge::Verdict;
use crate::report::CaseResult;
use crate::run::{ActiveSearch, SequentialRunner};
use crate::search::smallest_failing_part;
use crate::session::evaluate::CaseEvaluator;
use crate::session::observers::CaseObserver;
use std::collections::HashSet;

/// Maximum number of parts to try per sequence.
const MAX_ATTEMPTS: usize = 80;
/// Maximum number of failing sequences to shrink per run.
const MAX_SEQUENCES: usize = 8;

/// Sequences that violated their law, one per operation, member and received response.
#[derive(Default)]
pub(super) struct FailedSequences {
    ids: Vec<String>,
    seen: HashSet<(String, String)>,
}

impl CaseObserver for FailedSequences {
    fn observe(&mut self, done: &mut CaseResult) {
        let id = &done.case.id.0;
        let Some((before, variant)) = id.rsplit_once('/') else { return };
        if done.judgement.verdict != Verdict::Diverges
            || !before.ends_with("/law/sequence")
            || variant.contains('~')
            || self.ids.len() >= MAX_SEQUENCES
        {
            return;
        }
        let member = variant.rsplit_once('-').map_or("", |(member, _)| member);
        if self.seen.insert((format!("{before}/{member}"), done.judgement.observed.to_string())) {
            self.ids.push(id.clone());
        }
    }
}

impl FailedSequences {
    /// Returns the shortest part of each sequence that still fails; sequences that do not fail again are left out.
    pub fn shrink_all(
        self,
        line: &SequentialRunner<'_>,
        options: GenerationOptions,
        finish: &CaseEvaluator<'_>,
    ) -> Vec<CaseResult> {
        let search = line.plan().search_time.start_search();
        self.ids.iter().filter_map(|id| shrink_sequence(line, options, finish, id, &search)).collect()
    }
}

fn shrink_sequence(
    line: &SequentialRunner<'_>,
    options: GenerationOptions,
    finish: &CaseEvaluator<'_>,
    id: &str,
    search: &ActiveSearch<'_>,
) -> Option<CaseResult> {
    let plan = line.plan();
    let part = |kept: &[usize]| -> Option<Case> {
        let kept: Vec<String> = kept.iter().map(ToString::to_string).collect();
        generate::sequence_part(plan.contract, plan.scenario, options, &format!("{id}~{}", kept.join(".")))
    };
    let run = |kept: &[usize]| -> Option<CaseResult> {
        if kept.is_empty() || plan.cancel_token.is_cancelled() || search.is_over() {
            return None;
        }
        Some(finish.evaluate(line.run_case(part(kept)?).ok()?))
    };
    // The failed result is kept: the same requests sent again may meet another state of their resource.
    let mut last = None;
    smallest_failing_part(generate::SEQUENCE_LENGTH, MAX_ATTEMPTS, |kept| {
        let failed = run(kept).filter(|done| done.judgement.verdict == Verdict::Diverges);
        let fails = failed.is_some();
        last = failed.or(last.take());
        fails
    });
    last
}
