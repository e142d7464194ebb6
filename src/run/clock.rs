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

/// The processor time that a process has taken so far, in seconds, ours where none is named; `None` where the system
/// does not tell it as Linux does, see [proc(5)](https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).
#[expect(clippy::disallowed_methods, reason = "processor time is a clock as well")]
pub fn processor_seconds(process: Option<u32>) -> Option<f64> {
    const TICKS: f64 = 100.0;
    let process = process.map_or_else(|| "self".to_owned(), |id| id.to_string());
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may hold anything.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok());
    Some((ticks(11)? + ticks(12)?) / TICKS)
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
