//! Patterns of the documented dialect (Java's), run by an ECMAScript engine.
//!
//! Never guesses: a pattern that cannot be translated is an error, and the constraint is then not checked (see
//! [`crate::reference::ReferenceService::untranslated_patterns`]).
//!
//! An unanchored pattern may match anywhere, as written; `$` is the very end of the text.

use super::bounded_regex::BoundedRegex;
use super::pattern_error::JavaPatternError;
use super::translate::translate_pattern;
use regress::{Flags, Regex};

/// Maximum length of a pattern in bytes.
const MAX_PATTERN_LENGTH: usize = 20_000;
/// Maximum number of alternatives. The engine descends once for each.
const MAX_ALTERNATIVES: usize = 1_000;

/// A compiled pattern.
#[derive(Debug)]
pub(in crate::reference) struct JavaPattern {
    regex: Regex,
    /// The replacement for a pattern that might run forever on a long text.
    bounded: Option<BoundedRegex>,
}

impl JavaPattern {
    pub(in crate::reference) fn new(java: &str, ignore_case: bool) -> Result<Self, JavaPatternError> {
        if java.len() > MAX_PATTERN_LENGTH || java.matches('|').count() > MAX_ALTERNATIVES {
            return Err(JavaPatternError::from(format!(
                "it has more than {MAX_PATTERN_LENGTH} bytes or {MAX_ALTERNATIVES} alternatives"
            )));
        }
        let translation = translate_pattern(java)?;
        let flags = Flags { icase: translation.flags.icase || ignore_case, unicode: true, ..translation.flags };
        let regex = Regex::with_flags(&translation.pattern, flags).map_err(|error| error.to_string())?;
        Ok(Self { regex, bounded: BoundedRegex::new(&translation.pattern, flags) })
    }

    pub(in crate::reference) fn is_match(&self, text: &str) -> bool {
        match &self.bounded {
            // If the bounded engine cannot be built, the text is not checked: the other engine could run forever.
            Some(bounded) => bounded.is_match(text).unwrap_or(true),
            None => self.regex.find(text).is_some(),
        }
    }

    /// Returns the results of both engines.
    #[cfg(test)]
    pub(in crate::reference) fn match_with_both_engines(&self, text: &str) -> (Option<bool>, bool) {
        (self.bounded.as_ref().and_then(|bounded| bounded.is_match(text)), self.regex.find(text).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_patterns_match_as_in_java() {
        for (pattern, fitting, other) in [
            ("^(?!aws:)[a-zA-Z+-=._:/]+$", "a,-.9;<=Z", "aws:x"),
            ("^(?!aws:)[a-zA-Z+-=._:/]+$", "AWS:", "a b"),
            ("^[a-z]+$", "abc", "abc\n"),
            ("[a-z]+", "1 abc 2", "123"),
            (r"^\d+$", "09", "٣"),
            (r"^\w+$", "a_Z9", "é"),
            (r"^[\w-.]+$", "a-.b", "a+b"),
            (r"^[\w\s+=,.@-]*$", "a b+=,.@-", "a#"),
            (r"^[-:/A-Za-z0-9]+$", "-:/x", "x y"),
            (r"^\s$", "\t", "\u{a0}"),
            (r"^[^\s@]+@[^\s@]+\.[^\s@]+$", "a@b.c", "a@b"),
            (r"^\p{L}+$", "é字", "1"),
            (r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$", "é 1_.:/=+-@", "#"),
            (r"^\p{Alpha}+$", "aZ", "é"),
            (r"^[\p{Graph}\x20]*$", "a b~", "é"),
            (r"^a\-b\_c\@\#$", "a-b_c@#", "a-b"),
            ("^{x}$", "{x}", "x"),
            ("^a{2}$", "aa", "a"),
            ("^a{2,}]$", "aaa]", "a]"),
            (r"^\Qa.b\E$", "a.b", "axb"),
            ("^a{1x}$", "a{1x}", "a"),
            ("^a{}$", "a{}", "a"),
            ("(?s)^(?-s:.)$", "a", "\u{85}"),
            ("(?i)^abc$", "ABC", "ab"),
            ("(?s)^.$", "\n", ""),
            ("^.$", "😀", "\n"),
            ("^.{2}$", "😀😀", "😀"),
            (r"\Aab\z", "ab", "ab\n"),
            (r"^[\u0020-\uD7FF\uE000-\uFFFD]*$", "a b", "\u{1}"),
            (r"^[ -~]+$", "a b", "é"),
            ("^[a-c-e]+$", "a-e", "d"),
            ("^[]a]+$", "]a", "b"),
            ("^[[a]+$", "[a", "b"),
            (r"^\x{1F600}$", "😀", "a"),
            ("^a++b$", "aab", "b"),
            ("^[^/]+/[0-9]+$", "a/1", "a/"),
            (r"^[\p{Print}&&[^|:/]]+$", "a b", "a:b"),
            ("^[a-z&&b-y&&[^m]]+x$", "bcx", "bmx"),
            ("^(?i)(true|false)$", "TrUe", "tru"),
            ("^(?![^:]*/action/|(?i).*<script>.*)[^:]+$", "a<b>", "a<SCRIPT>"),
            ("^(a(?i)b|c)d$", "aBd", "aBD"),
            ("^(a(?i)b|c)d$", "Cd", "Abd"),
            (r"^[^\p{C}\p{IsWhitespace}]+$", "a", "a b"),
            ("^(?:(?s).)x.$", "\nxa", "\nx\n"),
        ] {
            let compiled = JavaPattern::new(pattern, false).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert!(compiled.is_match(fitting), "{pattern} on {fitting:?}");
            assert!(!compiled.is_match(other), "{pattern} on {other:?}");
        }
    }

    #[test]
    fn untranslatable_pattern_is_an_error() {
        for pattern in
            ["(", "[a", "\\", "[^a&&b]", "[a&&[b]c]", "[z-a]", "\\p{", "a{2,1}", "(?x)a", "a(?x)b", "\\y", "(?)a"]
        {
            assert!(JavaPattern::new(pattern, false).is_err(), "{pattern}");
        }
    }
}
