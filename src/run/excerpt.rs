//! Quotes bytes that a server sent, for messages.
//!
//! It never quotes more of them than a person would read.

/// Maximum number of received bytes that are quoted.
const MAX_QUOTED_BYTES: usize = 40;

/// Returns the first line of some bytes, truncated if it is long.
pub(super) fn first_line_excerpt(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let cut = &line[..line.len().min(MAX_QUOTED_BYTES)];
    format!("{}{}", cut.escape_ascii(), if cut.len() < line.len() { "…" } else { "" })
}
