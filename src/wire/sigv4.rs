//! AWS Signature Version 4 over the bytes that are really sent.
//!
//! It never asks a clock: the time is an argument. Keys and signature are made by `aws-sigv4`; the
//! canonical request is made here, because the crate's own wants a target that is a well-formed URI,
//! and this product signs paths that are not. Where the crate can sign, a test holds both together.

use super::Message;
use super::finish::UNSIGNED;
use super::text::{civil, percent_encode};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// Keys and scope of a signature.
#[derive(Clone, PartialEq, Eq)]
pub struct SigV4 {
    /// The access key id.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: String,
    /// The token of temporary keys.
    pub session_token: Option<String>,
    /// The region of the scope.
    pub region: String,
    /// The service of the scope.
    pub service: String,
}

impl std::fmt::Debug for SigV4 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigV4").field("region", &self.region).field("service", &self.service).finish_non_exhaustive()
    }
}

/// The last signing key that was derived: it is the same for a day, and deriving it is half the work.
#[derive(Default)]
pub struct KeyCache {
    last: Option<(SigV4, String, Vec<u8>)>,
}

impl std::fmt::Debug for KeyCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyCache")
    }
}

impl KeyCache {
    fn key(&mut self, keys: &SigV4, day: &str, time: SystemTime) -> &[u8] {
        if !self.last.as_ref().is_some_and(|(known, known_day, _)| known == keys && known_day == day) {
            let key =
                aws_sigv4::sign::v4::generate_signing_key(&keys.secret_access_key, time, &keys.region, &keys.service);
            self.last = Some((keys.clone(), day.to_owned(), key.as_ref().to_vec()));
        }
        self.last.as_ref().map_or(&[], |(_, _, key)| key)
    }
}

/// The parts of an `Authorization` header, so that a damage can leave one out.
pub(super) struct Signature {
    pub(super) credential: String,
    pub(super) signed_headers: String,
    pub(super) signature: String,
}

/// The algorithm's name, first in the header.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Adds the date (and what else the scope wants) to the message and signs it; `host` is the host header.
///
/// The path is canonicalised as the receiving side does it: for every service but S3, dot segments and
/// empty segments are removed and what is left is encoded once more; for S3 it is taken as it is. The
/// message itself keeps its path to the byte.
pub(super) fn sign(
    message: &mut Message,
    keys: &SigV4,
    host: &str,
    time: SystemTime,
    cache: &mut KeyCache,
) -> Signature {
    let stamp = stamp(time);
    let day = &stamp[..8];
    let s3 = matches!(keys.service.as_str(), "s3" | "s3-object-lambda" | "s3-outposts" | "s3express");
    // Who leaves the body out of the signature says so in the header that S3 always wants.
    let unsigned = message.header("x-amz-content-sha256") == Some(UNSIGNED);
    let payload =
        if unsigned { UNSIGNED.to_owned() } else { data_encoding::HEXLOWER.encode(&Sha256::digest(&message.body)) };
    message.set_header("x-amz-date", stamp.as_str());
    if let Some(token) = &keys.session_token {
        message.set_header("x-amz-security-token", token.as_str());
    }
    if s3 && !unsigned {
        message.set_header("x-amz-content-sha256", payload.as_str());
    }
    let (path, query) =
        message.target.split_once('?').map_or((message.target.as_str(), ""), |(path, query)| (path, query));
    let path = if s3 { path.to_owned() } else { percent_encode(&normalised(path), b"/") };

    let mut headers: Vec<(String, String)> = message
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), squeezed(value)))
        // Left out of the signature: what proxies change on the way, and what connections add.
        .filter(|(name, _)| {
            !matches!(
                name.as_str(),
                "authorization" | "user-agent" | "x-amzn-trace-id" | "transfer-encoding" | "connection" | "expect"
            )
        })
        .collect();
    if !headers.iter().any(|(name, _)| name == "host") {
        headers.push(("host".to_owned(), host.to_owned()));
    }
    headers.sort_by(|one, other| one.0.cmp(&other.0));
    headers.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1.push(',');
            kept.1.push_str(&next.1);
        }
        same
    });
    let signed_headers = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");

    let mut canonical = String::with_capacity(512);
    let _ = writeln!(canonical, "{}\n{path}\n{}", message.method, canonical_query(query));
    for (name, value) in &headers {
        let _ = writeln!(canonical, "{name}:{value}");
    }
    let _ = write!(canonical, "\n{signed_headers}\n{payload}");

    let scope = format!("{day}/{}/{}/aws4_request", keys.region, keys.service);
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(canonical.as_bytes()));
    let to_sign = format!("{ALGORITHM}\n{stamp}\n{scope}\n{digest}");
    let signature = aws_sigv4::sign::v4::calculate_signature(cache.key(keys, day, time), to_sign.as_bytes());
    Signature { credential: format!("{}/{scope}", keys.access_key_id), signed_headers, signature }
}

/// `20150830T123600Z`.
fn stamp(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let seconds = i64::try_from(seconds).unwrap_or(0);
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// The path without empty and dot segments; a slash at the end stays.
fn normalised(path: &str) -> String {
    if !path.contains("//") && !path.contains("/.") {
        return if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    }
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    let folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    let end = if folder && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

/// Parameters sorted by name, then value; a name alone gets an empty value. What is encoded stays encoded.
fn canonical_query(query: &str) -> String {
    if query.is_empty() {
        return String::new();
    }
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encoded_once(name), encoded_once(value))
        })
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn encoded_once(text: &str) -> String {
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(text).collect();
    // Bytes that are no UTF-8 cannot pass through a text; they are kept as they were written.
    String::from_utf8(decoded).map_or_else(|_| text.to_owned(), |decoded| percent_encode(&decoded, b""))
}

/// Trimmed, and runs of spaces made one.
fn squeezed(value: &str) -> String {
    let value = value.trim();
    if !value.contains("  ") {
        return value.to_owned();
    }
    let mut out = String::with_capacity(value.len());
    for character in value.chars() {
        if character != ' ' || !out.ends_with(' ') {
            out.push(character);
        }
    }
    out
}
