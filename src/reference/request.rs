//! A request and an answer as plain values.
//!
//! Never touches a socket; see [`super::server`] for that.

use bytes::Bytes;
use std::borrow::Cow;

/// A request, borrowed from whoever received it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// `GET`, `POST` …
    pub method: &'a str,
    /// Path and query, exactly as sent.
    pub target: &'a str,
    /// Names and values, in order.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The body.
    pub body: &'a [u8],
}

impl<'a> Request<'a> {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
    }
}

/// A header of an answer.
pub(super) type Header = (Cow<'static, str>, Cow<'static, str>);

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Names and values, without `content-length`, which the server adds.
    pub headers: Vec<Header>,
    /// The body.
    pub body: Bytes,
    /// How the answer goes over the connection.
    pub delivery: Delivery,
}

impl Response {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }
}

/// How an answer goes over the connection. Faithful answers are always whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// All of it.
    Whole,
    /// All of it, a moment later, when [`super::Service::settle`] has been called.
    Late,
    /// Nothing is ever sent, and the connection stays open.
    Hang,
    /// The connection is closed before anything is sent.
    Drop,
    /// A content length of so many bytes more than the body has is declared, then the connection is closed.
    Short(usize),
    /// The body is sent in chunks, and the connection is closed before the last one.
    CutChunks,
    /// A content length of one byte less than the body has is declared.
    Long,
    /// What is sent is not HTTP.
    NotHttp,
}
