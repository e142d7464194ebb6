//! Sends requests over the network: one trait with three implementations, chosen for each request.
//!
//! It never follows redirects, never retries on its own, and its memory use does not grow with what a server sends.
//! Ordinary requests use a persistent connection, malformed requests and large bodies a fresh one; both are written and
//! parsed by hand so that paths stay exact. Proxies and HTTP/2 use reqwest.

use super::connection::{Connector, Timer};
use super::conversation::{Conversation, Heard, Idle};
use super::proxied::Proxied;
use super::{Answer, Endpoint, Limits as RequestLimits, NoAnswer, Stop};
use crate::wire::Message;
use std::future::Future;
use std::sync::Arc;

/// Error while setting up the client for an endpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetUpError {
    /// The host name cannot be resolved.
    #[error("could not resolve `{host}`: {reason}")]
    Resolve {
        /// Host name.
        host: String,
        /// Reason.
        reason: String,
    },
    /// The TLS configuration is invalid.
    #[error("TLS: {0}")]
    Tls(String),
    /// The proxy cannot be used.
    #[error("proxy: {0}")]
    Proxy(String),
}

/// Sends a request and receives one response.
pub trait Transport {
    /// Returns the reason why this transport cannot send the request byte for byte, if it cannot.
    fn refuses(&self, message: &Message) -> Option<String>;

    /// Sends the request and reads its response within the limits; `stop` cancels the wait.
    fn send(&mut self, message: &Message, stop: Option<&Stop>) -> impl Future<Output = Result<Answer, NoAnswer>>;
}

/// A client shared by all connections to one endpoint.
pub(super) struct Exit {
    connector: Option<Connector>,
    proxied: Option<Proxied>,
    authority: String,
    limits: RequestLimits,
}

impl Exit {
    pub(super) fn new(endpoint: &Endpoint, limits: RequestLimits) -> Result<Self, SetUpError> {
        let through_reqwest = endpoint.proxy.is_some() || endpoint.http2;
        let proxied = through_reqwest.then(|| Proxied::new(endpoint, &limits)).transpose()?;
        let connector = (!through_reqwest).then(|| Connector::new(endpoint)).transpose()?;
        Ok(Self { connector, proxied, authority: endpoint.authority(), limits })
    }

    /// Opens a connection and closes it again.
    pub(super) async fn probe(&self) -> Result<(), NoAnswer> {
        let Some(connector) = &self.connector else { return Ok(()) };
        let mut timer = Timer::new(&self.limits);
        timer.begin(None);
        connector.connect(&mut timer).await.map(drop)
    }
}

/// Maximum size of a body sent over a persistent connection: it fits into the system's buffers before a server can
/// reject it. A larger one gets its own connection, because a rejection may close it.
const AT_ONCE: usize = 32 * 1024;

/// A worker's connection to the endpoint: a persistent connection, and fresh ones where needed.
pub(super) struct Line {
    exit: Arc<Exit>,
    timer: Timer,
    held: Option<Conversation>,
}

impl Line {
    /// Creates a connection without opening it. Must be called inside a runtime.
    pub(super) fn new(exit: Arc<Exit>) -> Self {
        let timer = Timer::new(&exit.limits);
        Self { exit, timer, held: None }
    }
}

impl Transport for Line {
    fn refuses(&self, message: &Message) -> Option<String> {
        self.exit.proxied.as_ref().and_then(|proxied| proxied.refuses(message))
    }

    async fn send(&mut self, message: &Message, stop: Option<&Stop>) -> Result<Answer, NoAnswer> {
        self.timer.begin(stop);
        if let Some(proxied) = &self.exit.proxied {
            return proxied.send(message, &mut self.timer).await;
        }
        let Some(connector) = &self.exit.connector else {
            return Err(NoAnswer::Unreachable("no transport for the endpoint".to_owned()));
        };
        let (authority, limits) = (self.exit.authority.as_str(), &self.exit.limits);
        // After a malformed request, the server's view of the connection is unknown.
        if message.raw || message.body.len() > AT_ONCE {
            let mut fresh = Conversation::open(connector, &mut self.timer).await?;
            return fresh.ask(message, authority, true, limits, &mut self.timer).await.map(|heard| heard.answer);
        }
        // An idle connection may have been closed in the meantime, which is not a fault. In that case, and only if not
        // a single byte of a response arrived, the request is sent over a fresh one.
        if let Some(mut held) = self.held.take()
            && held.idle().await == Idle::Quiet
        {
            match held.ask(message, authority, false, limits, &mut self.timer).await {
                Err(NoAnswer::Dropped) if !held.is_answered() => {}
                outcome => return self.after(held, outcome),
            }
        }
        let mut fresh = Conversation::open(connector, &mut self.timer).await?;
        if fresh.idle().await == Idle::Speaks {
            return Err(fresh.unasked());
        }
        let outcome = fresh.ask(message, authority, false, limits, &mut self.timer).await;
        self.after(fresh, outcome)
    }
}

impl Line {
    /// Returns the response and keeps the connection for reuse if the server allows it.
    fn after(&mut self, conversation: Conversation, outcome: Result<Heard, NoAnswer>) -> Result<Answer, NoAnswer> {
        let Heard { answer, keeps } = outcome?;
        if keeps {
            self.held = Some(conversation);
        }
        Ok(answer)
    }
}
