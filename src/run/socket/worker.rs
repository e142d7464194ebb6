//! Runs one case, and finds out what is down if no response arrives.
//!
//! It never judges a response.

use super::case_sender::CaseSender;
use super::throttle_probe::send_until_unthrottled;
use super::transport::ClientConnection;
use super::worker_state::WorkerShared;
use crate::case::Case;
use crate::contract::OperationName;
use crate::run::exchange::MAX_CASE_OUTPUT_LINES;
use crate::run::step_loop::SentSteps;
use crate::run::{CaseOutcome, Exchange, Liveness, RunPlan, TransportError};
use std::sync::Arc;
use std::time::Duration;

/// Maximum number of 5 ms polls for the output of a failing server.
const MAX_PRINT_POLLS: u32 = 12;
/// Maximum number of 5 ms polls while printed output has not been read yet.
const MAX_READ_POLLS: u32 = 400;

/// A worker with its connections and caches.
pub(super) struct CaseWorker<'a> {
    plan: &'a RunPlan<'a>,
    shared: &'a WorkerShared,
    sender: CaseSender<'a>,
}

impl<'a> CaseWorker<'a> {
    /// Creates a worker. Must be called inside a runtime.
    pub(super) fn new(plan: &'a RunPlan<'a>, shared: &'a WorkerShared) -> Self {
        Self::with_connections(plan, shared, Vec::new())
    }

    /// Creates a worker that reuses the connections of another worker of the same runtime.
    pub(super) fn with_connections(
        plan: &'a RunPlan<'a>,
        shared: &'a WorkerShared,
        connections: Vec<ClientConnection>,
    ) -> Self {
        Self { plan, shared, sender: CaseSender::new(plan, shared, connections) }
    }

    /// Returns the connections for the next worker.
    pub(super) fn into_connections(self) -> Vec<ClientConnection> {
        self.sender.into_connections()
    }

    /// Runs a case while others may be running. Returns `None` if the run was cancelled before the case was finished.
    ///
    /// If a response did not arrive in time, see [`CaseOutcome::has_timed_out`], the case should be sent again alone:
    /// the load may be the reason.
    pub(super) async fn run_case(&mut self, case: Arc<Case>) -> Option<CaseOutcome> {
        self.sender.set_alone(false);
        self.send_case(case, false).await
    }

    /// Runs a case while no other is running, and finds out what is down if a response does not arrive in time.
    pub(super) async fn run_case_alone(&mut self, case: Arc<Case>) -> Option<CaseOutcome> {
        self.sender.set_alone(true);
        self.send_case(case, true).await
    }

    /// Runs a case while no other is running, and once more if a response does not arrive in time.
    pub(super) async fn run_case_sequentially(&mut self, case: Arc<Case>) -> Option<CaseOutcome> {
        let outcome = self.run_case(case).await?;
        if outcome.has_timed_out() { self.run_case_alone(outcome.case).await } else { Some(outcome) }
    }

    async fn send_case(&mut self, mut case: Arc<Case>, is_alone: bool) -> Option<CaseOutcome> {
        if self.shared.is_unresponsive(&case.operation) && case.unsendable_reason.is_none() {
            let exchanges = case.steps.iter().map(|_| None).collect();
            let not_sent = Some("no control request of this operation gets a response".to_owned());
            return Some(CaseOutcome {
                case,
                exchanges,
                not_sent,
                liveness: None,
                broken_operation: None,
                server_output: Vec::new(),
            });
        }
        let output_start = self.plan.server.as_ref().map(|server| server.output_position());
        let (SentSteps { exchanges, not_sent, unsendable }, mut liveness) =
            send_until_unthrottled(&mut self.sender, &case).await?;
        if unsendable.is_some() && case.unsendable_reason.is_none() {
            Arc::make_mut(&mut case).unsendable_reason = unsendable;
        }
        let server_output = self.collect_server_output(output_start, &exchanges).await;
        if case.id.is_control()
            && let Some(Some(exchange)) = exchanges.get(case.judged.shown_step())
            && exchange.response.is_ok()
        {
            self.plan.response_times.record_control(exchange.elapsed);
        }
        let failure = exchanges.iter().flatten().find_map(|exchange| exchange.response.as_ref().err());
        match failure {
            Some(TransportError::Unreachable(_) | TransportError::Tls(_)) => liveness = Some(Liveness::Down),
            Some(TransportError::TimedOut(_)) if !is_alone => {}
            // What this machine lacks says nothing about the endpoint.
            Some(TransportError::Shortage(_)) => {}
            Some(_) => liveness = Some(self.probe_liveness(&case.operation).await),
            None => {}
        }
        Some(CaseOutcome { case, exchanges, not_sent, liveness, broken_operation: None, server_output })
    }

    /// Finds out what is down after a request of an operation got no response.
    pub(super) async fn probe_liveness(&mut self, operation: &OperationName) -> Liveness {
        if self.is_operation_alive(operation.as_str()).await {
            Liveness::Alive
        } else if self.is_other_operation_alive(operation).await {
            Liveness::OperationDown
        } else {
            Liveness::Down
        }
    }

    /// Returns what a server that was started for the run has printed since `start`, if one of the exchanges failed.
    async fn collect_server_output(&self, start: Option<u64>, exchanges: &[Option<Exchange>]) -> Vec<String> {
        let (Some(server), Some(start)) = (&self.plan.server, start) else { return Vec::new() };
        let failed = |exchange: &Exchange| exchange.response.as_ref().map_or(true, |response| response.status >= 500);
        if !exchanges.iter().flatten().any(failed) {
            return Vec::new();
        }
        // The response may arrive before the server's output, the log line of the last request comes late, and on a
        // busy machine earlier output may not have been read yet.
        let (mut position, mut quiet_polls) = (server.output_position(), 0);
        for turn in 1..=MAX_READ_POLLS {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let (now, has_more) = (server.output_position(), server.has_unread_output());
            quiet_polls = if now == position && !has_more { quiet_polls + 1 } else { 0 };
            position = now;
            if (quiet_polls >= 2 && now > start) || (turn >= MAX_PRINT_POLLS && !has_more) {
                break;
            }
        }
        server.lines_since(start, MAX_CASE_OUTPUT_LINES)
    }

    /// Returns true if the control of another operation gets a response now.
    pub(super) async fn is_other_operation_alive(&mut self, operation: &OperationName) -> bool {
        let plan = self.plan;
        for other in plan.contract.operations.iter().filter(|other| other.name != *operation).take(3) {
            if self.is_operation_alive(other.name.as_str()).await {
                return true;
            }
        }
        false
    }

    /// Returns true if an operation's control gets a response now.
    pub(super) async fn is_operation_alive(&mut self, operation: &str) -> bool {
        let Some(control) = (self.plan.control_case)(operation) else { return false };
        let judged = control.judged.shown_step();
        // The connection on which a case got no response is not used.
        self.sender.reset_connections();
        let answered = match Box::pin(self.sender.send(&control)).await {
            Some(SentSteps { exchanges, .. }) => {
                exchanges.get(judged).and_then(Option::as_ref).is_some_and(|exchange| exchange.response.is_ok())
            }
            None => false,
        };
        self.shared.record_control(operation, answered);
        answered
    }
}
