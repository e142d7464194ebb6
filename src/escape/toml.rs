//! Writes values as TOML, so that reading returns the same values.
//!
//! It never writes a line break inside a value.

use super::is_deceptive;
use serde_json::Value as Json;
use std::fmt::Write as _;

/// Returns a text as a basic string, in quotes. The rules: <https://toml.io/en/v1.0.0#string>.
pub fn toml_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let mut before = '\0';
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // `##[` would be a command in the log of a CI job.
            '#' if before == '#' => out.push_str("\\u0023"),
            other if is_deceptive(other) && u32::from(other) > 0xffff => {
                let _ = write!(out, "\\U{:08X}", u32::from(other));
            }
            other if is_deceptive(other) => {
                let _ = write!(out, "\\u{:04X}", u32::from(other));
            }
            other => out.push(other),
        }
        before = character;
    }
    out.push('"');
    out
}

/// Returns a key, in quotes if needed.
pub fn toml_key(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if is_bare { name.to_owned() } else { toml_string(name) }
}

/// Returns a JSON value as TOML on one line; null, which TOML lacks, becomes an empty string.
pub fn toml_value(json: &Json) -> String {
    match json {
        Json::Null => "\"\"".to_owned(),
        Json::Array(items) => format!("[{}]", items.iter().map(toml_value).collect::<Vec<_>>().join(", ")),
        Json::Object(members) if members.is_empty() => "{}".to_owned(),
        Json::Object(members) => {
            let one = |(name, value): (&String, &Json)| format!("{} = {}", toml_key(name), toml_value(value));
            format!("{{ {} }}", members.iter().map(one).collect::<Vec<_>>().join(", "))
        }
        Json::String(text) => toml_string(text),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_back(text: &str) -> (String, String) {
        let document = format!("{} = {}\n", toml_key(text), toml_string(text));
        let table: ::toml::Table = document.parse().expect("valid TOML");
        let (key, value) = table.into_iter().next().expect("one entry");
        (key, value.as_str().expect("a string").to_owned())
    }

    #[test]
    fn deceptive_text_is_read_back_unchanged() {
        let text = "400 \u{202e}x\u{9b}\u{7f}\u{e0041}\n::error::##[x]\"\\\0";
        assert_eq!(read_back(text), (text.to_owned(), text.to_owned()));
        assert!(!toml_string(text).chars().any(is_deceptive));
        assert!(!toml_string(text).contains("##"));
    }

    proptest! {
        #[test]
        fn reading_reverses_writing(text in any::<String>()) {
            prop_assert_eq!(read_back(&text), (text.clone(), text));
        }
    }
}
