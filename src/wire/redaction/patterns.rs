//! The forms of each secret that are searched for, as one automaton.
//!
//! It never verifies a match: short parts of a secret match by chance.

use super::secret::{RedactedSecret, SecretScope};
use crate::wire::key_damage::KeyChange;
use aho_corasick::{AhoCorasick, MatchKind as Semantics};

/// A text that is searched for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pattern {
    /// Index of the secret.
    pub secret: usize,
    pub form: PatternForm,
}

/// How a pattern was made from its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PatternForm {
    /// The secret itself.
    Whole,
    /// A key that was derived from it.
    Changed(KeyChange),
    /// Its bytes as hexadecimal digits, or its spaces as `+`.
    Encoded,
    /// The base64 digits that it determines, whatever stands before and after it.
    Base64,
    /// Some of its bytes, from this offset on.
    Block { offset: usize },
}

/// Maximum number of bytes of all patterns, which bounds the memory of the automaton.
const MAX_PATTERN_BYTES: usize = 1 << 20;

/// Builds the automaton for the secrets.
pub(super) fn build_automaton(secrets: &[RedactedSecret]) -> Option<(AhoCorasick, Vec<Pattern>)> {
    let (mut texts, mut patterns) = (Vec::new(), Vec::new());
    let mut total = 0;
    for (secret, one) in secrets.iter().enumerate() {
        for (text, form) in secret_patterns(one) {
            total += text.len();
            // The secrets themselves are always searched for.
            if form == PatternForm::Whole || total < MAX_PATTERN_BYTES {
                texts.push(text);
                patterns.push(Pattern { secret, form });
            }
        }
    }
    let builder =
        AhoCorasick::builder().ascii_case_insensitive(true).match_kind(Semantics::Standard).build(&texts).ok()?;
    Some((builder, patterns))
}

fn secret_patterns(secret: &RedactedSecret) -> Vec<(Vec<u8>, PatternForm)> {
    let value = secret.value.as_bytes();
    let mut out = vec![(value.to_vec(), PatternForm::Whole)];
    if secret.scope == SecretScope::StandIn {
        return out;
    }
    if secret.scope != SecretScope::Endpoint {
        let changed = KeyChange::ALL.into_iter().filter(|change| *change != KeyChange::LetterCase);
        let changed = changed.filter_map(|change| Some((change.apply(&secret.value)?, change)));
        let changed = changed.filter(|(key, _)| key.len() >= 2);
        out.extend(changed.map(|(key, change)| (key.into_bytes(), PatternForm::Changed(change))));
    }
    if secret.is_short() {
        return out;
    }
    out.push((data_encoding::HEXLOWER.encode(value).into_bytes(), PatternForm::Encoded));
    if value.contains(&b' ') {
        out.push((secret.value.replace(' ', "+").into_bytes(), PatternForm::Encoded));
    }
    for offset in 0..3 {
        out.extend(base64_digits(value, offset).map(|digits| (digits, PatternForm::Base64)));
    }
    if value.len() >= 8 {
        // Every part of at least `min_part_bytes` contains one of these blocks as a whole.
        let block = secret.min_part_bytes().div_ceil(2);
        let blocks = value.chunks_exact(block).enumerate();
        out.extend(blocks.map(|(index, bytes)| (bytes.to_vec(), PatternForm::Block { offset: index * block })));
    }
    out
}

/// Returns the base64 digits that a value determines if `offset` bytes stand before it; in both alphabets if they
/// differ.
fn base64_digits(value: &[u8], offset: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut padded = vec![0; offset];
    padded.extend_from_slice(value);
    let first = (offset * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    let encodings = [data_encoding::BASE64_NOPAD.encode(&padded), data_encoding::BASE64URL_NOPAD.encode(&padded)];
    let mut digits = encodings.map(|text| text.as_bytes()[first..end].to_vec()).to_vec();
    digits.dedup();
    digits.into_iter()
}
