//! Runs cases one after another over a connection that is idle open.
//!
//! It never runs two cases concurrently, and never judges.

use super::error::RunError;
use super::runtime::{build_runtime, run_on_new_thread};
use super::transport::{Client, ClientConnection};
use super::worker::CaseWorker;
use super::worker_state::WorkerShared;
use crate::case::Case;
use crate::run::{CaseOutcome, Liveness, RunPlan};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Runtime;

/// Runs one case as the runner would.
///
/// # Errors
/// Returns an error if the endpoint cannot be reached.
pub fn run_single_case(plan: &RunPlan<'_>, case: impl Into<Arc<Case>>) -> Result<CaseOutcome, RunError> {
    SequentialRunner::new(plan)?.run_case(case)
}

/// Runs cases sequentially, as the runner would, within its rate limit and over a connection that is idle open.
pub struct SequentialRunner<'a> {
    plan: &'a RunPlan<'a>,
    shared: WorkerShared,
    /// Whether the endpoint has been reached before.
    was_reached: AtomicBool,
    /// Runtime and connections of the previous case, while no case is being outcome.
    idle: Mutex<Option<IdleRuntime>>,
}

/// A runtime and the connections that it opened.
struct IdleRuntime {
    runtime: Runtime,
    connections: Vec<ClientConnection>,
}

impl<'a> SequentialRunner<'a> {
    /// Creates a runner for a plan without sending anything.
    ///
    /// # Errors
    /// Returns an error if no client can be created for the endpoint.
    pub fn new(plan: &'a RunPlan<'a>) -> Result<Self, RunError> {
        let client = Client::new(plan.endpoint, plan.transport_options.limits)?;
        Ok(Self {
            plan,
            shared: WorkerShared::new(plan, client),
            was_reached: AtomicBool::new(false),
            idle: Mutex::default(),
        })
    }

    /// Returns the plan.
    pub fn plan(&self) -> &'a RunPlan<'a> {
        self.plan
    }

    /// Runs a case.
    ///
    /// # Errors
    /// Returns an error if the endpoint cannot be reached, or if the run was cancelled.
    pub fn run_case(&self, case: impl Into<Arc<Case>>) -> Result<CaseOutcome, RunError> {
        let case = case.into();
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (outcome, idle) = run_on_new_thread(|| {
            let IdleRuntime { runtime, connections } = match idle {
                Some(idle) => idle,
                None => IdleRuntime { runtime: build_runtime()?, connections: Vec::new() },
            };
            let (outcome, connections) = runtime.block_on(self.run_with_connections(case, connections));
            Ok::<_, RunError>((outcome, IdleRuntime { runtime, connections }))
        })??;
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(idle);
        outcome
    }

    /// Closes the idle connection, because some servers handle only one connection at a time.
    pub fn close_idle(&self) {
        if let Some(idle) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            idle.connections.clear();
        }
    }

    async fn run_with_connections(
        &self,
        case: Arc<Case>,
        connections: Vec<ClientConnection>,
    ) -> (Result<CaseOutcome, RunError>, Vec<ClientConnection>) {
        let probe = async || self.shared.client.probe_connection().await;
        if !self.was_reached.swap(true, Ordering::Relaxed)
            && let Err(reason) = probe().await
        {
            self.was_reached.store(false, Ordering::Relaxed);
            return (Err(reason.into()), connections);
        }
        let mut worker = CaseWorker::with_connections(self.plan, &self.shared, connections);
        let mut outcome = worker.run_case_sequentially(case).await.ok_or(RunError::Cancelled);
        // A probe needs a connection of its own, so it is made only if the case got no response.
        if outcome.as_ref().is_ok_and(|outcome| outcome.liveness == Some(Liveness::Down))
            && let Err(reason) = probe().await
        {
            outcome = Err(reason.into());
        }
        (outcome, worker.into_connections())
    }
}

impl Drop for SequentialRunner<'_> {
    fn drop(&mut self) {
        // The caller may be inside a runtime, where waiting for another runtime to shut down is not allowed.
        if let Some(idle) = self.idle.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            idle.runtime.shutdown_background();
        }
    }
}
