//! One HTTP/1.1 connection: writes requests and parses responses by hand, both at the same time if needed.
//!
//! It never retries, never waits longer than its timer allows, and its memory use does not grow with what a server
//! sends. It uses no HTTP library, because every byte of a request is decided before, and what a library adds (header
//! maps, channels, a task per connection) costs more than all of judging.

use super::connection::{ConnectionStream, Connector, RequestTimer};
use super::framing::{BodyBuffer, BodyLength, ChunkDecoder, HttpHead};
use super::non_http::not_http_error;
use crate::run::body_framing::is_event_stream;
use crate::run::content_encoding::decode_body;
use crate::run::{BodyFraming, HttpResponse, RequestLimits, TransportError};
use crate::wire::EncodedRequest;
use bytes::{Buf as _, BytesMut};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWrite as _};
use tokio::time::Instant;

/// How long the events of a stream are awaited after its head.
pub(super) const MAX_STREAM_WAIT: Duration = Duration::from_secs(1);

/// Maximum number of interim (1xx) responses before a final one.
const MAX_INTERIM_RESPONSES: usize = 64;

/// Initial capacity of the input buffer, enough for a typical response; larger ones are read in pieces.
const INPUT_CAPACITY: usize = 16 * 1024;
/// Minimum free capacity of the input buffer before each read.
const MIN_FREE_CAPACITY: usize = 4 * 1024;

/// A connection with its pending output and unread input.
pub(super) struct HttpConnection {
    stream: ConnectionStream,
    output: Vec<u8>,
    written: usize,
    /// Whether writing has failed, so that only the response matters.
    has_write_failed: bool,
    input: BytesMut,
    /// Bytes received since the last request.
    received: usize,
    /// How many of the received bytes were acknowledged before the system would have done it.
    acknowledged: usize,
}

/// State of a connection without a pending request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IdleState {
    /// The connection is open and silent.
    Silent,
    /// The connection is closed.
    Closed,
    /// The server sends data without a request.
    HasData,
}

/// Result of one read.
enum ReadProgress {
    Data,
    End,
    TimedOut,
}

/// How a request is sent over a connection.
pub(super) struct ExchangeOptions<'a> {
    /// Value of the `host` header if the request has none.
    pub(super) authority: &'a str,
    /// Whether to ask the server to close the connection.
    pub(super) close: bool,
    pub(super) limits: &'a RequestLimits,
}

/// What ends the reading of a body, beside its own end and the timer.
#[derive(Clone, Copy)]
struct BodyLimits {
    max_bytes: usize,
    /// Time at which a stream of events is left; absent for other bodies.
    stream_end: Option<Instant>,
}

/// A response, and whether the connection can be reused.
pub(super) struct ReceivedResponse {
    pub(super) response: HttpResponse,
    pub(super) can_reuse: bool,
}

impl HttpConnection {
    /// Opens a new connection within the timer.
    pub(super) async fn open(connector: &Connector, timer: &mut RequestTimer) -> Result<Self, TransportError> {
        let stream = connector.connect(timer).await?;
        Ok(Self {
            stream,
            output: Vec::with_capacity(1024),
            written: 0,
            has_write_failed: false,
            input: BytesMut::with_capacity(INPUT_CAPACITY),
            received: 0,
            acknowledged: 0,
        })
    }

    /// Returns true if any byte was received since the last request.
    pub(super) fn has_received(&self) -> bool {
        self.received > 0
    }

    /// Returns the state of a connection without a pending request, without waiting.
    pub(super) async fn idle_state(&mut self) -> IdleState {
        if !self.input.is_empty() {
            return IdleState::HasData;
        }
        poll_fn(|cx| {
            Poll::Ready(match self.poll_read(cx) {
                Poll::Pending => IdleState::Silent,
                Poll::Ready(ReadProgress::Data) => IdleState::HasData,
                Poll::Ready(_) => IdleState::Closed,
            })
        })
        .await
    }

    /// Returns the error for data that the server sent without a request.
    pub(super) fn unsolicited_data_error(&self) -> TransportError {
        not_http_error("data without a request", &self.input)
    }

    /// Sends a request and reads its response.
    pub(super) async fn send_request(
        &mut self,
        request: &EncodedRequest,
        options: &ExchangeOptions<'_>,
        timer: &mut RequestTimer,
    ) -> Result<ReceivedResponse, TransportError> {
        self.output.clear();
        self.written = 0;
        self.received = 0;
        self.acknowledged = 0;
        write_request(&mut self.output, request, options);
        let head = self.read_final_head(options.limits, timer).await?;
        let length = head.body_length(&request.method)?;
        let stream_end = is_stream(&head).then(|| Instant::now() + MAX_STREAM_WAIT);
        let body_limits = BodyLimits { max_bytes: options.limits.max_body_bytes, stream_end };
        let (body, mut framing) = self.read_body(&length, body_limits, timer).await;
        let mut can_reuse = false;
        if framing == BodyFraming::Complete {
            let may_reuse = head.can_reuse && length != BodyLength::UntilClose && self.written == self.output.len();
            // A connection that is to be closed is not checked: it does not matter what it does after the response.
            match if options.close { IdleState::Closed } else { self.idle_state().await } {
                IdleState::HasData => framing = BodyFraming::Trailing,
                IdleState::Silent => can_reuse = may_reuse,
                IdleState::Closed => {}
            }
        }
        // A response to HEAD describes a body that is not sent.
        let encoding = head.header("content-encoding").filter(|_| request.method != "HEAD");
        let (body, framing) = decode_body(encoding, body.into(), framing, options.limits.max_body_bytes);
        Ok(ReceivedResponse {
            response: HttpResponse { status: head.status, headers: head.headers, body, framing },
            can_reuse,
        })
    }

    /// Writes as much of the remaining request as the connection accepts now.
    fn poll_write(&mut self, cx: &mut Context<'_>) {
        while !self.has_write_failed && self.written < self.output.len() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.output[self.written..]) {
                Poll::Ready(Ok(count)) if count > 0 => self.written += count,
                Poll::Pending => return,
                // A server may respond and close before it has read everything; only the response matters.
                Poll::Ready(_) => {
                    self.has_write_failed = true;
                    return;
                }
            }
        }
        let _ = Pin::new(&mut self.stream).poll_flush(cx);
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<ReadProgress> {
        if self.input.capacity() - self.input.len() < MIN_FREE_CAPACITY {
            self.input.reserve(MIN_FREE_CAPACITY);
        }
        // The future keeps no state between two polls, so each poll can create a new one.
        pin!(self.stream.read_buf(&mut self.input)).poll(cx).map(|outcome| match outcome {
            // A reset connection counts as closed.
            Ok(0) | Err(_) => ReadProgress::End,
            Ok(count) => {
                self.received += count;
                ReadProgress::Data
            }
        })
    }

    async fn read_more(&mut self, timer: &mut RequestTimer) -> ReadProgress {
        poll_fn(|cx| {
            // The timer comes first, for the reason given in [`RequestTimer::race`].
            if timer.poll(cx, self.received).is_ready() {
                return Poll::Ready(ReadProgress::TimedOut);
            }
            self.poll_write(cx);
            let progress = self.poll_read(cx);
            if progress.is_pending() {
                self.acknowledge();
            }
            progress
        })
        .await
    }

    /// Acknowledges what was received of an incomplete response, once.
    ///
    /// Many servers write head and body separately, without `TCP_NODELAY`. Their system sends the body only after the
    /// head was acknowledged, which takes up to 40 ms by default.
    fn acknowledge(&mut self) {
        if self.received > self.acknowledged {
            self.acknowledged = self.received;
            self.stream.acknowledge();
        }
    }

    async fn read_head(
        &mut self,
        limits: &RequestLimits,
        timer: &mut RequestTimer,
    ) -> Result<HttpHead, TransportError> {
        loop {
            // Only the first `limits.head` bytes are parsed, so headers that are too long are reported as such,
            // whatever else is wrong with them.
            let received = &self.input[..self.input.len().min(limits.max_head_bytes)];
            if !received.is_empty()
                && let Some(head) = HttpHead::parse(received)?
            {
                return Ok(head);
            }
            if self.input.len() > limits.max_head_bytes {
                return Err(TransportError::HeadTooLarge(limits.max_head_bytes));
            }
            match self.read_more(timer).await {
                ReadProgress::Data => {}
                ReadProgress::TimedOut => return Err(TransportError::TimedOut(timer.total_timeout)),
                ReadProgress::End => return Err(TransportError::Dropped),
            }
        }
    }

    /// Reads the head of the final response; interim responses are discarded.
    async fn read_final_head(
        &mut self,
        limits: &RequestLimits,
        timer: &mut RequestTimer,
    ) -> Result<HttpHead, TransportError> {
        for _ in 0..=MAX_INTERIM_RESPONSES {
            let head = self.read_head(limits, timer).await?;
            self.input.advance(head.length);
            if !(100..200).contains(&head.status) || head.status == 101 {
                return Ok(head);
            }
        }
        Err(TransportError::NotHttp("too many interim responses".to_owned()))
    }

    async fn read_body(
        &mut self,
        length: &BodyLength,
        limits: BodyLimits,
        timer: &mut RequestTimer,
    ) -> (Vec<u8>, BodyFraming) {
        let limit = limits.max_bytes;
        let mut out = BodyBuffer::default();
        let mut chunks = ChunkDecoder::default();
        loop {
            let done = match *length {
                BodyLength::None => true,
                BodyLength::Exact(announced) => {
                    let left = usize::try_from(announced).unwrap_or(usize::MAX).saturating_sub(out.len());
                    let count = left.min(self.input.len());
                    out.push(&self.input[..count]);
                    self.input.advance(count);
                    count == left
                }
                BodyLength::UntilClose => {
                    out.push(&self.input);
                    self.input.clear();
                    false
                }
                BodyLength::Chunked => match chunks.decode(&mut self.input, &mut out, limit) {
                    Ok(done) => done,
                    Err(reason) => return (out.into_bytes(), BodyFraming::Undecodable(reason.to_string())),
                },
            };
            if out.len() > limit {
                return (out.into_prefix(limit), BodyFraming::Truncated);
            }
            if done {
                let framing = if self.input.is_empty() { BodyFraming::Complete } else { BodyFraming::Trailing };
                return (out.into_bytes(), framing);
            }
            let progress = match limits.stream_end {
                Some(end) => match tokio::time::timeout_at(end, self.read_more(timer)).await {
                    Ok(progress) => progress,
                    Err(_) => return (out.into_bytes(), BodyFraming::OpenStream),
                },
                None => self.read_more(timer).await,
            };
            match progress {
                ReadProgress::Data => {}
                ReadProgress::TimedOut if limits.stream_end.is_some() => {
                    return (out.into_bytes(), BodyFraming::OpenStream);
                }
                ReadProgress::TimedOut => return (out.into_bytes(), BodyFraming::TimedOut),
                ReadProgress::End if *length == BodyLength::UntilClose => {
                    return (out.into_bytes(), BodyFraming::Complete);
                }
                ReadProgress::End => return (out.into_bytes(), BodyFraming::Short),
            }
        }
    }
}

/// Returns true if a successful response is a stream of events.
fn is_stream(head: &HttpHead) -> bool {
    (200..300).contains(&head.status) && head.header("content-type").is_some_and(is_event_stream)
}

/// Writes the request's bytes, with the headers that depend on the connection.
fn write_request(out: &mut Vec<u8>, request: &EncodedRequest, options: &ExchangeOptions<'_>) {
    let has = |name: &str| request.header(name).is_some();
    for part in [&request.method, " ", &request.target, " HTTP/1.1\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
    let mut line = |name: &str, value: &str| {
        for part in [name, ": ", value, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    };
    if !has("host") {
        line("host", options.authority);
    }
    for (name, value) in &request.headers {
        line(name, value);
    }
    let announces = !request.body.is_empty() || matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
    if announces && !has("content-length") && !has("transfer-encoding") {
        line("content-length", &request.body.len().to_string());
    }
    if options.close && !has("connection") {
        line("connection", "close");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&request.body);
}
