//! Makes wrong keys: near misses of a key, and keys that were never issued.
//!
//! A key that was never issued depends on the real one by its length and its alphabet alone, which are public.

use sha2::{Digest as _, Sha256};

/// A small change that makes a wrong key of a right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyChange {
    /// Its last character is removed.
    Shortened,
    /// One character is added.
    Lengthened,
    /// Its last character is replaced by another one.
    LastCharacter,
    /// Its letters are written in the other case.
    LetterCase,
}

impl KeyChange {
    /// All changes.
    pub const ALL: [Self; 4] = [Self::Shortened, Self::Lengthened, Self::LastCharacter, Self::LetterCase];

    /// Returns the changed key; `None` if the change would leave the key equal, or equivalent to most servers.
    pub fn apply(self, key: &str) -> Option<String> {
        match self {
            Self::Shortened => key.char_indices().next_back().map(|(last, _)| key[..last].to_owned()),
            Self::Lengthened => Some(format!("{key}x")),
            Self::LastCharacter => {
                let last = key.chars().next_back().filter(char::is_ascii_alphanumeric)?;
                let (from, to) = KeyAlphabet::of(key).last_character_map();
                let position = expand_ranges(from).position(|one| one == last)?;
                let changed = expand_ranges(to).nth(position)?;
                Some(format!("{}{changed}", &key[..key.len() - 1]))
            }
            Self::LetterCase => {
                // Hexadecimal numbers and UUIDs are the same in both cases.
                if KeyAlphabet::of(key) == KeyAlphabet::Hexadecimal || !key.contains(|c: char| c.is_ascii_alphabetic())
                {
                    return None;
                }
                Some(key.chars().map(swap_case).collect())
            }
        }
    }

    /// Returns the characters that replace a key's last character, as two arguments of `tr`.
    pub fn last_character_map(key: &str) -> (&'static str, &'static str) {
        KeyAlphabet::of(key).last_character_map()
    }

    /// Describes a key with this change, in place of the key.
    pub fn description(self) -> &'static str {
        match self {
            Self::Shortened => "secret without its last character",
            Self::Lengthened => "secret with a character added",
            Self::LastCharacter => "secret with its last character changed",
            Self::LetterCase => "secret with its letters in the other case",
        }
    }
}

/// The kind of characters in a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyAlphabet {
    /// Hexadecimal digits, perhaps in groups: a hash, a UUID.
    Hexadecimal,
    /// Anything else.
    Other,
}

impl KeyAlphabet {
    fn of(key: &str) -> Self {
        let is_hexadecimal = key.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
        if is_hexadecimal { Self::Hexadecimal } else { Self::Other }
    }

    /// Returns each character and its replacement, as ranges. Outside of hexadecimal keys, the replacement differs in
    /// the highest bit of its base64 digit, because a decoder may ignore the lowest bits of a last digit.
    fn last_character_map(self) -> (&'static str, &'static str) {
        match self {
            Self::Hexadecimal => ("0-9a-fA-F", "1-90b-faB-FA"),
            Self::Other => ("A-Za-fg-z0-9", "g-z0-9ghA-Za-d"),
        }
    }
}

/// Returns the characters of ranges such as `a-f0`.
fn expand_ranges(ranges: &'static str) -> impl Iterator<Item = char> {
    let mut rest = ranges.chars().peekable();
    std::iter::from_fn(move || {
        let first = rest.next()?;
        if rest.next_if_eq(&'-').is_none() {
            return Some(first..=first);
        }
        Some(first..=rest.next().unwrap_or(first))
    })
    .flatten()
}

fn swap_case(c: char) -> char {
    if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
}

/// Returns a key that was never issued: as long as `key`, of the same kinds of characters, and drawn from `seed`.
pub(super) fn unknown_key(key: &str, seed: &str) -> String {
    let has = |kind: fn(&char) -> bool| key.chars().any(|c| kind(&c));
    let lower = if KeyAlphabet::of(key) == KeyAlphabet::Hexadecimal { 'a'..='f' } else { 'a'..='z' };
    let upper = lower.start().to_ascii_uppercase()..=lower.end().to_ascii_uppercase();
    let mut alphabet: Vec<char> = Vec::new();
    if has(char::is_ascii_digit) {
        alphabet.extend('0'..='9');
    }
    if has(char::is_ascii_uppercase) {
        alphabet.extend(upper);
    }
    if has(char::is_ascii_lowercase) || alphabet.is_empty() {
        alphabet.extend(lower);
    }
    let length = key.chars().count().max(1);
    (0_u32..)
        .map(|attempt| draw_text(&alphabet, length, seed, attempt))
        .find(|drawn| !drawn.eq_ignore_ascii_case(key))
        .expect("one of several texts differs from the key")
}

fn draw_text(alphabet: &[char], length: usize, seed: &str, attempt: u32) -> String {
    let blocks = (0_u32..).flat_map(|block| {
        let mut hash = Sha256::new();
        hash.update(seed.as_bytes());
        hash.update(attempt.to_be_bytes());
        hash.update(block.to_be_bytes());
        <[u8; 32]>::from(hash.finalize())
    });
    blocks.take(length).map(|byte| alphabet[usize::from(byte) % alphabet.len()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_keys_depend_on_length_and_alphabet_alone() {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.NDQNYmTTv-o8";
        let other: String = token.chars().rev().collect();
        assert_eq!(unknown_key(token, "case"), unknown_key(&other, "case"));
        assert_ne!(unknown_key(token, "case"), unknown_key(token, "another case"));
        for key in [token, "sk_live_4242", "0f3a-bc", "k", "7", "…", "ABC"] {
            for seed in 0..200 {
                let unknown = unknown_key(key, &seed.to_string());
                assert_eq!(unknown.chars().count(), key.chars().count());
                assert_ne!(unknown, key);
            }
        }
        assert!(unknown_key("0f3abc", "s").chars().all(|c| c.is_ascii_hexdigit()));
        assert!(unknown_key("12345678", "s").chars().all(|c| c.is_ascii_digit()));
    }

    #[test]
    fn near_misses_differ_from_the_key_for_every_server() {
        let changed = |change: KeyChange, key: &str| change.apply(key);
        assert_eq!(changed(KeyChange::Shortened, "wbk_full").as_deref(), Some("wbk_ful"));
        assert_eq!(changed(KeyChange::Lengthened, "wbk_full").as_deref(), Some("wbk_fullx"));
        assert_eq!(changed(KeyChange::LetterCase, "wbK_1").as_deref(), Some("WBk_1"));
        assert_eq!(changed(KeyChange::LetterCase, "6F9619FF-8b86"), None, "UUIDs have no case");
        assert_eq!(changed(KeyChange::LetterCase, "12345"), None);
        assert_eq!(changed(KeyChange::LastCharacter, "0af").as_deref(), Some("0aa"));
        assert_eq!(changed(KeyChange::LastCharacter, "abc="), None);
        let base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        for (value, last) in base64.chars().enumerate() {
            let key = changed(KeyChange::LastCharacter, &format!("z.{last}")).expect("a letter or digit");
            let new = base64.find(key.chars().next_back().expect("a character")).expect("a letter or digit");
            assert_ne!(value / 32, new / 32, "{last}: the highest bit differs");
        }
    }
}
