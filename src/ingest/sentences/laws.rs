//! What sentences about an operation state: laws, and members of which one is needed.
//!
//! It never reads a sentence about a member.

use super::vocabulary::{compile_regex, is_match};
use fancy_regex::Regex;
use std::sync::LazyLock;

/// Returns true for a sentence such as `At least one field to be updated must be present`.
pub(in crate::ingest) fn requires_at_least_one_field(text: &str) -> bool {
    static RULE: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\bat least one (?:of the )?(?:(?:optional )?(?:field|parameter|attribute|property|member)s?)(?: to (?:be )?updated?)?(?: listed)?(?: below)? (?:must|has to|have to|needs to) be (?:present|specified|provided|included|set)\b",
        )
    });
    is_match(&RULE, text)
}

/// Returns the names of the laws that a sentence about an operation states.
pub(in crate::ingest) fn find_laws(text: &str) -> Vec<&'static str> {
    static LAWS: LazyLock<[(Regex, &'static str); 4]> = LazyLock::new(|| {
        [
            (compile_regex(r"(?i)\b(?:merges?|merged) with (?:the |any )?(?:existing|current)\b"), "merges"),
            (
                compile_regex(
                    r"(?i)(?:\b(?:overwrites|replaces) (?:all |any )?(?:of )?(?:the )?(?:existing|current|previous)\b)",
                ),
                "overwrites",
            ),
            (
                compile_regex(
                    r"(?i)(?:\bno duplicates\b|\bduplicates are (?:removed|ignored|dropped)\b|\bwithout duplicates\b|\bdeduplicat)",
                ),
                "deduplicates",
            ),
            (compile_regex(r"(?i)\bthis (?:operation|action|api|call|request|endpoint) is idempotent\b"), "idempotent"),
        ]
    });
    if text.to_ascii_lowercase().contains(" not ") {
        return Vec::new();
    }
    LAWS.iter().filter(|(regex, _)| is_match(regex, text)).map(|(_, law)| *law).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_and_rules_are_read_from_sentences() {
        let text = "Add tags to a contact (merges with existing tags, no duplicates)";
        assert_eq!(find_laws(text), ["merges", "deduplicates"]);
        assert!(requires_at_least_one_field("At least one field to be updated must be present in the request."));
        assert!(!requires_at_least_one_field("At least one agent must be present."));
    }
}
