//! Raw bytes on a fresh connection: for requests that no HTTP library would send.
//!
//! It never keeps a connection: after a damaged request nobody knows what the other side thinks of it.

use super::coding::decoded;
use super::connection::{Connector, Stream, Timer};
use super::framing::{Chunks, Head, Length};
use super::{Answer, Framing, Limits, NoAnswer};
use crate::wire::Message;
use bytes::BytesMut;
use std::sync::atomic::AtomicUsize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf};

/// More interim answers than this are no conversation.
const MOST_INTERIM: usize = 64;

/// Sends the message's bytes and reads one answer.
pub(super) async fn send(
    connector: &Connector,
    message: &Message,
    authority: &str,
    limits: &Limits,
    timer: &mut Timer,
) -> Result<Answer, NoAnswer> {
    let stream = connector.connect(timer).await?;
    let received = stream.received();
    let (reader, mut writer) = tokio::io::split(stream);
    let bytes = request(message, authority);
    let write = async {
        // A server may answer and close before it has read everything: the answer is what counts.
        let _ = writer.write_all(&bytes).await;
        let _ = writer.flush().await;
        std::future::pending::<()>().await;
    };
    let mut reading = Reading { reader, buffer: BytesMut::with_capacity(8 * 1024), limits, received: &received };
    tokio::select! {
        biased;
        answer = reading.answer(&message.method, timer) => answer,
        () = write => Err(NoAnswer::Dropped),
    }
}

fn request(message: &Message, authority: &str) -> Vec<u8> {
    let has = |name: &str| message.header(name).is_some();
    let mut out = format!("{} {} HTTP/1.1\r\n", message.method, message.target).into_bytes();
    let mut line = |name: &str, value: &str| {
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
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
    if !has("connection") {
        line("connection", "close");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&message.body);
    out
}

struct Reading<'a> {
    reader: ReadHalf<Stream>,
    buffer: BytesMut,
    limits: &'a Limits,
    received: &'a AtomicUsize,
}

/// What one read brought.
enum Read {
    Some,
    End,
    TimedOut,
}

impl Reading<'_> {
    async fn more(&mut self, timer: &mut Timer) -> Read {
        self.buffer.reserve(4 * 1024);
        match timer.race(self.reader.read_buf(&mut self.buffer), Some(self.received)).await {
            None => Read::TimedOut,
            // A connection that was torn down ends here as much as one that was closed.
            Some(Ok(0) | Err(_)) => Read::End,
            Some(Ok(_)) => Read::Some,
        }
    }

    async fn head(&mut self, timer: &mut Timer) -> Result<Head, NoAnswer> {
        loop {
            if let Some(head) = Head::read(&self.buffer)? {
                return Ok(head);
            }
            if self.buffer.len() > self.limits.head {
                return Err(NoAnswer::HeadTooLarge(self.limits.head));
            }
            match self.more(timer).await {
                Read::Some => {}
                Read::TimedOut => return Err(NoAnswer::TimedOut(timer.total)),
                Read::End => return Err(NoAnswer::Dropped),
            }
        }
    }

    async fn answer(&mut self, method: &str, timer: &mut Timer) -> Result<Answer, NoAnswer> {
        let mut interim = 0;
        let head = loop {
            let head = self.head(timer).await?;
            if head.length > self.limits.head {
                return Err(NoAnswer::HeadTooLarge(self.limits.head));
            }
            let _ = self.buffer.split_to(head.length);
            if !(100..200).contains(&head.status) || head.status == 101 {
                break head;
            }
            interim += 1;
            if interim > MOST_INTERIM {
                return Err(NoAnswer::NotHttp("interim answers without end".to_owned()));
            }
        };
        let length = head.body_length(method)?;
        let (body, framing) = self.body(length, timer).await;
        let encoding =
            head.headers.iter().find(|(name, _)| name == "content-encoding").map(|(_, value)| value.as_str());
        let (body, framing) = decoded(encoding, body.into(), framing, self.limits.body);
        Ok(Answer { status: head.status, headers: head.headers, body, framing })
    }

    async fn body(&mut self, length: Length, timer: &mut Timer) -> (Vec<u8>, Framing) {
        let limit = self.limits.body;
        let mut out = Vec::new();
        let mut chunks = Chunks::default();
        loop {
            let done = match length {
                Length::None => true,
                Length::Exact(announced) => {
                    let left = usize::try_from(announced).unwrap_or(usize::MAX).saturating_sub(out.len());
                    let count = left.min(self.buffer.len());
                    out.extend_from_slice(&self.buffer.split_to(count));
                    count == left
                }
                Length::UntilClose => {
                    out.extend_from_slice(&self.buffer.split());
                    false
                }
                Length::Chunked => match chunks.take(&mut self.buffer, &mut out, limit) {
                    Ok(done) => done,
                    Err(reason) => return (out, Framing::Undecodable(reason)),
                },
            };
            if out.len() > limit {
                out.truncate(limit);
                return (out, Framing::CutAtLimit);
            }
            if done {
                let framing = if self.buffer.is_empty() { Framing::Complete } else { Framing::Trailing };
                return (out, framing);
            }
            match self.more(timer).await {
                Read::Some => {}
                Read::TimedOut => return (out, Framing::TimedOut),
                Read::End if length == Length::UntilClose => return (out, Framing::Complete),
                Read::End => return (out, Framing::Short),
            }
        }
    }
}
