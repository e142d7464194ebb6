//! The observers of a check.
//!
//! They never send anything while the run goes; the follow-up of the check uses what they collected.

use super::after_effects::AfterEffects;
use super::case_observer::CaseObserver;
use super::job::{RunOptions, ScenarioJob};
use super::known_divergences::KnownUsage;
use super::limit_discovery::UnexpectedLimits;
use super::muted_comparisons::MutedComparisons;
use super::shrink_sequences::FailedSequences;
use super::snapshot_recorder::{AcceptedSnapshots, SnapshotRecorder};
use super::tally::RunTally;
use super::unknown_places::UnknownPlaces;
use crate::report::CaseResult;

/// The observers of a check, in the order in which they receive a result.
pub(super) struct CheckObservers<'a> {
    job: &'a ScenarioJob,
    options: &'a RunOptions,
    accepted: &'a AcceptedSnapshots,
    /// Records responses for snapshots, and names their forms.
    pub recorder: SnapshotRecorder<'a>,
    /// Counts results and groups findings.
    pub tally: RunTally<'a>,
    /// Collects failed sequences, to be shrunk.
    pub failed_sequences: FailedSequences,
    /// Collects contradicted limits, to search for the actual ones.
    pub unexpected_limits: UnexpectedLimits,
    /// Counts the use of known divergences.
    pub known_usage: KnownUsage<'a>,
    /// Counts why cases were not compared.
    pub muted: MutedComparisons,
    /// Collects paths of the scenario that exist nowhere.
    pub unknown_places: UnknownPlaces,
    /// Collects accepted requests, to find lasting effects; absent if the endpoint cannot be restored.
    pub after_effects: Option<AfterEffects>,
}

impl CaseObserver for CheckObservers<'_> {
    fn observe(&mut self, result: &mut CaseResult) {
        let observers: [&mut dyn CaseObserver; 7] = [
            &mut self.recorder,
            &mut self.tally,
            &mut self.failed_sequences,
            &mut self.unexpected_limits,
            &mut self.known_usage,
            &mut self.muted,
            &mut self.unknown_places,
        ];
        for observer in observers {
            observer.observe(result);
        }
        if let Some(after_effects) = &mut self.after_effects {
            after_effects.observe(result);
        }
    }
}

impl<'a> CheckObservers<'a> {
    /// Creates the observers of a job, without the search for lasting effects.
    pub fn new(job: &'a ScenarioJob, options: &'a RunOptions, accepted: &'a AcceptedSnapshots) -> Self {
        Self {
            job,
            options,
            accepted,
            recorder: SnapshotRecorder::new(job, options.snapshots.as_ref(), accepted),
            tally: RunTally::new(job, options),
            failed_sequences: FailedSequences::default(),
            unexpected_limits: UnexpectedLimits::default(),
            known_usage: KnownUsage::new(&job.known_divergences),
            muted: MutedComparisons::default(),
            unknown_places: UnknownPlaces::default(),
            after_effects: None,
        }
    }

    /// Forgets all results, because every request got the same response.
    pub fn forget_results(&mut self) {
        *self = Self::new(self.job, self.options, self.accepted);
    }

    /// Records a result that the follow-up of a run found; it is not followed up itself.
    pub fn observe_follow_up(&mut self, result: &mut CaseResult) {
        self.recorder.observe(result);
        self.tally.observe(result);
        self.known_usage.observe(result);
    }
}
