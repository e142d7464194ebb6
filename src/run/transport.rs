//! Requests over the network: one trait, three ways, chosen for each message.
//!
//! It never follows a redirect, never sends twice in secret, and never grows with what a server sends.
//! Plain requests and exact paths go over a kept connection, damage and large bodies over a fresh one, both
//! written and read by hand; a proxy and HTTP/2 are reqwest's.

use super::connection::{Connector, Timer};
use super::conversation::{Conversation, Heard, Idle};
use super::proxied::Proxied;
use super::{Answer, Endpoint, Limits as RequestLimits, NoAnswer, Stop};
use crate::wire::Message;
use std::future::Future;
use std::sync::Arc;

/// Why nothing can be sent to an endpoint at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetUpError {
    /// Its name leads nowhere.
    #[error("could not resolve `{host}`: {reason}")]
    Resolve {
        /// The name.
        host: String,
        /// Why.
        reason: String,
    },
    /// Whom to trust cannot be read.
    #[error("TLS: {0}")]
    Tls(String),
    /// The proxy is not usable.
    #[error("proxy: {0}")]
    Proxy(String),
}

/// A way to send a message and receive one answer.
pub trait Transport {
    /// Why this way cannot carry the message to the byte, if it cannot.
    fn refuses(&self, message: &Message) -> Option<String>;

    /// Sends the message and reads its answer within the limits; `stop` ends the wait.
    fn send(&mut self, message: &Message, stop: Option<&Stop>) -> impl Future<Output = Result<Answer, NoAnswer>>;
}

/// What all lines to one endpoint share.
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

/// A body of this size is in the system's buffers before any server can refuse it; a larger one goes over
/// a connection of its own, which a refusal may end.
const AT_ONCE: usize = 32 * 1024;

/// One worker's line to the endpoint: a connection that is kept, and the other ways where they are needed.
pub(super) struct Line {
    exit: Arc<Exit>,
    timer: Timer,
    held: Option<Conversation>,
}

impl Line {
    /// Must be called inside a runtime.
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
            return Err(NoAnswer::Unreachable("no way to the endpoint".to_owned()));
        };
        let (authority, limits) = (self.exit.authority.as_str(), &self.exit.limits);
        // After a damaged request nobody knows what the other side thinks of the connection.
        if message.raw || message.body.len() > AT_ONCE {
            let mut fresh = Conversation::open(connector, &mut self.timer).await?;
            return fresh.ask(message, authority, true, limits, &mut self.timer).await.map(|heard| heard.answer);
        }
        // A kept connection may have been closed meanwhile, which is nobody's fault: then, and only
        // when not a byte of an answer came, the request goes over a fresh one.
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
    /// The answer; its connection is kept if it can be.
    fn after(&mut self, conversation: Conversation, outcome: Result<Heard, NoAnswer>) -> Result<Answer, NoAnswer> {
        let Heard { answer, keeps } = outcome?;
        if keeps {
            self.held = Some(conversation);
        }
        Ok(answer)
    }
}
