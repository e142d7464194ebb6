//! How often an endpoint was started anew, and which cases were under way each time that it went down.
//!
//! It starts nothing and sends nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Of one run.
#[derive(Default)]
pub(super) struct Downs(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    /// How often the endpoint was started anew.
    starts: u32,
    /// The cases that met an endpoint that is down, by the number of the start after which they began.
    met: HashMap<u32, Met>,
}

#[derive(Clone, Copy, Default)]
struct Met {
    /// How many of them nobody has looked at yet.
    open: u32,
    is_told: bool,
}

impl Downs {
    /// The number of the start after which a case begins now.
    pub fn starts(&self) -> u32 {
        self.with(|counted| counted.starts)
    }

    /// The endpoint was started anew.
    pub fn started(&self) {
        self.with(|counted| counted.starts += 1);
    }

    /// A case that began after this start met an endpoint that is down.
    pub fn meet(&self, start: u32) {
        self.with(|counted| counted.met.entry(start).or_default().open += 1);
    }

    /// One of them was found to do it: of the others, nobody asks any more.
    pub fn tell(&self, start: u32) {
        self.with(|counted| counted.met.entry(start).or_default().is_told = true);
    }

    /// How many of them nobody has looked at yet, one of which does it; `None` where that was told already.
    pub fn among(&self, start: u32) -> Option<u32> {
        self.with(|counted| {
            let met = counted.met.entry(start).or_default();
            (!std::mem::replace(&mut met.is_told, true)).then_some(met.open)
        })
    }

    /// One of them was looked at.
    pub fn looked_at(&self, start: u32) {
        self.with(|counted| {
            let met = counted.met.entry(start).or_default();
            met.open = met.open.saturating_sub(1);
            // Whoever began before the last start has run to its end: nobody joins them.
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
    fn what_went_down_once_is_told_once() {
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
