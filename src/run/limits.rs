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
    /// Maximum value of both times for a request that is sent alone at a slow endpoint, or that asks the server to wait.
    pub max_timeout: Duration,
}

impl RequestLimits {
    /// Returns these limits with the same maximum for all times, however slow the endpoint is.
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { total_timeout: timeout, idle_timeout: timeout, max_timeout: timeout, ..self }
    }
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            max_head_bytes: 64 * 1024,
            max_body_bytes: 4 * 1024 * 1024,
            total_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(10),
            max_timeout: Duration::from_secs(60),
        }
    }
}
