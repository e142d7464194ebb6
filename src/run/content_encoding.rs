//! Decodes the content encodings of responses within a size limit.
//!
//! It never trusts a length that a server states.

use super::body_framing::BodyFraming;
use super::excerpt::first_line_excerpt;
use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::io::Read;

/// Maximum number of nested encodings.
const MAX_ENCODINGS: usize = 4;

/// Returns the decoded body, at most `limit` bytes of it.
pub(super) fn decode_body(
    encoding: Option<&str>,
    body: Bytes,
    framing: BodyFraming,
    limit: usize,
) -> (Bytes, BodyFraming) {
    let Some(encoding) = encoding else { return (body, framing) };
    let mut body = body;
    if encoding.split(',').nth(MAX_ENCODINGS).is_some()
        && matches!(framing, BodyFraming::Complete | BodyFraming::Trailing)
    {
        return (body, BodyFraming::Undecodable(format!("more than {MAX_ENCODINGS} content encodings")));
    }
    // The last one named was applied last.
    for coding in encoding.split(',').rev().map(str::trim).take(MAX_ENCODINGS) {
        if body.is_empty() {
            break;
        }
        let (bytes, outcome) = match coding.to_ascii_lowercase().as_str() {
            "" | "identity" => continue,
            "gzip" | "x-gzip" => read_limited(MultiGzDecoder::new(&*body), limit),
            // Some servers send raw deflate under this name, which RFC 9110 says is zlib.
            "deflate" if body[0] & 0x0f == 8 => read_limited(ZlibDecoder::new(&*body), limit),
            "deflate" => read_limited(DeflateDecoder::new(&*body), limit),
            other => (
                body.clone(),
                Err(std::io::Error::other(format!(
                    "unknown content encoding `{}`",
                    first_line_excerpt(other.as_bytes())
                ))),
            ),
        };
        body = bytes;
        match outcome {
            Ok(true) => {}
            Ok(false) => return (body, BodyFraming::Truncated),
            // A truncated body cannot be decoded to its end; the truncation is the better explanation.
            Err(reason) if framing == BodyFraming::Complete || framing == BodyFraming::Trailing => {
                return (body, BodyFraming::Undecodable(reason.to_string()));
            }
            Err(_) => return (body, framing),
        }
    }
    (body, framing)
}

/// Maximum number of bytes kept of a body that exceeds the limit: its end is never needed, and many may be held
/// concurrently.
const MAX_TRUNCATED_BYTES: usize = 256 * 1024;

/// Returns the bytes that could be read, and whether that was everything.
fn read_limited(reader: impl Read, limit: usize) -> (Bytes, std::io::Result<bool>) {
    let mut out = Vec::new();
    let outcome = reader.take(limit as u64 + 1).read_to_end(&mut out);
    let whole = out.len() <= limit;
    if !whole {
        out.truncate(limit.min(MAX_TRUNCATED_BYTES));
        out.shrink_to_fit();
    }
    (out.into(), outcome.map(|_| whole))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn gzip(bytes: &[u8]) -> Bytes {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).expect("memory");
        encoder.finish().expect("memory").into()
    }

    #[test]
    fn bodies_are_decoded_or_the_reason_is_given() {
        let plain = |encoding, body| decode_body(Some(encoding), body, BodyFraming::Complete, 1000);
        assert_eq!(plain("gzip", gzip(b"hello")), (Bytes::from("hello"), BodyFraming::Complete));
        assert_eq!(plain("gzip, gzip", gzip(&gzip(b"hello"))), (Bytes::from("hello"), BodyFraming::Complete));
        assert_eq!(plain("identity", Bytes::from("x")), (Bytes::from("x"), BodyFraming::Complete));
        let (bomb, framing) = plain("gzip", gzip(&vec![0; 50_000_000]));
        assert_eq!((bomb.len(), framing), (1000, BodyFraming::Truncated));
        for (encoding, body) in
            [("gzip", Bytes::from("nope")), ("br", Bytes::from("x")), ("deflate", Bytes::from("\u{8}x"))]
        {
            assert!(matches!(plain(encoding, body).1, BodyFraming::Undecodable(_)), "{encoding}");
        }
        let half = gzip(&[7; 100]).slice(..15);
        assert!(matches!(plain("gzip", half.clone()).1, BodyFraming::Undecodable(_)));
        assert_eq!(decode_body(Some("gzip"), half, BodyFraming::Short, 1000).1, BodyFraming::Short);
    }
}
