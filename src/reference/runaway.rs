//! Patterns over which an engine that goes back and tries again may never come to an end.
//!
//! Two repetitions that can share out a text in many ways are tried in all of them: a text of ten thousand characters
//! then takes longer than anybody waits. Such patterns are left to an engine that counts its steps.

use fancy_regex::{Expr, Regex, RegexBuilder};
use regress::Flags;
use std::sync::OnceLock;

/// A repetition that may go on for so many rounds more or less is a long one.
const LONG: usize = 64;
/// So many steps back are enough for any text that a document speaks of.
const MOST_STEPS: usize = 1_000_000;

/// A pattern that may run away, with an engine that does not; built where it is first needed.
#[derive(Debug)]
pub(super) struct Bounded {
    pattern: String,
    regex: OnceLock<Option<Regex>>,
}

impl Bounded {
    /// None where a pattern is harmless, or says something that the other engine reads otherwise.
    pub(super) fn new(ecmascript: &str, flags: Flags) -> Option<Self> {
        // What a word or a line ends with is not the same to both.
        if flags.multiline || ecmascript.contains("\\b") || ecmascript.contains("\\B") || !runs_away(ecmascript) {
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

    /// Whether it is found; none where this engine cannot be built. What takes too many steps counts as found: nobody
    /// is refused for a text that could not be looked at.
    pub(super) fn found_in(&self, text: &str) -> Option<bool> {
        let built = || RegexBuilder::new(&self.pattern).backtrack_limit(MOST_STEPS).build().ok();
        let regex = self.regex.get_or_init(built).as_ref()?;
        Some(regex.is_match(text).unwrap_or(true))
    }
}

/// Whether a pattern may take very long. What the other engine cannot read has nowhere else to go.
fn runs_away(pattern: &str) -> bool {
    Expr::parse_tree(pattern).is_ok_and(|tree| is_nested(&tree.expr, false) || long_ones(&tree.expr) > 1)
}

/// Whether a repetition of more or fewer rounds stands inside of another.
fn is_nested(tree: &Expr, inside: bool) -> bool {
    match tree {
        Expr::Repeat { child, lo, hi, .. } => hi > lo && inside || is_nested(child, inside || hi > lo && *hi > 1),
        other => other.children_iter().any(|child| is_nested(child, inside)),
    }
}

/// How many long repetitions one way through a pattern may meet.
fn long_ones(tree: &Expr) -> usize {
    let children = tree.children_iter().map(long_ones);
    match tree {
        Expr::Repeat { lo, hi, .. } => usize::from(hi.saturating_sub(*lo) >= LONG) + children.sum::<usize>(),
        Expr::Alt(_) => children.max().unwrap_or(0),
        _ => children.sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::Pattern;
    use super::*;

    #[test]
    fn what_may_run_away_is_known() {
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
            assert_eq!(runs_away(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn a_long_text_that_fits_in_no_way_is_refused_all_the_same() {
        let long = "a".repeat(10_000);
        for (pattern, fitting) in [
            ("https://x(.[0-9A-Za-z]{2,4})+/w", "https://x.amazon.aws/w"),
            ("^(a+)+$", "aaaa"),
            (r"^(\w+\s?)*$", "a b"),
            ("^[a-c]*[a-d]*[a-e]*[a-f]*$", "abcdef"),
        ] {
            let compiled = Pattern::new(pattern, false).expect("it can be read");
            let text = format!("https://x{long}!");
            assert!(compiled.found_in(fitting) && !compiled.found_in(&text), "{pattern}");
        }
        // Nobody can tell in time: the text is let through.
        let endless = Pattern::new(r"^(?:(a|aa)+)+\1b$", false).expect("it can be read");
        assert!(endless.found_in(&format!("{long}!")) && !endless.found_in("c"));
    }

    #[test]
    fn both_engines_read_a_pattern_alike() {
        for (pattern, texts) in [
            (r"(?i)^([a-z]+[-&~\d])*x$", ["A-b&c~dX", "abx", "é-x"]),
            (r"(?s)^(.+,)+\W*[^\W_]$", ["a\n,b,-z", "a,b,_", "a,!é"]),
            (r"^([\w.&&[^a]]+\D)*$", ["b.b-", "a-", "b1"]),
            (r"^(?:[+--]+[a-z]?)+$", ["+,-", "+,a-", "."]),
            (r"^(?:[~~a]+b?)+$", ["~a", "b~", "a~ba"]),
            (r"^(?:[a&\&b]+c?)+$", ["a&b", "abc", "c"]),
        ] {
            let compiled = Pattern::new(pattern, false).expect("it can be read");
            for text in texts {
                let (bounded, unbounded) = compiled.engines(text);
                assert_eq!(bounded, Some(unbounded), "{pattern} on {text:?}");
            }
        }
    }
}
