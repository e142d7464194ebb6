//! How many requests may leave in a time, shared by all workers.
//!
//! It never sleeps: it says when the next request may leave.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A limit such as `100/s` or `60/m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// From one request to the next.
    pub interval: Duration,
}

/// A text that is no rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no rate; write `100/s`, `60/m` or `1000/h`")]
pub struct RateError(pub String);

impl RateLimit {
    /// Reads `100/s`, `60/m`, `1000/h`.
    ///
    /// # Errors
    /// Where the text is no rate, or a rate of nothing.
    pub fn parse(text: &str) -> Result<Self, RateError> {
        let fail = || RateError(text.to_owned());
        let (count, unit) = text.split_once('/').ok_or_else(fail)?;
        let count: u32 = count.trim().parse().ok().filter(|count| *count > 0).ok_or_else(fail)?;
        let seconds = match unit.trim() {
            "s" | "sec" | "second" => 1,
            "m" | "min" | "minute" => 60,
            "h" | "hour" => 3600,
            _ => return Err(fail()),
        };
        Ok(Self { interval: Duration::from_secs(seconds) / count })
    }
}

/// Hands out moments, one interval apart.
#[derive(Debug)]
pub(super) struct Schedule {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl Schedule {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self { interval: limit.interval, next: Mutex::new(None) }
    }

    /// When a request that is ready `now` may leave. Time that nobody used is not made up for.
    pub(super) fn reserve(&self, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let at = next.map_or(now, |next| next.max(now));
        *next = Some(at + self.interval);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::clock;

    #[test]
    fn rates_are_read() {
        assert_eq!(RateLimit::parse("100/s").expect("rate").interval, Duration::from_millis(10));
        assert_eq!(RateLimit::parse("60/m").expect("rate").interval, Duration::from_secs(1));
        for text in ["", "100", "0/s", "-1/s", "1/d", "x/s", "/s"] {
            assert!(RateLimit::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn moments_are_an_interval_apart_and_idle_time_is_lost() {
        let schedule = Schedule::new(RateLimit::parse("10/s").expect("rate"));
        let start = clock::now();
        let at: Vec<_> = (0..5).map(|_| schedule.reserve(start).duration_since(start).as_millis()).collect();
        assert_eq!(at, [0, 100, 200, 300, 400]);
        let late = start + Duration::from_secs(9);
        assert_eq!(schedule.reserve(late), late);
        assert_eq!(schedule.reserve(late), late + Duration::from_millis(100));
    }
}
