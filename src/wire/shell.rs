//! Quotes words for a POSIX shell, with secrets replaced by shell variables.
//!
//! It never outputs a secret, and a word that a shell cannot make of the variables is not quoted at all.

use super::key_damage::KeyChange;
use super::redaction::{RedactedPiece, Redaction, RequestPart};
use crate::escape::shell_literal;

impl Redaction {
    /// Returns the bytes of a part of a request as one quoted word; `None` if a shell cannot represent them.
    pub(super) fn quote_word(&self, bytes: &[u8], part: RequestPart<'_>) -> Option<String> {
        if bytes.contains(&0) {
            return None;
        }
        let pieces = self.split_at_secrets(bytes, part);
        if pieces.iter().any(|piece| matches!(piece, RedactedPiece::Encoded { .. })) {
            return None;
        }
        let tame =
            |bytes: &[u8]| bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b" :;-/.,=+@%".contains(byte));
        if let [_, _, ..] = pieces.as_slice()
            && pieces.iter().all(|piece| !matches!(piece, RedactedPiece::Bytes(bytes) if !tame(bytes)))
        {
            let inner: String = pieces
                .iter()
                .enumerate()
                .map(|(index, piece)| match piece {
                    RedactedPiece::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                    secret => secret_expression(secret, pieces.get(index + 1)),
                })
                .collect();
            return Some(format!("\"{inner}\""));
        }
        let words: String = pieces
            .iter()
            .map(|piece| match piece {
                RedactedPiece::Bytes(bytes) => shell_literal(bytes),
                secret => format!("\"{}\"", secret_expression(secret, None)),
            })
            .collect();
        Some(if words.is_empty() { "''".to_owned() } else { words })
    }
}

/// Returns what a shell replaces by a secret, or by a key derived from it, inside double quotes.
fn secret_expression(piece: &RedactedPiece<'_>, next: Option<&RedactedPiece<'_>>) -> String {
    match piece {
        RedactedPiece::Variable(name) => {
            let runs_on = matches!(next, Some(RedactedPiece::Bytes(bytes))
                if bytes.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_'));
            if runs_on { format!("${{{name}}}") } else { format!("${name}") }
        }
        RedactedPiece::Changed { variable, change, last_character_map: (from, to) } => match change {
            KeyChange::Shortened => format!("${{{variable}%?}}"),
            KeyChange::Lengthened => format!("${{{variable}}}x"),
            KeyChange::LastCharacter => {
                format!("${{{variable}%?}}$(printf %s \"${variable}\" | tail -c 1 | tr {from} {to})")
            }
            KeyChange::LetterCase => format!("$(printf %s \"${variable}\" | tr a-zA-Z A-Za-z)"),
        },
        RedactedPiece::Bytes(_) | RedactedPiece::Encoded { .. } => String::new(),
    }
}
