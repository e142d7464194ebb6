//! What one request may take: bytes and time.
//!
//! It never measures either.

use std::time::Duration;

/// What one request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of an answer's status line and header.
    pub head: usize,
    /// Bytes of an answer's body, before and after decoding.
    pub body: usize,
    /// From the connection's opening to the last byte of the body.
    pub total: Duration,
    /// How long nothing at all may come.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: 64 * 1024, body: 4 * 1024 * 1024, total: Duration::from_secs(2), idle: Duration::from_secs(2) }
    }
}
