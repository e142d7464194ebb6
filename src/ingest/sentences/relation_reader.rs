//! Reads the relations between members from a sentence, or from a part of it that stands on its own.
//!
//! It never reads a part behind a condition.

use super::conditional_relations::read_demands;
use super::relation_words::simplify;
use super::relations::read_alternatives;
use super::statement::StatedRelation;
use super::vocabulary::{compile_regex, find};
use fancy_regex::Regex;
use std::sync::LazyLock;

/// Maximum number of bytes of a sentence that is read.
const MAX_LENGTH: usize = 300;

/// Returns the relations that a sentence with marks states.
pub(in crate::ingest) fn read_relations(marked: &str) -> Vec<StatedRelation> {
    const WORDS: [&str; 19] = [
        "xclusive",
        "not ",
        "Not ",
        "n't",
        "annot",
        "ither",
        "ne of",
        "ust ",
        "equire",
        "at a time",
        "nly one",
        "only ",
        "Only ",
        "llowed",
        "andatory",
        "o two",
        "orbidden",
        "as to ",
        "eeds to ",
    ];
    if marked.len() > MAX_LENGTH || !WORDS.iter().any(|word| marked.contains(word)) {
        return Vec::new();
    }
    let text = simplify(marked);
    let found = read_clause(&text);
    if !found.is_empty() {
        return found;
    }
    let both = read_both_halves(&text);
    if both.is_empty() { read_last_clause(&text) } else { both }
}

fn read_clause(text: &str) -> Vec<StatedRelation> {
    let found = read_alternatives(text);
    if found.is_empty() { read_demands(text) } else { found }
}

/// Reads `Required when A is x, and must be omitted when A is y`: both halves, or none.
fn read_both_halves(text: &str) -> Vec<StatedRelation> {
    static JOINT: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(r"^(.+?),? (?:and|but) (must (?:not )?be .+|(?:is )?(?:not allowed|forbidden) .+)$")
    });
    let Some(found) = find(&JOINT, text) else { return Vec::new() };
    let half = |group: usize| found.get(group).map_or_else(Vec::new, |half| read_clause(half.as_str()));
    let (first, second) = (half(1), half(2));
    if first.is_empty() || second.is_empty() { Vec::new() } else { first.into_iter().chain(second).collect() }
}

/// Reads what follows a description, as in `The last day; must not be before start` or `The number (required if …)`.
fn read_last_clause(text: &str) -> Vec<StatedRelation> {
    static CLAUSE: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"^([^;,:()]{1,80})(?:[;,:] | [-–—] | \()((?:[Mm]ust|[Rr]equire[ds]?|[Oo]nly|[Nn]ot allowed|[Ff]orbidden|[Mm]utually exclusive|[Cc]annot) [^;()]+?)\)?\.?$",
        )
    });
    static CONDITION: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\b(?:if|when|unless|for|in case|while|until|except|where|with|without|or|depending|must|whether)\b|‹",
        )
    });
    let Some(found) = find(&CLAUSE, text) else { return Vec::new() };
    let (Some(before), Some(clause)) = (found.get(1), found.get(2)) else { return Vec::new() };
    if CONDITION.is_match(before.as_str()).unwrap_or(true) {
        return Vec::new();
    }
    read_clause(&simplify(&format!("{}.", clause.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relations(text: &str) -> String {
        read_relations(text).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn demands_are_read() {
        for (text, expected) in [
            ("If you specify ‹A›, you must also specify ‹B›.", "requires(A,B)"),
            (
                "If you provide a value for ‹TotalSegments›, you must also provide ‹Segment›.",
                "requires(TotalSegments,Segment)",
            ),
            ("If ‹a› is set, then ‹b› is required (and vice versa).", "allOrNone(a,b)"),
            ("This parameter requires that you also specify ‹B›.", "requires(*,B)"),
            ("Requires ‹b›.", "requires(*,b)"),
            ("Must be provided together with ‹b›.", "requires(*,b)"),
            ("Can only be used in combination with ‹b›.", "requires(*,b)"),
            ("You can only use this parameter if you include ‹b› and ‹c›.", "requires(*,b,c)"),
            ("Required if you specify ‹b›.", "requires(b,*)"),
            ("‹a› and ‹b› must be given together.", "allOrNone(a,b)"),
            ("Specify both ‹a› and ‹b› or neither of them.", "allOrNone(a,b)"),
            ("Required when ‹type› is ‹card›.", "requiredIf(type=card,*)"),
            ("Required when ‹type=card›.", "requiredIf(type=card,*)"),
            ("The number of the card (required if ‹type› is ‹card› or ‹gift›).", "requiredIf(type=card|gift,*)"),
            ("If ‹recurring› is true, ‹interval› is required.", "requiredIf(recurring=true,interval)"),
            ("Required if ‹type› is ‹x›, and cannot be used otherwise.", "requiredIf(type=x,*); onlyIf(*,type=x)"),
            (
                "This value is required when ‹on› is ‹true›, and must be omitted when ‹on› is ‹false›.",
                "requiredIf(on=true,*); forbiddenIf(on=false,*)",
            ),
            ("You cannot specify a ‹ReportUri› when ‹ModeBlock› is ‹true›.", "forbiddenIf(ModeBlock=true,ReportUri)"),
            ("Not allowed when ‹kind› is ‹x›.", "forbiddenIf(kind=x,*)"),
            ("Valid only when ‹kind› is ‹x›.", "onlyIf(*,kind=x)"),
            ("Must be omitted unless ‹kind› is ‹x›.", "onlyIf(*,kind=x)"),
            ("This value must be earlier than ‹end›.", "lessThan(*,end)"),
            ("The last day; must not be before ‹starts_on›.", "atMost(starts_on,*)"),
            ("‹min› must not exceed ‹max›.", "atMost(min,max)"),
            ("The end date must be after the start date.", "lessThan(startdate,enddate)"),
            ("‹names› and ‹values› must have the same length.", "equalLengths(names,values)"),
            ("Must be unique within the list.", "distinctBy(*)"),
            ("No two items may have the same ‹sku›.", "distinctBy(sku)"),
            ("Either specify both ‹start› and ‹end› or neither.", "allOrNone(start,end)"),
            ("Must be paired with ‹b›.", "requires(*,b)"),
            ("Is required when ‹b› is set.", "requires(b,*)"),
            ("Required unless ‹b› is given.", "atLeastOneOf(*,b)"),
            ("Not allowed together with ‹b›.", "atMostOneOf(*,b)"),
        ] {
            assert_eq!(relations(text), expected, "{text}");
        }
    }

    #[test]
    fn other_sentences_are_no_demands() {
        for text in [
            "If you specify ‹A›, you must also specify ‹B› or ‹C›.",
            "If you use this value, you must provide the ‹B› parameter.",
            "Required when ‹type› is ‹x› and for certain accounts.",
            "This is only used when ‹type› is ‹x›.",
            "We recommend that you specify ‹B› if ‹A› is ‹x›.",
            "Must be before the current time.",
            "For Aurora, must be greater than ‹A›.",
            "If ‹A› is large, the end, must be after ‹B›.",
            "Must be unique among all projects.",
            "This filter can only be used in combination with ‹B›.",
        ] {
            assert_eq!(relations(text), "", "{text}");
        }
    }
}
