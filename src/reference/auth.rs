//! Authenticates callers.
//!
//! Compares keys and checks the format of signatures; never verifies a signature.

use super::request::Request;
use super::trick::{Trick, Tricks};
use super::world::World;
use crate::contract::Auth;

/// The identity that a request's credentials establish.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Caller<'w> {
    /// A known caller, who lacks these permissions.
    Known(&'w [String]),
    /// An unknown caller.
    Nobody,
}

pub(super) fn caller<'w>(world: &'w World, schemes: &[Auth], request: &Request<'_>, tricks: Tricks) -> Caller<'w> {
    if tricks.has(Trick::AuthIgnored) || schemes.contains(&Auth::None) {
        return Caller::Known(&[]);
    }
    let proof = request.header("authorization");
    if world.require_sigv4 {
        let fits = match proof {
            Some(proof) if tricks.has(Trick::AuthIncomplete) => !proof.is_empty(),
            Some(proof) => std::str::from_utf8(proof).is_ok_and(is_sigv4),
            None => false,
        };
        return if fits { Caller::Known(&[]) } else { Caller::Nobody };
    }
    if world.bearer_keys.is_empty() {
        // No keys are configured: any credentials suffice if the contract requires some.
        let wanted = schemes.contains(&Auth::Bearer);
        return if wanted && proof.is_none() { Caller::Nobody } else { Caller::Known(&[]) };
    }
    let in_header = schemes.iter().find_map(|scheme| match scheme {
        Auth::Header { name } => request.header(name),
        _ => None,
    });
    let key = in_header.or_else(|| proof.and_then(|proof| bearer(proof, tricks)));
    let Some(key) = key else { return Caller::Nobody };
    let known = world.bearer_keys.iter().find(|known| same(known.key.as_bytes(), key, tricks));
    match known {
        Some(known) => Caller::Known(&known.lacks),
        None if tricks.has(Trick::AuthAnyKey) && !key.is_empty() => Caller::Known(&[]),
        None if tricks.has(Trick::AuthEmptyKey) && key.is_empty() => Caller::Known(&[]),
        None => Caller::Nobody,
    }
}

/// Returns the key of `Bearer KEY`; the scheme's name is not case-sensitive (RFC 9110, 11.1).
fn bearer(proof: &[u8], tricks: Tricks) -> Option<&[u8]> {
    let proof = proof.trim_ascii();
    let (scheme, key) = match proof.iter().position(|b| *b == b' ') {
        Some(space) => (&proof[..space], proof[space..].trim_ascii_start()),
        None if proof.eq_ignore_ascii_case(b"bearer") || proof.is_empty() => (proof, &b""[..]),
        None if tricks.has(Trick::AuthNoScheme) => return Some(proof),
        None => return None,
    };
    (scheme.eq_ignore_ascii_case(b"bearer")
        || tricks.has(Trick::AuthAnyScheme)
        || (tricks.has(Trick::AuthEmptyKey) && scheme.is_empty()))
    .then_some(key)
}

fn same(known: &[u8], key: &[u8], tricks: Tricks) -> bool {
    if tricks.has(Trick::AuthPrefix) {
        let shared = known.len().saturating_sub(1).min(key.len());
        return shared + 1 >= known.len() && key[..shared] == known[..shared];
    }
    known == key || (tricks.has(Trick::AuthFolded) && known.eq_ignore_ascii_case(key))
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
    use super::super::world::BearerKey;
    use super::*;

    fn request<'a>(headers: &'a [(&'a str, &'a [u8])]) -> Request<'a> {
        Request { method: "GET", target: "/", headers, body: b"" }
    }

    #[test]
    fn incomplete_signature_is_accepted_only_with_the_fault() {
        let world = World { require_sigv4: true, ..World::default() };
        for (proof, faithful, careless) in [(None, false, false), (Some(""), false, false), (Some("AWS4"), false, true)]
        {
            let headers: Vec<(&str, &[u8])> = proof.into_iter().map(|one| ("authorization", one.as_bytes())).collect();
            for (trick, due) in [(None, faithful), (Some(Trick::AuthIncomplete), careless)] {
                let caller = caller(&world, &[], &request(&headers), trick.into_iter().collect());
                assert_eq!(caller != Caller::Nobody, due, "{proof:?} {trick:?}");
            }
        }
    }

    #[test]
    fn key_is_read_from_the_header_of_the_contract() {
        let known = BearerKey { key: "full".to_owned(), lacks: Vec::new() };
        let world = World { bearer_keys: vec![known], ..World::default() };
        let own = [Auth::Header { name: "x-key".to_owned() }];
        for (schemes, name, value, due) in [
            (&own[..], "x-key", "full", true),
            (&own, "x-key", "other", false),
            (&own, "x-other", "full", false),
            (&own, "authorization", "Bearer full", true),
            (&[Auth::Bearer], "x-key", "full", false),
            (&[Auth::Bearer], "authorization", "bearer full", true),
        ] {
            let headers = [(name, value.as_bytes())];
            let caller = caller(&world, schemes, &request(&headers), Tricks::default());
            assert_eq!(caller != Caller::Nobody, due, "{schemes:?} {name}: {value}");
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
