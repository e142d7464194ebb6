//! Parses JSON into a tree that records the line of each key and value.
//!
//! It never interprets the values, and it limits their nesting depth.

use serde_json::Number;

/// Maximum nesting depth; no real model nests deeper.
const MAX_DEPTH: usize = 200;

/// A JSON value and its line, counted from 1.
#[derive(Clone, Debug)]
pub(super) struct JsonNode {
    pub line: u32,
    pub value: JsonValue,
}

/// The value of a node.
#[derive(Clone, Debug)]
pub(super) enum JsonValue {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<JsonNode>),
    Object(Vec<JsonEntry>),
}

impl JsonValue {
    pub fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    pub fn is_false(&self) -> bool {
        matches!(self, Self::Bool(false))
    }
}

/// A member of an object.
#[derive(Clone, Debug)]
pub(super) struct JsonEntry {
    pub key: String,
    pub line: u32,
    pub node: JsonNode,
}

/// The reason why a text is not valid JSON, and its byte offset.
#[derive(Debug)]
pub(super) struct JsonError {
    pub offset: usize,
    pub reason: &'static str,
}

impl JsonNode {
    /// Returns the member of this name, or the last one if the name is repeated.
    pub fn entry(&self, key: &str) -> Option<&JsonEntry> {
        self.entries().iter().rev().find(|entry| entry.key == key)
    }

    pub fn get(&self, key: &str) -> Option<&JsonNode> {
        self.entry(key).map(|entry| &entry.node)
    }

    pub fn entries(&self) -> &[JsonEntry] {
        match &self.value {
            JsonValue::Object(entries) => entries,
            _ => &[],
        }
    }

    pub fn items(&self) -> &[JsonNode] {
        match &self.value {
            JsonValue::List(items) => items,
            _ => &[],
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            JsonValue::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_number(&self) -> Option<&Number> {
        match &self.value {
            JsonValue::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Returns the text of a member.
    pub fn member_text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::as_text)
    }

    /// Returns the value without its lines.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            JsonValue::Null => serde_json::Value::Null,
            JsonValue::Bool(truth) => (*truth).into(),
            JsonValue::Number(number) => number.clone().into(),
            JsonValue::Text(text) => text.clone().into(),
            JsonValue::List(items) => items.iter().map(Self::to_json).collect(),
            JsonValue::Object(entries) => serde_json::Value::Object(
                entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json())).collect(),
            ),
        }
    }

    /// Returns true if a member is `true`.
    pub fn is_true(&self, key: &str) -> bool {
        matches!(self.get(key), Some(JsonNode { value: JsonValue::Bool(true), .. }))
    }
}

/// Parses a text that holds exactly one JSON value.
pub(super) fn parse(text: &str) -> Result<JsonNode, JsonError> {
    let mut parser = JsonParser { text, bytes: text.as_bytes(), position: 0, line: 1 };
    parser.skip_whitespace();
    let node = parser.parse_value(0)?;
    parser.skip_whitespace();
    if parser.position < parser.bytes.len() {
        return Err(parser.error("unexpected text after the value"));
    }
    Ok(node)
}

struct JsonParser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    position: usize,
    line: u32,
}

impl JsonParser<'_> {
    fn error(&self, reason: &'static str) -> JsonError {
        JsonError { offset: self.position.min(self.text.len()), reason }
    }

    fn skip_whitespace(&mut self) {
        while let Some(byte) = self.bytes.get(self.position) {
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                _ => return,
            }
            self.position += 1;
        }
    }

    fn parse_value(&mut self, depth: usize) -> Result<JsonNode, JsonError> {
        if depth > MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        let line = self.line;
        let value = match self.bytes.get(self.position) {
            Some(b'{') => self.parse_object(depth)?,
            Some(b'[') => self.parse_list(depth)?,
            Some(b'"') => JsonValue::Text(self.parse_string()?),
            Some(b't') => self.parse_literal("true", JsonValue::Bool(true))?,
            Some(b'f') => self.parse_literal("false", JsonValue::Bool(false))?,
            Some(b'n') => self.parse_literal("null", JsonValue::Null)?,
            Some(b'-' | b'0'..=b'9') => self.parse_number()?,
            Some(_) => return Err(self.error("expected a JSON value")),
            None => return Err(self.error("unexpected end of input, expected a value")),
        };
        Ok(JsonNode { line, value })
    }

    fn parse_literal(&mut self, word: &'static str, value: JsonValue) -> Result<JsonValue, JsonError> {
        if !self.bytes[self.position..].starts_with(word.as_bytes()) {
            return Err(self.error("expected a JSON value"));
        }
        self.position += word.len();
        Ok(value)
    }

    fn parse_number(&mut self) -> Result<JsonValue, JsonError> {
        let start = self.position;
        while matches!(self.bytes.get(self.position), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.position += 1;
        }
        self.text[start..self.position]
            .parse::<Number>()
            .map(JsonValue::Number)
            .map_err(|_| self.error("invalid number"))
    }

    fn parse_list(&mut self, depth: usize) -> Result<JsonValue, JsonError> {
        self.position += 1;
        let mut items = Vec::new();
        self.skip_whitespace();
        if self.bytes.get(self.position) == Some(&b']') {
            self.position += 1;
            return Ok(JsonValue::List(items));
        }
        loop {
            self.skip_whitespace();
            items.push(self.parse_value(depth + 1)?);
            self.skip_whitespace();
            match self.bytes.get(self.position) {
                Some(b',') => self.position += 1,
                Some(b']') => {
                    self.position += 1;
                    return Ok(JsonValue::List(items));
                }
                _ => return Err(self.error("expected `,` or `]`")),
            }
        }
    }

    fn parse_object(&mut self, depth: usize) -> Result<JsonValue, JsonError> {
        self.position += 1;
        let mut entries = Vec::new();
        self.skip_whitespace();
        if self.bytes.get(self.position) == Some(&b'}') {
            self.position += 1;
            return Ok(JsonValue::Object(entries));
        }
        loop {
            self.skip_whitespace();
            if self.bytes.get(self.position) != Some(&b'"') {
                return Err(self.error("expected a key in quotes"));
            }
            let line = self.line;
            let key = self.parse_string()?;
            self.skip_whitespace();
            if self.bytes.get(self.position) != Some(&b':') {
                return Err(self.error("expected `:`"));
            }
            self.position += 1;
            self.skip_whitespace();
            let node = self.parse_value(depth + 1)?;
            entries.push(JsonEntry { key, line, node });
            self.skip_whitespace();
            match self.bytes.get(self.position) {
                Some(b',') => self.position += 1,
                Some(b'}') => {
                    self.position += 1;
                    return Ok(JsonValue::Object(entries));
                }
                _ => return Err(self.error("expected `,` or `}`")),
            }
        }
    }

    fn parse_string(&mut self) -> Result<String, JsonError> {
        let start = self.position;
        let mut end = start + 1;
        let mut escaped = false;
        loop {
            match self.bytes.get(end) {
                None | Some(b'\n') => return Err(self.error("unterminated string")),
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    end += 2;
                }
                Some(_) => end += 1,
            }
        }
        self.position = end + 1;
        if escaped {
            serde_json::from_str(&self.text[start..=end])
                .map_err(|_| JsonError { offset: start, reason: "invalid escape sequence" })
        } else {
            Ok(self.text[start + 1..end].to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_have_their_lines() {
        let node = parse("{\n  \"a\": 1,\n  \"b\": [\n    \"x\\n\", true]\n}").expect("it is JSON");
        let b = node.entry("b").expect("there is a b");
        assert_eq!((b.line, b.node.items()[0].line), (3, 4));
        assert_eq!(b.node.items()[0].as_text(), Some("x\n"));
        assert_eq!(node.get("a").and_then(JsonNode::as_number).and_then(Number::as_u64), Some(1));
    }

    #[test]
    fn invalid_json_fails_with_an_offset_inside_the_text() {
        for text in ["", "{", "{\"a\"", "{\"a\":}", "[1,]", "\"abc", "{} x", "nul", "\"\\", "[\"\\u12\"]"] {
            let error = parse(text).expect_err(text);
            assert!(error.offset <= text.len(), "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
