//! Parses a rate limit for requests: `100/s`.
//!
//! It never sleeps and never counts.

use std::time::Duration;

/// A limit such as `100/s` or `60/m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Minimum time between two requests.
    pub interval: Duration,
}

/// Error for a text that is not a rate limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid rate limit `{0}`; write `100/s`, `60/m` or `1000/h`")]
pub struct RateLimitError(pub String);

impl RateLimit {
    /// Parses `100/s`, `60/m`, `1000/h`.
    ///
    /// # Errors
    /// Returns an error if the text is not a rate limit, or if the rate is zero.
    pub fn parse(text: &str) -> Result<Self, RateLimitError> {
        let fail = || RateLimitError(text.to_owned());
        let (count, unit) = text.split_once('/').ok_or_else(fail)?;
        let count: u32 = count.trim().parse().ok().filter(|count| *count > 0).ok_or_else(fail)?;
        let seconds = match unit.trim() {
            "s" | "sec" | "second" => 1,
            "m" | "min" | "minute" => 60,
            "h" | "hour" => 3600,
            _ => return Err(fail()),
        };
        Ok(Self { interval: Duration::from_secs(seconds) / count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_limits_are_parsed() {
        assert_eq!(RateLimit::parse("100/s").expect("rate").interval, Duration::from_millis(10));
        assert_eq!(RateLimit::parse("60/m").expect("rate").interval, Duration::from_secs(1));
        for text in ["", "100", "0/s", "-1/s", "1/d", "x/s", "/s"] {
            assert!(RateLimit::parse(text).is_err(), "{text}");
        }
    }
}
