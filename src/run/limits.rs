//! Size and time limits of one request.
//!
//! It never measures or enforces them.

use std::time::Duration;

/// Size and time limits of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLimits {
    /// Maximum size of a response's status line and headers in bytes.
    pub max_head_bytes: usize,
    /// Maximum size of a response's body in bytes, before and after decoding.
    pub max_body_bytes: usize,
    /// Maximum time from opening the connection to the last byte of the body.
    pub total_timeout: Duration,
    /// Maximum time without any received data.
    pub idle_timeout: Duration,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            max_head_bytes: 64 * 1024,
            max_body_bytes: 4 * 1024 * 1024,
            total_timeout: Duration::from_secs(2),
            idle_timeout: Duration::from_secs(2),
        }
    }
}
