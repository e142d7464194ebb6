//! One connection: requests written whole, answers read by hand, both at once where it takes that.
//!
//! It never sends twice, never waits longer than its timer allows, and never grows with what a server sends.
//! No HTTP library stands between: every byte of a request is decided before, and what a library does
//! beside (maps of headers, channels, a task for each connection) costs more than all of judging.

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

/// More interim answers than this are no conversation.
const MOST_INTERIM: usize = 64;

/// Room for a usual answer; a larger one is read in pieces.
const ROOM: usize = 16 * 1024;
/// With less room than this left, what was read is moved to the front.
const LEAST_ROOM: usize = 4 * 1024;

/// A connection with what is still to be written and what has been read of it.
pub(super) struct Conversation {
    stream: Stream,
    output: Vec<u8>,
    written: usize,
    /// Writing failed: only the answer counts now.
    is_deaf: bool,
    input: BytesMut,
    /// Bytes received since the last request.
    received: usize,
}

/// What a connection does that nobody has asked anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Idle {
    /// It waits.
    Quiet,
    /// It is closed.
    Closed,
    /// It speaks.
    Speaks,
}

/// What one read brought.
enum Read {
    Some,
    End,
    TimedOut,
}

/// An answer, and whether the connection takes another request.
pub(super) struct Heard {
    pub(super) answer: Answer,
    pub(super) keeps: bool,
}

impl Conversation {
    /// A fresh connection, within the timer.
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

    /// Whether a byte has come since the last request.
    pub(super) fn is_answered(&self) -> bool {
        self.received > 0
    }

    /// Looks at a connection that owes no answer, without waiting.
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

    /// What came where nobody had asked.
    pub(super) fn unasked(&self) -> NoAnswer {
        not_http("bytes came that nobody had asked for", &self.input)
    }

    /// Sends a message and reads its answer. A connection that is to be closed says so in the request.
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
            // A connection that is to be closed is not asked: what it does after its answer is its own affair.
            match if close { Idle::Closed } else { self.idle().await } {
                Idle::Speaks => framing = Framing::Trailing,
                Idle::Quiet => keeps = told,
                Idle::Closed => {}
            }
        }
        // The answer to HEAD tells of a body that does not come.
        let encoding = head.value("content-encoding").filter(|_| message.method != "HEAD");
        let (body, framing) = decoded(encoding, body.into(), framing, limits.body);
        Ok(Heard { answer: Answer { status: head.status, headers: head.headers, body, framing }, keeps })
    }

    /// Writes what is left of the request, as far as the connection takes it now.
    fn poll_write(&mut self, cx: &mut Context<'_>) {
        while !self.is_deaf && self.written < self.output.len() {
            match Pin::new(&mut self.stream).poll_write(cx, &self.output[self.written..]) {
                Poll::Ready(Ok(count)) if count > 0 => self.written += count,
                Poll::Pending => return,
                // A server may answer and close before it has read everything: the answer is what counts.
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
        // The future holds nothing between two polls, so it can be made anew for each.
        pin!(self.stream.read_buf(&mut self.input)).poll(cx).map(|outcome| match outcome {
            // A connection that was torn down ends here as much as one that was closed.
            Ok(0) | Err(_) => Read::End,
            Ok(count) => {
                self.received += count;
                Read::Some
            }
        })
    }

    async fn more(&mut self, timer: &mut Timer) -> Read {
        poll_fn(|cx| {
            // First, for the reason given in [`Timer::race`].
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
            // However much has come at once: what is too long is told as that, and not by what else is wrong with it.
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

    /// The head of the answer itself; interim ones before it are read and forgotten.
    async fn final_head(&mut self, limits: &Limits, timer: &mut Timer) -> Result<Head, NoAnswer> {
        for _ in 0..=MOST_INTERIM {
            let head = self.head(limits, timer).await?;
            self.input.advance(head.length);
            if !(100..200).contains(&head.status) || head.status == 101 {
                return Ok(head);
            }
        }
        Err(NoAnswer::NotHttp("interim answers without end".to_owned()))
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

/// The message's bytes, with what only a connection can know.
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
