//! Authenticates callers.
//!
//! Compares keys and checks the format of signatures; never verifies a signature.

use super::misbehavior::{Misbehavior, MisbehaviorSet};
use super::request::ServerRequest;
use super::server_config::ServerConfig;
use crate::contract::AuthScheme;
use std::borrow::Cow;

/// The identity that a request's credentials establish.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum CallerIdentity<'w> {
    /// A known caller, who lacks these permissions.
    Known(&'w [String]),
    /// An unknown caller.
    Unknown,
}

pub(super) fn identify_caller<'w>(
    config: &'w ServerConfig,
    schemes: &[AuthScheme],
    request: &ServerRequest<'_>,
    misbehaviors: MisbehaviorSet,
) -> CallerIdentity<'w> {
    if misbehaviors.has(Misbehavior::AuthIgnored) || schemes.contains(&AuthScheme::None) {
        return CallerIdentity::Known(&[]);
    }
    let credentials = request.header("authorization");
    if config.require_sigv4 {
        let fits = match credentials {
            Some(credentials) if misbehaviors.has(Misbehavior::AuthIncomplete) => !credentials.is_empty(),
            Some(credentials) => std::str::from_utf8(credentials).is_ok_and(is_sigv4),
            None => false,
        };
        return if fits { CallerIdentity::Known(&[]) } else { CallerIdentity::Unknown };
    }
    if config.bearer_keys.is_empty() {
        // No keys are configured: any credentials suffice if the contract requires some.
        let wanted = schemes.contains(&AuthScheme::Bearer);
        return if wanted && credentials.is_none() { CallerIdentity::Unknown } else { CallerIdentity::Known(&[]) };
    }
    let given: Vec<Cow<'_, [u8]>> = schemes.iter().filter_map(|scheme| read_key(scheme, request)).collect();
    let of_bearer = || credentials.and_then(|credentials| parse_bearer_key(credentials, misbehaviors));
    let find = |key: &[u8]| config.bearer_keys.iter().find(|known| keys_match(known.key.as_bytes(), key, misbehaviors));
    // A contract with several schemes lets the caller choose one.
    let known_key = given.iter().find(|key| find(key).is_some()).map(Cow::as_ref);
    let key = known_key.or_else(of_bearer).or(given.first().map(Cow::as_ref));
    let Some(key) = key else { return CallerIdentity::Unknown };
    let known = find(key);
    match known {
        Some(known) => CallerIdentity::Known(&known.missing_permissions),
        None if misbehaviors.has(Misbehavior::AuthAnyKey) && !key.is_empty() => CallerIdentity::Known(&[]),
        None if misbehaviors.has(Misbehavior::AuthEmptyKey) && key.is_empty() => CallerIdentity::Known(&[]),
        None => CallerIdentity::Unknown,
    }
}

/// Returns what a request gives for a scheme other than `Bearer`: the key, or name and password with a colon between them.
fn read_key<'r>(scheme: &AuthScheme, request: &'r ServerRequest<'_>) -> Option<Cow<'r, [u8]>> {
    match scheme {
        AuthScheme::Header { name, .. } => request.header(name).map(Cow::Borrowed),
        AuthScheme::Basic => {
            let text = std::str::from_utf8(request.header("authorization")?).ok()?;
            let (scheme, encoded) = text.trim().split_once(' ')?;
            let decoded = data_encoding::BASE64.decode(encoded.trim().as_bytes()).ok()?;
            scheme.eq_ignore_ascii_case("basic").then_some(Cow::Owned(decoded))
        }
        AuthScheme::Query { name } => {
            let (_, query) = request.target.split_once('?')?;
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            let decode = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
            pairs.find(|(key, _)| decode(key) == name.as_bytes()).map(|(_, value)| Cow::Owned(decode(value)))
        }
        AuthScheme::Cookie { name } => {
            let header = std::str::from_utf8(request.header("cookie")?).ok()?;
            let mut pairs = header.split(';').filter_map(|pair| pair.trim().split_once('='));
            pairs.find(|(key, _)| key == name).map(|(_, value)| Cow::Borrowed(value.as_bytes()))
        }
        AuthScheme::Bearer | AuthScheme::SigV4 { .. } | AuthScheme::None => None,
    }
}

/// Returns the key of `Bearer KEY`; the scheme's name is not case-sensitive (RFC 9110, 11.1).
fn parse_bearer_key(credentials: &[u8], misbehaviors: MisbehaviorSet) -> Option<&[u8]> {
    let credentials = credentials.trim_ascii();
    let (scheme, key) = match credentials.iter().position(|b| *b == b' ') {
        Some(space) => (&credentials[..space], credentials[space..].trim_ascii_start()),
        None if credentials.eq_ignore_ascii_case(b"bearer") || credentials.is_empty() => (credentials, &b""[..]),
        None if misbehaviors.has(Misbehavior::AuthNoScheme) => return Some(credentials),
        None => return None,
    };
    (scheme.eq_ignore_ascii_case(b"bearer")
        || misbehaviors.has(Misbehavior::AuthAnyScheme)
        || (misbehaviors.has(Misbehavior::AuthEmptyKey) && scheme.is_empty()))
    .then_some(key)
}

fn keys_match(known: &[u8], key: &[u8], misbehaviors: MisbehaviorSet) -> bool {
    if misbehaviors.has(Misbehavior::AuthPrefix) {
        let shared = known.len().saturating_sub(1).min(key.len());
        return shared + 1 >= known.len() && key[..shared] == known[..shared];
    }
    known == key || (misbehaviors.has(Misbehavior::AuthFolded) && known.eq_ignore_ascii_case(key))
}

/// Returns true if the header has the format of AWS Signature Version 4, see
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html>.
fn is_sigv4(header: &str) -> bool {
    let Some(parts) = header.trim().strip_prefix("AWS4-HMAC-SHA256 ") else { return false };
    let (mut credential, mut signed, mut signature) = (false, false, false);
    for part in parts.split(',') {
        let Some((name, value)) = part.trim().split_once('=') else { return false };
        match name {
            "Credential" => {
                let scope: Vec<&str> = value.split('/').collect();
                // An access key id may contain slashes in theory, so the scope is split from its end.
                let [.., id, date, region, service, end] = scope[..] else { return false };
                credential = !id.is_empty()
                    && date.len() == 8
                    && date.bytes().all(|b| b.is_ascii_digit())
                    && !region.is_empty()
                    && !service.is_empty()
                    && end == "aws4_request";
            }
            "SignedHeaders" => signed = value.split(';').all(|name| !name.is_empty()),
            "Signature" => signature = value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit()),
            _ => {}
        }
    }
    credential && signed && signature
}

#[cfg(test)]
mod tests {
    use super::super::server_config::BearerKey;
    use super::*;

    fn request<'a>(headers: &'a [(&'a str, &'a [u8])]) -> ServerRequest<'a> {
        ServerRequest { method: "GET", target: "/", headers, body: b"" }
    }

    #[test]
    fn incomplete_signature_is_accepted_only_with_the_fault() {
        let config = ServerConfig { require_sigv4: true, ..ServerConfig::default() };
        for (credentials, faithful, careless) in
            [(None, false, false), (Some(""), false, false), (Some("AWS4"), false, true)]
        {
            let headers: Vec<(&str, &[u8])> =
                credentials.into_iter().map(|one| ("authorization", one.as_bytes())).collect();
            for (misbehavior, expected) in [(None, faithful), (Some(Misbehavior::AuthIncomplete), careless)] {
                let caller = identify_caller(&config, &[], &request(&headers), misbehavior.into_iter().collect());
                assert_eq!(caller != CallerIdentity::Unknown, expected, "{credentials:?} {misbehavior:?}");
            }
        }
    }

    #[test]
    fn key_is_read_from_the_header_of_the_contract() {
        let known = BearerKey { key: "full".to_owned(), missing_permissions: Vec::new() };
        let config = ServerConfig { bearer_keys: vec![known], ..ServerConfig::default() };
        let own = [AuthScheme::Header { name: "x-key".to_owned(), prefix: None }];
        for (schemes, name, value, expected) in [
            (&own[..], "x-key", "full", true),
            (&own, "x-key", "other", false),
            (&own, "x-other", "full", false),
            (&own, "authorization", "Bearer full", true),
            (&[AuthScheme::Bearer], "x-key", "full", false),
            (&[AuthScheme::Bearer], "authorization", "bearer full", true),
        ] {
            let headers = [(name, value.as_bytes())];
            let caller = identify_caller(&config, schemes, &request(&headers), MisbehaviorSet::default());
            assert_eq!(caller != CallerIdentity::Unknown, expected, "{schemes:?} {name}: {value}");
        }
    }

    #[test]
    fn signature_requires_every_part() {
        let signature = "0".repeat(64);
        let whole = format!(
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/connect/aws4_request, SignedHeaders=host;x-amz-date, Signature={signature}"
        );
        assert!(is_sigv4(&whole));
        assert!(is_sigv4(&whole.replace(", ", ",")));
        for (part, other) in [
            ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
            ("Credential=", "Credentials="),
            ("/20260101", ""),
            ("20260101", "2026010"),
            ("20260101", "2026010x"),
            ("Credential=AKID", "Credential="),
            ("us-east-1", ""),
            ("connect", ""),
            ("aws4_request", "aws4"),
            ("SignedHeaders=host;x-amz-date, ", ""),
            ("Signature=0", "Signature="),
            ("Signature=0", "Signature=g"),
        ] {
            assert!(!is_sigv4(&whole.replace(part, other)), "{part}");
        }
    }
}
