//! Compiles a documented pattern and generates texts of a wanted length that match it as a whole.
//!
//! It never generates violations.

use crate::pattern::dialect::{has_ambiguous_repetition, has_word_boundary, translate_to_rust};
use crate::pattern::draw::Draw;
use crate::pattern::tree::PatternTree;
use fancy_regex::{Expr, Regex, RegexBuilder};
use std::sync::OnceLock;

/// Maximum number of texts to draw before a pattern counts as unsatisfiable at a wanted length.
const MAX_ATTEMPTS: u32 = 64;
/// Maximum number of characters beyond the minimum if no length is wanted.
const MAX_EXTRA_CHARACTERS: usize = 8;
/// Maximum length of a generated text.
const MAX_TEXT_LENGTH: usize = 1 << 20;
/// Maximum length of a pattern in bytes. The longest pattern of all botocore models has 1,195.
const MAX_PATTERN_LENGTH: usize = 20_000;
/// Maximum size of a pattern whose counted repetitions are written out, in characters.
const MAX_EXPANDED_SIZE: usize = 1 << 20;

/// An invalid or unsupported pattern.
#[derive(Clone, Debug, thiserror::Error)]
#[error("unsupported pattern `{pattern}`: {reason}")]
pub struct PatternError {
    /// The pattern as documented.
    pub pattern: String,
    /// The reason why it is not supported.
    pub reason: String,
}

/// A documented pattern, compiled for matching and generating.
#[derive(Clone, Debug)]
pub struct DocumentedPattern {
    whole: Regex,
    /// The unanchored form, compiled from `rust` on first use, because only violations need it.
    search: OnceLock<Option<Regex>>,
    rust: String,
    tree: PatternTree,
    /// Whether it has a word boundary. JDK 19 changed which letters beyond ASCII belong to words, so it is not known
    /// whether a text with such letters matches.
    has_word_boundary: bool,
}

impl DocumentedPattern {
    /// Compiles a pattern in its documented dialect, which is Java's unless stated otherwise.
    ///
    /// # Errors
    /// Returns an error if the pattern is malformed or uses unsupported syntax.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let error = |reason: String| PatternError { pattern: pattern.to_owned(), reason };
        if pattern.len() > MAX_PATTERN_LENGTH {
            return Err(error(format!("it is longer than {MAX_PATTERN_LENGTH} bytes")));
        }
        if has_ambiguous_repetition(pattern) {
            return Err(error("regex engines differ on the repetition of a repetition or an anchor".to_owned()));
        }
        let rust = translate_to_rust(pattern);
        let parsed = Expr::parse_tree(&rust).map_err(|e| error(e.to_string()))?;
        if expanded_size(&parsed.expr) > MAX_EXPANDED_SIZE {
            return Err(error("its repetitions multiply to more than a million characters".to_owned()));
        }
        let whole = build_regex(&format!("\\A(?:{rust})\\z")).map_err(|e| error(e.to_string()))?;
        let tree = PatternTree::new(&parsed.expr);
        Ok(Self { whole, search: OnceLock::new(), rust, tree, has_word_boundary: has_word_boundary(pattern) })
    }

    /// Returns true if the whole text matches. If the engine reaches its limit, the text counts as not matching.
    pub fn matches(&self, text: &str) -> bool {
        !self.is_ambiguous_for(text) && self.whole.is_match(text).unwrap_or(false)
    }

    /// Returns true if some part of the text matches. If the engine reaches its limit, the text counts as matching, so
    /// that it does not become a violation.
    pub fn is_found_in(&self, text: &str) -> bool {
        let search = || self.search.get_or_init(|| build_regex(&self.rust).ok()).as_ref();
        self.is_ambiguous_for(text) || search().is_none_or(|search| search.is_match(text).unwrap_or(true))
    }

    fn is_ambiguous_for(&self, text: &str) -> bool {
        self.has_word_boundary && !text.is_ascii()
    }

    /// Returns true if the text fails under both interpretations: as a whole match and as a search.
    pub fn is_violated_by(&self, text: &str) -> bool {
        !self.matches(text) && !self.is_found_in(text)
    }

    /// Returns the least and the greatest number of characters that the pattern's structure allows. Look-around and
    /// back-references may narrow this range.
    pub fn length_range(&self) -> (usize, usize) {
        self.tree.length_range()
    }

    /// Returns true if the lengths of its texts are known: a back-reference, for example, may have any length.
    pub fn has_known_lengths(&self) -> bool {
        self.tree.has_known_lengths()
    }

    /// Returns a matching text of exactly `length` characters, or of any short length if `length` is `None`. Returns
    /// `None` if no text was found.
    pub fn draw_member(&self, draw: &mut dyn Draw, length: Option<usize>) -> Option<String> {
        let (least, most) = self.length_range();
        let wanted = match length {
            Some(length) if length < least || length > most || length > MAX_TEXT_LENGTH => return None,
            Some(length) => length,
            None => 0,
        };
        let mut exhausted = false;
        for attempt in 0..MAX_ATTEMPTS {
            let target = match length {
                Some(_) => wanted,
                None => {
                    draw.between(least as u64, most.min(least.saturating_add(MAX_EXTRA_CHARACTERS)) as u64) as usize
                }
            };
            let mut text = String::new();
            if self.tree.write_text(target, draw, &mut text).is_some()
                && text.chars().count() == target
                && !self.is_ambiguous_for(&text)
            {
                match self.whole.is_match(&text) {
                    Ok(true) => return Some(text),
                    Ok(false) => {}
                    // Each such attempt takes long, and the next ones are no better.
                    Err(_) if exhausted => return None,
                    Err(_) => exhausted = true,
                }
            }
            // Without a wanted length, a few more attempts make sense only if a matching text may have to be longer.
            if length.is_none() && attempt > MAX_ATTEMPTS / 2 && least.saturating_add(MAX_EXTRA_CHARACTERS) >= most {
                break;
            }
        }
        None
    }

    /// Returns each character at the edge of a class or in a literal of the pattern, in order and without duplicates.
    pub fn edge_characters(&self) -> Vec<char> {
        without_duplicates(self.tree.char_ranges().into_iter().flat_map(|(low, high)| [low, high]).collect())
    }

    /// Returns the printable ASCII characters inside the classes of the pattern that are not at the end of a range.
    pub fn inner_characters(&self) -> Vec<char> {
        let ranges = self.tree.char_ranges();
        let is_edge = |c: char| ranges.iter().any(|(low, high)| c == *low || c == *high);
        let is_inside = |c: char| ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
        (' '..='~').filter(|c| is_inside(*c) && !is_edge(*c)).collect()
    }

    /// Returns each character just outside a class of the pattern, without duplicates.
    pub(super) fn neighbours(&self) -> Vec<char> {
        let next_to = |(low, high): (char, char)| {
            let before = (low as u32).checked_sub(1).and_then(char::from_u32);
            [before, char::from_u32(high as u32 + 1)].into_iter().flatten()
        };
        without_duplicates(self.tree.char_ranges().into_iter().flat_map(next_to).collect())
    }

    /// Returns one text for each negative look-ahead that forbids it, as far as one can be written.
    pub(super) fn forbidden_prefixes(&self, draw: &mut dyn Draw) -> Vec<String> {
        let mut found = Vec::new();
        for inner in self.tree.forbidden_parts() {
            let (least, most) = inner.length_range();
            let mut text = String::new();
            if inner.write_text(least.max(1).min(most), draw, &mut text).is_some() && !text.is_empty() {
                found.push(text);
            }
        }
        found
    }
}

/// Returns the size of an expression whose counted repetitions are written out; an open end counts once.
fn expanded_size(expr: &Expr) -> usize {
    let parts = expr.children_iter().fold(1, |sum: usize, part| sum.saturating_add(expanded_size(part)));
    match expr {
        Expr::Literal { val, .. } => val.len(),
        Expr::Repeat { lo, hi, .. } => {
            let times = if *hi == usize::MAX { lo.saturating_add(1) } else { *hi };
            parts.saturating_mul(times.max(1))
        }
        _ => parts,
    }
}

fn build_regex(text: &str) -> Result<Regex, fancy_regex::Error> {
    RegexBuilder::new(text).backtrack_limit(2_000_000).build()
}

fn without_duplicates(mut chars: Vec<char>) -> Vec<char> {
    let mut seen = std::collections::HashSet::new();
    chars.retain(|c| seen.insert(*c));
    chars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::draw::{SeededDraw, any_recorded_draw};

    #[test]
    fn generated_texts_have_the_wanted_length() {
        for (pattern, wanted) in [
            (r"^(?!aws:)[a-zA-Z+-=._:/]+$", vec![1, 2, 4, 128]),
            (r"^[-:/A-Za-z0-9]+", vec![20, 256]),
            (r"[^\s@]+@[^\s@]+\.[^\s@]+", vec![5, 255]),
            (r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$", vec![36]),
            (r"^(a|bb|ccc){2,3}$", vec![2, 9]),
            (r"^(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9]{8,}$", vec![8, 20]),
            (r"arn:aws[a-z0-9-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+", vec![40]),
        ] {
            let parsed = DocumentedPattern::new(pattern).expect(pattern);
            for length in wanted {
                let member = parsed.draw_member(&mut SeededDraw::new(1, pattern), Some(length));
                assert_eq!(member.map(|text| text.chars().count()), Some(length), "{pattern} at {length}");
            }
            assert!(parsed.draw_member(&mut SeededDraw::new(1, pattern), None).is_some(), "{pattern}");
        }
    }

    #[test]
    fn unsatisfiable_and_unsupported_patterns_are_detected() {
        let pattern = DocumentedPattern::new("^(?!a)a$").expect("well formed");
        assert_eq!(pattern.draw_member(&mut SeededDraw::new(1, ""), None), None);
        assert_eq!(
            DocumentedPattern::new("^[a-z]{3}$").expect("fine").draw_member(&mut SeededDraw::new(1, ""), Some(4)),
            None
        );
        for broken in ["[a-", "a{2}{3}", "^[0-9]{11}{0,1011}$", "^[a-z]*${2,64}$"] {
            assert!(DocumentedPattern::new(broken).is_err(), "{broken}");
        }
        for fine in ["a{2}[{3}]", "(a{2}){3}", r"a{2}\{3}"] {
            assert!(DocumentedPattern::new(fine).is_ok(), "{fine}");
        }
    }

    #[test]
    fn patterns_beyond_every_size_are_unsupported() {
        let alternatives = (0..100_000).map(|number| number.to_string()).collect::<Vec<_>>().join("|");
        for large in
            [alternatives.as_str(), "^(((a{1,1000}){1,1000}){1,1000}){1,1000}$", "(((a{9999}){9999}){9999}){9999}"]
        {
            let error = DocumentedPattern::new(large).expect_err("it is too large");
            assert!(error.reason.contains("more than") || error.reason.contains("longer than"), "{}", error.reason);
        }
        for fine in ["[a-z]{1,65536}", r"(\w{1,256}/){1,50}", r"([a-z]+[0-9]{2,4}){3,}"] {
            assert!(DocumentedPattern::new(fine).is_ok(), "{fine}");
        }
    }

    #[test]
    fn texts_with_back_references_have_unknown_lengths() {
        let repeated = DocumentedPattern::new(r"^(.+)\1\1\1$").expect("well formed");
        assert!(!repeated.has_known_lengths() && repeated.matches("aaaa"));
        let look_behind = DocumentedPattern::new(r"^[a-z]+(?<!x)$").expect("well formed");
        assert!(look_behind.has_known_lengths());
    }

    proptest::proptest! {
        #[test]
        fn generated_texts_match(mut draw in any_recorded_draw(), which in 0_usize..4) {
            let pattern = [r"^(?!aws:)[a-zA-Z+-=._:/]+$", r"^\w{3,9}(-\d+)?$", r"[^\s@]+@[^\s@]+\.[^\s@]+", r"^[^\x00-\x1f]*$"][which];
            let parsed = DocumentedPattern::new(pattern).expect("well formed");
            if let Some(member) = parsed.draw_member(&mut draw, None) {
                proptest::prop_assert!(parsed.matches(&member), "{member:?}");
            }
        }
    }
}
