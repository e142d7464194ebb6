//! Counts how often an endpoint was restarted, and which cases were running each time it went down.
//!
//! It never starts a process and never sends a request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The crashes of one run.
#[derive(Default)]
pub(super) struct Downs(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    /// Number of restarts.
    starts: u32,
    /// Cases that found the endpoint down, by the number of restarts before they began.
    met: HashMap<u32, Met>,
}

#[derive(Clone, Copy, Default)]
struct Met {
    /// Number of suspects that have not been examined yet.
    open: u32,
    is_told: bool,
}

impl Downs {
    /// Returns the number of restarts so far.
    pub fn starts(&self) -> u32 {
        self.with(|counted| counted.starts)
    }

    /// Records a restart of the endpoint.
    pub fn started(&self) {
        self.with(|counted| counted.starts += 1);
    }

    /// Records that a case that began after this restart found the endpoint down.
    pub fn meet(&self, start: u32) {
        self.with(|counted| counted.met.entry(start).or_default().open += 1);
    }

    /// Marks this crash as attributed; the other suspects are not retried.
    pub fn tell(&self, start: u32) {
        self.with(|counted| counted.met.entry(start).or_default().is_told = true);
    }

    /// Returns the number of unexamined suspects, one of which is the cause, and marks the crash as reported. Returns
    /// `None` if the crash was attributed or reported before.
    pub fn among(&self, start: u32) -> Option<u32> {
        self.with(|counted| {
            let met = counted.met.entry(start).or_default();
            (!std::mem::replace(&mut met.is_told, true)).then_some(met.open)
        })
    }

    /// Records that a suspect was examined.
    pub fn looked_at(&self, start: u32) {
        self.with(|counted| {
            let met = counted.met.entry(start).or_default();
            met.open = met.open.saturating_sub(1);
            // Every case that began before the last restart has finished, so there will be no more suspects.
            if met.open == 0 && start < counted.starts {
                counted.met.remove(&start);
            }
        });
    }

    fn with<T>(&self, look: impl FnOnce(&mut Counted) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::Downs;

    #[test]
    fn each_crash_is_reported_once() {
        let downs = Downs::default();
        let start = downs.starts();
        (0..4).for_each(|_| downs.meet(start));
        downs.started();
        downs.looked_at(start);
        assert_eq!((downs.among(start), downs.among(start)), (Some(3), None));
        (0..3).for_each(|_| downs.looked_at(start));
        let start = downs.starts();
        downs.meet(start);
        downs.tell(start);
        assert_eq!((start, downs.among(start)), (1, None));
    }
}
