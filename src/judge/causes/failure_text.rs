//! What a server says of its own failure: the innermost stack frame, or the message of the response.
//!
//! Failures with the same text have the same cause. Texts that servers use for every failure say nothing.

use crate::case::{Case, StepRequest, Value};
use crate::contract::{MemberPath, PathSegment};
use std::borrow::Cow;

/// How a server described its failure.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FailureText {
    /// The innermost stack frame that it printed.
    Frame(String),
    /// The message of its response, without what varies.
    Message(String),
}

impl FailureText {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Frame(text) | Self::Message(text) => text,
        }
    }

    /// Returns the masked message of a failure, unless it is one that says nothing.
    pub fn from_message(message: &str, operation: &str) -> Option<Self> {
        let masked = mask_variable_parts(message, operation);
        (!is_generic_failure(&masked)).then_some(Self::Message(masked))
    }
}

/// Maximum number of characters that are compared.
const MAX_TEXT: usize = 160;

/// Replaces what varies in a message by `…`: quoted parts, words with a digit, and the operation's name.
pub fn mask_variable_parts(message: &str, operation: &str) -> String {
    let message = if operation.len() > 2 { message.replace(operation, "…") } else { message.to_owned() };
    let mut masked = String::new();
    for word in mask_quoted_parts(&message).split_whitespace() {
        let word = if word.contains(|c: char| c.is_ascii_digit()) { "…" } else { word };
        if word == "…" && masked.ends_with('…') {
            continue;
        }
        if !masked.is_empty() {
            masked.push(' ');
        }
        masked.push_str(word);
    }
    match masked.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => masked[..end].to_owned(),
        None => masked,
    }
}

/// Minimum number of characters of a sent value that is replaced in a message: shorter ones occur in any text.
const MIN_SENT_LENGTH: usize = 3;
/// Maximum number of values of a request that are looked for in a message.
const MAX_SENT_VALUES: usize = 200;

/// Replaces the texts in the input of a request by `…` in the message of its response: servers repeat what they reject. They
/// are found as they were sent, escaped as JSON, and as bytes of UTF-8 that were read as Latin-1, as in a header.
pub fn mask_sent_values<'m>(message: &'m str, sent: &Value) -> Cow<'m, str> {
    let mut texts = Vec::new();
    collect_texts(sent, &mut texts);
    texts.truncate(MAX_SENT_VALUES);
    // A value may be part of a longer one.
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    let mut masked = Cow::Borrowed(message);
    for text in texts.into_iter().filter(|text| !text.is_empty()) {
        if text.chars().count() < MIN_SENT_LENGTH {
            // As a word of its own at the end, it is the value.
            if let Some(before) = masked.strip_suffix(text).filter(|before| before.ends_with([' ', ':', '='])) {
                masked = Cow::Owned(format!("{before}…"));
            }
            continue;
        }
        let quoted = serde_json::Value::from(text).to_string();
        let as_latin1: String = text.bytes().map(char::from).collect();
        for form in [text, &quoted[1..quoted.len() - 1], &as_latin1] {
            if masked.contains(form) {
                masked = Cow::Owned(masked.replace(form, "…"));
            }
        }
    }
    masked
}

/// Replaces the paths that lead to a member inside of another one by `…` in a message: a parser that rejects the same value
/// at several places says the same of each. A path has at least two parts, among them the outermost and the innermost member.
pub fn mask_member_path<'m>(message: &'m str, member: &MemberPath) -> Cow<'m, str> {
    let mut names = member.0.iter().filter_map(|segment| match segment {
        PathSegment::Member(name) => Some(name.as_str()),
        _ => None,
    });
    let (Some(first), Some(last)) = (names.next(), names.next_back()) else { return Cow::Borrowed(message) };
    let leads_there = |word: &str| {
        let parts: Vec<&str> = word.split(|c: char| !c.is_alphanumeric() && !"_-$@".contains(c)).collect();
        parts.contains(&first) && parts.contains(&last)
    };
    let is_end = |c: char| matches!(c, ':' | ',' | ';' | '.' | '(' | ')');
    let mut masked = String::new();
    for (index, word) in message.split(' ').enumerate() {
        if index > 0 {
            masked.push(' ');
        }
        let path = word.trim_matches(is_end);
        match leads_there(path) {
            true => masked.push_str(&word.replacen(path, "…", 1)),
            false => masked.push_str(word),
        }
    }
    Cow::Owned(masked)
}

/// Returns the input of the judged request of a case.
pub fn sent_input(case: &Case) -> Option<&Value> {
    match &case.steps.get(case.judged.shown_step())?.request {
        StepRequest::Operation { input, .. } => Some(input),
        StepRequest::Raw { body, .. } => body.as_ref(),
    }
}

fn collect_texts<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
    match value {
        Value::Text(text) => texts.push(text),
        Value::List(items) => items.iter().for_each(|item| collect_texts(item, texts)),
        Value::Map(members) => members.values().for_each(|member| collect_texts(member, texts)),
        _ => {}
    }
}

fn mask_quoted_parts(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'', '`']) {
        let quote = rest[at..].chars().next().unwrap_or('"');
        let before = rest[..at].chars().next_back();
        let inner = &rest[at + 1..];
        // An apostrophe inside of a word does not begin a quotation.
        let begins = before.is_none_or(|c| !c.is_alphanumeric());
        match inner.find(quote).filter(|_| begins) {
            Some(end) => {
                out.push_str(&rest[..at]);
                out.push('…');
                rest = &inner[end + 1..];
            }
            None => {
                out.push_str(&rest[..=at]);
                rest = inner;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Returns true for texts with which servers answer whatever went wrong.
pub fn is_generic_failure(text: &str) -> bool {
    const GENERIC: [&str; 12] = [
        "internal server error",
        "internal service error",
        "internal error",
        "internal failure",
        "an internal error occurred",
        "an internal error has occurred",
        "an unexpected error occurred",
        "unexpected error",
        "unknown error",
        "server error",
        "error",
        "none",
    ];
    let letters = |c: char| !c.is_alphabetic();
    let plain = text.trim_matches(letters).to_lowercase();
    plain.is_empty() || GENERIC.contains(&plain.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_parts_of_messages_are_masked() {
        for (one, other) in [
            ("exception while calling sqs.Send: 'str' has no x", "exception while calling sqs.Send: 'int' has no x"),
            ("list index out of range (id 12)", "list index out of range (id 777)"),
            ("can't find `a`", "can't find `b c`"),
        ] {
            assert_eq!(mask_variable_parts(one, "Send"), mask_variable_parts(other, "Send"), "{one}");
        }
        assert_eq!(mask_variable_parts("calling Send failed", "Send"), "calling … failed");
        assert_ne!(mask_variable_parts("no attribute", "Send"), mask_variable_parts("no index", "Send"));
        assert_eq!(mask_variable_parts(&"word ".repeat(100), "Send").chars().count(), MAX_TEXT);
    }

    #[test]
    fn values_that_a_request_had_are_masked_in_messages() {
        let message_for = |sent: &str, echoed: &str| {
            let input = Value::Map([("version".to_owned(), Value::text(sent))].into_iter().collect());
            mask_sent_values(&format!("Expected x.y.z but received {echoed}"), &input).into_owned()
        };
        let expected = "Expected x.y.z but received …";
        assert_eq!(message_for("zy\u{e9}mn", "zy\u{e9}mn"), expected);
        assert_eq!(message_for("zy\u{e9}mn", "zy\u{c3}\u{a9}mn"), expected, "read as Latin-1");
        assert_eq!(message_for("win\\j", r"win\\j"), expected, "escaped");
        assert_eq!(message_for("z", "z"), expected, "short, but the last word");
        assert_eq!(message_for("x", "it"), "Expected x.y.z but received it", "too short to be looked for in words");
    }

    #[test]
    fn paths_to_nested_members_are_masked_in_messages() {
        let masked = |message: &str, path: &str| {
            mask_member_path(message, &MemberPath::parse(path).expect("a path")).into_owned()
        };
        let expected = "Failed to read …: unknown field";
        assert_eq!(masked("Failed to read schema.defaults.bool: unknown field", "schema.defaults.bool"), expected);
        assert_eq!(masked("Failed to read body.tags[0].key: unknown field", "tags[].key"), expected);
        assert_eq!(masked("Failed to read #/schema/x/y: unknown field", "schema{value}.y"), expected);
        let same = "limit: expected a number";
        assert_eq!(masked(same, "limit"), same, "a member of its own");
        assert_eq!(masked("schema: expected an object", "schema.bool"), "schema: expected an object");
    }

    #[test]
    fn generic_messages_say_nothing() {
        for text in ["Internal Server Error", "internal error.", "", "500", "An unexpected error occurred!"] {
            assert_eq!(FailureText::from_message(text, "Send"), None, "{text}");
        }
        assert!(FailureText::from_message("list index out of range", "Send").is_some());
    }
}
