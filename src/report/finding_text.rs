//! The texts of a finding that several reports share: its title, what it explains, and its entry as a known divergence.

use super::style::pluralize;
use crate::escape::{escape_text, toml_string};
use crate::judge::{Finding, FindingPart};
use std::collections::HashSet;

/// Maximum number of operations that a title names.
const MAX_TITLE_OPERATIONS: usize = 3;
/// Maximum number of patterns in the entry for a known divergence, before operations are no longer told apart.
const MAX_KNOWN_PATTERNS: usize = 12;
/// Maximum number of different responses that an entry for known divergences tells apart.
const MAX_KNOWN_RESPONSES: usize = 3;

/// The kinds of causes that do not hold everywhere, so that their entries name every operation and member.
const PARTIAL_CAUSES: [&str; 2] = ["lax-constraint", "failure-on-damage"];

/// Returns the title of a finding.
pub(super) fn finding_title(finding: &Finding) -> String {
    title(
        finding.frame.as_deref(),
        finding.statement.as_deref(),
        &finding.operations,
        [&finding.operation, &finding.member, &finding.constraint],
    )
}

/// Returns a title: the cause and the operations, or operation, member and constraint.
pub(super) fn title(
    frame: Option<&str>,
    statement: Option<&str>,
    operations: &[String],
    place: [&String; 3],
) -> String {
    let named = operations.iter().take(MAX_TITLE_OPERATIONS).map(|one| escape_text(one));
    let named = named.collect::<Vec<_>>().join(", ");
    let more = operations.len().saturating_sub(MAX_TITLE_OPERATIONS);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    if let Some(subject) = frame.or(statement) {
        // A statement about one operation names it.
        let is_named = frame.is_none() && operations.iter().all(|one| subject.contains(one.as_str()));
        let subject = escape_text(subject);
        return if is_named { subject } else { format!("{subject} · {named}{more}") };
    }
    let parts: Vec<String> = place.iter().filter(|part| !part.is_empty()).map(|part| escape_text(part)).collect();
    parts.join(" · ")
}

/// Describes what a finding explains, if that is more than the cases of one constraint of one member.
pub(super) fn describe_explained(finding: &Finding) -> Option<String> {
    if finding.parts.len() < 2 {
        return None;
    }
    let places: HashSet<(&str, &str)> =
        finding.parts.iter().map(|part| (part.operation.as_str(), part.member.as_str())).collect();
    let operations = pluralize(finding.operations.len() as u64, "operation");
    let members = pluralize(places.len() as u64, "place");
    Some(format!("{} at {members} in {operations}; one of them:", pluralize(finding.case_count, "case")))
}

/// What an entry for known divergences needs to know of a finding, whether of this run or of an earlier one.
pub(super) struct KnownEntrySource<'a> {
    pub scenario: &'a str,
    pub constraint: &'a str,
    pub cause: &'a str,
    pub frame: Option<&'a str>,
    pub message: Option<&'a str>,
    /// Number of operations concerned.
    pub operation_count: usize,
    pub places: Vec<KnownEntryPlace<'a>>,
}

/// Cases of one operation, member, constraint and response.
pub(super) struct KnownEntryPlace<'a> {
    pub operation: &'a str,
    pub member: &'a str,
    pub constraint: &'a str,
    pub observed: &'a str,
}

impl<'a> KnownEntrySource<'a> {
    /// Returns what a finding of this run is accepted by.
    pub fn new(finding: &'a Finding) -> Self {
        Self {
            scenario: &finding.scenario,
            constraint: &finding.constraint,
            cause: finding.cause,
            frame: finding.frame.as_deref(),
            message: finding.message.as_deref(),
            operation_count: finding.operations.len(),
            places: finding.parts.iter().map(KnownEntryPlace::new).collect(),
        }
    }

    /// Returns the entries that mark the finding as known divergences, for `scenarios/NAME.known/ENDPOINT.toml`. They
    /// cover what the finding explains.
    pub fn entries(&self) -> String {
        let mut observed: Vec<&str> = Vec::new();
        for place in &self.places {
            if !observed.contains(&place.observed) {
                observed.push(place.observed);
            }
        }
        if observed.len() > MAX_KNOWN_RESPONSES {
            return self.entry_for(&format!("{}*", common_prefix(&observed)), |_| true);
        }
        let entries: Vec<String> =
            observed.iter().map(|response| self.entry_for(response, |other| other == *response)).collect();
        entries.join("\n")
    }

    fn entry_for(&self, observed: &str, is_covered: impl Fn(&str) -> bool) -> String {
        let places: Vec<&KnownEntryPlace<'_>> = self.places.iter().filter(|place| is_covered(place.observed)).collect();
        // A cause of the whole server is the same in every operation, and of every member if it is a constraint. A
        // failure is not: other failures of the same operation have other causes.
        let is_wide =
            places.len() > MAX_KNOWN_PATTERNS && self.operation_count > 1 && !PARTIAL_CAUSES.contains(&self.cause);
        let is_everywhere = is_wide && self.frame.is_none();
        let mut cases: Vec<String> = Vec::new();
        for place in places {
            let operation = if is_wide { "*" } else { place.operation };
            let is_same_constraint = place.constraint == self.constraint;
            let member = if is_everywhere && is_same_constraint { "*" } else { place.member };
            let pattern = toml_string(&format!("{}/{operation}/{member}/{}/*", self.scenario, place.constraint));
            if !cases.contains(&pattern) {
                cases.push(pattern);
            }
        }
        let list = if cases.len() > 3 {
            format!("[\n    {},\n]", cases.join(",\n    "))
        } else {
            format!("[{}]", cases.join(", "))
        };
        let message = match self.message {
            Some(text) => format!("message  = {}\n", toml_string(&message_pattern(text))),
            None => String::new(),
        };
        let frame = match self.frame {
            Some(frame) => format!("frame    = {}\n", toml_string(&frame_pattern(frame))),
            None => String::new(),
        };
        format!("[[known]]\ncases    = {list}\nobserved = {}\n{message}{frame}reason   = \"\"", toml_string(observed))
    }
}

impl<'a> KnownEntryPlace<'a> {
    fn new(part: &'a FindingPart) -> Self {
        Self {
            operation: &part.operation,
            member: &part.member,
            constraint: &part.constraint,
            observed: &part.observed,
        }
    }
}

/// Returns a pattern that matches all messages with these fixed parts.
fn message_pattern(masked: &str) -> String {
    let pattern = masked.replace('…', "*");
    if pattern.ends_with('*') { pattern } else { format!("{pattern}*") }
}

/// Returns a pattern that matches a stack frame at any line of its file: lines change with each version.
fn frame_pattern(frame: &str) -> String {
    let Some((file, rest)) = frame.split_once(':') else { return frame.to_owned() };
    let after_number = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
    if after_number.len() == rest.len() { frame.to_owned() } else { format!("{file}:*{after_number}") }
}

/// Returns the longest text with which all texts begin.
fn common_prefix<'t>(texts: &[&'t str]) -> &'t str {
    let Some((first, others)) = texts.split_first() else { return "" };
    let common = |other: &&str| first.chars().zip(other.chars()).take_while(|(one, two)| one == two).count();
    let length = others.iter().map(common).min().unwrap_or(0);
    first.char_indices().nth(length).map_or(first, |(end, _)| &first[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_prefixes_end_between_characters() {
        assert_eq!(common_prefix(&["200", "204"]), "20");
        assert_eq!(common_prefix(&["é1", "é2", "é"]), "é");
        assert_eq!(common_prefix(&["a", "b"]), "");
    }

    #[test]
    fn frame_patterns_match_any_line() {
        assert_eq!(
            frame_pattern("moto/sqs/models.py:120 in create: KeyError"),
            "moto/sqs/models.py:* in create: KeyError"
        );
        assert_eq!(frame_pattern("server.js"), "server.js");
        assert_eq!(frame_pattern("a:b"), "a:b");
    }

    #[test]
    fn message_patterns_match_what_varies() {
        assert_eq!(message_pattern("no … in …"), "no * in *");
        assert_eq!(message_pattern("list index"), "list index*");
    }
}
