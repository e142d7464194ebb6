//! Quotes words for a POSIX shell, with secrets replaced by shell variables.
//!
//! It never outputs a secret: a registered secret is hidden in every form that is sent.

use crate::escape::shell_literal;

/// A value that must never be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct RedactedSecret {
    /// The value.
    pub value: String,
    /// The shell variable that stands for it, without `$`: `API_KEY`.
    pub variable: String,
}

/// The secrets that must not be shown, and the variables shown instead.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Redaction {
    secrets: Vec<RedactedSecret>,
    aws: Option<(String, bool)>,
}

impl std::fmt::Debug for Redaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redaction({} secrets)", self.secrets.len())
    }
}

/// A piece of a word: literal bytes, or a reference to a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedactedPiece<'a> {
    /// Literal bytes.
    Bytes(&'a [u8]),
    /// A secret, by the name of its variable; `{NAME%?}` is the value without its last character.
    Variable(String),
}

impl Redaction {
    /// Creates a redaction that hides these values; empty values are ignored.
    pub fn new(secrets: impl IntoIterator<Item = RedactedSecret>) -> Self {
        let mut secrets: Vec<RedactedSecret> = secrets.into_iter().filter(|secret| !secret.value.is_empty()).collect();
        // Longest first, so that a key that begins with another key is replaced as a whole.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.value.len()));
        Self { secrets, aws: None }
    }

    /// Adds values to hide.
    #[must_use]
    pub fn with_secrets(self, secrets: impl IntoIterator<Item = RedactedSecret>) -> Self {
        Self { aws: self.aws, ..Self::new(self.secrets.into_iter().chain(secrets)) }
    }

    /// Returns a redaction that hides what either of the two hides.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        self.with_secrets(other.secrets)
    }

    /// Sets the access key id of undamaged signatures, and whether the keys are dummies, so that a curl
    /// command works without keys. A signature by any other id is shown as it was sent.
    #[must_use]
    pub fn with_aws_identity(mut self, access_key_id: impl Into<String>, dummy: bool) -> Self {
        self.aws = Some((access_key_id.into(), dummy));
        self
    }

    pub(super) fn aws_identity(&self) -> Option<(&str, bool)> {
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
        self.secrets.is_empty()
    }

    /// Returns the text with every secret replaced by `$NAME`.
    pub fn redact(&self, text: &str) -> String {
        if self.secrets.is_empty() {
            return text.to_owned();
        }
        self.split_at_secrets(text.as_bytes())
            .into_iter()
            .map(|piece| match piece {
                RedactedPiece::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                RedactedPiece::Variable(name) => format!("${name}"),
            })
            .collect()
    }

    /// Splits the bytes at every secret.
    pub fn split_at_secrets<'a>(&self, bytes: &'a [u8]) -> Vec<RedactedPiece<'a>> {
        let mut pieces = vec![RedactedPiece::Bytes(bytes)];
        for secret in &self.secrets {
            let value = secret.value.as_bytes();
            replace_secret(&mut pieces, value, &secret.variable);
            // A deliberately shortened key would reveal all but one character.
            let shorter = secret.value.char_indices().next_back().map_or(0, |(at, _)| at);
            if shorter >= 4 {
                replace_secret(&mut pieces, &value[..shorter], &format!("{{{}%?}}", secret.variable));
            }
        }
        pieces
    }

    /// Returns the bytes as one quoted word; `None` if a shell cannot represent them.
    pub(super) fn quote_word(&self, bytes: &[u8]) -> Option<String> {
        if bytes.contains(&0) {
            return None;
        }
        let pieces = self.split_at_secrets(bytes);
        let tame =
            |bytes: &[u8]| bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b" :;-/.,=+@%".contains(byte));
        if let [_, _, ..] = pieces.as_slice()
            && pieces.iter().all(|piece| {
                matches!(piece, RedactedPiece::Variable(_)) || matches!(piece, RedactedPiece::Bytes(b) if tame(b))
            })
        {
            let inner: String = pieces
                .iter()
                .enumerate()
                .map(|(index, piece)| match piece {
                    RedactedPiece::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    RedactedPiece::Variable(name) => variable_reference(name, pieces.get(index + 1)),
                })
                .collect();
            return Some(format!("\"{inner}\""));
        }
        let words: String = pieces
            .iter()
            .map(|piece| match piece {
                RedactedPiece::Bytes(bytes) => shell_literal(bytes),
                RedactedPiece::Variable(name) => format!("\"{}\"", variable_reference(name, None)),
            })
            .collect();
        Some(if words.is_empty() { "''".to_owned() } else { words })
    }
}

fn replace_secret(pieces: &mut Vec<RedactedPiece<'_>>, value: &[u8], variable: &str) {
    let mut out = Vec::with_capacity(pieces.len());
    for piece in pieces.drain(..) {
        let RedactedPiece::Bytes(bytes) = piece else {
            out.push(piece);
            continue;
        };
        let mut rest = bytes;
        while let Some(at) = rest.windows(value.len()).position(|window| window == value) {
            if at > 0 {
                out.push(RedactedPiece::Bytes(&rest[..at]));
            }
            out.push(RedactedPiece::Variable(variable.to_owned()));
            rest = &rest[at + value.len()..];
        }
        if !rest.is_empty() {
            out.push(RedactedPiece::Bytes(rest));
        }
    }
    *pieces = out;
}

fn variable_reference(name: &str, next: Option<&RedactedPiece<'_>>) -> String {
    let runs_on = matches!(next, Some(RedactedPiece::Bytes(bytes))
        if bytes.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_'));
    if runs_on && !name.starts_with('{') { format!("${{{name}}}") } else { format!("${name}") }
}
