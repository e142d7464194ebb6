//! Everything that a session needs of its endpoint, prepared once for every command that sends requests.
//!
//! It never sends a case.

use super::embedded::{self, EmbeddedServer};
use super::error::SessionError;
use super::job::{EndpointTarget, RunOptions, ScenarioJob};
use crate::case::Case;
use crate::generate::CompiledContract;
use crate::report::Diagnostic;
use crate::run::{self, CancelToken, Endpoint, ServerProcess};
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
    /// Number of restarts of that server.
    pub restarts: AtomicU32,
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
        let port = server_port(job)?;
        Ok(Self {
            job,
            compiled,
            options,
            run_id,
            cancel_token: stop.clone(),
            endpoint: job.build_endpoint(embedded.as_ref().map(EmbeddedServer::address), port, options)?,
            port,
            server: OnceLock::new(),
            restarts: AtomicU32::new(0),
            _embedded: embedded,
        })
    }

    /// Returns the control of an operation, if the scenario includes the operation.
    pub fn control_case(&self, operation: &str) -> Option<Case> {
        self.job.control_case(&self.compiled, operation)
    }
}

/// Returns the port of the server to start: a free one if the URL contains `{port}`. Returns `None` if overstep does
/// not start the server.
fn server_port(job: &ScenarioJob) -> Result<Option<u16>, Vec<Diagnostic>> {
    if job.lifecycle.start.is_none() {
        return Ok(None);
    }
    let EndpointTarget::Url(url) = &job.target else { return Ok(None) };
    if url.contains("{port}") {
        let port = run::free_port();
        return port.map(Some).map_err(|error| vec![Diagnostic::error(format!("no free port: {error}"))]);
    }
    let endpoint = Endpoint::parse(url).map_err(|error| vec![Diagnostic::error(error.to_string())])?;
    Ok(Some(endpoint.port))
}
