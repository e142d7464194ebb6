//! One HTTP/1.1 connection: writes requests and parses responses by hand, both at the same time if needed.
//!
//! It never retries, never waits longer than its timer allows, and its memory use does not grow with what a server
//! sends. It uses no HTTP library, because every byte of a request is decided before, and what a library adds (header
//! maps, channels, a task per connection) costs more than all of judging.

use super::coding::decoded;
use super::connection::{Connector, Stream, Timer};
use super::foreign::not_http;
use super::framing::{Chunks, Gathered, Head, Length};
use super::{Answer, Framing, Limits, NoAnswer};
use crate::wire::Message;
use bytes::{Buf as _, BytesMut};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use tokio::io::{AsyncReadExt as _, AsyncWrite as _};

/// Maximum number of interim (1xx) responses before a final one.
const MOST_INTERIM: usize = 64;

/// Initial capacity of the input buffer, enough for a typical response; larger ones are read in pieces.
const ROOM: usize = 16 * 1024;
/// Minimum free capacity of the input buffer before each read.
const LEAST_ROOM: usize = 4 * 1024;

/// A connection with its pending output and unread input.
pub(super) struct Conversation {
    stream: Stream,
    output: Vec<u8>,
    written: usize,
    /// Whether writing has failed, so that only the response matters.
    is_deaf: bool,
    input: BytesMut,
    /// Bytes received since the last request.
    received: usize,
}

/// State of a connection without a pending request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Idle {
    /// The connection is open and silent.
    Quiet,
    /// The connection is closed.
    Closed,
    /// The server sends data without a request.
    Speaks,
}

/// Result of one read.
enum Read {
    Some,
    End,
    TimedOut,
}

/// A response, and whether the connection can be reused.
pub(super) struct Heard {
    pub(super) answer: Answer,
    pub(super) keeps: bool,
}

impl Conversation {
    /// Opens a new connection within the timer.
    pub(super) async fn open(connector: &Connector, timer: &mut Timer) -> Result<Self, NoAnswer> {
        let stream = connector.connect(timer).await?;
        Ok(Self {
            stream,
            output: Vec::with_capacity(1024),
            written: 0,
            is_deaf: false,
            input: BytesMut::with_capacity(ROOM),
            received: 0,
        })
    }

    /// Returns true if any byte was received since the last request.
    pub(super) fn is_answered(&self) -> bool {
        self.received > 0
    }

    /// Returns the state of a connection without a pending request, without waiting.
    pub(super) async fn idle(&mut self) -> Idle {
        if !self.input.is_empty() {
            return Idle::Speaks;
        }
        poll_fn(|cx| {
            Poll::Ready(match self.poll_read(cx) {
                Poll::Pending => Idle::Quiet,
                Poll::Ready(Read::Some) => Idle::Speaks,
                Poll::Ready(_) => Idle::Closed,
            })
        })
        .await
    }

    /// Returns the error for data that the server sent without a request.
    pub(super) fn unasked(&self) -> NoAnswer {
        not_http("data without a request", &self.input)
    }

    /// Sends a request and reads its response. If `close` is set, the request asks the server to close the connection.
    pub(super) async fn ask(
        &mut self,
        message: &Message,
        authority: &str,
        close: bool,
        limits: &Limits,
        timer: &mut Timer,
    ) -> Result<Heard, NoAnswer> {
        self.output.clear();
        self.written = 0;
        self.received = 0;
        write_request(&mut self.output, message, authority, close);
        let head = self.final_head(limits, timer).await?;
        let length = head.body_length(&message.method)?;
        let (body, mut framing) = self.body(&length, limits.body, timer).await;
        let mut keeps = false;
        if framing == Framing::Complete {
            let told = head.keeps && length != Length::UntilClose && self.written == self.output.len();
            // A connection that is to be closed is not checked: it does not matter what it does after the response.
            match if close { Idle::Closed } else { self.idle().await } {
                Idle::Speaks => framing = Framing::Trailing,
                Idle::Quiet => keeps = told,
                Idle::Closed => {}
            }
        }
        // A response to HEAD describes a body that is not sent.
        let encoding = head.value("content-encoding").filter(|_| message.method != "HEAD");
        let (body, framing) = decoded(encoding, body.into(), framing, limits.body);
        Ok(Heard { answer: Answer { status: head.status, headers: head.headers, body, framing }, keeps })
    }

    /// Writes as much of the remaining request as the connection accepts now.
    fn poll_write(&mut self, cx: &mut Context<'_>) {
        while !self.is_deaf && self.written < self.output.len() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.output[self.written..]) {
                Poll::Ready(Ok(count)) if count > 0 => self.written += count,
                Poll::Pending => return,
                // A server may respond and close before it has read everything; only the response matters.
                Poll::Ready(_) => {
                    self.is_deaf = true;
                    return;
                }
            }
        }
        let _ = Pin::new(&mut self.stream).poll_flush(cx);
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Read> {
        if self.input.capacity() - self.input.len() < LEAST_ROOM {
            self.input.reserve(LEAST_ROOM);
        }
        // The future keeps no state between two polls, so each poll can create a new one.
        pin!(self.stream.read_buf(&mut self.input)).poll(cx).map(|outcome| match outcome {
            // A reset connection counts as closed.
            Ok(0) | Err(_) => Read::End,
            Ok(count) => {
                self.received += count;
                Read::Some
            }
        })
    }

    async fn more(&mut self, timer: &mut Timer) -> Read {
        poll_fn(|cx| {
            // The timer comes first, for the reason given in [`RequestTimer::race`].
            if timer.poll(cx, self.received).is_ready() {
                return Poll::Ready(Read::TimedOut);
            }
            self.poll_write(cx);
            self.poll_read(cx)
        })
        .await
    }

    async fn head(&mut self, limits: &Limits, timer: &mut Timer) -> Result<Head, NoAnswer> {
        loop {
            // Only the first `limits.head` bytes are parsed, so headers that are too long are reported as such,
            // whatever else is wrong with them.
            let seen = &self.input[..self.input.len().min(limits.head)];
            if !seen.is_empty()
                && let Some(head) = Head::read(seen)?
            {
                return Ok(head);
            }
            if self.input.len() > limits.head {
                return Err(NoAnswer::HeadTooLarge(limits.head));
            }
            match self.more(timer).await {
                Read::Some => {}
                Read::TimedOut => return Err(NoAnswer::TimedOut(timer.total)),
                Read::End => return Err(NoAnswer::Dropped),
            }
        }
    }

    /// Reads the head of the final response; interim responses are discarded.
    async fn final_head(&mut self, limits: &Limits, timer: &mut Timer) -> Result<Head, NoAnswer> {
        for _ in 0..=MOST_INTERIM {
            let head = self.head(limits, timer).await?;
            self.input.advance(head.length);
            if !(100..200).contains(&head.status) || head.status == 101 {
                return Ok(head);
            }
        }
        Err(NoAnswer::NotHttp("too many interim responses".to_owned()))
    }

    async fn body(&mut self, length: &Length, limit: usize, timer: &mut Timer) -> (Vec<u8>, Framing) {
        let mut out = Gathered::default();
        let mut chunks = Chunks::default();
        loop {
            let done = match *length {
                Length::None => true,
                Length::Exact(announced) => {
                    let left = usize::try_from(announced).unwrap_or(usize::MAX).saturating_sub(out.len());
                    let count = left.min(self.input.len());
                    out.push(&self.input[..count]);
                    self.input.advance(count);
                    count == left
                }
                Length::UntilClose => {
                    out.push(&self.input);
                    self.input.clear();
                    false
                }
                Length::Chunked => match chunks.take(&mut self.input, &mut out, limit) {
                    Ok(done) => done,
                    Err(reason) => return (out.whole(), Framing::Undecodable(reason)),
                },
            };
            if out.len() > limit {
                return (out.beginning(limit), Framing::CutAtLimit);
            }
            if done {
                let framing = if self.input.is_empty() { Framing::Complete } else { Framing::Trailing };
                return (out.whole(), framing);
            }
            match self.more(timer).await {
                Read::Some => {}
                Read::TimedOut => return (out.whole(), Framing::TimedOut),
                Read::End if *length == Length::UntilClose => return (out.whole(), Framing::Complete),
                Read::End => return (out.whole(), Framing::Short),
            }
        }
    }
}

/// Writes the request's bytes, with the headers that depend on the connection.
fn write_request(out: &mut Vec<u8>, message: &Message, authority: &str, close: bool) {
    let has = |name: &str| message.header(name).is_some();
    for part in [&message.method, " ", &message.target, " HTTP/1.1\r\n"] {
        out.extend_from_slice(part.as_bytes());
    }
    let mut line = |name: &str, value: &str| {
        for part in [name, ": ", value, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    };
    if !has("host") {
        line("host", authority);
    }
    for (name, value) in &message.headers {
        line(name, value);
    }
    let announces = !message.body.is_empty() || matches!(message.method.as_str(), "POST" | "PUT" | "PATCH");
    if announces && !has("content-length") && !has("transfer-encoding") {
        line("content-length", &message.body.len().to_string());
    }
    if close && !has("connection") {
        line("connection", "close");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&message.body);
}
