//! Cancels a run from another thread.
//!
//! It never ends anything itself: the run checks the token.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// A token that cancels a run: after that, only requests that delete created resources are sent. Clones share their
/// state.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<CancelState>);

#[derive(Debug, Default)]
struct CancelState {
    is_cancelled: AtomicBool,
    /// Number of things in progress that a cancelled run still completes.
    cleanups: AtomicUsize,
}

/// Something in progress that a cancelled run still completes, such as the deletion of a created resource; it counts
/// until this value is dropped.
#[derive(Debug)]
pub struct CleanupGuard(CancelToken);

impl CancelToken {
    /// Cancels the run. It ends within a tenth of a second, plus the teardown of running cases.
    pub fn cancel(&self) {
        self.0.is_cancelled.store(true, Ordering::Relaxed);
    }

    #[cfg(feature = "run")]
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns true if [`CancelToken::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::Relaxed)
    }

    /// Notes that something begins that a cancelled run still completes: a request that creates or deletes a resource, or
    /// writing the reports.
    pub fn begin_cleanup(&self) -> CleanupGuard {
        self.0.cleanups.fetch_add(1, Ordering::Relaxed);
        CleanupGuard(self.clone())
    }

    /// Returns true if something is in progress that a cancelled run still completes.
    pub fn is_cleaning_up(&self) -> bool {
        self.0.cleanups.load(Ordering::Relaxed) > 0
    }
}

impl Drop for CleanupGuard {
    fn drop(&mut self) {
        self.0.0.cleanups.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleanup_is_in_progress_until_its_guard_is_dropped() {
        let token = CancelToken::default();
        let (first, second) = (token.begin_cleanup(), token.clone().begin_cleanup());
        drop(first);
        assert!(token.is_cleaning_up() && !token.is_cancelled());
        drop(second);
        assert!(!token.is_cleaning_up());
    }
}
