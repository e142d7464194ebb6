//! Tells how the body of a response ended.
//!
//! It never reads a body.

/// How the body of a response ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// The body ended as announced.
    Complete,
    /// The connection ended before the announced end.
    Short,
    /// Bytes followed the announced end.
    Trailing,
    /// The body cannot be decoded (chunking, gzip); holds the reason.
    Undecodable(String),
    /// The body exceeded the limit and was truncated.
    Truncated,
    /// The body was not complete within the timeout.
    TimedOut,
    /// The body is a stream of events, which the server may leave open; only its beginning was read.
    OpenStream,
}

/// Media types of bodies that consist of events and end when the server has no more of them, if ever.
#[cfg(feature = "run")]
const EVENT_STREAM_TYPES: [&str; 3] =
    ["application/vnd.amazon.eventstream", "text/event-stream", "multipart/x-mixed-replace"];

/// Returns true if a response with this content type is a stream of events.
#[cfg(feature = "run")]
pub(super) fn is_event_stream(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    EVENT_STREAM_TYPES.iter().any(|one| one.eq_ignore_ascii_case(media_type))
}
