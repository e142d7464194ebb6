//! Writes text into Hurl files. The grammar: <https://hurl.dev/docs/grammar.html>.
//!
//! It never writes a template: `{{` is escaped.

use super::is_deceptive;
use std::fmt::Write as _;

/// Escapes a text for a body between backticks: printable ASCII stays.
pub fn hurl_body(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = '\0';
    for character in text.chars() {
        match character {
            '`' => out.push_str("\\`"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '{' | '#' if before == character => push_code(&mut out, character),
            ' '..='~' => out.push(character),
            other => push_code(&mut out, other),
        }
        before = character;
    }
    // The text that follows may begin with a brace, which would open a template.
    if out.ends_with('{') {
        out.pop();
        push_code(&mut out, '{');
    }
    out
}

/// Returns a text as a quoted string.
pub fn hurl_string(text: &str) -> String {
    let mut out = String::from("\"");
    let mut before = '\0';
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '{' | '#' if before == character => push_code(&mut out, character),
            other if is_deceptive(other) => push_code(&mut out, other),
            other => out.push(other),
        }
        before = character;
    }
    out.push('"');
    out
}

fn push_code(out: &mut String, character: char) {
    let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_ends_neither_a_string_nor_a_line() {
        assert_eq!(hurl_body("a`{{b}}\n{"), "a\\`{\\u{7b}b}}\\n\\u{7b}");
        assert_eq!(hurl_string("a\"\\\n{{x}}##[y]"), "\"a\\\"\\\\\\u{a}{\\u{7b}x}}#\\u{23}[y]\"");
    }
}
