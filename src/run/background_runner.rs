//! Runs cases sequentially on a long-lived background thread, for callers that run thousands of cases and have no
//! runtime.
//!
//! It never runs two cases concurrently, and never judges.

use super::runner::{on_runtime, thread_builder};
use super::steps::{Shared, Worker};
use super::transport::Exit;
use super::{Outcome, Plan};
use crate::generate::Case;
use std::sync::{Arc, mpsc};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

struct Ask {
    case: Arc<Case>,
    outcome: mpsc::SyncSender<Option<Outcome>>,
}

/// A background thread that runs cases over a persistent connection. It lives as long as the program.
pub struct Steady {
    asks: UnboundedSender<Ask>,
}

impl Steady {
    /// Creates a runner for a plan without sending anything.
    ///
    /// # Errors
    /// Returns an error if no client can be created for the endpoint, or no thread can be started.
    pub fn new(plan: &'static Plan<'static>) -> Result<Self, String> {
        let exit = Exit::new(plan.endpoint, plan.settings.limits).map_err(|error| error.to_string())?;
        let shared: &'static Shared = Box::leak(Box::new(Shared::new(plan, exit)));
        let (asks, mut asked) = unbounded_channel::<Ask>();
        let work = move || {
            on_runtime(async {
                let mut worker = Worker::new(plan, shared);
                while let Some(Ask { case, outcome }) = asked.recv().await {
                    let ran = worker.case(case).await;
                    // The caller may no longer be waiting.
                    let _ = outcome.send(ran);
                }
            });
        };
        thread_builder().spawn(work).map_err(|error| format!("cannot start a thread: {error}"))?;
        Ok(Self { asks })
    }

    /// Runs a case and waits for its outcome.
    ///
    /// # Errors
    /// Returns an error if the run was cancelled.
    pub fn send(&self, case: impl Into<Arc<Case>>) -> Result<Outcome, String> {
        let (outcome, ran) = mpsc::sync_channel(1);
        let gone = || "the background thread has ended".to_owned();
        self.asks.send(Ask { case: case.into(), outcome }).map_err(|_| gone())?;
        ran.recv().map_err(|_| gone())?.ok_or_else(|| "stopped".to_owned())
    }
}
