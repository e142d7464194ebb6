//! Runs cases sequentially on a long-lived background thread, for callers that run thousands of cases and have no
//! runtime.
//!
//! It never runs two cases concurrently, and never judges.

use super::runner::{block_on, deep_stack_thread};
use super::steps::{CaseWorker, WorkerShared};
use super::transport::Client;
use super::{CaseOutcome, RunPlan};
use crate::case::Case;
use std::sync::{Arc, mpsc};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

struct RunRequest {
    case: Arc<Case>,
    outcome: mpsc::SyncSender<Option<CaseOutcome>>,
}

/// A background thread that runs cases over a persistent connection. It lives as long as the program.
pub struct BackgroundRunner {
    requests: UnboundedSender<RunRequest>,
}

impl BackgroundRunner {
    /// Creates a runner for a plan without sending anything.
    ///
    /// # Errors
    /// Returns an error if no client can be created for the endpoint, or no thread can be started.
    pub fn new(plan: &'static RunPlan<'static>) -> Result<Self, String> {
        let client = Client::new(plan.endpoint, plan.transport_options.limits).map_err(|error| error.to_string())?;
        let shared: &'static WorkerShared = Box::leak(Box::new(WorkerShared::new(plan, client)));
        let (asks, mut asked) = unbounded_channel::<RunRequest>();
        let work = move || {
            block_on(async {
                let mut worker = CaseWorker::new(plan, shared);
                while let Some(RunRequest { case, outcome }) = asked.recv().await {
                    let ran = worker.run_case(case).await;
                    // The caller may no longer be waiting.
                    let _ = outcome.send(ran);
                }
            });
        };
        deep_stack_thread().spawn(work).map_err(|error| format!("cannot start a thread: {error}"))?;
        Ok(Self { requests: asks })
    }

    /// Runs a case and waits for its outcome.
    ///
    /// # Errors
    /// Returns an error if the run was cancelled.
    pub fn run_case(&self, case: impl Into<Arc<Case>>) -> Result<CaseOutcome, String> {
        let (outcome, ran) = mpsc::sync_channel(1);
        let gone = || "the background thread has ended".to_owned();
        self.requests.send(RunRequest { case: case.into(), outcome }).map_err(|_| gone())?;
        ran.recv().map_err(|_| gone())?.ok_or_else(|| "stopped".to_owned())
    }
}
