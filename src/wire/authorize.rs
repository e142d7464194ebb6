//! Adds credentials to a request, intact or damaged.
//!
//! It never looks up keys: they are resolved by the caller, and the time is an argument.

use super::key_damage::{KeyChange, unknown_key};
use super::sigv4::{ALGORITHM, SigV4Signature, sign_request};
use super::text::percent_encode;
use super::{EncodedRequest, SigV4Keys, SigningKeyCache};
use crate::case::AuthDamage;
use std::time::SystemTime;

/// Credentials with the secrets themselves.
#[derive(Clone, PartialEq, Eq)]
pub enum ResolvedCredentials {
    /// `Authorization: Bearer KEY`.
    Bearer(String),
    /// AWS Signature Version 4.
    SigV4(SigV4Keys),
    /// `Authorization: Basic …`.
    Basic {
        /// The user's name.
        user: String,
        /// The password.
        password: String,
    },
    /// A key in a header.
    Header {
        /// The header's name.
        name: String,
        /// The key.
        value: String,
    },
    /// A key in the query.
    Query {
        /// The parameter's name.
        name: String,
        /// The key.
        value: String,
    },
    /// A key in a cookie.
    Cookie {
        /// The cookie's name.
        name: String,
        /// The key.
        value: String,
    },
    /// No credentials are sent.
    Anonymous,
}

impl std::fmt::Debug for ResolvedCredentials {
    /// Formats the credentials without the secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bearer(_) => f.write_str("Bearer(…)"),
            Self::SigV4(keys) => keys.fmt(f),
            Self::Basic { .. } => f.write_str("Basic(…)"),
            Self::Header { name, .. } => write!(f, "Header({name}: …)"),
            Self::Query { name, .. } => write!(f, "Query({name}=…)"),
            Self::Cookie { name, .. } => write!(f, "Cookie({name}=…)"),
            Self::Anonymous => f.write_str("Anonymous"),
        }
    }
}

/// The error returned if a damage does not apply to the kind of credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{scheme} credentials cannot be damaged this way: {damage:?}")]
pub struct AuthorizeError {
    /// The scheme: `bearer`, `basic`, `sigv4`, `header`, `query`, `cookie`, `anonymous`.
    pub scheme: &'static str,
    /// The damage.
    pub damage: AuthDamage,
}

/// What credentials in a request depend on besides the request and the credentials themselves.
#[derive(Clone, Copy, Debug)]
pub struct SigningContext<'a> {
    /// The host header that the transport will send if the request has none.
    pub host: &'a str,
    /// Time of the signature.
    pub time: SystemTime,
    /// The id of the case, from which an unknown key is drawn.
    pub case: &'a str,
}

/// Adds the credentials to a request whose every other byte is determined.
///
/// # Errors
/// Returns an error if the damage does not apply to this kind of credentials.
pub fn authorize(
    request: &mut EncodedRequest,
    credentials: &ResolvedCredentials,
    damage: Option<&AuthDamage>,
    context: &SigningContext<'_>,
    cache: &mut SigningKeyCache,
) -> Result<(), AuthorizeError> {
    let inapplicable = |scheme| Err(AuthorizeError { scheme, damage: damage.cloned().unwrap_or(AuthDamage::Empty) });
    match credentials {
        ResolvedCredentials::Anonymous => match damage {
            None => return Ok(()),
            Some(_) => return inapplicable("anonymous"),
        },
        ResolvedCredentials::Bearer(key) => {
            let value = match damage {
                None => format!("Bearer {key}"),
                Some(AuthDamage::Empty) => String::new(),
                Some(AuthDamage::SchemeOnly) => "Bearer".to_owned(),
                Some(AuthDamage::OtherScheme(scheme)) => format!("{scheme} {key}"),
                Some(AuthDamage::NoScheme) => key.clone(),
                Some(damage) => match damage_key(key, damage, context.case) {
                    Some(key) => format!("Bearer {key}"),
                    None => return inapplicable("bearer"),
                },
            };
            request.set_header("authorization", value);
        }
        ResolvedCredentials::Basic { user, password } => match basic_value(user, password, damage, context.case) {
            Some(value) => request.set_header("authorization", value),
            None => return inapplicable("basic"),
        },
        ResolvedCredentials::Header { name, value }
        | ResolvedCredentials::Query { name, value }
        | ResolvedCredentials::Cookie { name, value } => {
            let scheme = match credentials {
                ResolvedCredentials::Query { .. } => "query",
                ResolvedCredentials::Cookie { .. } => "cookie",
                _ => "header",
            };
            let value = match damage {
                None => value.clone(),
                Some(AuthDamage::Empty) => String::new(),
                Some(damage) => match damage_key(value, damage, context.case) {
                    Some(key) => key,
                    None => return inapplicable(scheme),
                },
            };
            match scheme {
                "query" => add_to_query(request, name, &value),
                "cookie" => add_cookie(request, name, &value),
                _ => request.set_header(name, value),
            }
        }
        ResolvedCredentials::SigV4(keys) => {
            let value = match damage {
                Some(AuthDamage::Empty) => String::new(),
                Some(AuthDamage::SchemeOnly) => ALGORITHM.to_owned(),
                damage => {
                    let id = damage.and_then(|damage| damage_key(&keys.access_key_id, damage, context.case));
                    let damaged = id.map(|access_key_id| SigV4Keys { access_key_id, ..keys.clone() });
                    let parts =
                        sign_request(request, damaged.as_ref().unwrap_or(keys), context.host, context.time, cache);
                    format_sigv4_header(&parts, damage)
                }
            };
            request.set_header("authorization", value);
        }
    }
    request.update_raw_for_headers();
    Ok(())
}

/// Returns the value of a basic scheme's header; `None` if the damage does not apply.
fn basic_value(user: &str, password: &str, damage: Option<&AuthDamage>, case: &str) -> Option<String> {
    let encoded = |password: &str| data_encoding::BASE64.encode(format!("{user}:{password}").as_bytes());
    Some(match damage {
        None => format!("Basic {}", encoded(password)),
        Some(AuthDamage::Empty) => String::new(),
        Some(AuthDamage::SchemeOnly) => "Basic".to_owned(),
        Some(AuthDamage::OtherScheme(scheme)) => format!("{scheme} {}", encoded(password)),
        Some(AuthDamage::NoScheme) => encoded(password),
        Some(damage) => format!("Basic {}", encoded(&damage_key(password, damage, case)?)),
    })
}

fn add_to_query(request: &mut EncodedRequest, name: &str, value: &str) {
    let separator = if request.target.contains('?') { '&' } else { '?' };
    let pair = format!("{}={}", percent_encode(name, b""), percent_encode(value, b""));
    request.target.push(separator);
    request.target.push_str(&pair);
}

fn add_cookie(request: &mut EncodedRequest, name: &str, value: &str) {
    let cookie = match request.header("cookie") {
        Some(others) => format!("{others}; {name}={value}"),
        None => format!("{name}={value}"),
    };
    request.set_header("cookie", cookie);
}

fn format_sigv4_header(parts: &SigV4Signature, damage: Option<&AuthDamage>) -> String {
    let signature = match damage {
        Some(AuthDamage::WrongSignature) => {
            parts.signature.chars().map(|digit| if digit == 'f' { '0' } else { next_hex_digit(digit) }).collect()
        }
        _ => parts.signature.clone(),
    };
    let mut all = String::with_capacity(ALGORITHM.len() + 256);
    match damage {
        Some(AuthDamage::NoScheme) => {}
        Some(AuthDamage::OtherScheme(scheme)) => all.extend([scheme, " "]),
        _ => all.extend([ALGORITHM, " "]),
    }
    let start = all.len();
    for (name, value) in
        [("Credential", &parts.credential), ("SignedHeaders", &parts.signed_headers), ("Signature", &signature)]
    {
        if matches!(damage, Some(AuthDamage::MissingPart(part)) if part == name) {
            continue;
        }
        if all.len() > start {
            all.push_str(", ");
        }
        all.extend([name, "=", value]);
    }
    all
}

fn next_hex_digit(digit: char) -> char {
    match digit {
        '9' => 'a',
        other => char::from_u32(u32::from(other) + 1).unwrap_or('0'),
    }
}

/// Returns the damaged key; `None` if the damage does not change the key, or would leave an equivalent one.
fn damage_key(key: &str, damage: &AuthDamage, case: &str) -> Option<String> {
    match damage {
        AuthDamage::KeyShortened => KeyChange::Shortened.apply(key),
        AuthDamage::KeyLengthened => KeyChange::Lengthened.apply(key),
        AuthDamage::KeyLastCharacter => KeyChange::LastCharacter.apply(key),
        AuthDamage::KeyLetterCase => KeyChange::LetterCase.apply(key),
        AuthDamage::UnknownKey => Some(unknown_key(key, case)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::EncodedBody;

    fn header(credentials: &ResolvedCredentials, damage: Option<AuthDamage>) -> Option<String> {
        let mut message = EncodedRequest {
            method: "GET".into(),
            target: "/".into(),
            headers: Vec::new(),
            body: EncodedBody::new(),
            raw: false,
        };
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_440_938_160);
        let context = SigningContext { host: "localhost", time, case: "s/Op/auth/unknown-key" };
        authorize(&mut message, credentials, damage.as_ref(), &context, &mut SigningKeyCache::default()).ok()?;
        message.header("authorization").map(str::to_owned)
    }

    #[test]
    fn bearer_keys_are_damaged_as_requested() {
        let credentials = ResolvedCredentials::Bearer("wbk_full".into());
        for (damage, expected) in [
            (None, "Bearer wbk_full"),
            (Some(AuthDamage::Empty), ""),
            (Some(AuthDamage::SchemeOnly), "Bearer"),
            (Some(AuthDamage::OtherScheme("Basic".into())), "Basic wbk_full"),
            (Some(AuthDamage::NoScheme), "wbk_full"),
            (Some(AuthDamage::KeyShortened), "Bearer wbk_ful"),
            (Some(AuthDamage::KeyLengthened), "Bearer wbk_fullx"),
            (Some(AuthDamage::KeyLastCharacter), "Bearer wbk_fulF"),
            (Some(AuthDamage::KeyLetterCase), "Bearer WBK_FULL"),
        ] {
            assert_eq!(header(&credentials, damage).as_deref(), Some(expected));
        }
        let unknown = header(&credentials, Some(AuthDamage::UnknownKey)).expect("applies");
        assert_eq!(unknown.len(), "Bearer wbk_full".len(), "{unknown}");
        assert!(unknown.starts_with("Bearer ") && !unknown.contains("wbk"), "nothing of the key is kept: {unknown}");
        let other = header(&ResolvedCredentials::Bearer("kbw_lluf".into()), Some(AuthDamage::UnknownKey));
        assert_eq!(other.as_deref(), Some(unknown.as_str()), "the key has no influence but its length and alphabet");
        assert_eq!(header(&credentials, Some(AuthDamage::WrongSignature)), None);
        assert_eq!(header(&ResolvedCredentials::Anonymous, None), None);
    }

    #[test]
    fn keys_in_queries_and_cookies_join_what_is_there() {
        let key = |name: &str| (name.to_owned(), "k/1".to_owned());
        let send = |credentials: &ResolvedCredentials, damage: Option<AuthDamage>, target: &str| {
            let mut message = EncodedRequest {
                method: "GET".into(),
                target: target.into(),
                headers: vec![("cookie".to_owned(), "lang=de".to_owned())],
                body: EncodedBody::new(),
                raw: false,
            };
            let context = SigningContext { host: "localhost", time: SystemTime::UNIX_EPOCH, case: "s/Op/auth/x" };
            authorize(&mut message, credentials, damage.as_ref(), &context, &mut SigningKeyCache::default())
                .expect("it applies");
            (message.target.clone(), message.header("cookie").unwrap_or_default().to_owned())
        };
        let (name, value) = key("key");
        let query = ResolvedCredentials::Query { name, value };
        assert_eq!(send(&query, None, "/a").0, "/a?key=k%2F1");
        assert_eq!(send(&query, Some(AuthDamage::Empty), "/a?b=1").0, "/a?b=1&key=");
        let (name, value) = key("sid");
        let cookie = ResolvedCredentials::Cookie { name, value };
        assert_eq!(send(&cookie, None, "/a").1, "lang=de; sid=k/1");
        let basic = ResolvedCredentials::Basic { user: "ada".into(), password: "secret".into() };
        assert_eq!(header(&basic, None).as_deref(), Some("Basic YWRhOnNlY3JldA=="));
        assert_eq!(header(&basic, Some(AuthDamage::SchemeOnly)).as_deref(), Some("Basic"));
        assert_eq!(header(&basic, Some(AuthDamage::KeyShortened)).as_deref(), Some("Basic YWRhOnNlY3Jl"));
        assert!(!format!("{basic:?}{query:?}{cookie:?}").contains("k/1"));
    }

    #[test]
    fn parts_of_a_signature_can_be_left_out() {
        let credentials = ResolvedCredentials::SigV4(SigV4Keys {
            access_key_id: "AKIDEXAMPLE".into(),
            secret_access_key: "secret".into(),
            session_token: None,
            region: "us-east-1".into(),
            service: "connect".into(),
        });
        let whole = header(&credentials, None).expect("applies");
        for part in ["Credential", "SignedHeaders", "Signature"] {
            let without = header(&credentials, Some(AuthDamage::MissingPart(part.into()))).expect("applies");
            assert!(whole.contains(&format!("{part}=")) && !without.contains(&format!("{part}=")), "{without}");
        }
        let wrong = header(&credentials, Some(AuthDamage::WrongSignature)).expect("applies");
        assert_eq!(wrong.len(), whole.len());
        assert_ne!(wrong, whole);
        assert!(!format!("{credentials:?}").contains("secret"));
    }
}
