//! Ranges of numbers: `between 0 and 100`, `greater than or equal to 1`, `a multiple of 5`.
//!
//! It never reads how many characters or entries there are.

use super::statement::StatedFact;
use super::vocabulary::{Groups, compile_pattern, find, is_match, number};
use fancy_regex::Regex;
use serde_json::Number;
use std::sync::LazyLock;

/// Returns the fact that a match states.
type ReadRange = fn(&Groups<'_>) -> Option<StatedFact>;

fn between(found: &Groups<'_>) -> Option<StatedFact> {
    let (min, max) = (number(found, 1)?, number(found, 2)?);
    (min.as_f64()? < max.as_f64()?).then_some(StatedFact::Range(Some(min), Some(max)))
}

fn at_least(found: &Groups<'_>) -> Option<StatedFact> {
    Some(StatedFact::Range(Some(number(found, 1)?), None))
}

fn at_most(found: &Groups<'_>) -> Option<StatedFact> {
    Some(StatedFact::Range(None, Some(number(found, 1)?)))
}

fn above(found: &Groups<'_>) -> Option<StatedFact> {
    Some(StatedFact::Between(Some(number(found, 1)?), None))
}

fn below(found: &Groups<'_>) -> Option<StatedFact> {
    Some(StatedFact::Between(None, Some(number(found, 1)?)))
}

fn above_and_at_most(found: &Groups<'_>) -> Option<StatedFact> {
    let (min, max) = (number(found, 1)?, number(found, 2)?);
    (min.as_i64()? < max.as_i64()?).then_some(StatedFact::Range(Some((min.as_i64()? + 1).into()), Some(max)))
}

fn only(found: &Groups<'_>) -> Option<StatedFact> {
    let value = number(found, 1)?;
    Some(StatedFact::Range(Some(value.clone()), Some(value)))
}

fn one_or_more(_: &Groups<'_>) -> Option<StatedFact> {
    Some(StatedFact::Between(Some(Number::from(0)), None))
}

fn zero_or_more(_: &Groups<'_>) -> Option<StatedFact> {
    Some(StatedFact::Range(Some(Number::from(0)), None))
}

fn multiple(found: &Groups<'_>) -> Option<StatedFact> {
    let step = number(found, 1)?;
    (step.as_f64()? > 0.0).then_some(StatedFact::MultipleOf(step))
}

/// Patterns of ranges, the more exact ones first.
static RANGES: LazyLock<Vec<(Regex, ReadRange)>> = LazyLock::new(|| {
    let limit = r"(?: ?(?:allowed|supported|accepted|valid|permitted|possible|allowable|acceptable))?(?: ?(?:value|setting|number|duration|amount))?(?: allowed| supported)?(?: that you can (?:specify|set|use)| you can (?:specify|set))?(?: of| is|:|=| -| –| be)* ?";
    let table: [(&str, ReadRange); 19] = [
        (
            r"\bmin(?:imum)?LIMIT{N}(?: (?:second|minute|hour|day|byte)s?)?[,;.]?(?: and| or)?(?: an?| the)? ?max(?:imum)?LIMIT{N}",
            between,
        ),
        (
            r"\bmax(?:imum)?LIMIT{N}(?: (?:second|minute|hour|day|byte)s?)?[,;.]?(?: and| or)?(?: an?| the)? ?min(?:imum)?LIMIT{N}",
            |found| {
                let (max, min) = (number(found, 1)?, number(found, 2)?);
                (min.as_f64()? < max.as_f64()?).then_some(StatedFact::Range(Some(min), Some(max)))
            },
        ),
        (r"\bgreater than {N} and (?:less than or equal to|up to|no greater than|at most) {N}", above_and_at_most),
        (
            r"\b(?:greater than or equal to|at least|>=|≥) ?{N}(?: and|,) (?:less than or equal to|at most|no (?:greater|more) than|<=|≤) ?{N}",
            between,
        ),
        (r"\bbetween(?: the (?:values|range)(?: of)?| values of)? {N}(?: [a-z]+)?,? (?:and|to) {N}", between),
        (r"\bfrom {N}(?: [a-z]+)?(?:{TO}){N}", between),
        (r"\branges? (?:of |is |from |between |in |:|- )*{N}(?:{TO}| and ){N}", between),
        (
            r"\b(?:values?|integers?|numbers?|be|is|are|accepts|range)(?: (?:are|is|of|must be|in|an?|integers?|numbers?|values?|inclusive))*:? ?{N}{TO}{N}",
            between,
        ),
        (r"^(?:an? )?(?:integers?|numbers?|floats?|values?)?,?:? ?{N}{TO}{N}(?: inclusive)?[.;]?$", between),
        (r"\bmin(?:imum)?LIMIT{N}", at_least),
        (r"\bmax(?:imum)?LIMIT{N}", at_most),
        (
            r"\b(?:must be|be|is|value|integer|number|and|or|has to be|specify|than|values?|^) ?(?:set to |specified as )?(?:an? (?:integer|number|value) )?(?:of |that is )?(?:greater than or equal to|at least|no less than|not less than|>=|≥) ?{N}",
            at_least,
        ),
        (
            r"\b(?:must be|be|is|value|integer|number|and|or|has to be|specify|values?|^) ?(?:set to |specified as )?(?:an? (?:integer|number|value) )?(?:of |that is )?(?:less than or equal to|at most|no (?:more|greater|larger|higher) than|not more than|<=|≤) ?{N}",
            at_most,
        ),
        (r"\bmust not (?:exceed|be (?:greater|more|larger|higher) than) {N}", at_most),
        (r"\bmust not be (?:less|lower|smaller) than {N}", at_least),
        (
            r"\b(?:must be|is|be|integer|number|value)(?: an? (?:integer|number|value))? (?:greater|more|larger|higher) than {N}",
            above,
        ),
        (
            r"\b(?:must be|is|be|integer|number|value)(?: an? (?:integer|number|value))? (?:less|lower|smaller) than {N}",
            below,
        ),
        (r"^(?:the )?(?:only )?(?:valid|allowed|supported|possible) value(?: is|:) ?{N}[.]?$", only),
        (
            r"\b(?:must be|be|is|are) (?:specified )?(?:as )?(?:an? )?(?:whole )?(?:multiple of|divisible by|multiples of|in (?:increments|multiples) of) ?(?:an? )?{N}",
            multiple,
        ),
    ];
    table.iter().map(|(text, read)| (compile_pattern(&text.replace("LIMIT", limit)), *read)).collect()
});

/// Patterns of ranges that have no number.
static SIGNS: LazyLock<[(Regex, ReadRange); 2]> = LazyLock::new(|| {
    let table: [(Regex, ReadRange); 2] = [
        (
            compile_pattern(
                r"(?:\bmust be (?:an? )?|^an? |^|\bvalue is an? )(?:positive,? (?:non-?zero )?(?:integer|number|value|whole number)|positive$|integer greater than zero)",
            ),
            one_or_more,
        ),
        (
            compile_pattern(
                r"(?:\bmust be (?:an? )?|^an? |^)(?:non-?negative (?:integer|number|value|whole number)|non-?negative$|zero or (?:an? )?positive)|\bmust not be (?:an? )?negative\b",
            ),
            zero_or_more,
        ),
    ];
    table
});

/// Returns the range that a clause of a normalized sentence states.
pub(super) fn read_ranges(clause: &str) -> Vec<StatedFact> {
    let mut found = Vec::new();
    for (regex, read) in RANGES.iter().filter(|_| clause.contains('#')) {
        let Some(captures) = find(regex, clause) else { continue };
        let Some(whole) = captures.get(0) else { continue };
        if !is_complete(&clause[whole.end()..])
            || has_special_value(clause)
            || is_about_result(&clause[..whole.start()])
        {
            break;
        }
        found.extend(read(&captures));
        break;
    }
    if found.is_empty() && (clause.contains("positive") || clause.contains("negative")) {
        let signed = SIGNS.iter().find_map(|(regex, read)| read(&find(regex, clause)?));
        found.extend(signed.filter(|_| !clause.contains(" or ") && !clause.contains("positive and negative")));
    }
    found
}

/// Returns true if nothing behind a range changes what it says.
fn is_complete(after: &str) -> bool {
    static COMPLETE: LazyLock<Regex> = LazyLock::new(|| {
        compile_pattern(
            r"^ ?(?:$|[.,;)\]:]|inclusive|(?:milli|micro|nano)?seconds?\b|minutes?\b|hours?\b|days?\b|weeks?\b|months?\b|years?\b|bytes\b|(?:k|m|g|t)i?bs?\b|bits?\b|percent\b|pixels\b|degrees\b|db\b|lufs\b|hz\b|fps\b|items?\b|results?\b|records?\b|entries\b|retries\b|units?\b|(?:are|is) (?:valid|allowed|supported|accepted)\b|to return\b|and (?:the|has|is|an?|defaults?)\b|\(|that\b|for (?:this|the)\b|in (?:length|size|seconds|milliseconds|minutes|hours|days|bytes)\b)",
        )
    });
    // `for WebSocket APIs` names a case, `for this value` does not.
    let case = after.find(" for ").filter(|at| *at < 20).map(|at| &after[at + 5..]);
    let is_case = case.is_some_and(|case| {
        !["the ", "this ", "your ", "a ", "an ", "each ", "all "].iter().any(|word| case.starts_with(word))
    });
    is_match(&COMPLETE, after) && !is_case
}

/// Returns true if a clause allows a further value, such as `-1 or between 1 and 5`.
fn has_special_value(clause: &str) -> bool {
    static SPECIAL: LazyLock<Regex> = LazyLock::new(|| {
        compile_pattern(
            r"(?:\bor|\bor an?|either|also|of|to|is|as|specify|set|enter|use|value) (?:to )?(?:#-1#|#0#)(?: (?:or|to (?:disable|remove|indicate|specify|turn|use|never|stop|delete|clear|allow|reset|keep)|means|disables|for|indicates|if)|[.,]? ?$)|#(?:-1|0)# or |\bor (?:#-?[0-9.]+#)[.]?$|\bor (?:an )?(?:empty|null|zero)\b|\b(?:and|or|also) #-?[0-9.]+# (?:to|for|are|is)\b|,? or (?:greater|higher|more)|,? and (?:a )?multiples? of",
        )
    });
    is_match(&SPECIAL, clause)
}

/// Returns true if what comes before a range says that it is a range of something else.
fn is_about_result(before: &str) -> bool {
    static RESULT: LazyLock<Regex> = LazyLock::new(|| {
        compile_pattern(
            r"\b(?:difference|distance|ratio|number of (?:characters|digits)|length|characters|digits|each|every|sum|combination|key|keys|lines?|retry|at least one|any|string|text|name|id)\b[^,;]{0,40}$|\bnot (?:be )?$",
        )
    });
    is_match(&RESULT, before)
}

#[cfg(test)]
mod tests {
    use super::super::vocabulary::normalize;
    use super::*;

    #[test]
    fn ranges_are_read() {
        for (text, expected) in [
            ("Must be between 0 and 2, inclusive", "Range(Some(Number(0)), Some(Number(2)))"),
            ("From 0 to 43,200 seconds.", "Range(Some(Number(0)), Some(Number(43200)))"),
            ("The minimum value is 1 and the maximum value is 100.", "Range(Some(Number(1)), Some(Number(100)))"),
            ("Valid Range: Minimum value of 1.", "Range(Some(Number(1)), None)"),
            ("Value range is 1-50.", "Range(Some(Number(1)), Some(Number(50)))"),
            ("Number between -2.0 and 2.0.", "Range(Some(Number(-2)), Some(Number(2)))"),
            ("Integer `1..100`.".trim_matches('`'), "Range(Some(Number(1)), Some(Number(100)))"),
            ("It must be greater than 0.", "Between(Some(Number(0)), None)"),
            ("It must be a multiple of 64.", "MultipleOf(Number(64))"),
        ] {
            let text = normalize(&text.replace('`', ""));
            let found: Vec<String> = read_ranges(&text).iter().map(|fact| format!("{fact:?}")).collect();
            assert_eq!(found, [expected], "{text}");
        }
    }

    #[test]
    fn special_values_and_lists_are_no_ranges() {
        for text in [
            "The valid values are 20 and 60",
            "Specify 0 to disable.",
            "Either -1 or between 1 and 5.",
            "Valid values: 1, 5, 10",
        ] {
            assert_eq!(read_ranges(&normalize(text)), [], "{text}");
        }
    }
}
