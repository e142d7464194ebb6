//! Prepares an endpoint for a run: waits until it is ready and resets its state.
//!
//! It never starts a process and never looks at more of a response than its status.

use super::runner::on_own_thread;
use super::server::{Launch, Started};
use super::transport::{Exit, Line, Transport as _};
use super::{Endpoint, Limits, NoAnswer, Stop, clock};
use crate::wire::Message;
use std::sync::Arc;
use std::time::Duration;

/// How an endpoint's server is started, checked and reset, as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upkeep {
    /// Command that starts the server; absent if the user runs it.
    pub start: Option<Launch>,
    /// Request that gets a status below 500 once the server is ready; if absent, a connection is enough.
    pub ready: Option<Ask>,
    /// Maximum time until the server is ready.
    pub ready_within: Duration,
    /// Request that resets the server's state.
    pub reset: Option<Ask>,
    /// Command whose first line of output is the server's version.
    pub version: Option<Launch>,
    /// Texts that a started server prints for operations that it does not implement.
    pub not_implemented: Vec<String>,
}

impl Default for Upkeep {
    fn default() -> Self {
        Self {
            start: None,
            ready: None,
            ready_within: Duration::from_secs(30),
            reset: None,
            version: None,
            not_implemented: Vec::new(),
        }
    }
}

/// A request without a body: `GET /health`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// HTTP method.
    pub method: String,
    /// Path and query, relative to the endpoint's base path.
    pub target: String,
}

impl std::fmt::Display for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.target)
    }
}

/// Interval between readiness checks.
const AGAIN: Duration = Duration::from_millis(50);
/// Timeout of one probe request.
const ONE_ANSWER: Duration = Duration::from_secs(10);

/// Waits until an endpoint is ready, and resets its state.
///
/// # Errors
/// Returns an error if the endpoint is not ready in time, exits before it is ready, or cannot be reset.
pub fn prepare(endpoint: &Endpoint, upkeep: &Upkeep, server: Option<&Started>, stop: &Stop) -> Result<(), String> {
    let limits = Limits { total: ONE_ANSWER, idle: ONE_ANSWER, ..Limits::default() };
    let exit = Exit::new(endpoint, limits).map_err(|error| error.to_string())?;
    on_own_thread(|| async move {
        let exit = Arc::new(exit);
        if server.is_some() || upkeep.ready.is_some() {
            wait(&exit, endpoint, upkeep, server, stop).await?;
        }
        match &upkeep.reset {
            Some(reset) => match ask(&exit, endpoint, reset, stop).await {
                Ok(200..=299) => Ok(()),
                Ok(status) => Err(format!("the reset request `{reset}` failed with status {status}")),
                Err(reason) => Err(format!("the reset request `{reset}` got no response: {reason}")),
            },
            None => Ok(()),
        }
    })
}

async fn wait(
    exit: &Arc<Exit>,
    endpoint: &Endpoint,
    upkeep: &Upkeep,
    server: Option<&Started>,
    stop: &Stop,
) -> Result<(), String> {
    let from = clock::now();
    loop {
        let last = match &upkeep.ready {
            None => exit.probe().await.map_err(|reason| reason.to_string()),
            Some(ready) => match ask(exit, endpoint, ready, stop).await {
                // A server that asks for credentials, or lacks the page, is up.
                Ok(..500) => Ok(()),
                Ok(status) => Err(format!("`{ready}` returned status {status}")),
                Err(reason) => Err(format!("`{ready}`: {reason}")),
            },
        };
        // Checked after the response, which may have come from another server on the same port.
        if let Some(ended) = server.and_then(Started::ended) {
            return Err(format!("it {ended} before it was ready"));
        }
        let Err(reason) = last else { return Ok(()) };
        if stop.is_stopped() {
            return Err("the run was stopped before it was ready".to_owned());
        }
        if clock::now().duration_since(from) >= upkeep.ready_within {
            return Err(format!("it was not ready within {:?}: {reason}", upkeep.ready_within));
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Sends a request over a connection of its own and returns the status.
async fn ask(exit: &Arc<Exit>, endpoint: &Endpoint, ask: &Ask, stop: &Stop) -> Result<u16, NoAnswer> {
    let mut message = Message {
        method: ask.method.clone(),
        target: format!("{}{}", endpoint.base_path, ask.target),
        headers: Vec::new(),
        body: bytes::Bytes::new(),
        raw: false,
    };
    for (name, value) in &endpoint.headers {
        message.set_header(name, value.as_str());
    }
    message.settle();
    Line::new(Arc::clone(exit)).send(&message, Some(stop)).await.map(|answer| answer.status)
}
