//! Reads Python literals as `repr` writes them: dictionaries, lists, texts, bytes and numbers.
//!
//! Objects without a literal, such as `<botocore.config.Config object at 0x7f>`, are read as opaque values.
//! Source: <https://docs.python.org/3/reference/lexical_analysis.html#string-and-bytes-literals>.

use data_encoding::BASE64;
use serde_json::Value as Json;

/// Maximum nesting depth.
const MAX_DEPTH: usize = 64;

/// A value of a literal.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum PythonValue {
    None,
    Boolean(bool),
    /// A number as it is written.
    Number(String),
    Text(String),
    Bytes(Vec<u8>),
    /// A list, tuple or set.
    List(Vec<PythonValue>),
    Dictionary(Vec<(String, PythonValue)>),
    /// An object without a literal.
    Opaque,
}

impl PythonValue {
    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Dictionary(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the value as one of a form or a header.
    pub fn to_form_text(&self) -> String {
        match self {
            Self::None | Self::Opaque | Self::List(_) | Self::Dictionary(_) => String::new(),
            Self::Boolean(truth) => truth.to_string(),
            Self::Number(text) | Self::Text(text) => text.clone(),
            Self::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        }
    }

    /// Converts to JSON, with bytes as base64 and opaque values as null.
    pub fn to_json(&self) -> Json {
        match self {
            Self::None | Self::Opaque => Json::Null,
            Self::Boolean(truth) => Json::Bool(*truth),
            Self::Number(text) => text.parse::<serde_json::Number>().map_or(Json::Null, Json::Number),
            Self::Text(text) => Json::String(text.clone()),
            Self::Bytes(bytes) => Json::String(BASE64.encode(bytes)),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Dictionary(entries) => entries.iter().map(|(name, value)| (name.clone(), value.to_json())).collect(),
        }
    }
}

/// Reads the literal with which a text begins; `None` if there is none, or it is cut short or nested too deeply.
pub(super) fn read_literal(text: &str) -> Option<PythonValue> {
    LiteralReader { text, position: 0 }.read_value(0)
}

struct LiteralReader<'t> {
    text: &'t str,
    position: usize,
}

impl<'t> LiteralReader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.position..]
    }

    fn skip_whitespace(&mut self) {
        self.position = self.text.len() - self.rest().trim_start().len();
    }

    fn consume(&mut self, sign: char) -> bool {
        self.skip_whitespace();
        let found = self.rest().starts_with(sign);
        if found {
            self.position += sign.len_utf8();
        }
        found
    }

    fn read_value(&mut self, depth: usize) -> Option<PythonValue> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.skip_whitespace();
        match self.rest().chars().next()? {
            '{' => self.read_braces(depth),
            '[' => self.read_items(']', depth).map(PythonValue::List),
            '(' => self.read_items(')', depth).map(PythonValue::List),
            '<' => self.skip_object(),
            '\'' | '"' => {
                let characters = self.read_string(false)?;
                Some(PythonValue::Text(characters.iter().filter_map(|code| char::from_u32(*code)).collect()))
            }
            c if c.is_ascii_digit() || c == '-' || c == '+' => Some(PythonValue::Number(self.read_number())),
            c if c.is_alphabetic() || c == '_' => self.read_word(depth),
            _ => None,
        }
    }

    /// Reads a dictionary or a set.
    fn read_braces(&mut self, depth: usize) -> Option<PythonValue> {
        self.position += 1;
        let (mut entries, mut items) = (Vec::new(), Vec::new());
        loop {
            if self.consume('}') {
                let is_set = entries.is_empty() && !items.is_empty();
                return Some(if is_set { PythonValue::List(items) } else { PythonValue::Dictionary(entries) });
            }
            let key = self.read_value(depth + 1)?;
            if self.consume(':') {
                entries.push((key.to_form_text(), self.read_value(depth + 1)?));
            } else {
                items.push(key);
            }
            if !self.consume(',') && !self.rest().trim_start().starts_with('}') {
                return None;
            }
        }
    }

    fn read_items(&mut self, end: char, depth: usize) -> Option<Vec<PythonValue>> {
        self.position += 1;
        let mut items = Vec::new();
        loop {
            if self.consume(end) {
                return Some(items);
            }
            items.push(self.read_value(depth + 1)?);
            if !self.consume(',') && !self.rest().trim_start().starts_with(end) {
                return None;
            }
        }
    }

    /// Skips `<… object at 0x7f>`, in which further ones may stand.
    fn skip_object(&mut self) -> Option<PythonValue> {
        let mut open = 0_usize;
        for (at, sign) in self.rest().char_indices() {
            match sign {
                '<' => open += 1,
                '>' => open -= 1,
                _ => {}
            }
            if open == 0 {
                self.position += at + 1;
                return Some(PythonValue::Opaque);
            }
        }
        None
    }

    fn read_number(&mut self) -> String {
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_');
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        self.position += length;
        rest[..length].to_owned()
    }

    /// Reads what begins with a word: a constant, bytes, or an object such as `datetime.datetime(2026, 12, 1)`.
    fn read_word(&mut self, depth: usize) -> Option<PythonValue> {
        let rest = self.rest();
        if let Some(quoted) = rest.strip_prefix('b').filter(|rest| rest.starts_with(['\'', '"'])) {
            self.position = self.text.len() - quoted.len();
            let codes = self.read_string(true)?;
            return Some(PythonValue::Bytes(codes.iter().filter_map(|code| u8::try_from(*code).ok()).collect()));
        }
        let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let word = &rest[..length];
        self.position += length;
        match word {
            "None" => return Some(PythonValue::None),
            "True" => return Some(PythonValue::Boolean(true)),
            "False" => return Some(PythonValue::Boolean(false)),
            _ => {}
        }
        // `key=value` in the arguments of an object.
        if self.rest().starts_with('=') {
            self.position += 1;
            return self.read_value(depth + 1);
        }
        if !self.rest().starts_with('(') {
            return Some(PythonValue::Opaque);
        }
        let arguments = self.read_items(')', depth + 1)?;
        Some(match (word, arguments.into_iter().next()) {
            ("bytearray" | "OrderedDict" | "bytes" | "Decimal", Some(first)) => first,
            _ => PythonValue::Opaque,
        })
    }

    /// Reads a quoted text as code points, or as bytes if it is one of bytes.
    fn read_string(&mut self, is_bytes: bool) -> Option<Vec<u32>> {
        let quote = self.rest().chars().next()?;
        let mut signs = self.rest().char_indices().skip(1);
        let mut codes = Vec::new();
        while let Some((at, sign)) = signs.next() {
            if sign == quote {
                self.position += at + 1;
                return Some(codes);
            }
            if sign != '\\' {
                codes.push(u32::from(sign));
                continue;
            }
            let (_, escaped) = signs.next()?;
            let digits = match escaped {
                'x' => 2,
                'u' if !is_bytes => 4,
                'U' if !is_bytes => 8,
                _ => 0,
            };
            if digits > 0 {
                let number: String = signs.by_ref().take(digits).map(|(_, digit)| digit).collect();
                codes.push(u32::from_str_radix(&number, 16).ok()?);
                continue;
            }
            match escaped {
                'n' => codes.push(10),
                't' => codes.push(9),
                'r' => codes.push(13),
                '\\' | '\'' | '"' => codes.push(u32::from(escaped)),
                other => codes.extend([u32::from('\\'), u32::from(other)]),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        read_literal(text).unwrap_or_else(|| panic!("{text}")).to_json()
    }

    #[test]
    fn literals_are_read() {
        let text = r#"{'a': b'x\x00\'y', "b": [1, -2.5, (True, None)], 'c': <A object at 0x1 <B>>, 'd': {1, 2},
            'e': datetime.datetime(2026, 12, 1, tzinfo=tzutc()), 'f': 'é\n\u00e9\\', 'g': OrderedDict({'h': 'i'})} rest"#;
        let expected = serde_json::json!({
            "a": BASE64.encode(b"x\0'y"), "b": [1, -2.5, [true, null]], "c": null, "d": [1, 2], "e": null,
            "f": "é\né\\", "g": {"h": "i"},
        });
        assert_eq!(json(text), expected);
        assert_eq!(json("{}"), serde_json::json!({}));
    }

    #[test]
    fn damaged_literals_are_not_read() {
        for text in ["", "{'a': 1", "{'a' 1}", "[1 2]", "'abc", "<A object", "b'\\x0", "f(1", "{'a': }", "\u{0}"] {
            assert_eq!(read_literal(text), None, "{text}");
        }
        assert_eq!(read_literal(&"[".repeat(1_000_000)), None);
        assert_eq!(read_literal(&"a(".repeat(1_000_000)), None);
        assert_eq!(read_literal(&"a=".repeat(1_000_000)), None);
    }
}
