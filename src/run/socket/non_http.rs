//! Describes bytes that are not HTTP/1.1, and recognizes the protocol that they belong to.
//!
//! It never quotes more of them than a person would read.

use crate::run::TransportError;
use crate::run::excerpt::first_line_excerpt;

/// Returns the error for bytes that are not an HTTP response.
pub(super) fn not_http_error(reason: &str, bytes: &[u8]) -> TransportError {
    TransportError::NotHttp(match recognize_protocol(bytes) {
        Some(language) => language.to_owned(),
        None => format!("{reason}: `{}`", first_line_excerpt(bytes)),
    })
}

/// Recognizes the protocol of a server by the first bytes that it sent.
fn recognize_protocol(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        // A TLS record: alert or handshake, and the version's first byte.
        [0x15 | 0x16, 3, ..] => Some("the server uses TLS; did you mean `https://`?"),
        // An HTTP/2 frame on stream 0: SETTINGS or GOAWAY.
        [0, 0, _, 4 | 7, _, 0, 0, 0, 0, ..] => Some("the server uses HTTP/2, but the request was HTTP/1.1"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe_bytes(bytes: &[u8]) -> String {
        not_http_error("no status line", bytes).to_string()
    }

    #[test]
    fn other_protocols_are_named_or_quoted() {
        assert_eq!(
            describe_bytes(b"\x15\x03\x01\0\x02\x02\x46"),
            "not HTTP: the server uses TLS; did you mean `https://`?"
        );
        assert!(describe_bytes(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64").contains("HTTP/2"));
        assert_eq!(describe_bytes(b"SSH-2.0-x\r\nmore"), "not HTTP: no status line: `SSH-2.0-x`");
        assert_eq!(describe_bytes(b"\0\x1b[2J"), "not HTTP: no status line: `\\x00\\x1b[2J`");
        assert_eq!(describe_bytes(&[b'x'; 1000]), format!("not HTTP: no status line: `{}…`", "x".repeat(40)));
        assert_eq!(describe_bytes(b""), "not HTTP: no status line: ``");
    }
}
