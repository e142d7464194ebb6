//! Reads sizes from short statements such as `1–200 chars.`, `Max 100.` or `(1–50)`, as pages put them behind a name.
//!
//! What is counted often stands nowhere: characters of a text, entries of a list, or the number itself. Only statements
//! that say nothing else are read, because a number inside of a longer sentence may mean anything.

use fancy_regex::Regex;
use std::sync::LazyLock;

/// What a size counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SizeUnit {
    Characters,
    Entries,
    /// The statement names no unit: the kind of the value decides.
    Unstated,
}

/// A minimum and a maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BareSize {
    pub min: Option<u64>,
    pub max: Option<u64>,
    pub unit: SizeUnit,
}

const NUMBER: &str = r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)";
const UNIT: &str = r"(?: (?:unicode |utf-8 |ascii )?(chars?|characters?|letters|items?|entries|elements?|values))?";

/// Returns the size that a sentence without a condition states, if it states nothing else.
pub(super) fn parse_bare_size(text: &str) -> Option<BareSize> {
    let text = text.trim().trim_end_matches('.').trim();
    // `Display name (1–50)`: what stands in parentheses at the end is a statement of its own.
    let aside = text.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')).and_then(|(before, aside)| {
        // `digits (0-9)` names characters.
        let last = before.trim_end().rsplit(' ').next().unwrap_or_default().to_ascii_lowercase();
        let names_characters = ["digit", "number", "numeral", "numeric", "character", "letter"];
        (!names_characters.iter().any(|word| last.starts_with(word))).then(|| aside.trim())
    });
    // `Display name, 1–200 chars`: so is what follows the last comma, if it names its unit.
    let after_comma = text.rsplit_once(", ").map(|(_, rest)| rest.trim());
    parse_statement(text)
        .or_else(|| aside.and_then(parse_statement))
        .or_else(|| after_comma.and_then(parse_statement).filter(|size| size.unit != SizeUnit::Unstated))
}

/// Parses a text that consists of a size.
fn parse_statement(text: &str) -> Option<BareSize> {
    static RANGE: LazyLock<Regex> = LazyLock::new(|| {
        compile(&format!(
            r"(?i)^(?:(?:length|size|range)(?: of|:)? ?|(?:must be |has to be )?(?:between |from )?)?{NUMBER} ?(?:-|–|—|to|and|through|\.\.\.?) ?{NUMBER}{UNIT}(?: long| in length| max|,? inclusive)?$"
        ))
    });
    static MIN_AND_MAX: LazyLock<Regex> = LazyLock::new(|| {
        compile(&format!(
            r"(?i)^min(?:imum)?(?: length| value| of|:| is)* ?{NUMBER}{UNIT}(?:,| and|;|, and|/)? ?max(?:imum)?(?: length| value| of|:| is)* ?{NUMBER}{UNIT}$"
        ))
    });
    static MAX: LazyLock<Regex> = LazyLock::new(|| {
        compile(&format!(
            r"(?i)^(?:≤|<=|max(?:imum)?(?: length| size| of|:| is)*|up to|at most|no more than|as many as|limited to|must not exceed|cannot exceed) ?{NUMBER}{UNIT}(?: long| in length| max)?$"
        ))
    });
    static MAX_BEHIND: LazyLock<Regex> =
        LazyLock::new(|| compile(&format!(r"(?i)^{NUMBER}{UNIT} (?:max(?:imum)?|or less|or fewer|at most)$")));
    static MIN: LazyLock<Regex> = LazyLock::new(|| {
        compile(&format!(
            r"(?i)^(?:≥|>=|min(?:imum)?(?: length| size| of|:| is)*|at least|no (?:less|fewer) than) ?{NUMBER}{UNIT}(?: long| in length)?$"
        ))
    });
    if let Some(found) = captures(&RANGE, text) {
        let (min, max) = (number(&found, 1)?, number(&found, 2)?);
        return (min < max).then(|| BareSize { min: Some(min), max: Some(max), unit: unit(&found, 3) });
    }
    if let Some(found) = captures(&MIN_AND_MAX, text) {
        let (min, max) = (number(&found, 1)?, number(&found, 3)?);
        let unit = if found.get(2).is_some_and(Option::is_some) { unit(&found, 2) } else { unit(&found, 4) };
        return (min <= max).then_some(BareSize { min: Some(min), max: Some(max), unit });
    }
    if let Some(found) = captures(&MAX, text).or_else(|| captures(&MAX_BEHIND, text)) {
        return Some(BareSize { min: None, max: Some(number(&found, 1)?), unit: unit(&found, 2) });
    }
    let found = captures(&MIN, text)?;
    Some(BareSize { min: Some(number(&found, 1)?), max: None, unit: unit(&found, 2) })
}

fn compile(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant of this file and tested")
}

/// Returns the groups of the first match; the group 0 is the whole match.
fn captures<'t>(regex: &Regex, text: &'t str) -> Option<Vec<Option<&'t str>>> {
    let found = regex.captures(text).ok().flatten()?;
    Some(found.iter().map(|group| group.map(|group| group.as_str())).collect())
}

fn number(groups: &[Option<&str>], index: usize) -> Option<u64> {
    (*groups.get(index)?)?.replace(',', "").parse().ok()
}

fn unit(groups: &[Option<&str>], index: usize) -> SizeUnit {
    let Some(unit) = groups.get(index).copied().flatten() else { return SizeUnit::Unstated };
    let unit = unit.to_ascii_lowercase();
    if unit.starts_with("char") || unit == "letters" { SizeUnit::Characters } else { SizeUnit::Entries }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_statements_are_sizes() {
        use SizeUnit::{Characters, Entries, Unstated};
        for (text, min, max, unit) in [
            ("1–200 chars.", Some(1), Some(200), Characters),
            ("1–500.", Some(1), Some(500), Unstated),
            ("1 - 500", Some(1), Some(500), Unstated),
            ("≤ 500 chars.", None, Some(500), Characters),
            ("Max 100.", None, Some(100), Unstated),
            ("Maximum length: 64", None, Some(64), Unstated),
            ("Min 1 char.", Some(1), None, Characters),
            ("Display name (1–50)", Some(1), Some(50), Unstated),
            ("Display name (max 100 characters).", None, Some(100), Characters),
            ("Display name, 1–200 chars.", Some(1), Some(200), Characters),
            ("Minimum 20, maximum 100.", Some(20), Some(100), Unstated),
            ("Min: 1 item, max: 10 items", Some(1), Some(10), Entries),
            ("Up to 20 items.", None, Some(20), Entries),
            ("Must be between 8 and 72 characters long.", Some(8), Some(72), Characters),
            ("Between 0 and 100.", Some(0), Some(100), Unstated),
            ("10 items max", None, Some(10), Entries),
            ("At least 3 characters", Some(3), None, Characters),
            ("From 0 to 43,200", Some(0), Some(43200), Unstated),
        ] {
            assert_eq!(parse_bare_size(text), Some(BareSize { min, max, unit }), "{text}");
        }
    }

    #[test]
    fn numbers_in_other_sentences_are_no_sizes() {
        for text in [
            "The first 10 items are returned.",
            "Version 1–2 of the API",
            "Use port 8000 to 9000 for tests, for example.",
            "The valid values are 20 and 60",
            "Added in 2020-2021",
            "See section 3 to 5 of the guide",
            "Reached after 5, 10",
            "1–1",
            "Created at 10-12 (see 4)",
            "Subsequent characters can be letters, underscores, or digits (0-9).",
        ] {
            assert_eq!(parse_bare_size(text), None, "{text}");
        }
    }
}
