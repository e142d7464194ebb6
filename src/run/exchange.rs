//! Requests with their responses, and the outcome of a case.
//!
//! This module never judges a response.

use super::body_framing::BodyFraming;
use super::shortage::Shortage;
use crate::case::{Case, StepPurpose};
use crate::contract::OperationName;
use crate::wire::EncodedRequest;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// Maximum number of lines of server output that are kept with a case: the last ones.
pub const MAX_CASE_OUTPUT_LINES: usize = 60;

/// A case with everything that happened while it ran.
#[derive(Clone, Debug)]
pub struct CaseOutcome {
    /// The case. If a step cannot be expressed on the wire, `case.unsendable` holds the reason, even if the generator
    /// did not know it.
    pub case: Arc<Case>,
    /// Exchanges in the order of the steps; `None` for a step that was not sent because an earlier one failed or the
    /// case is unsendable.
    pub exchanges: Vec<Option<Exchange>>,
    /// Reason why steps were not sent: a placeholder without a value, a request that cannot be encoded.
    pub not_sent: Option<String>,
    /// Result of the control requests that follow a repeated hang or drop, or a request that must be rejected but
    /// stayed throttled.
    pub liveness: Option<Liveness>,
    /// The operation on which the server failed, if its control fails as well although it succeeded before: the failure says
    /// nothing about this case.
    pub broken_operation: Option<OperationName>,
    /// Last lines, with secrets redacted, that a server that was started for the run printed while the case failed.
    /// Concurrent cases may have contributed to them.
    pub server_output: Vec<String>,
}

impl CaseOutcome {
    /// Returns true if a response did not arrive in time, and nobody has looked into the reason. Requests that create
    /// what the case needs do not count, because they must not be sent twice.
    pub fn has_timed_out(&self) -> bool {
        let is_silent = |exchange: &Exchange| match &exchange.response {
            Err(reason) => matches!(reason, TransportError::TimedOut(_)),
            Ok(response) => response.framing == BodyFraming::TimedOut,
        };
        let mut steps = self.case.steps.iter().zip(&self.exchanges);
        self.liveness.is_none()
            && steps.any(|(step, exchange)| {
                let creates_fixture = step.purpose == StepPurpose::SetUp && step.fixture.is_some();
                !creates_fixture && exchange.as_ref().is_some_and(is_silent)
            })
    }
}

/// Result of control requests after a case got no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// The control got a response: the case is at fault.
    Alive,
    /// Only the control of another operation got a response: this operation is at fault.
    OperationDown,
    /// No control got a response: the endpoint is down, and the case is not known to be the cause.
    Down,
    /// The endpoint ended, and ended again after it was restarted and only this case was sent: the case is the cause.
    CrashConfirmed,
    /// No control got a response, and again none after the endpoint was restarted and only this case was sent, although
    /// the endpoint still accepts connections: the case is the cause.
    BlockConfirmed,
    /// No control got a response, and no time was left to find the cause. Holds the number of cases that were running
    /// when the endpoint went down; one of them, possibly this one, is the cause. Only the first of them to be examined
    /// carries this value.
    CrashSuspected(u32),
}

/// A request and its response.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The request as it was last sent.
    pub request: EncodedRequest,
    /// The response, or why there was none.
    pub response: Result<HttpResponse, TransportError>,
    /// Time from the first byte sent to the last one received.
    pub elapsed: Duration,
    /// Number of times that the request was sent.
    pub attempts: u32,
    /// Number of times that the request was throttled (status 429, or a documented throttling error) and sent again.
    pub throttle_count: u32,
}

/// A response with complete status line and headers, and as much of the body as was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// Headers in order of arrival, with lowercase names; bytes that are not UTF-8 are replaced.
    pub headers: Vec<(String, String)>,
    /// Body, decoded according to `content-encoding` and truncated at the limit.
    pub body: Bytes,
    /// Whether the body matched its framing.
    pub framing: BodyFraming,
}

impl HttpResponse {
    /// Creates a response from parts received by the caller. The body is decoded as its headers say, up to `limit`;
    /// `short` means that it ended early.
    pub fn from_parts(status: u16, headers: Vec<(String, String)>, body: Bytes, short: bool, limit: usize) -> Self {
        let framing = match short {
            true => BodyFraming::Short,
            false if body.len() > limit => BodyFraming::Truncated,
            false => BodyFraming::Complete,
        };
        let encoding = headers.iter().find(|(name, _)| name == "content-encoding").map(|(_, value)| value.as_str());
        let (body, framing) = super::content_encoding::decode_body(encoding, body, framing, limit);
        Self { status, headers, body, framing }
    }

    /// Returns the first header with this lowercase name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the value of a cookie that the response sets.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let set = self.headers.iter().filter(|(key, _)| key == "set-cookie");
        let pairs = set.filter_map(|(_, value)| value.split(';').next()?.split_once('='));
        pairs.into_iter().find(|(own, _)| own.trim() == name).map(|(_, value)| value.trim())
    }
}

/// Reason why there was no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The connection was refused or the name could not be resolved.
    #[error("could not connect: {0}")]
    Unreachable(String),
    /// The system did not let overstep open a connection.
    #[error(transparent)]
    Shortage(#[from] Shortage),
    /// The TLS handshake failed.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// The headers were not complete within the timeout.
    #[error("no response within {0:?}")]
    TimedOut(Duration),
    /// The connection ended before the headers were complete.
    #[error("connection closed without a response")]
    Dropped,
    /// The received bytes are not HTTP.
    #[error("not HTTP: {0}")]
    NotHttp(String),
    /// The headers exceeded the limit.
    #[error("headers longer than {0} bytes")]
    HeadTooLarge(usize),
}
