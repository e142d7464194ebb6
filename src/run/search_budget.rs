//! Limits how long a run may search for the one case among many that caused an effect; all searches share one limit.
//!
//! It never decides what happens once the time is over.

use super::Stopwatch;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Time limit for all searches of a run; clones share the time used.
#[derive(Clone, Debug)]
pub struct SearchBudget {
    /// Maximum total time; no limit if absent.
    max_duration: Option<Duration>,
    used_millis: Arc<AtomicU64>,
}

/// A search in progress; its duration is added to the time used when this value is dropped.
#[derive(Debug)]
pub struct ActiveSearch<'a> {
    budget: &'a SearchBudget,
    watch: Stopwatch,
}

impl Default for SearchBudget {
    /// Returns a limit of two minutes.
    fn default() -> Self {
        Self::with_limit(Duration::from_mins(2))
    }
}

impl SearchBudget {
    /// Creates a limit for all searches together.
    pub fn with_limit(most: Duration) -> Self {
        Self { max_duration: Some(most), used_millis: Arc::default() }
    }

    /// Creates an unlimited budget, for callers that have their own limit.
    pub fn unlimited() -> Self {
        Self { max_duration: None, used_millis: Arc::default() }
    }

    /// Starts a search.
    pub fn start_search(&self) -> ActiveSearch<'_> {
        ActiveSearch { budget: self, watch: Stopwatch::start() }
    }
}

impl ActiveSearch<'_> {
    /// Returns true if no time is left for this and all other searches.
    pub fn is_over(&self) -> bool {
        let used = Duration::from_millis(self.budget.used_millis.load(Ordering::Relaxed));
        self.budget.max_duration.is_some_and(|most| used.saturating_add(self.watch.elapsed()) >= most)
    }
}

impl Drop for ActiveSearch<'_> {
    fn drop(&mut self) {
        let took = u64::try_from(self.watch.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.budget.used_millis.fetch_add(took, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::SearchBudget;
    use std::time::Duration;

    #[test]
    fn searches_share_one_time_limit() {
        let time = SearchBudget::with_limit(Duration::from_millis(1));
        let search = time.start_search();
        while !search.is_over() {
            std::thread::yield_now();
        }
        drop(search);
        assert!(time.clone().start_search().is_over());
        assert!(SearchBudget::with_limit(Duration::ZERO).start_search().is_over());
        assert!(
            !SearchBudget::default().start_search().is_over() && !SearchBudget::unlimited().start_search().is_over()
        );
    }
}
