//! Defaults: `Defaults to 10`, `The default value is ‹false›`.
//!
//! It never takes a default that depends on something.

use super::statement::StatedFact;
use super::vocabulary::{compile_regex, find, is_match};
use fancy_regex::Regex;
use std::sync::LazyLock;

/// Returns the default that a sentence with marks states.
pub(super) fn read_default(marked: &str) -> Option<StatedFact> {
    static DEFAULT: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)(?:\bdefaults? ?(?:value|setting|maxresult size|size)?(?: is set)? ?(?:is|to|:|=|=>|–)+ ?|^default )(?:‹([^›]{1,80})›|(true|false|-?[0-9][0-9,]*(?:\.[0-9]+)?|(?-i:[A-Z][A-Z0-9_]+)|(?-i:[a-z][\w-]*)(?=\.?$)))(?=[.,;) ]|$)(?! (?:percent|or|and)\b)",
        )
    });
    static OTHER: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\b(?:for|in other|in these|depends?|depending|unless|except|when (?!not|omitted|no)|service|account|region|according|based|version|as of)\b",
        )
    });
    let found = find(&DEFAULT, marked)?;
    if is_match(&OTHER, &marked[..found.get(0)?.start()]) || is_match(&OTHER, &marked[found.get(0)?.end()..]) {
        return None;
    }
    let value = found.get(1).or(found.get(2))?.as_str().trim_matches('"');
    let is_number = value.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let value = if is_number { value.replace(',', "") } else { value.to_owned() };
    let words = ["null", "none", "the", "a", "an", "to", "your", "empty", "undefined", "not", "no", "all"];
    (!words.contains(&value.to_ascii_lowercase().as_str())).then_some(StatedFact::Default(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_read() {
        for (text, expected) in [
            ("The default is 100.", Some("100")),
            ("Defaults to ‹3›.", Some("3")),
            ("Default: 345,600 (4 days).", Some("345600")),
            ("If you don't specify ‹createVersion›, the default is ‹false›.", Some("false")),
            ("If not provided, defaults to ‹RRF› (Reciprocal Rank Fusion).", Some("RRF")),
            ("The default MaxResult size is 100.", Some("100")),
            ("In other Regions, the parameter is set to ‹true› by default.", None),
            ("The default is the current Region.", None),
            ("The default for MySQL is 5.", None),
        ] {
            assert_eq!(read_default(text), expected.map(|value| StatedFact::Default(value.to_owned())), "{text}");
        }
    }
}
