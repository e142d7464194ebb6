//! How long an endpoint is waited for: a slow response is not a missing one.
//!
//! It never measures a request itself.

use super::RequestLimits;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A request that is sent alone is waited for this many times as long as the slowest control took.
const PATIENCE_FACTOR: u32 = 5;

/// How long the controls of a run took; clones share what is known.
#[derive(Clone, Debug, Default)]
pub struct ResponseTimes {
    slowest_control_millis: Arc<AtomicU64>,
}

impl ResponseTimes {
    /// Records how long the response to a control took.
    pub fn record_control(&self, elapsed: Duration) {
        let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        self.slowest_control_millis.fetch_max(millis, Ordering::Relaxed);
    }

    /// Returns how long a request is waited for while no other request is sent.
    pub fn patient_timeout(&self, limits: &RequestLimits) -> Duration {
        let slowest = Duration::from_millis(self.slowest_control_millis.load(Ordering::Relaxed));
        slowest.saturating_mul(PATIENCE_FACTOR).max(limits.total_timeout).min(limits.max_timeout)
    }
}
