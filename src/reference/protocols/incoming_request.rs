//! A request that is being converted to an operation's input.
//!
//! Holds plain values; never parses them.

use crate::reference::request::ServerRequest;
use crate::reference::route::LabelValues;
use std::borrow::Cow;

/// A request that is being converted to an operation's input.
pub(super) struct IncomingRequest<'a> {
    pub request: &'a ServerRequest<'a>,
    pub labels: LabelValues<'a>,
    pub query: &'a str,
    pub body: Cow<'a, [u8]>,
    /// Whether the client compressed the body.
    pub was_compressed: bool,
}
