//! Everything that a session needs of its endpoint, prepared once for every command that sends requests.
//!
//! It never sends a case.

use super::embedded::{self, EmbeddedServer};
use super::engine::Session;
use super::error::SessionError;
use super::job::{RunOptions, ScenarioJob};
use super::server_lifecycle;
use crate::case::Case;
use crate::generate::CompiledContract;
use crate::run::{CancelToken, Endpoint, ServerProcess};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, OnceLock};

/// A job with its endpoint. The embedded server, if the job uses it, runs until this is dropped.
pub(super) struct EndpointSetup<'a> {
    pub job: &'a ScenarioJob,
    pub compiled: CompiledContract<'a>,
    pub options: &'a RunOptions,
    pub run_id: &'a str,
    pub cancel_token: CancelToken,
    pub endpoint: Endpoint,
    /// Port of the server to start; `None` if overstep does not start it.
    pub port: Option<u16>,
    /// The user's server, after overstep started it.
    pub server: OnceLock<Arc<ServerProcess>>,
    restarts: AtomicU32,
    _embedded: Option<EmbeddedServer>,
}

impl<'a> EndpointSetup<'a> {
    /// Starts the embedded server if the job uses it, and determines the endpoint's address.
    pub async fn new(
        job: &'a ScenarioJob,
        compiled: CompiledContract<'a>,
        options: &'a RunOptions,
        run_id: &'a str,
        stop: &CancelToken,
    ) -> Result<Self, SessionError> {
        let embedded = embedded::start_if_embedded(job).await?;
        let port = server_lifecycle::server_port(job)?;
        Ok(Self {
            job,
            compiled,
            options,
            run_id,
            cancel_token: stop.clone(),
            endpoint: job.build_endpoint(embedded.as_ref(), port, options)?,
            port,
            server: OnceLock::new(),
            restarts: AtomicU32::new(0),
            _embedded: embedded,
        })
    }

    /// Opens a session and passes it to `work`, on a thread that may block.
    ///
    /// Must be called on a multi-threaded runtime.
    pub fn run<T>(&self, work: impl FnOnce(Session<'_>) -> T) -> T {
        let control = |operation: &str| self.control_case(operation);
        let restart = || self.restart_server();
        tokio::task::block_in_place(|| work(Session::new(self, &control, &restart)))
    }

    /// Returns the control of an operation, if the scenario includes the operation.
    pub fn control_case(&self, operation: &str) -> Option<Case> {
        self.job.control_case(&self.compiled, operation)
    }

    /// Restarts the server; returns false if that is not possible.
    pub fn restart_server(&self) -> bool {
        server_lifecycle::restart_server(
            self.job,
            &self.endpoint,
            self.server.get(),
            &self.restarts,
            &self.cancel_token,
        )
    }
}
