//! Shrinks failed sequences: runs parts of each again, on resources of their own.
//!
//! A shrunk sequence is never a special case: it has an id from which it can be generated again.

use crate::case::{Case, CaseId, SequenceVariant};
use crate::generate;
use crate::generate::GenerationOptions;
use crate::judge::Verdict;
use crate::report::CaseResult;
use crate::run::{ActiveSearch, SequentialRunner};
use crate::search::smallest_failing_part;
use crate::session::case_observer::CaseObserver;
use crate::session::evaluate::CaseEvaluator;
use std::collections::HashSet;

/// Maximum number of parts to try per sequence.
const MAX_ATTEMPTS: usize = 80;
/// Maximum number of failing sequences to shrink per run.
const MAX_SEQUENCES: usize = 8;

/// Sequences that violated their law, one per operation, member and received response.
#[derive(Default)]
pub(super) struct FailedSequences {
    ids: Vec<CaseId>,
    /// Operation, member and received response.
    seen: HashSet<(String, Option<String>, String)>,
}

impl CaseObserver for FailedSequences {
    fn observe(&mut self, done: &mut CaseResult) {
        let id = &done.case.id;
        if done.judgement.verdict != Verdict::Diverges || self.ids.len() >= MAX_SEQUENCES {
            return;
        }
        let Some(SequenceVariant { member, kept: None, .. }) = id.sequence() else { return };
        if self.seen.insert((id.operation().to_owned(), member, done.judgement.observed.to_string())) {
            self.ids.push(id.clone());
        }
    }
}

impl FailedSequences {
    /// Returns the sequences to shrink, in plan order.
    pub fn ids(&self) -> &[CaseId] {
        &self.ids
    }

    /// Returns the shortest part of each sequence that still fails; sequences that do not fail again are left out.
    pub fn shrink_all(
        self,
        line: &SequentialRunner<'_>,
        options: GenerationOptions,
        finish: &CaseEvaluator<'_>,
    ) -> Vec<(CaseId, CaseResult)> {
        let search = line.plan().search_time.start_search();
        let shrink = |id: CaseId| {
            let part = shrink_sequence(line, options, finish, &id, &search)?;
            Some((id, part))
        };
        self.ids.into_iter().filter_map(shrink).collect()
    }
}

fn shrink_sequence(
    line: &SequentialRunner<'_>,
    options: GenerationOptions,
    finish: &CaseEvaluator<'_>,
    id: &CaseId,
    search: &ActiveSearch<'_>,
) -> Option<CaseResult> {
    let plan = line.plan();
    let part = |kept: &[usize]| -> Option<Case> {
        generate::sequence_part(plan.contract, plan.scenario, options, &id.sequence_part(kept)?)
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
