//! Fetches a document from an endpoint.
//!
//! It never follows a redirect, and sends no credentials.

use super::endpoint_lifecycle::PROBE_TIMEOUT;
use super::error::ClientSetupError;
use super::runtime::block_on_new_thread;
use super::transport::{Client, ClientConnection, Transport as _};
use crate::run::{Endpoint, RequestLimits, TransportError};
use crate::wire::EncodedRequest;
use std::sync::Arc;

/// Maximum size of a document in bytes.
const MAX_DOCUMENT_BYTES: usize = 64 << 20;

/// The error returned if a document cannot be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentFetchError {
    /// The client cannot be set up.
    #[error(transparent)]
    Setup(#[from] ClientSetupError),
    /// The endpoint did not respond.
    #[error("`{target}`: {reason}")]
    NoResponse {
        /// The path that was asked for.
        target: String,
        /// What happened.
        reason: TransportError,
    },
}

/// Asks for each path until a response with status 200 has a body that `is_wanted`; returns the path and the body.
///
/// # Errors
/// Returns an error if the endpoint does not respond.
pub fn fetch_document(
    endpoint: &Endpoint,
    targets: &[String],
    is_wanted: impl Fn(&[u8]) -> bool + Send,
) -> Result<Option<(String, Vec<u8>)>, DocumentFetchError> {
    let limits = RequestLimits {
        total_timeout: PROBE_TIMEOUT,
        idle_timeout: PROBE_TIMEOUT,
        max_body_bytes: MAX_DOCUMENT_BYTES,
        ..RequestLimits::default()
    };
    let client = Client::new(endpoint, limits)?;
    block_on_new_thread(|| async move {
        let client = Arc::new(client);
        for target in targets {
            let mut request = EncodedRequest {
                method: "GET".to_owned(),
                target: target.clone(),
                headers: vec![("accept".to_owned(), "application/json, application/yaml, */*".to_owned())],
                body: bytes::Bytes::new(),
                raw: false,
            };
            for (name, value) in &endpoint.headers {
                request.set_header(name, value.as_str());
            }
            request.update_raw();
            let sent = ClientConnection::new(Arc::clone(&client)).send(&request, None).await;
            let response = sent.map_err(|reason| DocumentFetchError::NoResponse { target: target.clone(), reason })?;
            if response.status == 200 && is_wanted(&response.body) {
                return Ok(Some((target.clone(), response.body.to_vec())));
            }
        }
        Ok(None)
    })
    .map_err(ClientSetupError::from)?
}
