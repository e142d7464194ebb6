//! Records the response values of one endpoint, to compare them with those of another.
//!
//! Recorded values are only kept in memory and never outlive the run.

use crate::judge::ResponseValues;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Maximum size of the recorded values, in bytes as [`Values::size`] estimates them.
const MAX_CACHE_BYTES: usize = 256 << 20;

/// The response values of an endpoint, by case id.
#[derive(Clone, Debug, Default)]
pub struct RecordedResponses(Arc<Mutex<ResponseCache>>);

#[derive(Debug, Default)]
struct ResponseCache {
    by_id: HashMap<String, Arc<ResponseValues>>,
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
    /// Returns the recorded values with which the response to a case is compared.
    pub(super) fn recorded(&self, id: &str) -> Option<Arc<ResponseValues>> {
        match self {
            Self::Record(_) => None,
            Self::Compare(responses) => responses.lock().by_id.get(id).map(Arc::clone),
        }
    }

    /// Records the values in the response to a case, unless the run compares.
    pub(super) fn record(&self, id: &str, values: impl FnOnce() -> Option<ResponseValues>) {
        let Self::Record(responses) = self else { return };
        let Some(values) = values() else { return };
        let size = id.len() + values.estimated_size();
        let mut cache = responses.lock();
        if cache.bytes + size > MAX_CACHE_BYTES {
            cache.dropped += 1;
        } else {
            cache.bytes += size;
            cache.by_id.insert(id.to_owned(), Arc::new(values));
        }
    }
}
