//! Laws that a web API's documents state in the descriptions of operations, headers and conflicts.
//!
//! It reads one text at a time, and nothing that no document says.

use super::sentences::compile_regex;
use fancy_regex::Regex;
use std::sync::LazyLock;

/// Pairs of actions that undo each other, with the words for what a resource is after the first.
const OPPOSITES: [(&str, &[&str]); 9] = [
    ("stop", &["running", "started", "active"]),
    ("unarchive", &["archived"]),
    ("unpublish", &["published"]),
    ("unlock", &["locked"]),
    ("resume", &["paused", "suspended"]),
    ("reopen", &["closed"]),
    ("restore", &["archived", "deleted"]),
    ("disable", &["enabled"]),
    ("deactivate", &["active"]),
];

fn is_match(regex: &Regex, text: &str) -> bool {
    regex.is_match(text).unwrap_or(false)
}

/// Returns the law that the description of a conflict states, by the request that gets it.
pub(super) fn law_of_conflict(method: &str, uri: &str, description: &str) -> Option<&'static str> {
    static TAKEN: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\b(?:taken|already exists?|exists already|(?:already )?in use|already used|already registered|duplicates?|must be unique|not unique)\b",
        )
    });
    static DEPENDS: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\b(?:(?:still )?(?:has|have|contains?|holds)|not empty|non-empty|in use|referenced|depends? on|dependent|children)\b",
        )
    });
    static ALREADY: LazyLock<Regex> = LazyLock::new(|| compile_regex(r"(?i)\balready\b"));
    let last = uri.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let is_item = last.starts_with('{');
    let is_action = method == "POST" && !is_item && uri.contains("}/") && is_verb_behind_label(uri);
    match method {
        "DELETE" => is_match(&DEPENDS, description).then_some("protects-children"),
        "POST" if is_action && is_match(&ALREADY, description) => Some("rejects-repetition"),
        "POST" if is_action && says_undone(last, description) => Some("rejects-repetition"),
        "POST" | "PUT" | "PATCH" if is_match(&TAKEN, description) => Some("rejects-duplicates"),
        _ => None,
    }
}

/// Returns true if the last segment stands right behind a label: `/projects/{id}/archive`.
fn is_verb_behind_label(uri: &str) -> bool {
    let mut segments = uri.trim_end_matches('/').rsplit('/');
    segments.next().is_some() && segments.next().is_some_and(|before| before.ends_with('}'))
}

/// Returns true if a conflict is about what an action has done already: "not running" for `stop`.
fn says_undone(action: &str, description: &str) -> bool {
    let lower = description.to_lowercase();
    OPPOSITES.iter().any(|(verb, states)| {
        action.eq_ignore_ascii_case(verb) && states.iter().any(|state| lower.contains(&format!("not {state}")))
    })
}

/// Returns the law that the description of an operation states.
pub(super) fn law_of_operation(method: &str, text: &str) -> Option<&'static str> {
    static REPLACES: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\b(?:not (?:sent|given|provided|specified|included)|omitted|left out|missing|absent)\b[^.;]*\b(?:removed|deleted|cleared|reset|unset)\b",
        )
    });
    static ALL_OR_NONE: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\b(?:all or nothing|all-or-nothing|all of them,? or none|or none (?:of them )?(?:if|when)|atomic(?:ally)?)\b",
        )
    });
    match method {
        "PUT" if is_match(&REPLACES, text) => Some("replaces"),
        "POST" if is_match(&ALL_OR_NONE, text) => Some("rejected-leaves-no-trace"),
        _ => None,
    }
}

/// Returns the law that the description of a header states.
pub(super) fn law_of_header(name: &str, text: &str) -> Option<&'static str> {
    static OTHER_BODY: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\b(?:another|other|different)\b[^.]*\b(?:body|payload|request|parameters|content)\b[^.]*\b(?:reject(?:ed|s)?|conflict|error|fails?|409|422)\b",
        )
    });
    let is_key = name.to_ascii_lowercase().replace('_', "-").contains("idempotency");
    (is_key && is_match(&OTHER_BODY, text)).then_some("honors-idempotency-key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conflicts_state_laws_by_their_descriptions() {
        for (method, uri, description, law) in [
            ("POST", "/projects", "The name is taken", Some("rejects-duplicates")),
            ("POST", "/projects", "Conflict", None),
            ("PATCH", "/projects/{id}", "A project of this name already exists", Some("rejects-duplicates")),
            ("POST", "/projects/{id}/archive", "The project is archived already", Some("rejects-repetition")),
            ("POST", "/tasks/{id}/stop", "The task is not running", Some("rejects-repetition")),
            ("POST", "/articles/{id}/publish", "The article is not approved", None),
            ("DELETE", "/projects/{id}", "The project has tasks", Some("protects-children")),
            ("DELETE", "/projects/{id}", "Conflict", None),
        ] {
            assert_eq!(law_of_conflict(method, uri, description), law, "{method} {uri} {description}");
        }
    }

    #[test]
    fn operations_and_headers_state_laws() {
        let replaces = "Replace a task; optional members that are not sent are removed";
        assert_eq!(law_of_operation("PUT", replaces), Some("replaces"));
        assert_eq!(law_of_operation("PUT", "Replace a task"), None);
        let all = "Create several tasks: all of them, or none if one is invalid";
        assert_eq!(law_of_operation("POST", all), Some("rejected-leaves-no-trace"));
        let text = "A request with another body is rejected with 409.";
        assert_eq!(law_of_header("Idempotency-Key", text), Some("honors-idempotency-key"));
        assert_eq!(law_of_header("Idempotency-Key", "Makes retries safe"), None);
        assert_eq!(law_of_header("X-Trace", text), None);
    }
}
