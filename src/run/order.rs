//! Outcomes in plan order, whoever finished first, within a bounded window.
//!
//! It never drops what was finished and never lets anybody run ahead of the window.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use tokio::sync::Notify;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The stream of outcomes between the workers and the one who takes them.
pub(super) struct Order<T, E> {
    window: u64,
    slots: Mutex<Slots<T>>,
    emit: Mutex<E>,
    /// How many have been emitted or skipped: the index of the oldest open one.
    emitted: AtomicU64,
    /// Somebody who takes outcomes has had enough.
    enough: AtomicBool,
    /// Told when the window moves, or when the run ends.
    moved: Notify,
}

struct Slots<T> {
    first: u64,
    /// Open (`None`), or finished with or without an outcome.
    slots: VecDeque<Option<Option<T>>>,
}

impl<T, E: FnMut(T) -> ControlFlow<()>> Order<T, E> {
    pub(super) fn new(window: usize, emit: E) -> Self {
        Self {
            window: window.max(1) as u64,
            slots: Mutex::new(Slots { first: 0, slots: VecDeque::new() }),
            emit: Mutex::new(emit),
            emitted: AtomicU64::new(0),
            enough: AtomicBool::new(false),
            moved: Notify::new(),
        }
    }

    /// Waits until the case with this index is inside the window, or the run is over.
    pub(super) async fn admit(&self, index: u64) {
        while !self.is_admitted(index) {
            let mut moved = std::pin::pin!(self.moved.notified());
            // Registered before looking again, so that no move is missed.
            moved.as_mut().enable();
            if self.is_admitted(index) {
                return;
            }
            moved.await;
        }
    }

    fn is_admitted(&self, index: u64) -> bool {
        self.is_enough() || index < self.emitted.load(Ordering::Acquire) + self.window
    }

    pub(super) fn is_enough(&self) -> bool {
        self.enough.load(Ordering::Acquire)
    }

    /// Ends the run: nobody waits any longer and nothing more is emitted by itself.
    pub(super) fn end(&self) {
        self.enough.store(true, Ordering::Release);
        self.moved.notify_waiters();
    }

    /// Puts a finished case in its place and emits what is now in order; `None` for a case that was given up.
    pub(super) fn put(&self, index: u64, outcome: Option<T>) {
        {
            let mut slots = lock(&self.slots);
            let offset = usize::try_from(index - slots.first).expect("the window bounds the distance");
            while slots.slots.len() <= offset {
                slots.slots.push_back(None);
            }
            slots.slots[offset] = Some(outcome);
        }
        // One worker emits at a time. Who finds somebody emitting leaves the outcome to them: they look
        // again after they have let go.
        while lock(&self.slots).slots.front().is_some_and(Option::is_some) {
            let mut emit = match self.emit.try_lock() {
                Ok(emit) => emit,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            let mut moved = false;
            while let Some(outcome) = self.next() {
                moved = true;
                if let Some(outcome) = outcome
                    && !self.is_enough()
                    && emit(outcome).is_break()
                {
                    self.end();
                }
            }
            drop(emit);
            if moved {
                self.moved.notify_waiters();
            }
        }
    }

    fn next(&self) -> Option<Option<T>> {
        let mut slots = lock(&self.slots);
        if !slots.slots.front().is_some_and(Option::is_some) {
            return None;
        }
        let outcome = slots.slots.pop_front().flatten();
        slots.first += 1;
        self.emitted.store(slots.first, Ordering::Release);
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_any_order_leaves_in_plan_order() {
        let mut seen = Vec::new();
        {
            let order = Order::new(8, |index: u64| {
                seen.push(index);
                ControlFlow::Continue(())
            });
            for index in [3, 1, 0, 2, 5, 7, 6, 4] {
                order.put(index, (index != 5).then_some(index));
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4, 6, 7]);
    }

    #[test]
    fn nothing_is_emitted_after_enough() {
        let mut seen = Vec::new();
        {
            let order = Order::new(8, |index: u64| {
                seen.push(index);
                if index == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            for index in [2, 3, 0, 1] {
                order.put(index, Some(index));
            }
            assert!(order.is_enough());
        }
        assert_eq!(seen, [0, 1]);
    }

    #[test]
    fn many_threads_lose_nothing() {
        let next = AtomicU64::new(0);
        let mut seen = Vec::new();
        {
            let order = Order::new(16, |index: u64| {
                seen.push(index);
                ControlFlow::Continue(())
            });
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("runtime");
                        runtime.block_on(async {
                            loop {
                                let index = next.fetch_add(1, Ordering::Relaxed);
                                if index >= 20_000 {
                                    break;
                                }
                                order.admit(index).await;
                                order.put(index, Some(index));
                            }
                        });
                    });
                }
            });
        }
        assert!(seen.iter().copied().eq(0..20_000));
    }
}
