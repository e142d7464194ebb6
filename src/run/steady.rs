//! Cases one after another, from a thread that stays: for whoever sends thousands and has no runtime.
//!
//! It never sends two cases side by side, and never judges.

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

/// A thread that sends what it is asked to, over a connection that it keeps. It lives as long as the program.
pub struct Steady {
    asks: UnboundedSender<Ask>,
}

impl Steady {
    /// For a plan; nothing is sent yet.
    ///
    /// # Errors
    /// Where there is no way to the endpoint at all, in words.
    pub fn new(plan: &'static Plan<'static>) -> Result<Self, String> {
        let exit = Exit::new(plan.endpoint, plan.settings.limits).map_err(|error| error.to_string())?;
        let shared: &'static Shared = Box::leak(Box::new(Shared::new(plan, exit)));
        let (asks, mut asked) = unbounded_channel::<Ask>();
        let work = move || {
            on_runtime(async {
                let mut worker = Worker::new(plan, shared);
                while let Some(Ask { case, outcome }) = asked.recv().await {
                    let ran = worker.case(case).await;
                    // Whoever asked may not wait any more.
                    let _ = outcome.send(ran);
                }
            });
        };
        thread_builder().spawn(work).map_err(|error| format!("no thread could be made: {error}"))?;
        Ok(Self { asks })
    }

    /// Runs a case, and waits for what becomes of it.
    ///
    /// # Errors
    /// Where the stop switch ended it, in words.
    pub fn send(&self, case: impl Into<Arc<Case>>) -> Result<Outcome, String> {
        let (outcome, ran) = mpsc::sync_channel(1);
        let gone = || "the thread that sends is gone".to_owned();
        self.asks.send(Ask { case: case.into(), outcome }).map_err(|_| gone())?;
        ran.recv().map_err(|_| gone())?.ok_or_else(|| "stopped".to_owned())
    }
}
