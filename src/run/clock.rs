//! Reads the clocks; no other module does.
//!
//! It never decides how long anything may take.

use std::time::{Duration, Instant, SystemTime};

/// Returns the current monotonic time, for measuring durations.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// Returns the current wall-clock time, for dates and signatures.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the calendar clock")]
pub fn wall_time() -> SystemTime {
    SystemTime::now()
}

/// Returns the CPU time in seconds that a process, by default this one, has used so far. Returns `None` if the system
/// does not provide it as Linux does, see [proc(5)](https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).
#[expect(clippy::disallowed_methods, reason = "processor time is a clock as well")]
pub fn cpu_seconds(process: Option<u32>) -> Option<f64> {
    const TICKS_PER_SECOND: f64 = 100.0;
    let process = process.map_or_else(|| "self".to_owned(), |id| id.to_string());
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in parentheses may contain anything, including spaces and `)`.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok());
    Some((ticks(11)? + ticks(12)?) / TICKS_PER_SECOND)
}

/// Returns the current date in UTC, as `2026-11-25`.
pub fn today() -> String {
    let seconds = wall_time().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (year, month, day) = crate::contract::civil_from_days(i64::try_from(seconds / 86_400).unwrap_or(0));
    format!("{year:04}-{month:02}-{day:02}")
}

/// Measures how long something takes.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring now.
    pub fn start() -> Self {
        Self(now())
    }

    /// Returns the time since the start.
    pub fn elapsed(self) -> Duration {
        now().duration_since(self.0)
    }
}
