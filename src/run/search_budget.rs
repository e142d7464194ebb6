//! Limits how long a run may search for the one case among many that caused an effect; all searches share one limit.
//!
//! It never decides what happens once the time is over.

use super::Stopwatch;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Time limit for all searches of a run; clones share the time used.
#[derive(Clone, Debug)]
pub struct SearchTime {
    /// Maximum total time; no limit if absent.
    most: Option<Duration>,
    used_millis: Arc<AtomicU64>,
}

/// A search in progress; its duration is added to the time used when this value is dropped.
#[derive(Debug)]
pub struct Searching<'a> {
    of: &'a SearchTime,
    watch: Stopwatch,
}

impl Default for SearchTime {
    /// Returns a limit of two minutes.
    fn default() -> Self {
        Self::of(Duration::from_mins(2))
    }
}

impl SearchTime {
    /// Creates a limit for all searches together.
    pub fn of(most: Duration) -> Self {
        Self { most: Some(most), used_millis: Arc::default() }
    }

    /// Creates an unlimited budget, for callers that have their own limit.
    pub fn endless() -> Self {
        Self { most: None, used_millis: Arc::default() }
    }

    /// Starts a search.
    pub fn begin(&self) -> Searching<'_> {
        Searching { of: self, watch: Stopwatch::start() }
    }
}

impl Searching<'_> {
    /// Returns true if no time is left for this and all other searches.
    pub fn is_over(&self) -> bool {
        let used = Duration::from_millis(self.of.used_millis.load(Ordering::Relaxed));
        self.of.most.is_some_and(|most| used.saturating_add(self.watch.elapsed()) >= most)
    }
}

impl Drop for Searching<'_> {
    fn drop(&mut self) {
        let took = u64::try_from(self.watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.of.used_millis.fetch_add(took, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::SearchTime;
    use std::time::Duration;

    #[test]
    fn searches_share_one_time_limit() {
        let time = SearchTime::of(Duration::from_millis(1));
        let search = time.begin();
        while !search.is_over() {
            std::thread::yield_now();
        }
        drop(search);
        assert!(time.clone().begin().is_over());
        assert!(SearchTime::of(Duration::ZERO).begin().is_over());
        assert!(!SearchTime::default().begin().is_over() && !SearchTime::endless().begin().is_over());
    }
}
