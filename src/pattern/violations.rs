//! Generates texts that a pattern rejects under both interpretations, most of them one edit away from a matching text.
//!
//! It never returns a text that matches as a whole or that a search finds.

use crate::pattern::documented::DocumentedPattern;
use crate::pattern::draw::Draw;

/// A text that violates a pattern, with the edit that produced it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternViolation {
    /// The edit, for the case's id: `start-U+0020`, `trailing-newline`, `look-ahead`.
    pub variant: String,
    /// The text.
    pub text: String,
}

/// Characters that classes often exclude, one of each kind. The characters next to the pattern's own classes are tried
/// as well.
const EXCLUDED_CHARACTERS: [(char, &str); 14] = [
    (' ', "space"),
    ('\t', "tab"),
    ('\n', "newline"),
    ('\0', "nul"),
    ('\u{7f}', "delete"),
    ('"', "quote"),
    ('\\', "backslash"),
    ('é', "two-byte"),
    ('\u{a0}', "no-break-space"),
    ('٣', "arabic-digit"),
    ('ａ', "full-width-letter"),
    ('ſ', "long-s"),
    ('\u{212a}', "kelvin"),
    ('\u{1F600}', "astral"),
];

impl DocumentedPattern {
    /// Returns violations derived from `member`, a text that matches: each excluded character at its start, in its
    /// middle and at its end, what look-aheads forbid, and a trailing newline. The length of each is within `lengths`,
    /// and each fails both as a whole match and as a search.
    pub fn violations(&self, member: &str, lengths: (u64, u64), draw: &mut dyn Draw) -> Vec<PatternViolation> {
        self.violations_until(member, lengths, draw, |_| false)
    }

    /// Returns the first of the [`violations`](Self::violations).
    pub fn first_violation(&self, member: &str, lengths: (u64, u64), draw: &mut dyn Draw) -> Option<PatternViolation> {
        self.violations_until(member, lengths, draw, |_| true).into_iter().next()
    }

    /// Returns the [`violations`](Self::violations) up to the first one for which `enough` returns true.
    pub fn violations_until(
        &self,
        member: &str,
        lengths: (u64, u64),
        draw: &mut dyn Draw,
        mut enough: impl FnMut(&PatternViolation) -> bool,
    ) -> Vec<PatternViolation> {
        let chars: Vec<char> = member.chars().collect();
        let mut found: Vec<PatternViolation> = Vec::new();
        let mut ended = false;
        let mut offer = |variant: String, text: String| {
            if ended {
                return true;
            }
            let length = text.chars().count() as u64;
            let fits = (lengths.0..=lengths.1).contains(&length)
                && found.iter().all(|one| one.variant != variant && one.text != text)
                && self.is_violated_by(&text);
            if fits {
                let violation = PatternViolation { variant, text };
                ended = enough(&violation);
                found.push(violation);
            }
            fits
        };
        let kinds = EXCLUDED_CHARACTERS.iter().map(|(c, name)| (*c, (*name).to_owned()));
        let near = self.neighbours();
        let near = near.iter().take(48).map(|c| (*c, format!("U+{:04X}", *c as u32)));
        for (bad, name) in kinds.chain(near) {
            let places = [("start", 0), ("middle", chars.len() / 2), ("end", chars.len().saturating_sub(1))];
            for (place, at) in places {
                if chars.is_empty() {
                    break;
                }
                let mut edited = chars.clone();
                edited[at] = bad;
                let replaced = offer(format!("{place}-{name}"), edited.into_iter().collect());
                if !replaced {
                    // If replacing a character gives no violation, inserting it may.
                    let mut edited = chars.clone();
                    edited.insert(if place == "end" { chars.len() } else { at }, bad);
                    offer(format!("{place}-{name}"), edited.into_iter().collect());
                }
            }
        }
        // Documents and servers disagree about punctuation most often; letters and digits are alike.
        for bad in (' '..='~').filter(|c| c.is_ascii_punctuation() || "5Mm".contains(*c)) {
            let mut edited = chars.clone();
            let middle = chars.len() / 2;
            if let Some(replaced) = edited.get_mut(middle) {
                *replaced = bad;
            }
            offer(format!("middle-U+{:04X}", bad as u32), edited.into_iter().collect());
        }
        for forbidden in self.forbidden_prefixes(draw) {
            offer("look-ahead".to_owned(), forbidden.clone());
            offer("look-ahead-and-more".to_owned(), format!("{forbidden}{member}"));
            let rest: String = chars.iter().skip(forbidden.chars().count()).collect();
            offer("look-ahead-same-length".to_owned(), format!("{forbidden}{rest}"));
        }
        offer("trailing-newline".to_owned(), format!("{member}\n"));
        if let Some(shorter) = chars.split_last().map(|(_, rest)| rest.iter().collect::<String>()) {
            offer("trailing-newline".to_owned(), format!("{shorter}\n"));
        }
        offer("empty".to_owned(), String::new());
        // Unanchored patterns without a class to leave need coarser edits.
        for (index, plain) in ["x", " ", "@", "0", "-", "\u{1F600}"].iter().enumerate() {
            let length = (chars.len().max(1) as u64).clamp(lengths.0, lengths.1.max(lengths.0)) as usize;
            offer(
                format!("only-{}", ["letter", "space", "at", "zero", "hyphen", "astral"][index]),
                plain.repeat(length),
            );
        }
        if let Some(dropped) = chars.split_last().map(|(_, rest)| rest.iter().collect::<String>()) {
            offer("last-dropped".to_owned(), dropped);
        }
        if let Some(dropped) = chars.split_first().map(|(_, rest)| rest.iter().collect::<String>()) {
            offer("first-dropped".to_owned(), dropped);
        }
        found
    }

    /// Returns matching texts close to what look-aheads forbid: shortened, in another case, or with a character in
    /// front.
    pub fn near_misses(&self, draw: &mut dyn Draw) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for forbidden in self.forbidden_prefixes(draw) {
            let mut shorter = forbidden.clone();
            shorter.pop();
            let flipped: String = forbidden
                .chars()
                .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
                .collect();
            let mut capital = forbidden.clone();
            if let Some(first) = capital.get_mut(0..1) {
                first.make_ascii_uppercase();
            }
            for (name, text) in [
                ("look-ahead-shortened", shorter),
                ("look-ahead-other-case", flipped),
                ("look-ahead-capital", capital),
                ("look-ahead-later", format!("x{forbidden}")),
            ] {
                if self.matches(&text) && found.iter().all(|(_, other)| *other != text) {
                    found.push((name.to_owned(), text));
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::draw::SeededDraw;

    fn violation_variants(pattern: &str, member: &str) -> Vec<String> {
        let parsed = DocumentedPattern::new(pattern).expect(pattern);
        parsed.violations(member, (1, 128), &mut SeededDraw::new(1, "")).into_iter().map(|one| one.variant).collect()
    }

    #[test]
    fn all_positions_look_aheads_and_newlines_are_tried() {
        let found = violation_variants(r"^(?!aws:)[a-zA-Z+-=._:/]+$", "key1");
        for variant in
            ["start-space", "middle-space", "end-space", "end-U+0060", "start-U+0040", "look-ahead", "trailing-newline"]
        {
            assert!(found.iter().any(|one| one == variant), "{variant} is missing in {found:?}");
        }
    }

    #[test]
    fn all_punctuation_outside_of_a_class_is_tried() {
        let found = violation_variants(r"^[a-zA-Z0-9_]+$", "key1");
        for c in (' '..='~').filter(|c| c.is_ascii_punctuation() && *c != '_') {
            let variant = match c {
                '"' => "middle-quote".to_owned(),
                '\\' => "middle-backslash".to_owned(),
                _ => format!("middle-U+{:04X}", c as u32),
            };
            assert!(found.contains(&variant), "{c} is missing in {found:?}");
        }
        let digits = violation_variants(r"^[0-9]+$", "12");
        assert!(["middle-U+004D", "middle-U+006D"].iter().all(|variant| digits.iter().any(|one| one == variant)));
    }

    #[test]
    fn ambiguous_texts_are_not_violations() {
        // The pattern has no anchor at its end, so a search still finds a match before a bad last character.
        let found = violation_variants("^[a-z]+", "abc");
        assert!(found.iter().any(|one| one == "start-space"));
        assert!(found.iter().all(|one| !one.starts_with("end-")), "{found:?}");
    }

    #[test]
    fn unanchored_patterns_get_coarse_violations() {
        assert!(!violation_variants(r"[^\s@]+@[^\s@]+\.[^\s@]+", "a@b.c").is_empty());
    }
}
