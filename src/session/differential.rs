//! Records the response values of one endpoint, to compare them with those of another.
//!
//! Recorded values are only kept in memory and never outlive the run.

use crate::judge::{ResponseValues, SnapshotComparison};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Maximum size of the recorded values, in bytes as [`Values::size`] estimates them.
const MAX_CACHE_BYTES: usize = 256 << 20;

/// The response values of an endpoint, by case id.
#[derive(Clone, Debug, Default)]
pub struct RecordedResponses(Arc<Mutex<ResponseCache>>);

#[derive(Debug, Default)]
struct ResponseCache {
    by_id: HashMap<String, ResponseValues>,
    bytes: usize,
    dropped: u64,
}

/// What a run does with response values.
#[derive(Clone, Debug)]
pub enum DifferentialMode {
    /// Records them for the run at the other endpoint.
    Record(RecordedResponses),
    /// Compares them with the recorded ones.
    Compare(RecordedResponses),
}

impl RecordedResponses {
    fn lock(&self) -> MutexGuard<'_, ResponseCache> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the number of responses that exceeded the size limit; only their status, error and form are compared.
    pub fn dropped_count(&self) -> u64 {
        self.lock().dropped
    }
}

impl DifferentialMode {
    /// Records the values of a case's response, or compares them.
    pub(super) fn record_or_compare(
        &self,
        id: &str,
        values: impl FnOnce() -> Option<ResponseValues>,
        comparison: SnapshotComparison,
    ) -> SnapshotComparison {
        match self {
            Self::Record(answers) => {
                let Some(values) = values() else { return comparison };
                let size = id.len() + values.estimated_size();
                let mut held = answers.lock();
                if held.bytes + size > MAX_CACHE_BYTES {
                    held.dropped += 1;
                } else {
                    held.bytes += size;
                    held.by_id.insert(id.to_owned(), values);
                }
                comparison
            }
            Self::Compare(answers) => {
                let Some(was) = answers.lock().by_id.remove(id) else { return comparison };
                match values() {
                    Some(now) => comparison.with_value_differences(&was, &now),
                    None => comparison,
                }
            }
        }
    }
}
