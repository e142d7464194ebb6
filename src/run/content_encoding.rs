//! Decodes the content encodings of responses within a size limit.
//!
//! It never trusts a length that a server states.

use super::Framing;
use super::foreign::beginning;
use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::io::Read;

/// Maximum number of nested encodings.
const MOST: usize = 4;

/// Returns the decoded body, at most `limit` bytes of it.
pub(super) fn decoded(encoding: Option<&str>, body: Bytes, framing: Framing, limit: usize) -> (Bytes, Framing) {
    let Some(encoding) = encoding else { return (body, framing) };
    let mut body = body;
    let mut framing = framing;
    if encoding.split(',').nth(MOST).is_some() && matches!(framing, Framing::Complete | Framing::Trailing) {
        return (body, Framing::Undecodable(format!("more than {MOST} content encodings")));
    }
    // The last one named was applied last.
    for coding in encoding.split(',').rev().map(str::trim).take(MOST) {
        if body.is_empty() {
            break;
        }
        let (bytes, outcome) = match coding.to_ascii_lowercase().as_str() {
            "" | "identity" => continue,
            "gzip" | "x-gzip" => read(MultiGzDecoder::new(&*body), limit),
            // Some servers send raw deflate under this name, which RFC 9110 says is zlib.
            "deflate" if body[0] & 0x0f == 8 => read(ZlibDecoder::new(&*body), limit),
            "deflate" => read(DeflateDecoder::new(&*body), limit),
            other => (body.clone(), Err(format!("unknown content encoding `{}`", beginning(other.as_bytes())))),
        };
        body = bytes;
        match outcome {
            Ok(true) => {}
            Ok(false) => return (body, Framing::CutAtLimit),
            // A truncated body cannot be decoded to its end; the truncation is the better explanation.
            Err(reason) if framing == Framing::Complete || framing == Framing::Trailing => {
                framing = Framing::Undecodable(reason);
                return (body, framing);
            }
            Err(_) => return (body, framing),
        }
    }
    (body, framing)
}

/// Maximum number of bytes kept of a body that exceeds the limit: its end is never needed, and many may be held
/// concurrently.
const BEGINNING: usize = 256 * 1024;

/// Returns the bytes that could be read, and whether that was everything.
fn read(reader: impl Read, limit: usize) -> (Bytes, Result<bool, String>) {
    let mut out = Vec::new();
    let outcome = reader.take(limit as u64 + 1).read_to_end(&mut out);
    let whole = out.len() <= limit;
    if !whole {
        out.truncate(limit.min(BEGINNING));
        out.shrink_to_fit();
    }
    (out.into(), outcome.map(|_| whole).map_err(|error| error.to_string()))
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
        let plain = |encoding, body| decoded(Some(encoding), body, Framing::Complete, 1000);
        assert_eq!(plain("gzip", gzip(b"hello")), (Bytes::from("hello"), Framing::Complete));
        assert_eq!(plain("gzip, gzip", gzip(&gzip(b"hello"))), (Bytes::from("hello"), Framing::Complete));
        assert_eq!(plain("identity", Bytes::from("x")), (Bytes::from("x"), Framing::Complete));
        let (bomb, framing) = plain("gzip", gzip(&vec![0; 50_000_000]));
        assert_eq!((bomb.len(), framing), (1000, Framing::CutAtLimit));
        for (encoding, body) in
            [("gzip", Bytes::from("nope")), ("br", Bytes::from("x")), ("deflate", Bytes::from("\u{8}x"))]
        {
            assert!(matches!(plain(encoding, body).1, Framing::Undecodable(_)), "{encoding}");
        }
        let half = gzip(&[7; 100]).slice(..15);
        assert!(matches!(plain("gzip", half.clone()).1, Framing::Undecodable(_)));
        assert_eq!(decoded(Some("gzip"), half, Framing::Short, 1000).1, Framing::Short);
    }
}
