//! AWS Signature Version 4, computed over the bytes that are really sent.
//!
//! It never reads a clock: the time is an argument. The `aws-sigv4` crate is not used, because its canonical request
//! requires a target that is a well-formed URI, and overstep signs paths that are not; what would be left to that
//! crate, five HMACs, is not worth the thirty crates that it brings. For targets that it can sign, a test checks that
//! both signatures are equal.

use super::EncodedRequest;
use super::client_additions::UNSIGNED_PAYLOAD;
use super::text::percent_encode;
use crate::contract::civil_from_days;
use hmac::{Hmac, KeyInit, Mac as _};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

/// Keys and scope of a signature.
#[derive(Clone, PartialEq, Eq)]
pub struct SigV4Keys {
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

impl std::fmt::Debug for SigV4Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigV4").field("region", &self.region).field("service", &self.service).finish_non_exhaustive()
    }
}

/// Caches the last signing key: it stays the same for a day, and deriving it is half the work.
#[derive(Default)]
pub struct SigningKeyCache {
    last: Option<(SigV4Keys, String, Vec<u8>)>,
    /// The last second in which something was signed, with its formatted timestamp.
    second: Option<(u64, String)>,
}

impl std::fmt::Debug for SigningKeyCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyCache")
    }
}

impl SigningKeyCache {
    fn signing_key(&mut self, keys: &SigV4Keys, day: &str) -> &[u8] {
        if !self.last.as_ref().is_some_and(|(known, known_day, _)| known == keys && known_day == day) {
            let secret = ["AWS4", &keys.secret_access_key].concat();
            let key = [day, &keys.region, &keys.service, "aws4_request"]
                .iter()
                .fold(secret.into_bytes(), |key, part| hmac_sha256(&key, part.as_bytes()));
            self.last = Some((keys.clone(), day.to_owned(), key));
        }
        self.last.as_ref().map_or(&[], |(_, _, key)| key)
    }

    /// Returns the timestamp as `20150830T123600Z`.
    fn timestamp(&mut self, time: SystemTime) -> String {
        let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        match &self.second {
            Some((known, stamp)) if *known == seconds => stamp.clone(),
            _ => self.second.insert((seconds, stamp(seconds))).1.clone(),
        }
    }
}

/// The parts of an `Authorization` header, so that a damage can leave one out.
pub(super) struct SigV4Signature {
    pub(super) credential: String,
    pub(super) signed_headers: String,
    pub(super) signature: String,
    /// The intermediate stages, so that a test can check each.
    #[cfg(test)]
    canonical: String,
    #[cfg(test)]
    to_sign: String,
}

/// The algorithm's name, first in the header.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// Adds the date (and the other headers that the signature requires) to the request and signs it; `host` is the
/// host header.
///
/// The path is canonicalised as the receiving side does it: for every service but S3, dot segments and
/// empty segments are removed and the rest is encoded once more; for S3 it is used unchanged. The
/// path of the request itself stays the same to the byte.
pub(super) fn sign_request(
    request: &mut EncodedRequest,
    keys: &SigV4Keys,
    host: &str,
    time: SystemTime,
    cache: &mut SigningKeyCache,
) -> SigV4Signature {
    let stamp = cache.timestamp(time);
    let day = &stamp[..8];
    let s3 = matches!(keys.service.as_str(), "s3" | "s3-object-lambda" | "s3-outposts" | "s3express");
    // An unsigned payload is announced in the header that S3 always requires.
    let unsigned = request.header("x-amz-content-sha256") == Some(UNSIGNED_PAYLOAD);
    let payload = if unsigned {
        UNSIGNED_PAYLOAD.to_owned()
    } else {
        data_encoding::HEXLOWER.encode(&Sha256::digest(&request.body))
    };
    request.set_header("x-amz-date", stamp.as_str());
    if let Some(token) = &keys.session_token {
        request.set_header("x-amz-security-token", token.as_str());
    }
    if s3 && !unsigned {
        request.set_header("x-amz-content-sha256", payload.as_str());
    }
    let (path, query) =
        request.target.split_once('?').map_or((request.target.as_str(), ""), |(path, query)| (path, query));
    let path = if s3 { path.to_owned() } else { percent_encode(&normalize_path(path), b"/") };

    let headers = canonical_headers(request, host);
    let signed_headers = headers.iter().map(|(name, _)| name.as_ref()).collect::<Vec<_>>().join(";");
    let query = canonical_query(query);
    let mut canonical = String::with_capacity(512);
    append_all(&mut canonical, &[&request.method, "\n", &path, "\n", &query, "\n"]);
    for (name, value) in &headers {
        append_all(&mut canonical, &[name, ":", value, "\n"]);
    }
    append_all(&mut canonical, &["\n", &signed_headers, "\n", &payload]);

    let mut scope = String::with_capacity(64);
    append_all(&mut scope, &[day, "/", &keys.region, "/", &keys.service, "/aws4_request"]);
    let mut to_sign = String::with_capacity(192);
    append_all(&mut to_sign, &[ALGORITHM, "\n", &stamp, "\n", &scope, "\n"]);
    data_encoding::HEXLOWER.encode_append(&Sha256::digest(canonical.as_bytes()), &mut to_sign);
    let signature = data_encoding::HEXLOWER.encode(&hmac_sha256(cache.signing_key(keys, day), to_sign.as_bytes()));
    SigV4Signature {
        credential: [&keys.access_key_id, "/", &scope].concat(),
        signed_headers,
        signature,
        #[cfg(test)]
        canonical,
        #[cfg(test)]
        to_sign,
    }
}

/// Returns the signed headers with their canonical values, sorted by name.
fn canonical_headers<'a>(request: &'a EncodedRequest, host: &'a str) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    // Headers that proxies change on the way, or that connections add, are not signed.
    const UNSIGNED_HEADERS: [&str; 6] =
        ["authorization", "user-agent", "x-amzn-trace-id", "transfer-encoding", "connection", "expect"];
    let mut headers: Vec<(Cow<'_, str>, Cow<'_, str>)> = request
        .headers
        .iter()
        .map(|(name, value)| (lowercase_name(name), collapse_spaces(value)))
        .filter(|(name, _)| !UNSIGNED_HEADERS.contains(&name.as_ref()))
        .collect();
    if !headers.iter().any(|(name, _)| name == "host") {
        headers.push((Cow::Borrowed("host"), Cow::Borrowed(host)));
    }
    headers.sort_by(|one, other| one.0.cmp(&other.0));
    headers.dedup_by(|next, first| {
        let is_same = next.0 == first.0;
        if is_same {
            let value = first.1.to_mut();
            value.push(',');
            value.push_str(&next.1);
        }
        is_same
    });
    headers
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).map(|mac| mac.chain_update(text).finalize().into_bytes().to_vec());
    // HMAC accepts keys of any length, so this cannot fail.
    mac.unwrap_or_default()
}

fn stamp(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(0);
    let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

/// Returns the path without empty and dot segments; a trailing slash stays.
fn normalize_path(path: &str) -> String {
    if !path.contains("//") && !path.contains("/.") {
        return if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    }
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    let end = if folder && !segments.is_empty() { "/" } else { "" };
    format!("/{}{end}", segments.join("/"))
}

/// Returns the parameters sorted by name, then value; a name alone gets an empty value. Encoded characters stay
/// encoded.
fn canonical_query(query: &str) -> String {
    if query.is_empty() {
        return String::new();
    }
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (normalize_encoding(name), normalize_encoding(value))
        })
        .collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn normalize_encoding(text: &str) -> String {
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(text).collect();
    // Bytes that are not UTF-8 cannot be held in a string; they stay as they were written.
    String::from_utf8(decoded).map_or_else(|_| text.to_owned(), |decoded| percent_encode(&decoded, b""))
}

/// Returns the value trimmed, with runs of spaces collapsed into one.
fn collapse_spaces(value: &str) -> Cow<'_, str> {
    let value = value.trim();
    if !value.contains("  ") {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    for character in value.chars() {
        if character != ' ' || !out.ends_with(' ') {
            out.push(character);
        }
    }
    Cow::Owned(out)
}

fn lowercase_name(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn append_all(text: &mut String, parts: &[&str]) {
    for part in parts {
        text.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{EncodedBody, use_virtual_hosted_style};
    use std::time::Duration;

    fn sign_example(
        service: &str,
        seconds: u64,
        host: &str,
        (method, target): (&str, &str),
        headers: &[(&str, &str)],
        body: &str,
    ) -> (EncodedRequest, SigV4Signature) {
        let keys = SigV4Keys {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret_access_key: match service {
                "s3" => "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
                _ => "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            },
            session_token: None,
            region: "us-east-1".into(),
            service: service.into(),
        };
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let body = EncodedBody::copy_from_slice(body.as_bytes());
        let mut message = EncodedRequest { method: method.into(), target: target.into(), headers, body, raw: false };
        let time = UNIX_EPOCH + Duration::from_secs(seconds);
        let signature = sign_request(&mut message, &keys, host, time, &mut SigningKeyCache::default());
        (message, signature)
    }

    /// The cases get-vanilla and get-relative of AWS's Signature Version 4 test suite.
    #[test]
    fn every_stage_matches_the_aws_test_suite() {
        for target in ["/", "/example/..", "/./", "//"] {
            let (_, stages) = sign_example("service", 1_440_938_160, "example.amazonaws.com", ("GET", target), &[], "");
            assert_eq!(
                stages.canonical,
                "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n\
                 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            );
            assert_eq!(
                stages.to_sign,
                "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n\
                 bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63"
            );
            assert_eq!(stages.signature, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
        }
    }

    /// The examples of
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>.
    #[test]
    fn every_stage_for_s3_matches_its_documentation() {
        let put = [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")];
        for (line, headers, body, canonical, signature) in [
            (
                ("GET", "/test.txt"),
                &[("Range", "bytes=0-9")][..],
                "",
                "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972",
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (
                ("PUT", "/test%24file.text"),
                &put,
                "Welcome to Amazon S3.",
                "9e0e90d9c76de8fa5b200d8c849cd5b8dc7a3be3951ddb7f6a76b4158342019d",
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ),
            (
                ("GET", "/?lifecycle"),
                &[],
                "",
                "9766c798316ff2757b517bc739a67f6213b4ab36dd5da2f94eaebf79c77395ca",
                "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
            ),
            (
                ("GET", "/?max-keys=2&prefix=J"),
                &[],
                "",
                "df57d21db20da04d7fa30298dd4488ba3a2b47ca3a489c74750e0f1e7df1b9b7",
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ] {
            let (_, stages) = sign_example("s3", 1_369_353_600, "examplebucket.s3.amazonaws.com", line, headers, body);
            let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(stages.canonical.as_bytes()));
            assert_eq!(digest, canonical, "{line:?}\n{}", stages.canonical);
            assert!(stages.to_sign.ends_with(canonical), "{}", stages.to_sign);
            assert_eq!(stages.signature, signature, "{line:?}");
        }
    }

    #[test]
    fn path_is_normalised_for_all_services_but_s3() {
        let path = |service: &str, target: &str| {
            let (message, stages) = sign_example(service, 0, "h", ("GET", target), &[], "");
            assert_eq!(message.target, target, "what is sent stays as it is");
            stages.canonical.lines().nth(1).map(str::to_owned)
        };
        for (target, s3, other) in [
            ("/b/a//b/../c", "/b/a//b/../c", "/b/a/c"),
            ("/b/./k%20x/", "/b/./k%20x/", "/b/k%2520x/"),
            ("/b//", "/b//", "/b/"),
        ] {
            assert_eq!(path("s3", target).as_deref(), Some(s3));
            assert_eq!(path("iam", target).as_deref(), Some(other));
        }
    }

    #[test]
    fn unsigned_payload_is_announced_and_does_not_depend_on_the_body() {
        let unsigned = [("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
        let (message, one) = sign_example("s3", 0, "h", ("PUT", "/b/k"), &unsigned, "one");
        let (_, other) = sign_example("s3", 0, "h", ("PUT", "/b/k"), &unsigned, "other");
        assert_eq!(one.signature, other.signature);
        assert!(one.canonical.ends_with("\nUNSIGNED-PAYLOAD"), "{}", one.canonical);
        assert_eq!(message.header("x-amz-content-sha256"), Some("UNSIGNED-PAYLOAD"));
        let (_, signed) = sign_example("s3", 0, "h", ("PUT", "/b/k"), &[], "one");
        assert_ne!(signed.signature, one.signature);
    }

    #[test]
    fn both_s3_styles_are_signed_as_sent() {
        let style = |target: &str| {
            let (mut message, _) = sign_example("s3", 0, "h:9000", ("GET", target), &[], "");
            use_virtual_hosted_style(&mut message, "/base", "h:9000");
            (message.header("host").map(str::to_owned), message.target, message.raw)
        };
        for (path, host, target) in [
            ("/base/bucket/a//b?x=y", Some("bucket.h:9000"), "/base/a//b?x=y"),
            ("/base/bucket", Some("bucket.h:9000"), "/base/"),
            ("/base/my.bucket?list-type=2", Some("my.bucket.h:9000"), "/base/?list-type=2"),
            ("/base/", None, "/base/"),
            ("/base/Old_Bucket/k", None, "/base/Old_Bucket/k"),
        ] {
            assert_eq!(style(path), (host.map(str::to_owned), target.to_owned(), host.is_some()), "{path}");
        }
        // The signature covers the host header of the request itself.
        let (_, stages) = sign_example("s3", 0, "h", ("GET", "/k"), &[("host", "bucket.h")], "");
        assert!(stages.canonical.contains("\nhost:bucket.h\n"), "{}", stages.canonical);
    }
}
