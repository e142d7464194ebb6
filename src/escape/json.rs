//! Serializes values as JSON that is also safe to print: deceptive characters are written as `\u…`.
//!
//! It never changes a value: a JSON reader returns the same text.

use super::is_deceptive;
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Returns a value as compact JSON, without a newline.
///
/// # Errors
/// Returns an error if the value cannot be serialized.
pub fn json_line<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(640);
    value.serialize(&mut Serializer::with_formatter(&mut out, PrintableJson(CompactFormatter)))?;
    Ok(out)
}

/// Returns a value as indented JSON, without a newline at the end.
///
/// # Errors
/// Returns an error if the value cannot be serialized.
pub fn pretty_json<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut out, PrintableJson(PrettyFormatter::new())))?;
    Ok(out)
}

/// Escapes what [`json_line`] escapes in a JSON text that exists already. Line breaks and tabs, which strings in it never
/// contain raw, stay.
pub fn escape_json_text(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut before = '\0';
    for character in json.chars() {
        let is_raw = matches!(character, '\n' | '\t') || !is_deceptive(character);
        if !is_raw || character == '#' && before == '#' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(character);
        }
        before = character;
    }
    out
}

/// Another formatter's JSON with its strings escaped.
struct PrintableJson<F>(F);

/// Passes a call to the inner formatter.
macro_rules! forward {
    ($($name:ident($($argument:ident: $ty:ty),*);)*) => {$(
        fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $ty)*) -> io::Result<()> {
            self.0.$name(writer $(, $argument)*)
        }
    )*};
}

impl<F: Formatter> Formatter for PrintableJson<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // Most fragments are plain. `##[` would be a command in the log of a CI job.
        let bytes = fragment.as_bytes();
        let is_plain = bytes.iter().fold(true, |plain, byte| plain & (b' '..=b'~').contains(byte));
        if is_plain && !bytes.windows(2).any(|pair| pair == b"##") {
            return writer.write_all(bytes);
        }
        let (mut start, mut before) = (0, '\0');
        for (at, character) in fragment.char_indices() {
            if is_deceptive(character) || character == '#' && before == '#' {
                writer.write_all(&bytes[start..at])?;
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
                start = at + character.len_utf8();
            }
            before = character;
        }
        writer.write_all(&bytes[start..])
    }

    forward! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn json_is_printable_and_means_the_same(text in any::<String>(), name in any::<String>()) {
            let value = serde_json::json!({ name: [text, 1.5, null, {}] });
            for bytes in [json_line(&value).expect("JSON"), pretty_json(&value).expect("JSON")] {
                let written = String::from_utf8(bytes).expect("text");
                prop_assert!(!written.chars().any(|c| is_deceptive(c) && c != '\n'), "{}", written);
                prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&written).expect("JSON"), &value);
            }
        }
    }

    #[test]
    fn layout_is_that_of_serde_json() {
        let value = serde_json::json!({"a": [1, {"b": "é\u{9b}\u{202e}\u{feff}##[x]\u{e0001}"}], "c": {}, "d": []});
        let text = String::from_utf8(json_line(&value).expect("JSON")).expect("text");
        let escaped = "\\u009b\\u202e\\ufeff#\\u0023[x]\\udb40\\udc01";
        assert_eq!(text, format!("{{\"a\":[1,{{\"b\":\"é{escaped}\"}}],\"c\":{{}},\"d\":[]}}"));
        let plain = serde_json::json!({"a": [1, {"b": "é"}], "c": {}, "d": []});
        let pretty = String::from_utf8(pretty_json(&plain).expect("JSON")).expect("text");
        assert_eq!(pretty, format!("{plain:#}"));
    }
}
