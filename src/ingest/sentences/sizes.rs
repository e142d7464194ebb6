//! Numbers of characters and of entries: `up to 20 characters`, `1–64 chars`, `a maximum of 25 documents`.
//!
//! It never reads the range of a number.

use super::statement::{ProseStatement, SizeEnds, StatedFact, StatedPart};
use super::vocabulary::{Groups, beginning, compile_pattern, count, find, is_match};
use fancy_regex::Regex;
use std::sync::LazyLock;

/// The ends of a size that a match gives.
type ReadEnds = fn(&Groups<'_>) -> Option<SizeEnds>;

/// A pattern of a size, and how its groups are read.
struct SizePattern {
    regex: Regex,
    read: ReadEnds,
}

fn range(found: &Groups<'_>) -> Option<SizeEnds> {
    let (min, max) = (count(found, 1)?, count(found, 2)?);
    (min <= max).then_some((Some(min), Some(max)))
}

fn maximum(found: &Groups<'_>) -> Option<SizeEnds> {
    Some((None, Some(count(found, 1)?)))
}

fn minimum(found: &Groups<'_>) -> Option<SizeEnds> {
    Some((Some(count(found, 1)?), None))
}

fn exact(found: &Groups<'_>) -> Option<SizeEnds> {
    let size = count(found, 1)?;
    Some((Some(size), Some(size)))
}

fn below(found: &Groups<'_>) -> Option<SizeEnds> {
    Some((None, Some(count(found, 1)?.checked_sub(1)?)))
}

fn compile(table: &[(&str, ReadEnds)]) -> Vec<SizePattern> {
    table.iter().map(|(text, read)| SizePattern { regex: compile_pattern(text), read: *read }).collect()
}

/// Patterns of numbers of characters, the more exact ones first.
static CHARACTERS: LazyLock<Vec<SizePattern>> = LazyLock::new(|| {
    compile(&[
        (
            r"(?:between|from|of|length|:|\(|^|be|contain|contains|have|has|is|are|must be|to|,|-)? ?{C}(?:{TO}| and ){C} {CHARS}",
            range,
        ),
        (
            r"min(?:imum)? ?(?:length)?(?: of| is|:)? ?{C}(?: {CHARS})?[,;]? ?(?:and )?(?:an? )?max(?:imum)? ?(?:length)?(?: of| is|:)? ?{C} {CHARS}",
            range,
        ),
        (
            r"\blength(?: constraints?)?(?: must be| can be| is| of|:| range| limits?|,)* ?(?:between |from )?{C}(?:{TO}| and ){C}(?: {CHARS})?",
            range,
        ),
        (r"\bmax_?length ?[:=]? ?{C}(?: {CHARS})?", maximum),
        (r"\bmin_?length ?[:=]? ?{C}(?: {CHARS})?", minimum),
        (
            r"\bmax(?:imum)? (?:(?:allowed|permitted|supported|string|character|characters|text|tag|key|value|name|total|field|data) )*(?:length|size|number of (?:unicode )?characters|characters?)(?: allowed| limit| permitted)?(?: in [a-z ]+?)?(?: of| is|:|=| ?-| –| for [a-z ]+? is)* ?{C}(?: {CHARS})?",
            maximum,
        ),
        (
            r"\bmin(?:imum)? (?:(?:allowed|required|string|character|characters|text|tag|key|value|name|total|field) )*(?:length|number of (?:unicode )?characters|characters?)(?: of| is|:|=| ?-| –)* ?{C}(?: {CHARS})?",
            minimum,
        ),
        (r"\bfixed (?:length|size)(?: of|:| is)? ?{C}(?: {CHARS})?", exact),
        (r"\bexactly {C} {CHARS}", exact),
        (r"{C} {CHARS},? (?:max(?:imum)?|at most|or less|or fewer|or shorter|limit)\b", maximum),
        (r"{C} {CHARS},? (?:min(?:imum)?|or more|or longer)\b", minimum),
        (r"{C} or (?:fewer|less) {CHARS}", maximum),
        (r"{C} or more {CHARS}", minimum),
        (r"{MAX} ?{C} (?:or fewer )?{CHARS}", maximum),
        (r"{MIN} ?{C} (?:(?:unicode|utf-8|ascii|alphanumeric) )?(?:characters?|chars?)\b", minimum),
        (r"(?:less|fewer|shorter) than {C} {CHARS}", below),
        (r"\b(?:must be|has to be|should be) {C} {CHARS}(?: long| in length)?(?:[.,;]|$)", exact),
        (
            r"\b(?:a|an|is|unique|the)?\b ?{C}[- ](?:characters?|chars?)[,]? (?:(?:long|unique|alphanumeric|alpha-numeric|numeric|hexadecimal|hex|random|case-sensitive|lowercase|uppercase) )*(?:string|code|identifier|id|text|token|hash|pin)\b",
            exact,
        ),
        (r"(?:^|[.:;,] ?|the |its )length ?(?::|is|must be)? ?{C} (?:characters|chars)?(?:[.;]|$)", exact),
        (r"^{C} (?:unicode )?(?:characters?|chars?)\.?$", exact),
    ])
});

/// A plural noun behind a number of entries, with at most two words before it.
const NOUN: &str = r"(?:[a-z][a-z-]+ ){0,2}?([a-z][a-z-]*s|entry|item|element|member|key-value pairs?)\b";

/// Patterns of numbers of entries. The last group is what is counted.
static ENTRIES: LazyLock<Vec<SizePattern>> = LazyLock::new(|| {
    let table: [(&str, ReadEnds); 11] = [
        (r"(?:between|from|of|:|\(|^|be|contain|contains|have|has|is|must be|,)? ?{C}(?:{TO}| and ){C} NOUN", range),
        (
            r"\bmax(?:imum)? number of (?:array members|entries|items|elements|[a-z]+s)?(?: is|:| of)* ?{C}(?: NOUN)?",
            maximum,
        ),
        (
            r"\bmin(?:imum)? number of (?:array members|entries|items|elements|[a-z]+s)?(?: is|:| of)* ?{C}(?: NOUN)?",
            minimum,
        ),
        (r"\bfixed number of {C} NOUN", exact),
        (r"\bexactly {C} NOUN", exact),
        (
            r"\bonly {C} NOUN (?:can|may|must|are|is) (?:be )?(?:passed|specified|provided|included|allowed|supported|used|listed)",
            maximum,
        ),
        (r"{C} NOUN (?:max(?:imum)?|at most|or less|or fewer)\b", maximum),
        (r"{C} or fewer NOUN", maximum),
        (r"(?:less|fewer) than {C} NOUN", below),
        (r"{MAX} ?{C} NOUN", maximum),
        (r"{MIN} ?{C} NOUN", minimum),
    ];
    table
        .iter()
        .map(|(text, read)| SizePattern { regex: compile_pattern(&text.replace("NOUN", NOUN)), read: *read })
        .collect()
});

/// Words that are counted but are no entries of the described list.
const NO_ENTRIES: [&str; 52] = [
    "seconds",
    "milliseconds",
    "microseconds",
    "minutes",
    "hours",
    "days",
    "weeks",
    "months",
    "years",
    "bytes",
    "kilobytes",
    "megabytes",
    "gigabytes",
    "terabytes",
    "bits",
    "times",
    "percent",
    "pixels",
    "units",
    "cents",
    "points",
    "characters",
    "chars",
    "letters",
    "digits",
    "numbers",
    "retries",
    "attempts",
    "words",
    "tokens",
    "decimals",
    "places",
    "dimensions",
    "degrees",
    "meters",
    "metres",
    "kilometers",
    "miles",
    "instances",
    "threads",
    "cores",
    "vcpus",
    "requests",
    "calls",
    "hyphens",
    "underscores",
    "rows",
    "columns",
    "terms",
    "levels",
    "versions",
    "copies",
];

/// Returns the sizes that a clause of a normalized sentence states.
pub(super) fn read_sizes(clause: &str) -> Vec<ProseStatement> {
    if let Some((ends, at)) = find_size(&CHARACTERS, clause, false) {
        return subject(clause, at)
            .map(|part| ProseStatement { part, fact: StatedFact::Characters(ends.0, ends.1) })
            .into_iter()
            .collect();
    }
    if let Some((ends, at)) = find_size(&ENTRIES, clause, true) {
        // `each tag can have 5 items` is about the value of an item.
        return subject(clause, at)
            .filter(|part| *part == StatedPart::Whole)
            .map(|part| ProseStatement { part, fact: StatedFact::Entries(ends.0, ends.1) })
            .into_iter()
            .collect();
    }
    Vec::new()
}

/// Returns the ends of the first size that a table finds, and the offset of the match.
fn find_size(table: &[SizePattern], clause: &str, are_entries: bool) -> Option<(SizeEnds, usize)> {
    for pattern in table {
        let Some(found) = find(&pattern.regex, clause) else { continue };
        let whole = found.get(0)?;
        if are_entries {
            let noun = found.get(found.len() - 1).map(|noun| noun.as_str()).unwrap_or_default();
            let has_preposition =
                [" of ", " the ", " these ", " following ", " your ", " different "].iter().any(|word| {
                    whole.as_str().split('#').next_back().unwrap_or_default().contains(word)
                        && !whole.as_str().contains("number of")
                });
            if NO_ENTRIES.contains(&noun) || has_preposition {
                return None;
            }
        }
        // `between` and nothing else joins two numbers by `and`.
        if whole.as_str().contains("# and #") && !clause[..whole.end()].contains("between") {
            return None;
        }
        let after = &clause[whole.end()..];
        // A number without a unit needs the end of the statement behind it.
        let is_open = whole.as_str().ends_with('#')
            && !(after.trim_start().is_empty()
                || after.trim_start().starts_with(['.', ',', ';', ')', '(', ':'])
                || after.starts_with(" and ")
                || after.starts_with(" or "));
        if is_open || is_part_of_text(after) {
            return None;
        }
        return (pattern.read)(&found).map(|ends| (ends, whole.start()));
    }
    None
}

/// Returns true if what follows a size says that it is the size of a part, or of something else.
fn is_part_of_text(after: &str) -> bool {
    static PART: LazyLock<Regex> = LazyLock::new(|| {
        compile_pattern(
            r"^,? ?(?:(?:k|m|g|t)i?b\b|bytes\b|(?:milli)?seconds?\b|minutes?\b|hours?\b|days?\b|of (?:the|which|each|your|an?)\b|from (?:the|each)|that (?:can|are|is)|of random|per\b|in each|before|after|followed|plus|prefix|suffix|at the|total\b|are (?:used|generated|stored|visible|available)|to (?:the|a) )",
        )
    });
    is_match(&PART, after)
}

/// Returns the part of the value that the subject of a clause names; `None` if the size is about something else.
fn subject(clause: &str, at: usize) -> Option<StatedPart> {
    static KEY: LazyLock<Regex> = LazyLock::new(|| {
        compile_pattern(
            r"\b(?:each|every|the|all|attribute|metadata|map|tag|label)? ?keys? (?:length|can|must|may|is|are|has|have|should|name|names|string|:|cannot|-|–|of)|^keys?\b|\bkey length",
        )
    });
    static ITEM: LazyLock<Regex> = LazyLock::new(|| {
        compile_pattern(
            r"\b(?:each|every|any|individual|a single)(?: (?:of the|one of the))? [a-z ]{1,30}(?:can|must|may|is|has|have|up|at|in|should|contains?|,|to|:|-|being|with|be|no|max|maximum|min|length|at most)|^,? ?each\b",
        )
    });
    static OTHER: LazyLock<Regex> = LazyLock::new(|| {
        compile_pattern(
            r"\b(?:returns?|retrieves?|first|last|prefix|suffix|contains? the|lines?|rows?|response|responses|body|domain label|segment|path component|subdomain|password|followed by|starting|beginning|ending|includes?|each combination|number of (?:lines|rows|files)|numbers that|generated)\b|^lists |^an? (?:[a-km-z][a-z]*|l[a-hj-z][a-z]*)(?: [a-z]+){0,2} can (?:have|contain|include)\b",
        )
    });
    let before = &clause[..at];
    if is_match(&KEY, beginning(clause, at + 12)) {
        return Some(StatedPart::Key);
    }
    // `each node accepts a name (1–200 chars)` is about a part of the item.
    let item_end = find(&ITEM, beginning(clause, at + 10)).and_then(|found| found.get(0)).map(|found| found.end());
    if item_end.is_some_and(|end| at > end + 25) {
        return None;
    }
    if item_end.is_some() || clause.contains(", each ") && at > clause.find(", each ")? {
        return Some(StatedPart::Item);
    }
    (!is_match(&OTHER, before)).then_some(StatedPart::Whole)
}

/// Returns the part that must not be empty, as a normalized clause says.
pub(super) fn read_not_empty(clause: &str) -> Option<StatedPart> {
    static EACH: LazyLock<Regex> = LazyLock::new(|| {
        compile_pattern(
            r"\beach (?:[a-z]+ )?(?:must be |is |being )?(?:an? )?non-?empty\b|\beach [a-z]+ must not be empty\b",
        )
    });
    if is_match(&EACH, clause) {
        return Some(StatedPart::Item);
    }
    static NOT_EMPTY: LazyLock<Regex> = LazyLock::new(|| {
        compile_pattern(
            r"\bmust not be (?:an? )?(?:empty|blank)\b|\bmust be (?:an? )?non-?empty\b|\bmust be not empty\b|^(?:an? )?non-?empty (?:array|list|string|text)\b|\bempty (?:array|list|string)s? (?:is|are) (?:not (?:allowed|accepted|valid|supported)|rejected|invalid)",
        )
    });
    is_match(&NOT_EMPTY, clause).then_some(StatedPart::Whole)
}
