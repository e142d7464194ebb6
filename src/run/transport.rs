//! Requests over the network: one trait, three ways, chosen for each message.
//!
//! It never follows a redirect, never sends twice in secret, and never grows with what a server sends.

use super::coding::decoded;
use super::connection::{Connector, Stream, Timer};
use super::proxied::Proxied;
use super::{Answer, Endpoint, Framing, Limits as RequestLimits, NoAnswer, Stop, raw};
use crate::wire::Message;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Connection, SendRequest};
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

/// What one request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of an answer's status line and header.
    pub head: usize,
    /// Bytes of an answer's body, before and after decoding.
    pub body: usize,
    /// From the connection's opening to the last byte of the body.
    pub total: Duration,
    /// How long nothing at all may come.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: 64 * 1024, body: 4 * 1024 * 1024, total: Duration::from_secs(2), idle: Duration::from_secs(2) }
    }
}

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

/// hyper asserts that its buffer is at least so large.
const LEAST_BUFFER: usize = 8192;

/// A body of this size is in the system's buffers before any server can refuse it.
const AT_ONCE: usize = 32 * 1024;

/// One worker's line to the endpoint: a connection that is kept, and the other ways where they are needed.
pub(super) struct Line {
    exit: Arc<Exit>,
    timer: Timer,
    held: Option<Held>,
}

/// A connection that is kept alive.
struct Held {
    sender: SendRequest<Full<Bytes>>,
    connection: Pin<Box<Connection<TokioIo<Stream>, Full<Bytes>>>>,
    received: Arc<AtomicUsize>,
    allowed: Arc<AtomicUsize>,
    /// How the connection ended, once it has.
    ended: Option<Result<(), hyper::Error>>,
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
        let exit = Arc::clone(&self.exit);
        self.timer.begin(stop);
        if let Some(proxied) = &exit.proxied {
            return proxied.send(message, &mut self.timer).await;
        }
        let Some(connector) = &exit.connector else {
            return Err(NoAnswer::Unreachable("no way to the endpoint".to_owned()));
        };
        // hyper gives up when a write fails, and with it the answer of a server that refuses a large body
        // before it has read all of it.
        if message.raw || message.body.len() > AT_ONCE {
            return raw::send(connector, message, &exit.authority, &exit.limits, &mut self.timer).await;
        }
        let Some(request) = request(message, &exit.authority) else {
            return raw::send(connector, message, &exit.authority, &exit.limits, &mut self.timer).await;
        };
        // A kept connection may have been closed meanwhile, which is nobody's fault: then, and only
        // when not a byte of an answer came, the request goes over a fresh one.
        if let Some(held) = self.held.take()
            && let Some(outcome) = self.over(held, request.clone(), message, true).await
        {
            return outcome;
        }
        let held = Held::open(connector, &exit.limits, &mut self.timer).await?;
        self.over(held, request, message, false).await.unwrap_or(Err(NoAnswer::Dropped))
    }
}

impl Line {
    /// One request over a connection; `None` where a used one was closed before any byte came.
    async fn over(
        &mut self,
        mut held: Held,
        request: http::Request<Full<Bytes>>,
        message: &Message,
        used: bool,
    ) -> Option<Result<Answer, NoAnswer>> {
        let limits = self.exit.limits;
        let before = held.received.load(Ordering::Relaxed);
        if used && !held.is_open().await {
            return None;
        }
        // hyper skips interim answers without counting them; twice the header's limit leaves room for
        // what it reads ahead.
        let allowed = before + 2 * limits.head.max(LEAST_BUFFER);
        held.allowed.store(allowed, Ordering::Relaxed);
        let sent = held.sender.send_request(request);
        let head = match held.drive(sent, &mut self.timer).await {
            None => return Some(Err(NoAnswer::TimedOut(self.timer.total))),
            Some(Ok(head)) => head,
            Some(Err(error)) => {
                let received = held.received.load(Ordering::Relaxed);
                return match no_answer(&error, &limits) {
                    _ if used && received == before => None,
                    NoAnswer::Dropped if received > allowed => {
                        Some(Err(NoAnswer::NotHttp("interim answers without end".to_owned())))
                    }
                    reason => Some(Err(reason)),
                };
            }
        };
        held.allowed.store(usize::MAX, Ordering::Relaxed);
        let (parts, mut incoming) = head.into_parts();
        let status = parts.status.as_u16();
        let headers: Vec<(String, String)> = parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let (body, mut framing) = held.body(&mut incoming, &limits, &mut self.timer).await;
        drop(incoming);
        let announced = message.method == "HEAD";
        if framing == Framing::Complete {
            let open = held.is_open().await;
            if held.has_more() {
                framing = Framing::Trailing;
            } else if open && !announced_close(&parts.headers) {
                self.held = Some(held);
            }
        }
        let encoding = parts.headers.get(http::header::CONTENT_ENCODING).and_then(|value| value.to_str().ok());
        let encoding = encoding.filter(|_| !announced);
        let (body, framing) = decoded(encoding, body, framing, limits.body);
        Some(Ok(Answer { status, headers, body, framing }))
    }
}

fn announced_close(headers: &http::HeaderMap) -> bool {
    headers
        .get_all(http::header::CONNECTION)
        .iter()
        .any(|value| value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains("close")))
}

impl Held {
    async fn open(connector: &Connector, limits: &RequestLimits, timer: &mut Timer) -> Result<Self, NoAnswer> {
        /// More than hyper's own 100, which real answers reach; the limit in bytes holds all the same.
        const MOST_HEADERS: usize = 256;
        let stream = connector.connect(timer).await?;
        let (received, allowed) = (stream.received(), stream.allowed());
        let (sender, connection) = hyper::client::conn::http1::Builder::new()
            .max_buf_size(limits.head.max(LEAST_BUFFER))
            .max_headers(MOST_HEADERS)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| NoAnswer::Unreachable(error.to_string()))?;
        Ok(Self { sender, connection: Box::pin(connection), received, allowed, ended: None })
    }

    fn poll_connection(&mut self, cx: &mut std::task::Context<'_>) {
        if self.ended.is_none()
            && let Poll::Ready(outcome) = self.connection.as_mut().poll(cx)
        {
            self.ended = Some(outcome);
        }
    }

    /// Runs the connection and the future side by side, in this one task; `None` when the time is over.
    async fn drive<F: Future>(&mut self, future: F, timer: &mut Timer) -> Option<F::Output> {
        let mut future = std::pin::pin!(future);
        let received = Arc::clone(&self.received);
        std::future::poll_fn(|cx| {
            // First, for the reason given in [`Timer::race`].
            if timer.poll(cx, Some(&received)).is_ready() {
                return Poll::Ready(None);
            }
            self.poll_connection(cx);
            future.as_mut().poll(cx).map(Some)
        })
        .await
    }

    /// Lets the connection see what has come meanwhile; whether it takes another request.
    async fn is_open(&mut self) -> bool {
        std::future::poll_fn(|cx| {
            self.poll_connection(cx);
            Poll::Ready(())
        })
        .await;
        self.ended.is_none() && self.sender.is_ready()
    }

    /// Whether bytes followed the end of the answer.
    fn has_more(&self) -> bool {
        matches!(&self.ended, Some(Err(error)) if !error.is_incomplete_message() && !is_io(error))
    }

    async fn body(&mut self, incoming: &mut Incoming, limits: &RequestLimits, timer: &mut Timer) -> (Bytes, Framing) {
        let mut first = Bytes::new();
        let mut rest: Vec<u8> = Vec::new();
        loop {
            let frame = match self.drive(incoming.frame(), timer).await {
                None => return (joined(first, rest), Framing::TimedOut),
                Some(None) => return (joined(first, rest), Framing::Complete),
                Some(Some(Err(error))) => {
                    let framing = if error.is_incomplete_message() || is_cut(&error) {
                        Framing::Short
                    } else {
                        Framing::Undecodable(words(&error))
                    };
                    return (joined(first, rest), framing);
                }
                Some(Some(Ok(frame))) => frame,
            };
            let Ok(data) = frame.into_data() else { continue };
            let room = limits.body - (first.len() + rest.len()).min(limits.body);
            let fits = data.len() <= room;
            let data = if fits { data } else { data.slice(..room) };
            // Most bodies are one piece, which is kept without being copied; of several, the first is
            // copied at once, so that a large body never stands in memory twice.
            if first.is_empty() && rest.is_empty() {
                first = data;
            } else {
                if rest.is_empty() {
                    rest = std::mem::take(&mut first).to_vec();
                }
                rest.extend_from_slice(&data);
            }
            if !fits {
                return (joined(first, rest), Framing::CutAtLimit);
            }
        }
    }
}

fn joined(first: Bytes, rest: Vec<u8>) -> Bytes {
    if rest.is_empty() { first } else { rest.into() }
}

fn request(message: &Message, authority: &str) -> Option<http::Request<Full<Bytes>>> {
    let mut request = http::Request::new(Full::new(message.body.clone()));
    *request.method_mut() = http::Method::from_bytes(message.method.as_bytes()).ok()?;
    *request.uri_mut() = http::Uri::from(http::uri::PathAndQuery::try_from(message.target.as_str()).ok()?);
    let headers = request.headers_mut();
    headers.reserve(message.headers.len() + 2);
    headers.insert(http::header::HOST, http::HeaderValue::from_str(authority).ok()?);
    for (name, value) in &message.headers {
        headers.append(
            http::HeaderName::from_bytes(name.as_bytes()).ok()?,
            http::HeaderValue::from_bytes(value.as_bytes()).ok()?,
        );
    }
    Some(request)
}

fn is_io(error: &hyper::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}

/// Whether the connection ended under the body, rather than the body being wrong.
fn is_cut(error: &hyper::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<std::io::Error>())
        .is_some_and(|io| matches!(io.kind(), UnexpectedEof | ConnectionReset | ConnectionAborted | BrokenPipe))
}

/// Whether the other side spoke first.
fn is_unasked(error: &hyper::Error) -> bool {
    // hyper has no question for this kind, so what is left over is it: a request that was given up for a
    // reason which is neither the connection's end nor the system's.
    error.is_canceled()
        && std::error::Error::source(error)
            .and_then(|source| source.downcast_ref::<hyper::Error>())
            .is_some_and(|inner| !inner.is_incomplete_message() && !inner.is_closed() && !is_io(inner))
}

fn words(error: &hyper::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

fn no_answer(error: &hyper::Error, limits: &RequestLimits) -> NoAnswer {
    if error.is_parse_too_large() {
        NoAnswer::HeadTooLarge(limits.head)
    } else if error.is_parse() {
        NoAnswer::NotHttp(words(error))
    } else if is_unasked(error) {
        NoAnswer::NotHttp("bytes came that nobody had asked for".to_owned())
    } else {
        NoAnswer::Dropped
    }
}
