//! What a server says of its own failure: the innermost stack frame, or the message of the response.
//!
//! Failures with the same text have the same cause. Texts that servers use for every failure say nothing.

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
    fn generic_messages_say_nothing() {
        for text in ["Internal Server Error", "internal error.", "", "500", "An unexpected error occurred!"] {
            assert_eq!(FailureText::from_message(text, "Send"), None, "{text}");
        }
        assert!(FailureText::from_message("list index out of range", "Send").is_some());
    }
}
