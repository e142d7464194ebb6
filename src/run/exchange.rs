//! What was sent and what came back.

use crate::generate::Case;
use crate::wire::Message;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// A case with everything that happened to it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was meant. Where the wire cannot carry a step, `case.unsendable` says why, even if the
    /// generator did not know.
    pub case: Arc<Case>,
    /// One for each step that was sent, in the order of the steps; `None` where a step was not sent
    /// because an earlier one failed, or because the case is unsendable.
    pub exchanges: Vec<Option<Exchange>>,
    /// Why steps were not sent: a hole that nothing filled, a message that cannot be encoded.
    pub not_sent: Option<String>,
    /// After a hang or a drop that happened twice, or where a request that must be refused stayed throttled:
    /// what plain valid requests met.
    pub liveness: Option<Liveness>,
    /// What a server that was started for the run printed meanwhile, where it failed: the last lines, less
    /// secrets; other cases that ran side by side may have had a part in them.
    pub server_output: Vec<String>,
}

/// What a plain valid request meets after a case got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// It was answered: the case is at fault.
    Alive,
    /// It was not, but another operation's was: this operation is at fault.
    OperationDown,
    /// It was not: the endpoint is down, and the case is not known to be at fault.
    Down,
    /// It was not, and again not when the endpoint had been started anew and nothing else was sent: the case is at
    /// fault.
    Killed,
    /// It was not, and there was no time left to see what did it: so many cases were under way when the endpoint went
    /// down, this one among them, and one of them is at fault. Only the first one that was looked at tells it.
    Among(u32),
}

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// What was sent, last time it was sent.
    pub sent: Message,
    /// What came back.
    pub answer: Result<Answer, NoAnswer>,
    /// From the first byte sent to the last one received.
    pub took: Duration,
    /// How often it was sent.
    pub attempts: u32,
    /// How often it was throttled (status 429, or a documented throttling error) and sent again.
    pub throttled: u32,
}

/// A complete status line and header, and what there was of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// In order of arrival; names in lower case; bytes that are no UTF-8 replaced.
    pub headers: Vec<(String, String)>,
    /// The body, decoded where the answer says that it is encoded; cut at the limit.
    pub body: Bytes,
    /// Whether the body was what its framing announced.
    pub framing: Framing,
}

impl Answer {
    /// An answer that somebody else received: its body is decoded as its header says, within a limit; `short` where
    /// it ended before its end.
    pub fn read(status: u16, headers: Vec<(String, String)>, body: Bytes, short: bool, limit: usize) -> Self {
        let framing = match short {
            true => Framing::Short,
            false if body.len() > limit => Framing::CutAtLimit,
            false => Framing::Complete,
        };
        let encoding = headers.iter().find(|(name, _)| name == "content-encoding").map(|(_, value)| value.as_str());
        let (body, framing) = super::coding::decoded(encoding, body, framing, limit);
        Self { status, headers, body, framing }
    }

    /// The first header of this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// How a body ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framing {
    /// As announced.
    Complete,
    /// The connection ended before the announced end.
    Short,
    /// Bytes followed the announced end.
    Trailing,
    /// It cannot be decoded (chunking, gzip); the reason.
    Undecodable(String),
    /// It was longer than the limit and was cut.
    CutAtLimit,
    /// It was still coming when the time was over.
    TimedOut,
}

/// Why there was no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// Nobody listens there, or the name leads nowhere.
    #[error("could not connect: {0}")]
    Unreachable(String),
    /// The TLS handshake failed.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// No complete header within the time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The connection ended before a complete header.
    #[error("connection closed without an answer")]
    Dropped,
    /// What came was no HTTP.
    #[error("not HTTP: {0}")]
    NotHttp(String),
    /// The header was longer than the limit.
    #[error("header longer than {0} bytes")]
    HeadTooLarge(usize),
}
