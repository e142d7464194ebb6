//! A request as it goes over the wire, before any connection exists.

use bytes::Bytes;

/// A request whose every byte is decided, signature included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The method, exactly as sent.
    pub method: String,
    /// Path and query, exactly as sent; not normalised by anyone.
    pub target: String,
    /// In order of sending, without `host`, `content-length` and `connection`, which the transport adds.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
    /// Whether a well-behaved HTTP library would refuse to send it, so that raw bytes on a fresh connection must.
    pub raw: bool,
}

/// The body of a request.
pub type Body = Bytes;
