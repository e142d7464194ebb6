//! Placeholders for texts that differ from run to run and from case to case: `{digits:13}`, `{lower:8}`, `{upper:3}`.
//!
//! They serve members whose pattern has no place for `{run}` and `{case}`, which are in lower-case hexadecimal.

use crate::case::CaseId;
use sha2::{Digest as _, Sha256};

/// Maximum number of characters.
const MAX_LENGTH: usize = 64;

/// A placeholder for a text of one kind of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UniqueText {
    /// The kind of characters.
    pub kind: UniqueTextKind,
    /// The number of characters.
    pub length: usize,
    /// The number of the case's resource, from 1; the text is another one for each.
    pub resource: u32,
}

/// The characters of a unique text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UniqueTextKind {
    /// Decimal digits.
    Digits,
    /// Lower-case letters from a to z.
    Lower,
    /// Upper-case letters from A to Z.
    Upper,
}

impl UniqueTextKind {
    /// Returns the kind of a character.
    pub fn of_char(char: char) -> Option<Self> {
        match char {
            '0'..='9' => Some(Self::Digits),
            'a'..='z' => Some(Self::Lower),
            'A'..='Z' => Some(Self::Upper),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Lower => "lower",
            Self::Upper => "upper",
        }
    }

    fn alphabet(self) -> &'static [u8] {
        match self {
            Self::Digits => b"0123456789",
            Self::Lower => b"abcdefghijklmnopqrstuvwxyz",
            Self::Upper => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        }
    }
}

impl UniqueText {
    /// Reads the name of a placeholder: `digits:13`, or `digits:13:2` for the second resource of a case.
    pub fn parse(name: &str) -> Option<Self> {
        let mut parts = name.split(':');
        let word = parts.next()?;
        let kinds = [UniqueTextKind::Digits, UniqueTextKind::Lower, UniqueTextKind::Upper];
        let kind = kinds.into_iter().find(|kind| kind.name() == word)?;
        let length = parts.next()?.parse().ok().filter(|length| (1..=MAX_LENGTH).contains(length))?;
        let resource = match parts.next() {
            Some(number) => number.parse().ok()?,
            None => 1,
        };
        parts.next().is_none().then_some(Self { kind, length, resource })
    }

    /// Returns the placeholder with its braces.
    pub fn placeholder(self) -> String {
        let resource = if self.resource > 1 { format!(":{}", self.resource) } else { String::new() };
        format!("{{{}:{}{resource}}}", self.kind.name(), self.length)
    }

    /// Returns the text for a run and a case.
    pub fn text(self, run: &str, case: &CaseId) -> String {
        let mut out = String::with_capacity(self.length);
        let mut block = 0_u32;
        while out.len() < self.length {
            let mut hash = Sha256::new();
            hash.update(format!("overstep-text/1\0{run}\0{}\0{}\0{block}\0", self.resource, self.kind.name()));
            hash.update(case.as_str().as_bytes());
            let room = self.length - out.len();
            let alphabet = self.kind.alphabet();
            out.extend(
                hash.finalize().iter().take(room).map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()])),
            );
            block += 1;
        }
        out
    }

    /// Returns example texts, of which every one must fit where the placeholder is used.
    pub fn samples(self) -> [String; 3] {
        let alphabet = self.kind.alphabet();
        let at = |index: usize| char::from(alphabet[index % alphabet.len()]);
        let last = alphabet.len() - 1;
        [
            (0..self.length).map(|_| at(0)).collect(),
            (0..self.length).map(|_| at(last)).collect(),
            (0..self.length).map(|index| at(index * 7 + 3)).collect(),
        ]
    }

    /// Returns the examples of a template: `{run}`, `{case}` and placeholders of unique texts are filled.
    pub fn sample_texts(template: &str) -> [String; 3] {
        [0, 1, 2].map(|number| {
            let filled = template.replace("{run}", "0a1b2c3d").replace("{case}", "0123456789ab");
            let mut out = String::with_capacity(filled.len());
            let mut rest = filled.as_str();
            while let Some(start) = rest.find('{') {
                let Some(length) = rest[start..].find('}') else { break };
                out.push_str(&rest[..start]);
                match Self::parse(&rest[start + 1..start + length]) {
                    Some(unique) => out.push_str(&unique.samples()[number]),
                    None => out.push_str(&rest[start..=start + length]),
                }
                rest = &rest[start + length + 1..];
            }
            out + rest
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_depend_on_run_case_and_resource() {
        let case: CaseId = "t/Op/valid/control/plain".parse().expect("an id");
        let other: CaseId = "t/Op/valid/control/other".parse().expect("an id");
        let digits = UniqueText::parse("digits:40").expect("a placeholder");
        let text = digits.text("r1", &case);
        assert!(text.len() == 40 && text.chars().all(|c| c.is_ascii_digit()), "{text}");
        assert_eq!(text, digits.text("r1", &case));
        let second = UniqueText { resource: 2, ..digits };
        for another in [digits.text("r2", &case), digits.text("r1", &other), second.text("r1", &case)] {
            assert_ne!(text, another);
        }
        assert_eq!(UniqueText::parse("digits:40:2"), Some(second));
        assert_eq!((digits.placeholder(), second.placeholder()), ("{digits:40}".into(), "{digits:40:2}".into()));
    }

    #[test]
    fn other_names_are_no_placeholders_of_unique_texts() {
        for name in ["digits", "digits:", "digits:0", "digits:65", "digits:3:x", "digits:3:1:1", "hex:3", "case:2"] {
            assert_eq!(UniqueText::parse(name), None, "{name}");
        }
        assert_eq!(UniqueText::sample_texts("A-{upper:2}{case}")[0], "A-AA0123456789ab");
        assert_eq!(UniqueText::sample_texts("{x.id}-{digits:2}")[1], "{x.id}-99");
    }
}
