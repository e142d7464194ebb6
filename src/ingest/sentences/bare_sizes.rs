//! Sizes in short statements such as `1–200 chars.`, `Max 100.` or `(1–50)`, as pages put them behind a name.
//!
//! What is counted often stands nowhere: characters of a text, entries of a list, or the number itself. Only statements
//! that say nothing else are read, because a number inside of a longer sentence may mean anything.

use super::statement::{SizeEnds, StatedFact};
use super::vocabulary::{Groups, compile_pattern, count, find};
use fancy_regex::Regex;
use std::sync::LazyLock;

/// What a size counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SizeUnit {
    Characters,
    Entries,
    /// The statement names no unit: the kind of the value decides.
    Unstated,
}

/// A unit that may stand behind a number.
const UNIT: &str = r"(?: (?:unicode |utf-8 |ascii )?(chars?|characters?|letters|items?|entries|elements?|values))?";

/// Returns the size that a clause of a normalized sentence states, if it states nothing else.
pub(super) fn read_bare_size(clause: &str) -> Option<StatedFact> {
    let text = clause.trim().trim_end_matches('.').trim();
    if !text.contains('#') {
        return None;
    }
    // `Display name (1–50)`: what stands in parentheses at the end is a statement of its own.
    let aside = text.strip_suffix(')').and_then(|rest| rest.rsplit_once('(')).and_then(|(before, aside)| {
        // `digits (0-9)` names characters.
        let last = before.trim_end().rsplit(' ').next().unwrap_or_default();
        let names_characters = ["digit", "number", "numeral", "numeric", "character", "letter"];
        (!names_characters.iter().any(|word| last.starts_with(word)) && !last.ends_with('#')).then(|| aside.trim())
    });
    // `Display name, 1–200 chars`: so is what follows the last comma, if it names its unit.
    let after_comma = text.rsplit_once(", ").map(|(_, rest)| rest.trim());
    let names_time = ["second", "minute", "hour", " day"].iter().any(|unit| text.contains(unit));
    parse_statement(text)
        .or_else(|| aside.and_then(parse_statement))
        .or_else(|| after_comma.and_then(parse_statement).filter(|size| size.1 != SizeUnit::Unstated))
        .map(|((min, max), unit)| match unit {
            SizeUnit::Characters => StatedFact::Characters(min, max),
            SizeUnit::Entries => StatedFact::Entries(min, max),
            // `Timeout in seconds (1–30)` is not the size of a text.
            SizeUnit::Unstated if names_time => StatedFact::Range(min.map(Into::into), max.map(Into::into)),
            SizeUnit::Unstated => StatedFact::Size(min, max),
        })
}

/// Parses a text that consists of a size.
fn parse_statement(text: &str) -> Option<(SizeEnds, SizeUnit)> {
    static RANGE: LazyLock<Regex> = LazyLock::new(|| {
        compile_statement(
            r"^(?:(?:length|size|range)(?: of|:)? ?|(?:must be |has to be )?(?:between |from )?)?{C}(?:{TO}| and ){C}UNIT(?: long| in length| max|,? inclusive)?$",
        )
    });
    static MIN_AND_MAX: LazyLock<Regex> = LazyLock::new(|| {
        compile_statement(
            r"^min(?:imum)?(?: length| value| of|:| is)* ?{C}UNIT(?:,| and|;|, and|/)? ?max(?:imum)?(?: length| value| of|:| is)* ?{C}UNIT$",
        )
    });
    static MAX: LazyLock<Regex> = LazyLock::new(|| {
        compile_statement(
            r"^(?:≤|<=|max(?:imum)?(?: size| of|:| is)*|up to|at most|no more than|as many as|limited to|must not exceed) ?{C}UNIT(?: long| in length| max)?$",
        )
    });
    static MAX_BEHIND: LazyLock<Regex> =
        LazyLock::new(|| compile_statement(r"^{C}UNIT (?:max(?:imum)?|or less|or fewer|at most)$"));
    static MIN: LazyLock<Regex> = LazyLock::new(|| {
        compile_statement(
            r"^(?:≥|>=|min(?:imum)?(?: size| of|:| is)*|at least|no (?:less|fewer) than) ?{C}UNIT(?: long| in length)?$",
        )
    });
    if let Some(found) = find(&RANGE, text) {
        let joins_by_and = text.contains("# and #") && !text.contains("between");
        let (min, max) = (count(&found, 1)?, count(&found, 2)?);
        return (min < max && !joins_by_and).then(|| ((Some(min), Some(max)), unit(&found, 3)));
    }
    if let Some(found) = find(&MIN_AND_MAX, text) {
        let (min, max) = (count(&found, 1)?, count(&found, 3)?);
        let unit = if found.get(2).is_some() { unit(&found, 2) } else { unit(&found, 4) };
        return (min <= max).then_some(((Some(min), Some(max)), unit));
    }
    if let Some(found) = find(&MAX, text).or_else(|| find(&MAX_BEHIND, text)) {
        return Some(((None, Some(count(&found, 1)?)), unit(&found, 2)));
    }
    let found = find(&MIN, text)?;
    Some(((Some(count(&found, 1)?), None), unit(&found, 2)))
}

fn compile_statement(text: &str) -> Regex {
    compile_pattern(&text.replace("UNIT", UNIT))
}

fn unit(found: &Groups<'_>, group: usize) -> SizeUnit {
    match found.get(group).map(|unit| unit.as_str()) {
        None => SizeUnit::Unstated,
        Some(unit) if unit.starts_with("char") || unit == "letters" => SizeUnit::Characters,
        Some(_) => SizeUnit::Entries,
    }
}

#[cfg(test)]
mod tests {
    use super::super::vocabulary::normalize;
    use super::*;

    fn size(text: &str) -> Option<StatedFact> {
        read_bare_size(&normalize(text))
    }

    #[test]
    fn short_statements_are_sizes() {
        use StatedFact::{Characters, Entries, Size};
        for (text, fact) in [
            ("1–200 chars.", Characters(Some(1), Some(200))),
            ("1–500.", Size(Some(1), Some(500))),
            ("1 - 500", Size(Some(1), Some(500))),
            ("≤ 500 chars.", Characters(None, Some(500))),
            ("Max 100.", Size(None, Some(100))),
            ("Min 1 char.", Characters(Some(1), None)),
            ("Display name (1–50)", Size(Some(1), Some(50))),
            ("Display name (max 100 characters).", Characters(None, Some(100))),
            ("Display name, 1–200 chars.", Characters(Some(1), Some(200))),
            ("Minimum 20, maximum 100.", Size(Some(20), Some(100))),
            ("Min: 1 item, max: 10 items", Entries(Some(1), Some(10))),
            ("Up to 20 items.", Entries(None, Some(20))),
            ("Must be between 8 and 72 characters long.", Characters(Some(8), Some(72))),
            ("Between 0 and 100.", Size(Some(0), Some(100))),
            ("10 items max", Entries(None, Some(10))),
            ("At least 3 characters", Characters(Some(3), None)),
            ("From 0 to 43,200", Size(Some(0), Some(43200))),
        ] {
            assert_eq!(size(text), Some(fact), "{text}");
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
            assert_eq!(size(text), None, "{text}");
        }
    }
}
