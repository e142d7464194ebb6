//! Defines secrets, and what is shown in place of them.
//!
//! It never searches a text.

use crate::wire::key_damage::KeyChange;

/// Number of characters below which a secret may occur in any text by chance.
pub(super) const MIN_SECRET_CHARS: usize = 6;

/// Where a secret is looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretScope {
    /// In requests, in what the endpoint sends and prints, and in messages.
    #[default]
    Everywhere,
    /// As `Everywhere`; if it is short, then only in the headers of a request that hold credentials.
    Credentials,
    /// Only in what the endpoint sends and prints: overstep itself never puts it into a request.
    Endpoint,
    /// Only exactly as it is, in requests: the value is no secret, and its variable stands for it in exports.
    StandIn,
}

/// A value that must never be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct RedactedSecret {
    /// The value.
    pub value: String,
    /// The shell variable that stands for it, without `$`: `API_KEY`.
    pub variable: String,
    /// Where it is looked for.
    pub scope: SecretScope,
}

impl std::fmt::Debug for RedactedSecret {
    /// Formats the secret without its value.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RedactedSecret({}, {:?})", self.variable, self.scope)
    }
}

impl RedactedSecret {
    /// Creates a secret that is looked for everywhere.
    pub fn new(value: impl Into<String>, variable: impl Into<String>) -> Self {
        Self { value: value.into(), variable: variable.into(), scope: SecretScope::Everywhere }
    }

    /// Sets where the secret is looked for.
    #[must_use]
    pub fn with_scope(self, scope: SecretScope) -> Self {
        Self { scope, ..self }
    }

    /// Returns true if the secret is so short that it may occur in any text by chance.
    pub fn is_short(&self) -> bool {
        self.value.chars().count() < MIN_SECRET_CHARS
    }

    /// Returns true if the secret may be an ordinary word, such as `password`.
    pub(super) fn is_word(&self) -> bool {
        self.value.chars().all(char::is_alphabetic)
    }

    /// Returns the number of bytes from which on a part of the secret is hidden: half of it, within limits.
    pub(super) fn min_part_bytes(&self) -> usize {
        self.value.len().div_ceil(2).clamp(8, 24)
    }
}

/// What stands in a text in place of a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MatchKind {
    /// The secret exactly as it is.
    Exact,
    /// The secret in another encoding or case.
    Encoded,
    /// A key that was derived from the secret.
    Changed(KeyChange),
    /// A part of the secret.
    Part,
}

/// What is shown in place of a secret.
pub(super) fn mask_text(kind: MatchKind, variable: &str) -> String {
    match kind {
        MatchKind::Exact | MatchKind::Encoded => format!("${variable}"),
        MatchKind::Changed(change) => format!("<{}>", change.description()),
        MatchKind::Part => format!("<part of ${variable}>"),
    }
}
