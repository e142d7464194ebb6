//! The only place that reads a clock.
//!
//! It never decides how long anything may take.

use std::time::{Duration, Instant, SystemTime};

/// Now, for measuring.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Now, for dates and signatures.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the calendar clock")]
pub fn wall() -> SystemTime {
    SystemTime::now()
}

/// Measures how long something takes.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Self {
        Self(now())
    }

    /// Since the start.
    pub fn elapsed(self) -> Duration {
        now().duration_since(self.0)
    }
}
