//! Compressed request bodies.
//!
//! Never inflates more than the maximum length of a body.

use crate::contract::OperationTraits;
use crate::reference::body_parser::ReadFailure;
use crate::reference::request::{MAX_BODY_LENGTH, ServerRequest};
use std::io::Read as _;

/// Returns true if clients may compress the request bodies of an operation.
pub(super) fn allows_compression(traits: &OperationTraits) -> bool {
    traits.compression.iter().any(|encoding| encoding == "gzip")
}

/// Returns true if gzip is the last content encoding of a request.
pub(super) fn is_gzip_encoded(request: &ServerRequest<'_>) -> bool {
    let encodings =
        request.header("content-encoding").and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default();
    encodings.rsplit(',').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("gzip"))
}

pub(super) fn decompress(body: &[u8]) -> Result<Vec<u8>, ReadFailure> {
    let mut whole = Vec::new();
    let most = MAX_BODY_LENGTH as u64 + 1;
    match flate2::read::GzDecoder::new(body).take(most).read_to_end(&mut whole) {
        Ok(length) if length as u64 == most => Err(ReadFailure::Malformed("the body is too large".to_owned())),
        Ok(_) => Ok(whole),
        Err(error) => Err(ReadFailure::Malformed(format!("the body is not valid gzip: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::testing::compress_gzip;

    fn spaces(length: usize) -> Vec<u8> {
        compress_gzip(&vec![b' '; length])
    }

    #[test]
    fn size_limit_applies_to_the_uncompressed_body() {
        assert_eq!(decompress(&spaces(MAX_BODY_LENGTH)).map(|whole| whole.len()).ok(), Some(MAX_BODY_LENGTH));
        for length in [MAX_BODY_LENGTH + 1, MAX_BODY_LENGTH + 2, MAX_BODY_LENGTH * 3] {
            assert!(
                matches!(decompress(&spaces(length)), Err(ReadFailure::Malformed(why)) if why.contains("too large")),
                "{length}"
            );
        }
        assert!(decompress(b"plain").is_err());
        let whole = spaces(100);
        assert!(decompress(&whole[..whole.len() - 9]).is_err());
    }

    #[test]
    fn only_the_last_content_encoding_counts() {
        for (encoding, expected) in [
            (Some("gzip"), true),
            (Some("GZIP"), true),
            (Some("br, gzip"), true),
            (Some("gzip, br"), false),
            (Some("gzipped"), false),
            (Some(""), false),
            (None, false),
        ] {
            let headers: Vec<(&str, &[u8])> =
                encoding.into_iter().map(|one| ("Content-Encoding", one.as_bytes())).collect();
            let request = ServerRequest { method: "POST", target: "/", headers: &headers, body: b"" };
            assert_eq!(is_gzip_encoded(&request), expected, "{encoding:?}");
        }
        let traits = |all: &[&str]| OperationTraits {
            compression: all.iter().map(|one| (*one).to_owned()).collect(),
            ..OperationTraits::default()
        };
        assert!(
            allows_compression(&traits(&["br", "gzip"]))
                && !allows_compression(&traits(&["br"]))
                && !allows_compression(&traits(&[]))
        );
    }
}
