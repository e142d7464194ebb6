//! A request and a response as plain values.
//!
//! Never touches a socket; see [`super::server`] for that.

use bytes::Bytes;
use std::borrow::Cow;

/// Maximum length of a request body in bytes.
pub(super) const MAX_BODY_LENGTH: usize = 8 << 20;

/// A request, borrowed from the code that received it.
#[derive(Clone, Copy, Debug)]
pub struct ServerRequest<'a> {
    /// HTTP method: `GET`, `POST` …
    pub method: &'a str,
    /// Path and query, exactly as sent.
    pub target: &'a str,
    /// Header names and values, in order.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body.
    pub body: &'a [u8],
}

impl<'a> ServerRequest<'a> {
    /// Returns the first header with this name, compared case-insensitively.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

/// Name and value of a response header.
pub(super) type ResponseHeader = (Cow<'static, str>, Cow<'static, str>);

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerResponse {
    /// HTTP status code.
    pub status: u16,
    /// Header names and values, without `content-length`, which the server adds.
    pub headers: Vec<ResponseHeader>,
    /// The body.
    pub body: Bytes,
    /// How the response is sent over the connection.
    pub delivery: DeliveryMode,
}

impl ServerResponse {
    /// Creates a plain-text response that belongs to no contract.
    pub(super) fn plain(status: u16, text: impl Into<Cow<'static, str>>) -> Self {
        let body = match text.into() {
            Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
            Cow::Owned(text) => Bytes::from(text),
        };
        Self {
            status,
            headers: vec![(Cow::Borrowed("content-type"), Cow::Borrowed("text/plain; charset=utf-8"))],
            body,
            delivery: DeliveryMode::Whole,
        }
    }

    /// Returns the first header with this name, compared case-insensitively.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }
}

/// How a response is sent over the connection. A faithful server always uses `Whole`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryMode {
    /// The whole response is sent.
    Whole,
    /// The whole response is sent after a delay, once [`super::ReferenceService::apply_pending_write`] was called.
    Late,
    /// Nothing is ever sent, and the connection stays open.
    Hang,
    /// The connection is closed before anything is sent.
    Drop,
    /// The declared content length exceeds the body by this many bytes; then the connection is closed.
    ShortBody(usize),
    /// The body is sent in chunks, and the connection is closed before the last chunk.
    CutChunks,
    /// The declared content length is one byte less than the body.
    LongBody,
    /// The bytes sent are not HTTP.
    NotHttp,
}
