//! How long a run may look for the one of many cases that did something: all such searches share one limit.
//!
//! It never decides what is said once the time is over.

use super::Stopwatch;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The time of all searches of a run; clones share what was used of it.
#[derive(Clone, Debug)]
pub struct SearchTime {
    /// No limit where this is absent.
    most: Option<Duration>,
    used_millis: Arc<AtomicU64>,
}

/// A search that is under way: what it takes is added to what was used when this is dropped.
#[derive(Debug)]
pub struct Searching<'a> {
    of: &'a SearchTime,
    watch: Stopwatch,
}

impl Default for SearchTime {
    /// Two minutes.
    fn default() -> Self {
        Self::of(Duration::from_mins(2))
    }
}

impl SearchTime {
    /// So much, for all searches together.
    pub fn of(most: Duration) -> Self {
        Self { most: Some(most), used_millis: Arc::default() }
    }

    /// Without a limit, for whoever has one of their own.
    pub fn endless() -> Self {
        Self { most: None, used_millis: Arc::default() }
    }

    /// Begins a search.
    pub fn begin(&self) -> Searching<'_> {
        Searching { of: self, watch: Stopwatch::start() }
    }
}

impl Searching<'_> {
    /// Whether there is no time left, for this search and all others.
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
    fn searches_share_their_time() {
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
