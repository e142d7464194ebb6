//! Finds secrets in a text, in every form in which an endpoint may repeat them.
//!
//! It never changes the text.

use super::decoded_text::DecodedText;
use super::patterns::{Pattern, PatternForm, build_automaton};
use super::secret::{MatchKind, RedactedSecret, SecretScope};
use crate::wire::key_damage::KeyChange;
use aho_corasick::AhoCorasick;

/// What a text is, which decides where secrets can be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextOrigin {
    /// What an endpoint sent or printed.
    Endpoint,
    /// A sentence of overstep's own, which may quote an endpoint.
    Message,
    /// A part of a request.
    Request,
    /// A header of a request that holds credentials.
    RequestCredentials,
}

/// A secret in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SecretMatch {
    pub start: usize,
    pub end: usize,
    /// Index of the secret.
    pub secret: usize,
    pub kind: MatchKind,
    /// Whether the secret is so short that it is hidden in values only, never in names.
    pub is_short: bool,
}

/// Maximum distance of the two parts of a secret that was split.
const MAX_SPLIT_DISTANCE: usize = 256;
/// Minimum length of the smaller part of a secret that was split.
const MIN_SPLIT_PART: usize = 3;
/// Minimum length of the beginning of a secret where a text was cut.
const MIN_CUT_PART: usize = 4;

/// Minimum length of a key that was derived from a secret, except where credentials are.
const MIN_CHANGED_BYTES: usize = 4;

/// Maximum number of bytes that are decoded at once.
const MAX_DECODED_BYTES: usize = 256 * 1024;
/// Number of bytes that two pieces have in common, so that an encoded secret is whole in one of them.
const DECODED_OVERLAP: usize = 32 * 1024;

/// The secrets with their automaton.
pub(super) struct SecretSearch {
    secrets: Vec<RedactedSecret>,
    automaton: Option<(AhoCorasick, Vec<Pattern>)>,
}

impl SecretSearch {
    /// Creates a search for the secrets; empty ones are ignored.
    pub fn new(secrets: impl IntoIterator<Item = RedactedSecret>) -> Self {
        let mut unique: Vec<RedactedSecret> = Vec::new();
        for secret in secrets {
            let is_known = |one: &RedactedSecret| one.value == secret.value && one.scope == secret.scope;
            if !secret.value.is_empty() && !unique.iter().any(is_known) {
                unique.push(secret);
            }
        }
        let automaton = if unique.is_empty() { None } else { build_automaton(&unique) };
        Self { secrets: unique, automaton }
    }

    pub fn secrets(&self) -> &[RedactedSecret] {
        &self.secrets
    }

    /// Returns all secrets in a text, in order, without overlaps.
    pub fn find(&self, text: &[u8], origin: TextOrigin) -> Vec<SecretMatch> {
        let mut found = Vec::new();
        self.find_in_layer(text, origin, &mut found);
        // A long text is decoded piece by piece, so that memory does not grow with it.
        let mut start = 0;
        while start < text.len() {
            let piece = &text[start..text.len().min(start + MAX_DECODED_BYTES)];
            for layer in DecodedText::layers(piece) {
                let mut inside = Vec::new();
                self.find_in_layer(&layer.bytes, origin, &mut inside);
                found.extend(inside.into_iter().map(|one| located_match(&layer, one, start)));
            }
            start += MAX_DECODED_BYTES - DECODED_OVERLAP;
        }
        if matches!(origin, TextOrigin::Endpoint | TextOrigin::Message) {
            self.find_at_cuts(text, &mut found);
        }
        merge_overlaps(found)
    }

    fn find_in_layer(&self, text: &[u8], origin: TextOrigin, found: &mut Vec<SecretMatch>) {
        let Some((automaton, patterns)) = &self.automaton else { return };
        for hit in automaton.find_overlapping_iter(text) {
            let pattern = patterns[hit.pattern().as_usize()];
            let context = MatchContext { secret: &self.secrets[pattern.secret], index: pattern.secret, text, origin };
            context.verify(pattern.form, hit.start(), hit.end(), found);
        }
    }

    /// Finds beginnings of secrets where a text was cut, before `…`.
    fn find_at_cuts(&self, text: &[u8], found: &mut Vec<SecretMatch>) {
        const ELLIPSIS: &[u8] = "…".as_bytes();
        for (cut, _) in text.windows(ELLIPSIS.len()).enumerate().filter(|(_, window)| *window == ELLIPSIS) {
            for (index, secret) in self.secrets.iter().enumerate() {
                if secret.scope == SecretScope::StandIn || secret.is_short() {
                    continue;
                }
                let value = secret.value.as_bytes();
                let is_part = |length: usize| {
                    let is_inner = cut > length && text[cut - length - 1].is_ascii_alphanumeric();
                    !is_inner && text[..cut].ends_with(&value[..length])
                };
                let longest = value.len().min(cut + 1).saturating_sub(1);
                let length = (MIN_CUT_PART..=longest).rev().find(|length| is_part(*length));
                found.extend(length.map(|length| SecretMatch {
                    start: cut - length,
                    end: cut,
                    secret: index,
                    kind: MatchKind::Part,
                    is_short: false,
                }));
            }
        }
    }
}

/// Returns a match in a decoded piece as a match in the text, of which the piece begins at `offset`.
fn located_match(layer: &DecodedText, one: SecretMatch, offset: usize) -> SecretMatch {
    let (start, end) = layer.original_range(one.start, one.end);
    // What is the same in the original was found there.
    let is_encoded = one.kind == MatchKind::Exact && end - start != one.end - one.start;
    let kind = if is_encoded { MatchKind::Encoded } else { one.kind };
    SecretMatch { start: start + offset, end: end + offset, kind, ..one }
}

/// A text and the secret that may be in it.
struct MatchContext<'a> {
    secret: &'a RedactedSecret,
    index: usize,
    text: &'a [u8],
    origin: TextOrigin,
}

impl MatchContext<'_> {
    /// Adds a match of a pattern if the secret is really there.
    fn verify(&self, form: PatternForm, start: usize, end: usize, found: &mut Vec<SecretMatch>) {
        let text = &self.text[start..end];
        let is_request = matches!(self.origin, TextOrigin::Request | TextOrigin::RequestCredentials);
        if !self.is_in_scope(start, end) {
            return;
        }
        let kind = match form {
            PatternForm::Whole if text == self.secret.value.as_bytes() => MatchKind::Exact,
            PatternForm::Whole => match KeyChange::LetterCase.apply(&self.secret.value) {
                Some(swapped) if swapped.as_bytes() == text => MatchKind::Changed(KeyChange::LetterCase),
                // A request holds a secret as overstep put it there.
                _ if is_request || self.secret.is_short() => return,
                _ => MatchKind::Encoded,
            },
            PatternForm::Changed(change) => {
                let is_credential = self.origin == TextOrigin::RequestCredentials;
                let is_other = change.apply(&self.secret.value).is_none_or(|key| key.as_bytes() != text);
                if is_other || (text.len() < MIN_CHANGED_BYTES && !is_credential) {
                    return;
                }
                MatchKind::Changed(change)
            }
            PatternForm::Encoded => MatchKind::Encoded,
            PatternForm::Base64 => {
                let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
                // The digits on both sides hold some bits of the secret too.
                let start = start - usize::from(start > 0 && is_digit(&self.text[start - 1]));
                let mut end = end + usize::from(self.text.get(end).is_some_and(is_digit));
                end += self.text[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
                return found.push(self.found(start, end, MatchKind::Encoded));
            }
            PatternForm::Block { offset } => {
                if !is_request {
                    self.verify_part(offset, start, end, found);
                }
                return;
            }
        };
        found.push(self.found(start, end, kind));
    }

    fn found(&self, start: usize, end: usize, kind: MatchKind) -> SecretMatch {
        SecretMatch { start, end, secret: self.index, kind, is_short: self.secret.is_short() }
    }

    /// Returns true if the secret is looked for at this place of this text.
    fn is_in_scope(&self, start: usize, end: usize) -> bool {
        let is_short = self.secret.is_short();
        let by_scope = match (self.secret.scope, self.origin) {
            (SecretScope::StandIn, TextOrigin::Endpoint | TextOrigin::Message) => false,
            (SecretScope::StandIn, _) => return true,
            (SecretScope::Endpoint, TextOrigin::Request | TextOrigin::RequestCredentials) => false,
            (_, TextOrigin::Message) => !is_short,
            (SecretScope::Credentials, TextOrigin::Request) => !is_short,
            _ => true,
        };
        let needs_delimiters = is_short || (self.secret.is_word() && self.origin == TextOrigin::Message);
        by_scope && (!needs_delimiters || self.is_delimited(start, end))
    }

    fn is_delimited(&self, start: usize, end: usize) -> bool {
        let is_inner = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        !is_inner(self.text[..start].last()) && !is_inner(self.text.get(end))
    }

    /// Adds the largest part of the secret around a match of some of its bytes, and the other part if the secret was
    /// split in two.
    fn verify_part(&self, offset: usize, start: usize, end: usize, found: &mut Vec<SecretMatch>) {
        let value = self.secret.value.as_bytes();
        let same = |one: &u8, other: &u8| one.eq_ignore_ascii_case(other);
        let before = self.text[..start].iter().rev().zip(value[..offset].iter().rev());
        let before = before.take_while(|(one, other)| same(one, other)).count();
        let after = self.text[end..].iter().zip(&value[offset + end - start..]);
        let after = after.take_while(|(one, other)| same(one, other)).count();
        let (part_start, part_end) = (offset - before, offset + end - start + after);
        let part = &value[part_start..part_end];
        let (start, end) = (start - before, end + after);
        if part.len() == value.len() {
            return;
        }
        let others = self.find_other_part(part_start, part_end, start, end);
        if part.len() >= self.min_part_bytes(part) || !others.is_empty() {
            found.push(self.found(start, end, MatchKind::Part));
            found.extend(others);
        }
    }

    /// Returns the places near one part of the secret where the other part is, if it was split in two.
    fn find_other_part(&self, part_start: usize, part_end: usize, start: usize, end: usize) -> Vec<SecretMatch> {
        let value = self.secret.value.as_bytes();
        let (rest, range) = if part_start == 0 {
            (&value[part_end..], end..(end + MAX_SPLIT_DISTANCE).min(self.text.len()))
        } else if part_end == value.len() {
            (&value[..part_start], start.saturating_sub(MAX_SPLIT_DISTANCE)..start)
        } else {
            return Vec::new();
        };
        if rest.len() < MIN_SPLIT_PART {
            return Vec::new();
        }
        let windows = self.text[range.clone()].windows(rest.len()).enumerate();
        let places = windows.filter(|(_, window)| window.eq_ignore_ascii_case(rest)).map(|(at, _)| range.start + at);
        places.map(|at| self.found(at, at + rest.len(), MatchKind::Part)).collect()
    }

    /// Returns the minimum length of this part. In overstep's own sentences, a part is never a word.
    fn min_part_bytes(&self, part: &[u8]) -> usize {
        let least = self.secret.min_part_bytes();
        match self.origin {
            TextOrigin::Message if part.iter().all(|byte| byte.is_ascii_alphabetic()) => usize::MAX,
            _ => least,
        }
    }
}

/// Joins matches that overlap; the longest one decides what is shown.
fn merge_overlaps(mut found: Vec<SecretMatch>) -> Vec<SecretMatch> {
    let rank = |kind: MatchKind| match kind {
        MatchKind::Exact => 0,
        MatchKind::Changed(_) => 1,
        MatchKind::Encoded => 2,
        MatchKind::Part => 3,
    };
    found.sort_by_key(|one| (one.start, std::cmp::Reverse(one.end), rank(one.kind)));
    let mut merged: Vec<(SecretMatch, usize)> = Vec::new();
    for one in found {
        let length = one.end - one.start;
        match merged.last_mut() {
            Some((last, longest)) if one.start < last.end => {
                last.end = last.end.max(one.end);
                last.is_short &= one.is_short;
                if (length, std::cmp::Reverse(rank(one.kind))) > (*longest, std::cmp::Reverse(rank(last.kind))) {
                    *longest = length;
                    (last.kind, last.secret) = (one.kind, one.secret);
                }
            }
            _ => merged.push((one, length)),
        }
    }
    merged.into_iter().map(|(one, _)| one).collect()
}
