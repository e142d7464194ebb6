//! Defines the errors of a run that cannot work: findings about the endpoint are outcomes.
//!
//! It never decides what happens after an error.

use crate::run::{HostError, Shortage, TransportError};

/// Error while setting up the client for an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientSetupError {
    /// The host cannot be resolved, or is on another machine.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The system lacks something.
    #[error(transparent)]
    Shortage(#[from] Shortage),
    /// The TLS configuration is invalid.
    #[error("TLS: {0}")]
    Tls(String),
    /// The proxy cannot be used.
    #[error("proxy: {0}")]
    Proxy(String),
}

/// Error for a case that could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No client can be created for the endpoint.
    #[error(transparent)]
    ClientSetup(#[from] ClientSetupError),
    /// The endpoint cannot be reached.
    #[error(transparent)]
    Unreachable(#[from] TransportError),
    /// The run was cancelled.
    #[error("stopped")]
    Cancelled,
    /// The system lacks something.
    #[error(transparent)]
    Shortage(#[from] Shortage),
    /// The background thread has ended.
    #[error("the background thread has ended")]
    ThreadEnded,
}
