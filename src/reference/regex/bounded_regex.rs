//! Runs patterns that are prone to catastrophic backtracking in an engine that limits its steps.
//!
//! A backtracking engine tries every way in which two repetitions can divide a text between them, which for ten
//! thousand characters takes practically forever. Harmless patterns are never handled here.

use fancy_regex::{Expr, Regex, RegexBuilder};
use regress::Flags;
use std::sync::OnceLock;

/// Minimum difference between the upper and lower bound of a repetition that counts as long.
const MIN_LONG_REPETITION: usize = 64;
/// Maximum number of backtracking steps, enough for any text that a document describes.
const MAX_BACKTRACK_STEPS: usize = 1_000_000;

/// A pattern prone to catastrophic backtracking, in an engine with a step limit that is built on first use.
#[derive(Debug)]
pub(super) struct BoundedRegex {
    pattern: String,
    regex: OnceLock<Option<Regex>>,
}

impl BoundedRegex {
    /// Returns `None` if the pattern is harmless, or has a construct that the other engine interprets differently.
    pub(super) fn new(ecmascript: &str, flags: Flags) -> Option<Self> {
        // The engines disagree on word and line boundaries.
        if flags.multiline
            || ecmascript.contains("\\b")
            || ecmascript.contains("\\B")
            || !may_backtrack_forever(ecmascript)
        {
            return None;
        }
        let inline = match (flags.icase, flags.dot_all) {
            (true, true) => "(?is)",
            (true, false) => "(?i)",
            (false, true) => "(?s)",
            (false, false) => "",
        };
        Some(Self { pattern: format!("{inline}{ecmascript}"), regex: OnceLock::new() })
    }

    /// Returns true if the pattern matches somewhere in the text, or `None` if the engine cannot be built. A search
    /// that exceeds the step limit counts as a match, so that no text is rejected without having been checked.
    pub(super) fn is_match(&self, text: &str) -> Option<bool> {
        let built = || RegexBuilder::new(&self.pattern).backtrack_limit(MAX_BACKTRACK_STEPS).build().ok();
        let regex = self.regex.get_or_init(built).as_ref()?;
        Some(regex.is_match(text).unwrap_or(true))
    }
}

/// Returns true if a pattern may take very long. A pattern that the other engine cannot parse counts as harmless,
/// because there is no alternative for it.
fn may_backtrack_forever(pattern: &str) -> bool {
    Expr::parse_tree(pattern)
        .is_ok_and(|tree| has_nested_repetition(&tree.expr, false) || count_long_repetitions(&tree.expr) > 1)
}

/// Returns true if a repetition with a variable count is nested inside another.
fn has_nested_repetition(tree: &Expr, inside: bool) -> bool {
    match tree {
        Expr::Repeat { child, lo, hi, .. } => {
            hi > lo && inside || has_nested_repetition(child, inside || hi > lo && *hi > 1)
        }
        other => other.children_iter().any(|child| has_nested_repetition(child, inside)),
    }
}

/// Returns the maximum number of long repetitions on one path through a pattern.
fn count_long_repetitions(tree: &Expr) -> usize {
    let children = tree.children_iter().map(count_long_repetitions);
    match tree {
        Expr::Repeat { lo, hi, .. } => {
            usize::from(hi.saturating_sub(*lo) >= MIN_LONG_REPETITION) + children.sum::<usize>()
        }
        Expr::Alt(_) => children.max().unwrap_or(0),
        _ => children.sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::regex::JavaPattern;

    #[test]
    fn patterns_prone_to_catastrophic_backtracking_are_detected() {
        for (pattern, expected) in [
            ("^[a-z]+$", false),
            ("^[a-z]{1,63}-[a-z]{1,63}$", false),
            ("^([a-z]{4})+$", false),
            ("^(?:a{2,3})?$", false),
            ("^(a?b){3}$", false),
            ("^(a?b){3,4}$", true),
            ("^[a-z]+|[0-9]+$", false),
            ("(.[0-9a-z]{2,4})+/x", true),
            ("^(a+)+$", true),
            ("^((?:a|b*)c){3}d*$", true),
            ("a*b{0,64}", true),
            ("a*b{0,63}", false),
            ("(?=a+)b*", true),
            ("(?=a+)b{3}", false),
            ("^(?<n>a+b)+$", true),
            ("(?!aws)[a-z]+", false),
            (r"^(?!aws:)[a-zA-Z+\-=._:{*\]+]+\+$", false),
        ] {
            assert_eq!(may_backtrack_forever(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn long_text_without_a_match_is_rejected_in_time() {
        let long = "a".repeat(10_000);
        for (pattern, fitting) in [
            ("https://x(.[0-9A-Za-z]{2,4})+/w", "https://x.amazon.aws/w"),
            ("^(a+)+$", "aaaa"),
            (r"^(\w+\s?)*$", "a b"),
            ("^[a-c]*[a-d]*[a-e]*[a-f]*$", "abcdef"),
        ] {
            let compiled = JavaPattern::new(pattern, false).expect("it can be read");
            let text = format!("https://x{long}!");
            assert!(compiled.is_match(fitting) && !compiled.is_match(&text), "{pattern}");
        }
        // The search exceeds the step limit, so the text counts as a match.
        let endless = JavaPattern::new(r"^(?:(a|aa)+)+\1b$", false).expect("it can be read");
        assert!(endless.is_match(&format!("{long}!")) && !endless.is_match("c"));
    }

    #[test]
    fn both_engines_agree_on_a_pattern() {
        for (pattern, texts) in [
            (r"(?i)^([a-z]+[-&~\d])*x$", ["A-b&c~dX", "abx", "é-x"]),
            (r"(?s)^(.+,)+\W*[^\W_]$", ["a\n,b,-z", "a,b,_", "a,!é"]),
            (r"^([\w.&&[^a]]+\D)*$", ["b.b-", "a-", "b1"]),
            (r"^(?:[+--]+[a-z]?)+$", ["+,-", "+,a-", "."]),
            (r"^(?:[~~a]+b?)+$", ["~a", "b~", "a~ba"]),
            (r"^(?:[a&\&b]+c?)+$", ["a&b", "abc", "c"]),
        ] {
            let compiled = JavaPattern::new(pattern, false).expect("it can be read");
            for text in texts {
                let (bounded, unbounded) = compiled.match_with_both_engines(text);
                assert_eq!(bounded, Some(unbounded), "{pattern} on {text:?}");
            }
        }
    }
}
