//! Prepares an endpoint for a run: waits until it is ready and resets its state.
//!
//! It never starts a process and never looks at more of a response than its status.

use super::error::ClientSetupError;
use super::runtime::block_on_new_thread;
use super::server::{LaunchCommand, ServerProcess};
use super::transport::{Client, ClientConnection, Transport as _};
use crate::run::{CancelToken, Endpoint, RequestLimits, Shortage, TransportError, clock};
use crate::wire::EncodedRequest;
use std::sync::Arc;
use std::time::Duration;

/// How an endpoint's server is started, checked and reset, as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointLifecycle {
    /// Command that starts the server; absent if the user runs it.
    pub start: Option<LaunchCommand>,
    /// Request that gets a status below 500 once the server is ready; if absent, a connection is enough.
    pub ready: Option<ProbeRequest>,
    /// Maximum time until the server is ready.
    pub ready_timeout: Duration,
    /// Request that resets the server's state.
    pub reset: Option<ProbeRequest>,
    /// Command whose first line of output is the server's version.
    pub version: Option<LaunchCommand>,
    /// Texts that a started server prints for operations that it does not implement.
    pub not_implemented_texts: Vec<String>,
}

impl Default for EndpointLifecycle {
    fn default() -> Self {
        Self {
            start: None,
            ready: None,
            ready_timeout: Duration::from_secs(30),
            reset: None,
            version: None,
            not_implemented_texts: Vec::new(),
        }
    }
}

/// A request without a body: `GET /health`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeRequest {
    /// HTTP method.
    pub method: String,
    /// Path and query, relative to the endpoint's base path.
    pub target: String,
}

impl std::fmt::Display for ProbeRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.target)
    }
}

/// Reason why an endpoint is not ready for a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointNotReady {
    /// No client can be created for the endpoint.
    #[error(transparent)]
    ClientSetup(#[from] ClientSetupError),
    /// The system lacks something.
    #[error(transparent)]
    Shortage(#[from] Shortage),
    /// The server exited; holds how.
    #[error("it {0} before it was ready")]
    Exited(String),
    /// The run was cancelled.
    #[error("the run was stopped before it was ready")]
    Cancelled,
    /// The endpoint did not become ready in time.
    #[error("it was not ready within {timeout:?}: {reason}")]
    TimedOut {
        /// Maximum time until it is ready.
        timeout: Duration,
        /// Result of the last check.
        reason: String,
    },
    /// The reset request was rejected.
    #[error("the reset request `{request}` failed with status {status}")]
    ResetFailed {
        /// The request.
        request: ProbeRequest,
        /// Status of the response.
        status: u16,
    },
    /// The reset request got no response.
    #[error("the reset request `{request}` got no response: {reason}")]
    NoResetResponse {
        /// The request.
        request: ProbeRequest,
        /// Why there was no response.
        reason: TransportError,
    },
}

impl EndpointNotReady {
    /// Returns what the system lacks, if that is the reason.
    pub fn shortage(&self) -> Option<Shortage> {
        match self {
            Self::Shortage(shortage)
            | Self::ClientSetup(ClientSetupError::Shortage(shortage))
            | Self::NoResetResponse { reason: TransportError::Shortage(shortage), .. } => Some(*shortage),
            _ => None,
        }
    }
}

/// Interval between readiness checks.
const READY_POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Timeout of one probe request.
pub(super) const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// Waits until an endpoint is ready, and resets its state.
///
/// # Errors
/// Returns an error if the endpoint is not ready in time, exits before it is ready, or cannot be reset.
pub fn prepare_endpoint(
    endpoint: &Endpoint,
    lifecycle: &EndpointLifecycle,
    server: Option<&ServerProcess>,
    stop: &CancelToken,
) -> Result<(), EndpointNotReady> {
    let limits = RequestLimits::default().with_timeout(PROBE_TIMEOUT);
    let client = Client::new(endpoint, limits)?;
    block_on_new_thread(|| async move {
        let client = Arc::new(client);
        if server.is_some() || lifecycle.ready.is_some() {
            wait_until_ready(&client, endpoint, lifecycle, server, stop).await?;
        }
        match &lifecycle.reset {
            Some(reset) => match send_probe(&client, endpoint, reset, stop).await {
                Ok(200..=299) => Ok(()),
                Ok(status) => Err(EndpointNotReady::ResetFailed { request: reset.clone(), status }),
                Err(reason) => Err(EndpointNotReady::NoResetResponse { request: reset.clone(), reason }),
            },
            None => Ok(()),
        }
    })?
}

async fn wait_until_ready(
    client: &Arc<Client>,
    endpoint: &Endpoint,
    lifecycle: &EndpointLifecycle,
    server: Option<&ServerProcess>,
    stop: &CancelToken,
) -> Result<(), EndpointNotReady> {
    let start = clock::now();
    loop {
        let last = match &lifecycle.ready {
            None => client.probe_connection().await.map_err(|reason| reason.to_string()),
            Some(ready) => match send_probe(client, endpoint, ready, stop).await {
                // A server that asks for credentials, or lacks the page, is up.
                Ok(..500) => Ok(()),
                Ok(status) => Err(format!("`{ready}` returned status {status}")),
                Err(reason) => Err(format!("`{ready}`: {reason}")),
            },
        };
        // Checked after the response, which may have come from another server on the same port.
        if let Some(exit) = server.and_then(ServerProcess::exit_description) {
            return Err(EndpointNotReady::Exited(exit));
        }
        let Err(reason) = last else { return Ok(()) };
        if stop.is_cancelled() {
            return Err(EndpointNotReady::Cancelled);
        }
        if clock::now().duration_since(start) >= lifecycle.ready_timeout {
            return Err(EndpointNotReady::TimedOut { timeout: lifecycle.ready_timeout, reason });
        }
        tokio::time::sleep(READY_POLL_INTERVAL).await;
    }
}

/// Sends a request over a connection of its own and returns the status.
async fn send_probe(
    client: &Arc<Client>,
    endpoint: &Endpoint,
    probe: &ProbeRequest,
    stop: &CancelToken,
) -> Result<u16, TransportError> {
    let mut request = EncodedRequest {
        method: probe.method.clone(),
        target: format!("{}{}", endpoint.base_path, probe.target),
        headers: Vec::new(),
        body: bytes::Bytes::new(),
        raw: false,
    };
    for (name, value) in &endpoint.headers {
        request.set_header(name, value.as_str());
    }
    request.update_raw();
    ClientConnection::new(Arc::clone(client)).send(&request, Some(stop)).await.map(|response| response.status)
}
