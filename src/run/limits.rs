//! Size and time limits of one request.
//!
//! It never measures or enforces them.

use std::time::Duration;

/// Size and time limits of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Maximum size of a response's status line and headers in bytes.
    pub head: usize,
    /// Maximum size of a response's body in bytes, before and after decoding.
    pub body: usize,
    /// Maximum time from opening the connection to the last byte of the body.
    pub total: Duration,
    /// Maximum time without any received data.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: 64 * 1024, body: 4 * 1024 * 1024, total: Duration::from_secs(2), idle: Duration::from_secs(2) }
    }
}
