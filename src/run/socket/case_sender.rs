//! Sends all steps of a case over a worker's connections.
//!
//! It never decides whether a case must be sent again.

use super::step_sender::SocketSender;
use super::transport::ClientConnection;
use super::worker_state::WorkerShared;
use crate::case::Case;
use crate::run::RunPlan;
use crate::run::request_builder::RequestBuilder;
use crate::run::step_loop::{SentSteps, run_steps};

/// Sends cases one after another; caches connections and credentials between them.
pub(super) struct CaseSender<'a> {
    pub(super) plan: &'a RunPlan<'a>,
    pub(super) shared: &'a WorkerShared,
    builder: RequestBuilder<'a>,
    sender: SocketSender<'a>,
}

impl<'a> CaseSender<'a> {
    /// Creates a sender that reuses the connections of another one in the same runtime. Must be called inside a
    /// runtime.
    pub(super) fn new(plan: &'a RunPlan<'a>, shared: &'a WorkerShared, connections: Vec<ClientConnection>) -> Self {
        let sender = SocketSender::new(plan, shared, connections);
        Self { plan, shared, builder: RequestBuilder::new(plan), sender }
    }

    /// Sends all steps of a case. Returns `None` if the run was cancelled.
    pub(super) async fn send(&mut self, case: &Case) -> Option<SentSteps> {
        run_steps(self.plan, case, &mut self.builder, &mut self.sender).await
    }

    /// Sets the maximum number of times that a throttled request is sent.
    pub(super) fn set_max_attempts(&mut self, max_attempts: u32) {
        self.sender.set_max_attempts(max_attempts);
    }

    /// Sets whether no other case is running.
    pub(super) fn set_alone(&mut self, is_alone: bool) {
        self.sender.set_alone(is_alone);
    }

    /// Closes all connections; the next request opens a new one.
    pub(super) fn reset_connections(&mut self) {
        self.sender.reset_connections();
    }

    /// Returns the connections for another sender.
    pub(super) fn into_connections(self) -> Vec<ClientConnection> {
        self.sender.into_connections()
    }
}
