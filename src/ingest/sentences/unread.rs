//! Finds numbers in sentences that no statement holds.
//!
//! It never decides what a number means.

use super::statement::{ProseStatement, StatedFact};
use super::vocabulary::normalize;

/// Returns true if a sentence has a number that none of its statements holds. Numbers in names (`HTTP 400`, `ISO 8601`,
/// `S3`), dates and examples are no limits.
pub(super) fn has_unread_number(text: &str, stated: &[ProseStatement]) -> bool {
    if !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let normal = normalize(text);
    let limits = super::conditions::before_example(&normal);
    let mut known: Vec<String> = Vec::new();
    for statement in stated {
        match &statement.fact {
            StatedFact::Characters(min, max) | StatedFact::Entries(min, max) | StatedFact::Size(min, max) => {
                known.extend([min, max].into_iter().flatten().flat_map(|end| [end.to_string(), (end + 1).to_string()]));
            }
            StatedFact::Range(min, max) | StatedFact::Between(min, max) => {
                known.extend([min, max].into_iter().flatten().map(ToString::to_string));
            }
            StatedFact::MultipleOf(step) => known.push(step.to_string()),
            StatedFact::TotalBytes(max, _) => known.push(max.to_string()),
            StatedFact::Values(values) => known.extend(values.iter().cloned()),
            StatedFact::Default(value) => known.push(value.clone()),
            _ => {}
        }
    }
    let mut parts = limits.split('#');
    let mut before = parts.next().unwrap_or_default();
    while let (Some(number), Some(after)) = (parts.next(), parts.next()) {
        let number = number.strip_suffix(".0").unwrap_or(number);
        let word = before.trim_end().rsplit([' ', '(']).next().unwrap_or_default();
        let is_name = [
            "http", "iso", "rfc", "version", "section", "chapter", "step", "code", "error", "status", "layer", "port",
            "bcp", "draft", "tls", "level", "page", "wgs", "ieee", "ipv", "fips",
        ]
        .contains(&word.trim_matches(|c: char| !c.is_alphanumeric()));
        let is_word = number.parse::<f64>().is_err();
        if !is_name && !is_word && !known.iter().any(|one| one == number) {
            return true;
        }
        before = after;
    }
    false
}
