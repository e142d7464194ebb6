//! Hides secrets in texts, and splits requests at them.
//!
//! It never outputs a secret, and never breaks the structure of a JSON or XML text.

use super::search::{SecretMatch, SecretSearch, TextOrigin};
use super::secret::{MatchKind, RedactedSecret, SecretScope, mask_text};
use super::structure::{EscapeWalk, RangeKind, text_ranges};
use crate::wire::key_damage::KeyChange;
use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

/// The secrets that must not be shown, and the variables shown instead. A clone is cheap.
#[derive(Clone, Default)]
pub struct Redaction {
    /// The secrets; those that are added later are seen by all clones.
    search: Arc<RwLock<Option<Arc<SecretSearch>>>>,
    /// Headers that hold credentials, in lower case.
    credential_headers: Vec<String>,
    aws: Option<(String, bool)>,
}

impl std::fmt::Debug for Redaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redaction({} secrets)", self.secrets().len())
    }
}

/// A part of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestPart<'a> {
    /// The value of this header.
    Header(&'a str),
    /// Method, target or body.
    Other,
}

/// A piece of a word: literal bytes, or a reference to a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedactedPiece<'a> {
    /// Literal bytes.
    Bytes(&'a [u8]),
    /// A secret, by the name of its variable.
    Variable(String),
    /// A key that was derived from the secret in this variable.
    Changed {
        /// The variable.
        variable: String,
        /// How the key differs from the secret.
        change: KeyChange,
        /// What `tr` replaces a last character by.
        last_character_map: (&'static str, &'static str),
    },
    /// A secret that is encoded: its variable, and the encoded bytes, which must not be shown.
    Encoded {
        /// The variable.
        variable: String,
        /// The encoding, if it is known.
        encoding: Option<SecretEncoding>,
    },
}

/// An encoding in which a request holds a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretEncoding {
    /// Percent-encoded, all but unreserved characters.
    Percent,
    /// Inside a JSON string.
    Json,
}

impl Redaction {
    /// Creates a redaction that hides these values; empty values are ignored.
    pub fn new(secrets: impl IntoIterator<Item = RedactedSecret>) -> Self {
        Self { search: Arc::new(RwLock::new(build_search(secrets))), ..Self::default() }
    }

    fn search(&self) -> Option<Arc<SecretSearch>> {
        self.search.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn secrets(&self) -> Vec<RedactedSecret> {
        self.search().map_or_else(Vec::new, |search| search.secrets().to_vec())
    }

    /// Adds values to hide that become known during a run; clones hide them, too.
    pub fn add_secrets(&self, secrets: impl IntoIterator<Item = RedactedSecret>) {
        let mut search = self.search.write().unwrap_or_else(PoisonError::into_inner);
        let known = search.as_deref().map_or_else(Vec::new, |search| search.secrets().to_vec());
        *search = build_search(known.into_iter().chain(secrets));
    }

    /// Adds values to hide.
    #[must_use]
    pub fn with_secrets(self, secrets: impl IntoIterator<Item = RedactedSecret>) -> Self {
        let search = Self::new(self.secrets().into_iter().chain(secrets)).search;
        Self { search, ..self }
    }

    /// Sets the headers that hold credentials, in which short secrets are looked for.
    #[must_use]
    pub fn with_credential_headers(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.credential_headers.extend(names.into_iter().map(|name| name.to_ascii_lowercase()));
        self
    }

    /// Returns a redaction that hides what either of the two hides.
    #[must_use]
    pub fn merge(self, other: &Self) -> Self {
        let headers = other.credential_headers.clone();
        self.with_secrets(other.secrets()).with_credential_headers(headers)
    }

    /// Sets the access key id of undamaged signatures, and whether the keys are dummies, so that a curl
    /// command works without keys. A signature by any other id is shown as it was sent.
    #[must_use]
    pub fn with_aws_identity(mut self, access_key_id: impl Into<String>, dummy: bool) -> Self {
        self.aws = Some((access_key_id.into(), dummy));
        self
    }

    pub(in crate::wire) fn aws_identity(&self) -> Option<(&str, bool)> {
        self.aws.as_ref().map(|(id, dummy)| (id.as_str(), *dummy))
    }

    /// Returns the shell variable for a secret's name: `API_KEY` for `api_key`.
    pub fn variable_name(name: &str) -> String {
        let mut variable: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
        if variable.starts_with(|c: char| c.is_ascii_digit()) || variable.is_empty() {
            variable.insert(0, '_');
        }
        variable
    }

    /// Returns true if there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.search().is_none()
    }

    /// Returns the variables of secrets that are so short that they may occur in any text by chance.
    pub fn short_secrets(&self) -> Vec<String> {
        let short = self.secrets().into_iter().filter(|one| one.scope != SecretScope::StandIn && one.is_short());
        short.map(|one| one.variable).collect()
    }

    /// Returns what an endpoint sent or printed, with every secret hidden, in whatever form it stands there.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.redact_text(text, TextOrigin::Endpoint)
    }

    /// Returns a message of overstep, which may quote an endpoint, with every secret hidden. A short secret, and a part
    /// of a word, is not looked for in it.
    pub fn redact_message<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.redact_text(text, TextOrigin::Message)
    }

    /// Returns a part of a request with every secret hidden where it was put.
    pub fn redact_request<'t>(&self, text: &'t str, part: RequestPart<'_>) -> Cow<'t, str> {
        self.redact_text(text, self.request_origin(part))
    }

    /// Returns the bytes of a request's body with every secret hidden.
    pub fn redact_request_bytes<'t>(&self, body: &'t [u8]) -> Cow<'t, [u8]> {
        let Some(search) = self.search() else { return Cow::Borrowed(body) };
        let found = search.find(body, TextOrigin::Request);
        if found.is_empty() { Cow::Borrowed(body) } else { Cow::Owned(replace(&search, body, &found)) }
    }

    fn request_origin(&self, part: RequestPart<'_>) -> TextOrigin {
        match part {
            RequestPart::Header(name)
                if self.credential_headers.iter().any(|known| known.eq_ignore_ascii_case(name)) =>
            {
                TextOrigin::RequestCredentials
            }
            RequestPart::Header(_) | RequestPart::Other => TextOrigin::Request,
        }
    }

    fn redact_text<'t>(&self, text: &'t str, origin: TextOrigin) -> Cow<'t, str> {
        let Some(search) = self.search().filter(|_| !text.is_empty()) else { return Cow::Borrowed(text) };
        let found = search.find(text.as_bytes(), origin);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let replaced = replace(&search, text.as_bytes(), &found);
        Cow::Owned(String::from_utf8_lossy(&replaced).into_owned())
    }

    /// Splits a part of a request at every secret.
    pub fn split_at_secrets<'a>(&self, bytes: &'a [u8], part: RequestPart<'_>) -> Vec<RedactedPiece<'a>> {
        let Some(search) = self.search() else { return vec![RedactedPiece::Bytes(bytes)] };
        let mut pieces = Vec::new();
        let mut done = 0;
        for one in search.find(bytes, self.request_origin(part)) {
            if done < one.start {
                pieces.push(RedactedPiece::Bytes(&bytes[done..one.start]));
            }
            let RedactedSecret { value, variable, .. } = &search.secrets()[one.secret];
            let text = &bytes[one.start..one.end];
            let variable = variable.clone();
            // A match that was joined with another one is more than its secret.
            pieces.push(match one.kind {
                MatchKind::Exact if text == value.as_bytes() => RedactedPiece::Variable(variable),
                MatchKind::Changed(change) if change.apply(value).is_some_and(|key| key.as_bytes() == text) => {
                    let last_character_map = KeyChange::last_character_map(value);
                    RedactedPiece::Changed { variable, change, last_character_map }
                }
                _ => RedactedPiece::Encoded { variable, encoding: SecretEncoding::of(text, value) },
            });
            done = one.end;
        }
        if done < bytes.len() || pieces.is_empty() {
            pieces.push(RedactedPiece::Bytes(&bytes[done..]));
        }
        pieces
    }
}

fn build_search(secrets: impl IntoIterator<Item = RedactedSecret>) -> Option<Arc<SecretSearch>> {
    let search = SecretSearch::new(secrets);
    (!search.secrets().is_empty()).then(|| Arc::new(search))
}

/// Replaces the matches, as far as they do not belong to the structure of a JSON or XML text.
fn replace(search: &SecretSearch, text: &[u8], found: &[SecretMatch]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut done = 0;
    for range in text_ranges(text) {
        let mut escapes = EscapeWalk::new(text, &range);
        for one in found.iter().filter(|one| one.start < range.end && range.start < one.end) {
            if one.is_short && matches!(range.kind, RangeKind::Name | RangeKind::XmlName) {
                continue;
            }
            // A name is hidden as a whole wherever it is, or its tags would not match.
            let is_inside = range.start <= one.start && one.end <= range.end;
            if range.kind == RangeKind::XmlName && !is_inside {
                continue;
            }
            let (start, end) = match range.kind {
                RangeKind::Bare => (range.start, range.end),
                _ => escapes.widen(one.start.max(range.start), one.end.min(range.end)),
            };
            if end <= done {
                continue;
            }
            let start = start.max(done);
            out.extend_from_slice(&text[done..start]);
            let variable = &search.secrets()[one.secret].variable;
            let mask = mask_text(one.kind, variable);
            let mask = match range.kind {
                RangeKind::Text | RangeKind::JsonText | RangeKind::Name => mask,
                RangeKind::Bare => format!("\"{mask}\""),
                RangeKind::XmlText => mask.replace('<', "&lt;").replace('>', "&gt;"),
                RangeKind::XmlName => variable.clone(),
            };
            out.extend_from_slice(mask.as_bytes());
            done = end;
        }
    }
    out.extend_from_slice(&text[done..]);
    out
}

impl SecretEncoding {
    fn of(text: &[u8], value: &str) -> Option<Self> {
        if crate::wire::percent_encode(value, b"").as_bytes() == text {
            return Some(Self::Percent);
        }
        let json = serde_json::Value::from(value).to_string();
        (json.get(1..json.len() - 1)?.as_bytes() == text).then_some(Self::Json)
    }
}
