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
}
