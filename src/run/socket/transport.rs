//! Sends requests over the network: one trait with three implementations, chosen for each request.
//!
//! It never follows redirects, never retries on its own, and its memory use does not grow with what a server sends.
//! Ordinary requests use a persistent connection, malformed requests and large bodies a fresh one; both are written and
//! parsed by hand so that paths stay exact. Proxies and HTTP/2 use reqwest.

use super::connection::{Connector, RequestTimer};
use super::connection_budget::{ConnectionBudget, ConnectionPermit};
use super::error::ClientSetupError;
use super::http_connection::{ExchangeOptions, HttpConnection, IdleState, ReceivedResponse};
use super::reqwest_client::ReqwestClient;
use super::system_limits;
use crate::run::{CancelToken, Endpoint, HttpResponse, RequestLimits, TransportError};
use crate::wire::EncodedRequest;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Sends a request and receives one response.
pub trait Transport {
    /// Returns the reason why this transport cannot send the request byte for byte, if it cannot.
    fn unsupported_reason(&self, request: &EncodedRequest) -> Option<String>;

    /// Sends the request and reads its response within the limits; `stop` cancels the wait.
    fn send(
        &mut self,
        request: &EncodedRequest,
        stop: Option<&CancelToken>,
    ) -> impl Future<Output = Result<HttpResponse, TransportError>>;
}

/// A client shared by all connections to one endpoint.
pub(super) struct Client {
    connector: Option<Connector>,
    budget: ConnectionBudget,
    reqwest_client: Option<ReqwestClient>,
    authority: String,
    limits: RequestLimits,
}

impl Client {
    pub(super) fn new(endpoint: &Endpoint, limits: RequestLimits) -> Result<Self, ClientSetupError> {
        let through_reqwest = endpoint.proxy.is_some() || endpoint.http2;
        let reqwest_client = through_reqwest.then(|| ReqwestClient::new(endpoint, &limits)).transpose()?;
        let connector = (!through_reqwest).then(|| Connector::new(endpoint)).transpose()?;
        let budget = ConnectionBudget::new(system_limits::max_connections(endpoint)?);
        Ok(Self { connector, budget, reqwest_client, authority: endpoint.authority(), limits })
    }

    /// Opens a connection and closes it again.
    pub(super) async fn probe_connection(&self) -> Result<(), TransportError> {
        let Some(connector) = &self.connector else { return Ok(()) };
        let _permit = self.budget.acquire().await;
        let mut timer = RequestTimer::new(&self.limits);
        timer.start(None);
        connector.connect(&mut timer).await.map(drop)
    }
}

/// Maximum size of a body sent over a persistent connection: it fits into the system's buffers before a server can
/// reject it. A larger one gets its own connection, because a rejection may close it.
const MAX_REUSE_BODY_BYTES: usize = 32 * 1024;

/// A worker's connection to the endpoint: a persistent connection, and fresh ones where needed.
pub(super) struct ClientConnection {
    client: Arc<Client>,
    timer: RequestTimer,
    idle: Option<(HttpConnection, ConnectionPermit)>,
}

impl ClientConnection {
    /// Creates a connection without opening it. Must be called inside a runtime.
    pub(super) fn new(client: Arc<Client>) -> Self {
        let timer = RequestTimer::new(&client.limits);
        Self { client, timer, idle: None }
    }

    /// Sets the time limits of the next requests.
    pub(super) fn set_timeouts(&mut self, total_timeout: Duration, idle_timeout: Duration) {
        self.timer.set_timeouts(total_timeout, idle_timeout);
    }
}

impl Transport for ClientConnection {
    fn unsupported_reason(&self, request: &EncodedRequest) -> Option<String> {
        self.client.reqwest_client.as_ref().and_then(|client| client.unsupported_reason(request))
    }

    async fn send(
        &mut self,
        request: &EncodedRequest,
        stop: Option<&CancelToken>,
    ) -> Result<HttpResponse, TransportError> {
        self.timer.start(stop);
        if let Some(client) = &self.client.reqwest_client {
            return client.send(request, &mut self.timer).await;
        }
        let Some(connector) = &self.client.connector else {
            return Err(TransportError::Unreachable("no transport for the endpoint".to_owned()));
        };
        let options = |close| ExchangeOptions { authority: &self.client.authority, close, limits: &self.client.limits };
        // After a malformed request, the server's view of the connection is unknown.
        if request.raw || request.body.len() > MAX_REUSE_BODY_BYTES {
            let _permit = self.client.budget.acquire().await;
            // The time of the request begins when it may be sent.
            self.timer.start(stop);
            let mut fresh = HttpConnection::open(connector, &mut self.timer).await?;
            return fresh
                .send_request(request, &options(true), &mut self.timer)
                .await
                .map(|received| received.response);
        }
        // An idle connection may have been closed in the meantime, which is not a fault. In that case, and only if not
        // a single byte of a response arrived, the request is sent over a fresh one.
        if let Some((mut idle, permit)) = self.idle.take()
            && idle.idle_state().await == IdleState::Silent
        {
            match idle.send_request(request, &options(false), &mut self.timer).await {
                Err(TransportError::Dropped) if !idle.has_received() => {}
                outcome => return self.release(idle, permit, outcome),
            }
        }
        let permit = self.client.budget.acquire().await;
        self.timer.start(stop);
        let mut fresh = HttpConnection::open(connector, &mut self.timer).await?;
        if fresh.idle_state().await == IdleState::HasData {
            return Err(fresh.unsolicited_data_error());
        }
        let outcome = fresh.send_request(request, &options(false), &mut self.timer).await;
        self.release(fresh, permit, outcome)
    }
}

impl ClientConnection {
    /// Returns the response and keeps the connection for reuse if the server and the budget allow it.
    fn release(
        &mut self,
        connection: HttpConnection,
        mut permit: ConnectionPermit,
        outcome: Result<ReceivedResponse, TransportError>,
    ) -> Result<HttpResponse, TransportError> {
        let ReceivedResponse { response, can_reuse } = outcome?;
        if can_reuse && self.client.budget.may_keep(&mut permit) {
            self.idle = Some((connection, permit));
        }
        Ok(response)
    }
}
