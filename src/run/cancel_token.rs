//! Cancels a run from another thread.
//!
//! It never ends anything itself: the run checks the token.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A token that cancels a run: after that, only requests that delete created resources are sent. Clones share their
/// state.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Cancels the run. It ends within a tenth of a second, plus the teardown of running cases.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    #[cfg(feature = "run")]
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns true if [`CancelToken::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
