//! Byte budgets over all contents, and entries that must be distinct.
//!
//! It never reads the size of a single text.

use super::statement::StatedFact;
use super::vocabulary::{compile_pattern, compile_regex, count, find, is_match};
use fancy_regex::Regex;
use std::sync::LazyLock;

/// Returns the byte budget that a normalized sentence states.
pub(super) fn read_byte_budget(text: &str) -> Option<StatedFact> {
    static BUDGET: LazyLock<Regex> = LazyLock::new(|| {
        compile_pattern(
            r"(?:up to|at most|a maximum of|no more than|must not exceed|limited to) {C} (?:utf-8 )?bytes? (?:across|over|for|in) all (?:of )?(?:the |your )?[a-z]+(?: (?:[a-eg-z][a-z]*|f[a-np-z][a-z]*))?( for (?:a|an|the|each) [a-z]+)?",
        )
    });
    let found = find(&BUDGET, text)?;
    Some(StatedFact::TotalBytes(count(&found, 1)?, found.get(2).is_some()))
}

/// Returns whether a normalized sentence says that the entries of the list are distinct.
pub(super) fn states_unique(text: &str) -> bool {
    static UNIQUE: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"\bmust not (?:contain|include|have) (?:any )?duplicates?\b|\bduplicates?(?: [a-z]+)? (?:are|is) (?:not (?:allowed|permitted|supported|accepted)|rejected)|\b(?:items|entries|values|elements) (?:in the (?:list|array) )?must be (?:unique|distinct)\b|\bduplicates? (?:[a-z]+ )?must not be\b",
        )
    });
    is_match(&UNIQUE, text)
}
