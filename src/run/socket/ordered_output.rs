//! Emits outcomes in plan order, whatever order they finish in, within a bounded window.
//!
//! It never drops a finished outcome and never lets a case run ahead of the window.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use tokio::sync::Notify;

fn lock_mutex<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The stream of outcomes between the workers and their consumer.
pub(super) struct OrderedOutput<T, E> {
    window: u64,
    slots: Mutex<OutputSlots<T>>,
    emit: Mutex<E>,
    /// Number of cases that were emitted or skipped, which is the index of the oldest open one.
    emitted: AtomicU64,
    /// Whether the consumer has ended the run.
    is_ended: AtomicBool,
    /// Notified when the window moves or the run ends.
    window_moved: Notify,
}

struct OutputSlots<T> {
    first: u64,
    /// One slot per case: open (`None`), or finished with or without an outcome.
    slots: VecDeque<Option<Option<T>>>,
}

impl<T, E: FnMut(T) -> ControlFlow<()>> OrderedOutput<T, E> {
    pub(super) fn new(window: usize, emit: E) -> Self {
        Self {
            window: window.max(1) as u64,
            slots: Mutex::new(OutputSlots { first: 0, slots: VecDeque::new() }),
            emit: Mutex::new(emit),
            emitted: AtomicU64::new(0),
            is_ended: AtomicBool::new(false),
            window_moved: Notify::new(),
        }
    }

    /// Waits until the case with this index is inside the window, or the run is over.
    pub(super) async fn wait_for_window(&self, index: u64) {
        while !self.is_in_window(index) {
            let mut moved = std::pin::pin!(self.window_moved.notified());
            // The waiter is registered before the check, so that no notification is missed.
            moved.as_mut().enable();
            if self.is_in_window(index) {
                return;
            }
            moved.await;
        }
    }

    fn is_in_window(&self, index: u64) -> bool {
        self.has_ended() || index < self.emitted.load(Ordering::Acquire) + self.window
    }

    pub(super) fn has_ended(&self) -> bool {
        self.is_ended.load(Ordering::Acquire)
    }

    /// Ends the run: waiters are released and nothing more is emitted.
    pub(super) fn end(&self) {
        self.is_ended.store(true, Ordering::Release);
        self.window_moved.notify_waiters();
    }

    /// Records a finished case and emits all outcomes that are now in order; `None` stands for a case that was
    /// abandoned.
    pub(super) fn record_outcome(&self, index: u64, outcome: Option<T>) {
        {
            let mut slots = lock_mutex(&self.slots);
            let offset = usize::try_from(index - slots.first).expect("the window bounds the distance");
            while slots.slots.len() <= offset {
                slots.slots.push_back(None);
            }
            slots.slots[offset] = Some(outcome);
        }
        // Only one worker emits at a time. A worker that finds the lock taken leaves its outcome to the holder, which
        // checks again after releasing the lock.
        while lock_mutex(&self.slots).slots.front().is_some_and(Option::is_some) {
            let mut emit = match self.emit.try_lock() {
                Ok(emit) => emit,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            let mut moved = false;
            while let Some(outcome) = self.take_next() {
                moved = true;
                if let Some(outcome) = outcome
                    && !self.has_ended()
                    && emit(outcome).is_break()
                {
                    self.end();
                }
            }
            drop(emit);
            if moved {
                self.window_moved.notify_waiters();
            }
        }
    }

    fn take_next(&self) -> Option<Option<T>> {
        let mut slots = lock_mutex(&self.slots);
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
    fn outcomes_are_emitted_in_plan_order() {
        let mut seen = Vec::new();
        {
            let order = OrderedOutput::new(8, |index: u64| {
                seen.push(index);
                ControlFlow::Continue(())
            });
            for index in [3, 1, 0, 2, 5, 7, 6, 4] {
                order.record_outcome(index, (index != 5).then_some(index));
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4, 6, 7]);
    }

    #[test]
    fn nothing_is_emitted_after_the_consumer_breaks() {
        let mut seen = Vec::new();
        {
            let order = OrderedOutput::new(8, |index: u64| {
                seen.push(index);
                if index == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            for index in [2, 3, 0, 1] {
                order.record_outcome(index, Some(index));
            }
            assert!(order.has_ended());
        }
        assert_eq!(seen, [0, 1]);
    }

    #[test]
    fn no_outcome_is_lost_between_threads() {
        let next = AtomicU64::new(0);
        let mut seen = Vec::new();
        {
            let order = OrderedOutput::new(16, |index: u64| {
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
                                order.wait_for_window(index).await;
                                order.record_outcome(index, Some(index));
                            }
                        });
                    });
                }
            });
        }
        assert!(seen.iter().copied().eq(0..20_000));
    }
}
