//! What a run found after its cases, taken from the records of its shards.
//!
//! It sends nothing: requests that explain results were sent by the shards.

use super::blob_reader::RecordedFollowUp;
use super::recorded_result::RecordedResult;
use crate::case::{Case, CaseId};
use crate::generate::{self, CompiledContract, GenerationOptions};
use crate::report::{FollowUpReason, LimitAnswers, MergeRecord, Reporter};
use crate::session::check_observers::CheckObservers;
use crate::session::error::SessionError;
use crate::session::job::ScenarioJob;
use crate::session::limit_discovery::{DiscoveredLimits, LimitProbe, LimitQuestion};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The recorded follow-up of one or more shards.
#[derive(Default)]
pub(in crate::session) struct RecordedExplanations {
    broken_controls: Vec<RecordedResult>,
    /// The shortest failing parts of sequences, by the ids of the sequences.
    parts: HashMap<String, RecordedResult>,
    limits: Vec<LimitAnswers>,
}

/// What a follow-up works with.
pub(in crate::session) struct FollowUpContext<'c, 'a> {
    pub job: &'a ScenarioJob,
    pub compiled: &'c CompiledContract<'a>,
    pub strict: bool,
}

impl RecordedExplanations {
    /// Adds what a shard found.
    pub fn add(&mut self, found: RecordedFollowUp) {
        for case in found.cases {
            match &case.detail.follow_up {
                Some(FollowUpReason::PartOf(sequence)) => {
                    let sequence = sequence.clone();
                    self.parts.entry(sequence).or_insert(case);
                }
                Some(FollowUpReason::BrokenControl)
                    if self.broken_controls.iter().all(|known| known.id() != case.id()) =>
                {
                    self.broken_controls.push(case);
                }
                _ => {}
            }
        }
        self.limits.extend(found.limits);
    }

    /// Reports what the shards found to the observers and the output, as a run does.
    pub fn report(
        mut self,
        context: &FollowUpContext<'_, '_>,
        observers: &mut CheckObservers<'_>,
        output: &mut (dyn Reporter + Send),
    ) -> Result<DiscoveredLimits, SessionError> {
        let FollowUpContext { job, compiled, strict } = *context;
        for record in std::mem::take(&mut self.broken_controls) {
            let Some(control) = job.control_case(compiled, record.operation()) else { continue };
            let id: CaseId = record.id().parse().map_err(SessionError::from_reason)?;
            let rule = record.detail.rule.clone().unwrap_or_default();
            let mut result = record.into_result(Arc::new(Case { id, rule, ..control }), strict);
            observers.observe_follow_up(&mut result);
            output.record_for_merge(&MergeRecord::FollowUp(&result, FollowUpReason::BrokenControl))?;
            output.report_case(&result)?;
        }
        let options = GenerationOptions { seed: job.seed, level: job.level };
        for sequence in std::mem::take(&mut observers.failed_sequences).ids() {
            let Some(record) = self.parts.remove(sequence.as_str()) else { continue };
            let id: CaseId = record.id().parse().map_err(SessionError::from_reason)?;
            let part = generate::sequence_part(&job.contract, &job.scenario, options, &id);
            let Some(part) = part else { continue };
            let result = record.into_result(Arc::new(part), strict);
            observers.tally.add_example(&result);
            let reason = FollowUpReason::PartOf(sequence.to_string());
            output.record_for_merge(&MergeRecord::FollowUp(&result, reason))?;
            output.report_case(&result)?;
        }
        for limit in &self.limits {
            output.record_for_merge(&MergeRecord::Limit(limit))?;
        }
        let limits = std::mem::take(&mut observers.unexpected_limits);
        Ok(limits.discover(compiled, &job.scenario, &mut RecordedLimits::new(self.limits)))
    }
}

/// The recorded answers about limits.
struct RecordedLimits {
    /// Whether a size is accepted, by limit and size.
    answers: HashMap<(LimitKey, String), Option<bool>>,
    searched: HashSet<LimitKey>,
}

/// Operation, member, constraint, and whether it is the maximum.
type LimitKey = (String, String, String, bool);

impl RecordedLimits {
    fn new(records: Vec<LimitAnswers>) -> Self {
        let mut limits = Self { answers: HashMap::new(), searched: HashSet::new() };
        for record in records {
            let key = (record.operation, record.member, record.constraint, record.upper);
            limits.searched.insert(key.clone());
            for (size, answer) in record.answers {
                limits.answers.insert((key.clone(), size), answer);
            }
        }
        limits
    }
}

impl LimitProbe for RecordedLimits {
    fn is_over(&self) -> bool {
        self.searched.is_empty()
    }

    fn accepts(&mut self, limit: LimitQuestion<'_>, size: i128) -> Option<bool> {
        let key = (limit.operation.to_owned(), limit.member.to_string(), limit.constraint.to_owned(), limit.upper);
        self.answers.get(&(key, size.to_string())).copied().flatten()
    }
}
