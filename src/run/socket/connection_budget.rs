//! Limits the number of connections that are open at the same time, so that the system never runs out of files.
//!
//! It never opens a connection.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The connections that a client may have.
pub(super) struct ConnectionBudget {
    open: Arc<Semaphore>,
    /// Connections may be kept between two requests only as long as others can still be opened: whoever waits for one
    /// waits for a request, which ends, and never for a connection that nobody uses.
    idle: Arc<Semaphore>,
}

/// One connection of the budget, until it is dropped.
pub(super) struct ConnectionPermit {
    _open: Option<OwnedSemaphorePermit>,
    idle: Option<OwnedSemaphorePermit>,
}

impl ConnectionBudget {
    /// Creates a budget of this many connections, at least one.
    pub(super) fn new(max_connections: usize) -> Self {
        let most = max_connections.clamp(1, Semaphore::MAX_PERMITS);
        Self { open: Arc::new(Semaphore::new(most)), idle: Arc::new(Semaphore::new(most / 2)) }
    }

    /// Waits until a connection may be opened.
    pub(super) async fn acquire(&self) -> ConnectionPermit {
        // The semaphore is never closed, so this cannot fail.
        let open = Arc::clone(&self.open).acquire_owned().await.ok();
        ConnectionPermit { _open: open, idle: None }
    }

    /// Returns true if a connection may be kept although no request uses it.
    pub(super) fn may_keep(&self, permit: &mut ConnectionPermit) -> bool {
        if permit.idle.is_none() {
            permit.idle = Arc::clone(&self.idle).try_acquire_owned().ok();
        }
        permit.idle.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Waker};

    fn now(budget: &ConnectionBudget) -> Option<ConnectionPermit> {
        match pin!(budget.acquire()).poll(&mut Context::from_waker(Waker::noop())) {
            std::task::Poll::Ready(permit) => Some(permit),
            std::task::Poll::Pending => None,
        }
    }

    #[test]
    fn kept_connections_never_use_up_the_budget() {
        let budget = ConnectionBudget::new(4);
        let mut permits: Vec<_> = (0..4).filter_map(|_| now(&budget)).collect();
        assert_eq!(permits.len(), 4);
        assert!(now(&budget).is_none());
        let kept: Vec<bool> = permits.iter_mut().map(|permit| budget.may_keep(permit)).collect();
        assert_eq!(kept, [true, true, false, false]);
        permits.truncate(2);
        assert!(now(&budget).is_some());
        // A budget of one connection keeps none.
        let one = ConnectionBudget::new(0);
        let mut permit = now(&one).expect("one connection");
        assert!(!one.may_keep(&mut permit));
    }
}
