//! Reads a document as a lenient parser does, by writing it as JSON.
//!
//! Never accepts more than the misbehaviors ask for: everything else is left as it is, so that the strict parser rejects it.

use super::misbehavior::{Misbehavior, MisbehaviorSet};

/// Returns the JSON that a lenient parser reads, or `None` if no misbehavior makes the parser lenient.
pub(super) fn read_leniently(bytes: &[u8], misbehaviors: MisbehaviorSet) -> Option<Vec<u8>> {
    let is_lenient = [
        Misbehavior::SingleQuotesAccepted,
        Misbehavior::BareNamesAccepted,
        Misbehavior::TrailingCommaAccepted,
        Misbehavior::CommentsAccepted,
    ];
    if !is_lenient.into_iter().any(|misbehavior| misbehaviors.has(misbehavior)) {
        return None;
    }
    let mut reader = LenientReader { rest: bytes, json: Vec::with_capacity(bytes.len()), misbehaviors };
    while !reader.rest.is_empty() {
        reader.read_token();
    }
    Some(reader.json)
}

struct LenientReader<'b> {
    rest: &'b [u8],
    json: Vec<u8>,
    misbehaviors: MisbehaviorSet,
}

impl LenientReader<'_> {
    fn read_token(&mut self) {
        let allows = |misbehavior| self.misbehaviors.has(misbehavior);
        match self.rest {
            [b'"', ..] => self.read_string(b'"'),
            [b'\'', ..] if allows(Misbehavior::SingleQuotesAccepted) => self.read_string(b'\''),
            [b'/', b'*', ..] if allows(Misbehavior::CommentsAccepted) => self.skip_past(b"*/"),
            [b'/', b'/', ..] if allows(Misbehavior::CommentsAccepted) => self.skip_past(b"\n"),
            [b'}' | b']', ..] if allows(Misbehavior::TrailingCommaAccepted) => {
                self.remove_last_comma();
                self.copy(1);
            }
            [first, ..] if first.is_ascii_alphabetic() || *first == b'_' => self.read_word(),
            _ => self.copy(1),
        }
    }

    fn copy(&mut self, length: usize) {
        let (copied, rest) = self.rest.split_at(length);
        self.json.extend_from_slice(copied);
        self.rest = rest;
    }

    fn skip_past(&mut self, end: &[u8]) {
        let found = self.rest.windows(end.len()).position(|window| window == end);
        self.rest = found.map_or(&[], |at| &self.rest[at + end.len()..]);
    }

    /// Reads a string up to its closing quote, or to the end of the document.
    fn read_string(&mut self, quote: u8) {
        self.json.push(b'"');
        self.rest = &self.rest[1..];
        while let Some(byte) = self.rest.first().copied() {
            match byte {
                b'\\' if quote == b'\'' && self.rest.get(1) == Some(&b'\'') => {
                    self.json.push(b'\'');
                    self.rest = &self.rest[2..];
                }
                b'\\' => self.copy(self.rest.len().min(2)),
                _ if byte == quote => {
                    self.json.push(b'"');
                    self.rest = &self.rest[1..];
                    return;
                }
                b'"' => {
                    self.json.extend_from_slice(b"\\\"");
                    self.rest = &self.rest[1..];
                }
                _ => self.copy(1),
            }
        }
    }

    /// Reads a literal or, if a colon follows and they are accepted, a name without quotes.
    fn read_word(&mut self) {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let end = self.rest.iter().position(|byte| !is_part(byte)).unwrap_or(self.rest.len());
        let next = self.rest[end..].iter().find(|byte| !byte.is_ascii_whitespace());
        if next == Some(&b':') && self.misbehaviors.has(Misbehavior::BareNamesAccepted) {
            self.json.push(b'"');
            self.copy(end);
            self.json.push(b'"');
        } else {
            self.copy(end);
        }
    }

    fn remove_last_comma(&mut self) {
        if let Some(at) = self.json.iter().rposition(|byte| !byte.is_ascii_whitespace())
            && self.json[at] == b','
        {
            self.json.truncate(at);
        }
    }
}
