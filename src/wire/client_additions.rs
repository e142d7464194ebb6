//! Adds to a request what a client adds after the body is complete: compression, a checksum, an unsigned payload.
//!
//! It never changes what a deliberate damage has set.

use super::{Body, Message};
use crate::contract::OperationTraits;
use crate::generate::Damage;
use md5::{Digest as _, Md5};
use std::io::Write as _;

/// Minimum size of a body to compress; the value is that of the
/// [SDKs](https://docs.aws.amazon.com/sdkref/latest/guide/feature-compression.html).
const LEAST_COMPRESSED: usize = 10_240;

/// The value signed in place of the body's hash if the signature does not cover the body.
pub(super) const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

pub(super) fn finish(message: &mut Message, traits: &OperationTraits, damage: &[Damage]) {
    let decided = |name: &str| {
        damage.iter().any(|one| matches!(one, Damage::Header(header, _) if header.eq_ignore_ascii_case(name)))
    };
    let gzip = traits.compression.iter().any(|encoding| encoding == "gzip");
    if gzip && message.body.len() >= LEAST_COMPRESSED && !decided("content-encoding") {
        message.body = compressed(&message.body);
        let before = message.header("content-encoding").filter(|given| !given.is_empty());
        let encodings = before.map_or_else(|| "gzip".to_owned(), |given| format!("{given}, gzip"));
        message.set_header("content-encoding", encodings);
    }
    let has_checksum = || {
        message.headers.iter().any(|(name, _)| {
            let name = name.to_ascii_lowercase();
            name == "content-md5" || (name.starts_with("x-amz-checksum-") && name != "x-amz-checksum-mode")
        })
    };
    if traits.checksum_required && !decided("content-md5") && !has_checksum() {
        message.set_header("content-md5", data_encoding::BASE64.encode(&Md5::digest(&message.body)));
    }
    if traits.unsigned_payload && !decided("x-amz-content-sha256") {
        message.set_header("x-amz-content-sha256", UNSIGNED);
    }
}

fn compressed(body: &[u8]) -> Body {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).expect("writing to a vector cannot fail");
    encoder.finish().expect("writing to a vector cannot fail").into()
}
