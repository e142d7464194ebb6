//! Schedules requests under a rate limit shared by all workers.
//!
//! It never sleeps.

use crate::run::RateLimit;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Hands out points in time that are one interval apart.
#[derive(Debug)]
pub(super) struct RateSchedule {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl RateSchedule {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self { interval: limit.interval, next: Mutex::new(None) }
    }

    /// Returns when a request that is ready at `now` may be sent. Unused time is not made up for.
    pub(super) fn reserve_slot(&self, now: Instant) -> Instant {
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
    fn reservations_are_an_interval_apart_and_idle_time_is_lost() {
        let schedule = RateSchedule::new(RateLimit::parse("10/s").expect("rate"));
        let start = clock::now();
        let at: Vec<_> = (0..5).map(|_| schedule.reserve_slot(start).duration_since(start).as_millis()).collect();
        assert_eq!(at, [0, 100, 200, 300, 400]);
        let late = start + Duration::from_secs(9);
        assert_eq!(schedule.reserve_slot(late), late);
        assert_eq!(schedule.reserve_slot(late), late + Duration::from_millis(100));
    }
}
