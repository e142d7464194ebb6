//! What an endpoint needs before a run: that it is ready, and that it forgets what was before.
//!
//! It never starts a process itself and never looks at more of an answer than its status.

use super::runner::on_own_thread;
use super::server::{Launch, Started};
use super::transport::{Exit, Line, Transport as _};
use super::{Endpoint, Limits, NoAnswer, Stop, clock};
use crate::wire::Message;
use std::sync::Arc;
use std::time::Duration;

/// What an endpoint's entry says of its server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upkeep {
    /// How it is started; somebody else runs it where this is absent.
    pub start: Option<Launch>,
    /// The request that is answered below 500 once it is ready; where there is none, a connection is enough.
    pub ready: Option<Ask>,
    /// How long it may take to be ready.
    pub ready_within: Duration,
    /// The request that makes it forget what was before.
    pub reset: Option<Ask>,
    /// The command whose first line names its version.
    pub version: Option<Launch>,
    /// What a started server prints when it is asked for what it does not have.
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
    /// The method.
    pub method: String,
    /// Path and query after the endpoint's base.
    pub target: String,
}

impl std::fmt::Display for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.target)
    }
}

/// How often a server that is not ready is asked again.
const AGAIN: Duration = Duration::from_millis(50);
/// How long one answer is waited for.
const ONE_ANSWER: Duration = Duration::from_secs(10);

/// Waits until an endpoint is ready, and makes it forget what was before.
///
/// # Errors
/// Where it is not ready in time, ends before, or refuses to forget; in words.
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
                Ok(status) => Err(format!("`{reset}`, which should reset it, was answered with status {status}")),
                Err(reason) => Err(format!("`{reset}`, which should reset it, got no answer: {reason}")),
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
                // Whoever asks for a key, or lacks the page, is up.
                Ok(..500) => Ok(()),
                Ok(status) => Err(format!("`{ready}` was answered with status {status}")),
                Err(reason) => Err(format!("`{ready}`: {reason}")),
            },
        };
        // Looked at after the answer: it may have been another server's.
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

/// The status of an answer; each request has a connection of its own.
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
