//! Limits what clients of a reference server can hold: the number of connections, and the time that each waits for its
//! client.
//!
//! It never reads or writes a byte.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Limits of a server's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Maximum number of connections. Beyond it, the one that has waited longest for its client is closed.
    pub max_connections: usize,
    /// Maximum time until the head of a request is complete, from the end of the request before it.
    pub head_timeout: Duration,
    /// Maximum time for the body of a request.
    pub body_timeout: Duration,
    /// Maximum time in which a client accepts nothing of a response.
    pub write_timeout: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        let timeout = Duration::from_secs(30);
        Self { max_connections: 1024, head_timeout: timeout, body_timeout: timeout, write_timeout: timeout }
    }
}

/// The open connections of a server.
pub(super) struct ConnectionTable {
    max_connections: usize,
    /// Counts when connections begin to wait, so that their order is known.
    waits: AtomicU64,
    open: Mutex<OpenConnections>,
}

#[derive(Default)]
struct OpenConnections {
    next_id: u64,
    by_id: HashMap<u64, Arc<ConnectionState>>,
}

/// Value of [`ConnectionState::waiting_since`] while a response is made.
const BUSY: u64 = u64::MAX;

struct ConnectionState {
    /// The count at which the connection began to wait for its client.
    waiting_since: AtomicU64,
    close: Notify,
}

impl ConnectionTable {
    pub fn new(max_connections: usize) -> Arc<Self> {
        Arc::new(Self { max_connections, waits: AtomicU64::default(), open: Mutex::default() })
    }

    /// Registers a new connection. If there are too many, the one that has waited longest for its client is closed;
    /// returns `None` if none of them waits.
    pub fn register(self: &Arc<Self>) -> Option<ConnectionEntry> {
        let mut open = self.lock();
        if open.by_id.len() >= self.max_connections && !open.close_longest_waiting() {
            return None;
        }
        let id = open.next_id;
        open.next_id += 1;
        let state = Arc::new(ConnectionState { waiting_since: AtomicU64::new(self.next_wait()), close: Notify::new() });
        open.by_id.insert(id, Arc::clone(&state));
        Some(ConnectionEntry { table: Arc::clone(self), id, state })
    }

    /// Closes the connection that has waited longest for its client; returns false if none waits.
    pub fn close_longest_waiting(&self) -> bool {
        self.lock().close_longest_waiting()
    }

    fn next_wait(&self) -> u64 {
        self.waits.fetch_add(1, Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnections {
    fn close_longest_waiting(&mut self) -> bool {
        let waits = |state: &ConnectionState| state.waiting_since.load(Ordering::Relaxed);
        let longest = self.by_id.iter().min_by_key(|(_, state)| waits(state)).filter(|(_, state)| waits(state) != BUSY);
        let Some(id) = longest.map(|(id, _)| *id) else { return false };
        if let Some(state) = self.by_id.remove(&id) {
            state.close.notify_one();
        }
        true
    }
}

/// A registered connection, which is removed from the table when this value is dropped.
pub(super) struct ConnectionEntry {
    table: Arc<ConnectionTable>,
    id: u64,
    state: Arc<ConnectionState>,
}

impl ConnectionEntry {
    /// Waits until the connection must be closed in favour of another one.
    pub async fn must_close(&self) {
        self.state.close.notified().await;
    }

    /// Marks the connection as busy until the result is dropped: its client has sent a request and waits for the
    /// response.
    pub fn mark_busy(&self) -> impl Drop + Send + use<> {
        self.state.waiting_since.store(BUSY, Ordering::Relaxed);
        BusyMark { table: Arc::clone(&self.table), state: Arc::clone(&self.state) }
    }
}

impl Drop for ConnectionEntry {
    fn drop(&mut self) {
        self.table.lock().by_id.remove(&self.id);
    }
}

struct BusyMark {
    table: Arc<ConnectionTable>,
    state: Arc<ConnectionState>,
}

impl Drop for BusyMark {
    fn drop(&mut self) {
        self.state.waiting_since.store(self.table.next_wait(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_open(entry: &ConnectionEntry) -> bool {
        entry.table.lock().by_id.contains_key(&entry.id)
    }

    #[test]
    fn connection_that_waits_longest_is_closed_first() {
        let table = ConnectionTable::new(2);
        let first = table.register().expect("room for one");
        let second = table.register().expect("room for two");
        let busy = first.mark_busy();
        let third = table.register().expect("the second one waits");
        assert_eq!([&first, &second, &third].map(is_open), [true, false, true]);
        drop(busy);
        // The first one waits since its response was made, and so less long than the third.
        let fourth = table.register().expect("the third one waits");
        assert_eq!([&first, &third, &fourth].map(is_open), [true, false, true]);
        let _busy = (first.mark_busy(), fourth.mark_busy());
        assert!(table.register().is_none());
        drop(first);
        assert!(table.register().is_some());
    }
}
