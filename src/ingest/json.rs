//! Parses JSON into a tree that records the line of each key and value.
//!
//! It never interprets the values, and it limits their nesting depth.

use serde_json::Number;

/// Maximum nesting depth; no real model nests deeper.
const MAX_DEPTH: usize = 200;

/// A JSON value and its line, counted from 1.
#[derive(Debug)]
pub(super) struct Node {
    pub line: u32,
    pub value: Value,
}

/// The value of a node.
#[derive(Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Object(Vec<Entry>),
}

/// A member of an object.
#[derive(Debug)]
pub(super) struct Entry {
    pub key: String,
    pub line: u32,
    pub node: Node,
}

/// The reason why a text is not valid JSON, and its byte offset.
#[derive(Debug)]
pub(super) struct JsonError {
    pub offset: usize,
    pub reason: &'static str,
}

impl Node {
    /// Returns the member of this name, or the last one if the name is repeated.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().rev().find(|entry| entry.key == key)
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Object(entries) => entries,
            _ => &[],
        }
    }

    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<&Number> {
        match &self.value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Returns the text of a member.
    pub fn text_of(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Self::text)
    }

    /// Returns true if a member is `true`.
    pub fn is_true(&self, key: &str) -> bool {
        matches!(self.get(key), Some(Node { value: Value::Bool(true), .. }))
    }
}

/// Parses a text that holds exactly one JSON value.
pub(super) fn parse(text: &str) -> Result<Node, JsonError> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, line: 1 };
    reader.space();
    let node = reader.value(0)?;
    reader.space();
    if reader.at < reader.bytes.len() {
        return Err(reader.fail("unexpected text after the value"));
    }
    Ok(node)
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    line: u32,
}

impl Reader<'_> {
    fn fail(&self, reason: &'static str) -> JsonError {
        JsonError { offset: self.at.min(self.text.len()), reason }
    }

    fn space(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' => self.line += 1,
                b' ' | b'\t' | b'\r' => {}
                _ => return,
            }
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, JsonError> {
        if depth > MAX_DEPTH {
            return Err(self.fail("nested too deeply"));
        }
        let line = self.line;
        let value = match self.bytes.get(self.at) {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(b'-' | b'0'..=b'9') => self.figure()?,
            Some(_) => return Err(self.fail("expected a JSON value")),
            None => return Err(self.fail("unexpected end of input, expected a value")),
        };
        Ok(Node { line, value })
    }

    fn word(&mut self, word: &'static str, value: Value) -> Result<Value, JsonError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.fail("expected a JSON value"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn figure(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        while matches!(self.bytes.get(self.at), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        self.text[start..self.at].parse::<Number>().map(Value::Number).map_err(|_| self.fail("invalid number"))
    }

    fn list(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.bytes.get(self.at) == Some(&b']') {
            self.at += 1;
            return Ok(Value::List(items));
        }
        loop {
            self.space();
            items.push(self.value(depth + 1)?);
            self.space();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::List(items));
                }
                _ => return Err(self.fail("expected `,` or `]`")),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut entries = Vec::new();
        self.space();
        if self.bytes.get(self.at) == Some(&b'}') {
            self.at += 1;
            return Ok(Value::Object(entries));
        }
        loop {
            self.space();
            if self.bytes.get(self.at) != Some(&b'"') {
                return Err(self.fail("expected a key in quotes"));
            }
            let line = self.line;
            let key = self.string()?;
            self.space();
            if self.bytes.get(self.at) != Some(&b':') {
                return Err(self.fail("expected `:`"));
            }
            self.at += 1;
            self.space();
            let node = self.value(depth + 1)?;
            entries.push(Entry { key, line, node });
            self.space();
            match self.bytes.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(entries));
                }
                _ => return Err(self.fail("expected `,` or `}`")),
            }
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        let start = self.at;
        let mut end = start + 1;
        let mut escaped = false;
        loop {
            match self.bytes.get(end) {
                None | Some(b'\n') => return Err(self.fail("unterminated string")),
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    end += 2;
                }
                Some(_) => end += 1,
            }
        }
        self.at = end + 1;
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
        assert_eq!(b.node.items()[0].text(), Some("x\n"));
        assert_eq!(node.get("a").and_then(Node::number).and_then(Number::as_u64), Some(1));
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
