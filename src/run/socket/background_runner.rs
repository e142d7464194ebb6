//! Runs cases sequentially on a long-lived background thread, for callers that run thousands of cases and have no
//! runtime.
//!
//! It never runs two cases concurrently, and never judges.

use super::error::RunError;
use super::runtime::{build_runtime, deep_stack_thread};
use super::transport::Client;
use super::worker::CaseWorker;
use super::worker_state::WorkerShared;
use crate::case::Case;
use crate::run::{CaseOutcome, RunPlan, Shortage};
use std::sync::{Arc, mpsc};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

struct CaseJob {
    case: Arc<Case>,
    outcome: mpsc::SyncSender<Option<CaseOutcome>>,
}

/// A background thread that runs cases over a persistent connection. It ends when this value is dropped.
pub struct BackgroundRunner {
    jobs: UnboundedSender<CaseJob>,
}

impl BackgroundRunner {
    /// Creates a runner for a plan without sending anything.
    ///
    /// # Errors
    /// Returns an error if no client can be created for the endpoint, or no thread can be started.
    pub fn new(plan: &'static RunPlan<'static>) -> Result<Self, RunError> {
        let client = Client::new(plan.endpoint, plan.transport_options.limits)?;
        let shared = WorkerShared::new(plan, client);
        let (jobs, received_jobs) = unbounded_channel();
        let runtime = build_runtime()?;
        let work = move || runtime.block_on(run_jobs(plan, &shared, received_jobs));
        deep_stack_thread().spawn(work).map_err(|_| Shortage::Threads)?;
        Ok(Self { jobs })
    }

    /// Runs a case and waits for its outcome.
    ///
    /// # Errors
    /// Returns an error if the run was cancelled.
    pub fn run_case(&self, case: impl Into<Arc<Case>>) -> Result<CaseOutcome, RunError> {
        let (outcome, received_outcome) = mpsc::sync_channel(1);
        self.jobs.send(CaseJob { case: case.into(), outcome }).map_err(|_| RunError::ThreadEnded)?;
        received_outcome.recv().map_err(|_| RunError::ThreadEnded)?.ok_or(RunError::Cancelled)
    }
}

async fn run_jobs(plan: &RunPlan<'_>, shared: &WorkerShared, mut jobs: UnboundedReceiver<CaseJob>) {
    let mut worker = CaseWorker::new(plan, shared);
    while let Some(CaseJob { case, outcome }) = jobs.recv().await {
        let finished = worker.run_case_sequentially(case).await;
        // The caller may no longer be waiting.
        let _ = outcome.send(finished);
    }
}
