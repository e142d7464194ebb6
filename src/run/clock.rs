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

/// Today in UTC, as `2026-11-25`.
pub fn today() -> String {
    let seconds = wall().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (year, month, day) = crate::wire::civil(i64::try_from(seconds / 86_400).unwrap_or(0));
    format!("{year:04}-{month:02}-{day:02}")
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
