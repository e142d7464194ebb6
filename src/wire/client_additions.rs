//! Adds to a request what a client adds after the body is complete: compression, a checksum, an unsigned payload.
//!
//! It never changes what a deliberate damage has set.

use super::{EncodedBody, EncodedRequest};
use crate::case::Damage;
use crate::contract::OperationTraits;
use md5::{Digest as _, Md5};
use std::io::Write as _;

/// Minimum size of a body to compress; the value is that of the
/// [SDKs](https://docs.aws.amazon.com/sdkref/latest/guide/feature-compression.html).
const MIN_COMPRESSED_BYTES: usize = 10_240;

/// The value signed in place of the body's hash if the signature does not cover the body.
pub(super) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

pub(super) fn apply_client_traits(request: &mut EncodedRequest, traits: &OperationTraits, damage: &[Damage]) {
    let is_set_by_damage = |name: &str| {
        damage.iter().any(|one| matches!(one, Damage::Header(header, _) if header.eq_ignore_ascii_case(name)))
    };
    let gzip = traits.compression.iter().any(|encoding| encoding == "gzip");
    if gzip && request.body.len() >= MIN_COMPRESSED_BYTES && !is_set_by_damage("content-encoding") {
        request.body = gzip_body(&request.body);
        let before = request.header("content-encoding").filter(|given| !given.is_empty());
        let encodings = before.map_or_else(|| "gzip".to_owned(), |given| format!("{given}, gzip"));
        request.set_header("content-encoding", encodings);
    }
    let has_checksum = || {
        request.headers.iter().any(|(name, _)| {
            let name = name.to_ascii_lowercase();
            name == "content-md5" || (name.starts_with("x-amz-checksum-") && name != "x-amz-checksum-mode")
        })
    };
    if traits.checksum_required && !is_set_by_damage("content-md5") && !has_checksum() {
        request.set_header("content-md5", data_encoding::BASE64.encode(&Md5::digest(&request.body)));
    }
    if traits.unsigned_payload && !is_set_by_damage("x-amz-content-sha256") {
        request.set_header("x-amz-content-sha256", UNSIGNED_PAYLOAD);
    }
}

fn gzip_body(body: &[u8]) -> EncodedBody {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).expect("writing to a vector cannot fail");
    encoder.finish().expect("writing to a vector cannot fail").into()
}
