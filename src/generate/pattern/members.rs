//! Texts that a pattern matches as a whole, of a wanted length.

use super::dialect::{has_boundary, repeats_oddly, to_rust};
use super::tree::Tree;
use crate::generate::draw::Draw;
use fancy_regex::{Expr, Regex, RegexBuilder};
use std::sync::OnceLock;

/// How many texts are drawn before a pattern with a wanted length counts as unsatisfiable.
const TRIES: u32 = 64;
/// How often a part of unlimited repetition is repeated at most where no length is wanted.
const FREE_REPEATS: usize = 8;
/// Longer texts than this are never drawn.
const LONGEST: usize = 1 << 20;

/// A pattern that was not understood.
#[derive(Clone, Debug, thiserror::Error)]
#[error("pattern `{pattern}` is not understood: {reason}")]
pub struct PatternError {
    /// As documented.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A documented pattern, ready to match and to generate.
#[derive(Clone, Debug)]
pub struct Pattern {
    whole: Regex,
    /// Made when it is first asked: only what breaks the pattern is searched for. With the documented text in the
    /// dialect of the engine, from which it is made.
    search: OnceLock<Option<Regex>>,
    rust: String,
    tree: Tree,
    /// Whether it asks where words begin: which letters beyond ASCII belong to words, Java has said in two ways
    /// (JDK 19 changed it), so that no such text is known to match or not to.
    has_boundary: bool,
}

impl Pattern {
    /// Reads a pattern in its documented dialect (Java's, where nothing else is said).
    ///
    /// # Errors
    /// Where the pattern is broken or uses what is not understood.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let error = |reason: String| PatternError { pattern: pattern.to_owned(), reason };
        if repeats_oddly(pattern) {
            return Err(error(
                "a repetition of a repetition or of an end means different things to different engines".to_owned(),
            ));
        }
        let rust = to_rust(pattern);
        let parsed = Expr::parse_tree(&rust).map_err(|e| error(e.to_string()))?;
        let whole = built(&format!("\\A(?:{rust})\\z")).map_err(|e| error(e.to_string()))?;
        let tree = Tree::new(&parsed.expr);
        Ok(Self { whole, search: OnceLock::new(), rust, tree, has_boundary: has_boundary(pattern) })
    }

    /// Whether the whole text matches. A search that gives up counts as no match.
    pub fn matches(&self, text: &str) -> bool {
        !self.is_unclear(text) && self.whole.is_match(text).unwrap_or(false)
    }

    /// Whether some part of the text matches; what gives up counts as a match, so that it is no violation.
    pub fn finds(&self, text: &str) -> bool {
        let search = || self.search.get_or_init(|| built(&self.rust).ok()).as_ref();
        self.is_unclear(text) || search().is_none_or(|search| search.is_match(text).unwrap_or(true))
    }

    fn is_unclear(&self, text: &str) -> bool {
        self.has_boundary && !text.is_ascii()
    }

    /// Whether the text is wrong under either reading: as a whole and as a search.
    pub fn is_violated_by(&self, text: &str) -> bool {
        !self.matches(text) && !self.finds(text)
    }

    /// The least and the greatest number of characters that the pattern's form allows; look-around
    /// and back-references may allow fewer.
    pub fn lengths(&self) -> (usize, usize) {
        self.tree.lengths()
    }

    /// A matching text of exactly `length` characters, or of any short length; none where none was found.
    pub fn member(&self, draw: &mut dyn Draw, length: Option<usize>) -> Option<String> {
        let (least, most) = self.lengths();
        let wanted = match length {
            Some(length) if length < least || length > most || length > LONGEST => return None,
            Some(length) => length,
            None => 0,
        };
        for attempt in 0..TRIES {
            let target = match length {
                Some(_) => wanted,
                None => draw.between(least as u64, most.min(least.saturating_add(FREE_REPEATS)) as u64) as usize,
            };
            let mut text = String::new();
            if self.tree.write(target, draw, &mut text).is_some()
                && text.chars().count() == target
                && self.matches(&text)
            {
                return Some(text);
            }
            // A text of any length may have to be longer than the first tries.
            if length.is_none() && attempt > TRIES / 2 && least.saturating_add(FREE_REPEATS) >= most {
                break;
            }
        }
        None
    }

    /// Each character at the edge of a class or in a literal of the pattern, without repetition, in order.
    pub fn edge_characters(&self) -> Vec<char> {
        dedup(self.tree.edges().into_iter().flat_map(|(low, high)| [low, high]).collect())
    }

    /// Each character next to the edge of a class of the pattern, without repetition.
    pub(super) fn neighbours(&self) -> Vec<char> {
        let next_to = |(low, high): (char, char)| {
            let before = (low as u32).checked_sub(1).and_then(char::from_u32);
            [before, char::from_u32(high as u32 + 1)].into_iter().flatten()
        };
        dedup(self.tree.edges().into_iter().flat_map(next_to).collect())
    }

    /// The texts that negative look-aheads forbid, as far as they are plain.
    pub(super) fn forbidden_prefixes(&self, draw: &mut dyn Draw) -> Vec<String> {
        let mut found = Vec::new();
        for inner in self.tree.forbidden() {
            let (least, most) = inner.lengths();
            let mut text = String::new();
            if inner.write(least.max(1).min(most), draw, &mut text).is_some() && !text.is_empty() {
                found.push(text);
            }
        }
        found
    }
}

fn built(text: &str) -> Result<Regex, fancy_regex::Error> {
    RegexBuilder::new(text).backtrack_limit(2_000_000).build()
}

fn dedup(mut chars: Vec<char>) -> Vec<char> {
    let mut seen = std::collections::HashSet::new();
    chars.retain(|c| seen.insert(*c));
    chars
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::draw::{Seeded, choices};

    #[test]
    fn members_have_the_wanted_length() {
        for (pattern, wanted) in [
            (r"^(?!aws:)[a-zA-Z+-=._:/]+$", vec![1, 2, 4, 128]),
            (r"^[-:/A-Za-z0-9]+", vec![20, 256]),
            (r"[^\s@]+@[^\s@]+\.[^\s@]+", vec![5, 255]),
            (r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$", vec![36]),
            (r"^(a|bb|ccc){2,3}$", vec![2, 9]),
            (r"^(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9]{8,}$", vec![8, 20]),
            (r"arn:aws[a-z0-9-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+", vec![40]),
        ] {
            let parsed = Pattern::new(pattern).expect(pattern);
            for length in wanted {
                let member = parsed.member(&mut Seeded::new(1, pattern), Some(length));
                assert_eq!(member.map(|text| text.chars().count()), Some(length), "{pattern} at {length}");
            }
            assert!(parsed.member(&mut Seeded::new(1, pattern), None).is_some(), "{pattern}");
        }
    }

    #[test]
    fn what_nothing_matches_gives_nothing() {
        let pattern = Pattern::new("^(?!a)a$").expect("well formed");
        assert_eq!(pattern.member(&mut Seeded::new(1, ""), None), None);
        assert_eq!(Pattern::new("^[a-z]{3}$").expect("fine").member(&mut Seeded::new(1, ""), Some(4)), None);
        for broken in ["[a-", "a{2}{3}", "^[0-9]{11}{0,1011}$", "^[a-z]*${2,64}$"] {
            assert!(Pattern::new(broken).is_err(), "{broken}");
        }
        for fine in ["a{2}[{3}]", "(a{2}){3}", r"a{2}\{3}"] {
            assert!(Pattern::new(fine).is_ok(), "{fine}");
        }
    }

    proptest::proptest! {
        #[test]
        fn members_match(mut draw in choices(), which in 0_usize..4) {
            let pattern = [r"^(?!aws:)[a-zA-Z+-=._:/]+$", r"^\w{3,9}(-\d+)?$", r"[^\s@]+@[^\s@]+\.[^\s@]+", r"^[^\x00-\x1f]*$"][which];
            let parsed = Pattern::new(pattern).expect("well formed");
            if let Some(member) = parsed.member(&mut draw, None) {
                proptest::prop_assert!(parsed.matches(&member), "{member:?}");
            }
        }
    }
}
