//! Parses YAML into the tree that JSON is parsed into, with the line of each key and value.
//!
//! It never interprets a value beyond the [core schema](https://yaml.org/spec/1.2.2/#103-core-schema), reads only the
//! first document of a stream, and limits depth and size, because aliases can make a small text a huge tree.

use super::json::{JsonEntry, JsonNode, JsonValue};
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};
use serde_json::Number;
use std::borrow::Cow;
use std::collections::HashMap;

/// Maximum nesting depth.
const MAX_DEPTH: usize = 200;
/// Maximum number of nodes with all aliases replaced.
const MAX_NODES: usize = 4_000_000;
/// Key whose value is merged into the mapping around it.
const MERGE_KEY: &str = "<<";

/// The reason why a text is not valid YAML, and its line.
#[derive(Debug)]
pub(super) struct YamlError {
    pub line: u32,
    pub reason: String,
}

impl YamlError {
    fn new(line: u32, reason: impl Into<String>) -> Self {
        Self { line, reason: reason.into() }
    }
}

/// Parses the first document of a text.
pub(super) fn parse(text: &str) -> Result<JsonNode, YamlError> {
    let mut builder = YamlTreeBuilder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) =
            event.map_err(|error| YamlError::new(as_line(error.marker().line()), error.info().to_owned()))?;
        builder.add_event(event, as_line(span.start.line()))?;
        if builder.is_complete {
            break;
        }
    }
    builder.root.ok_or_else(|| YamlError::new(1, "the document is empty"))
}

fn as_line(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX).max(1)
}

/// A list or mapping whose end has not been read.
struct OpenCollection {
    line: u32,
    anchor: usize,
    value: CollectionValue,
}

enum CollectionValue {
    List(Vec<JsonNode>),
    /// The entries, and the key whose value comes next.
    Mapping(Vec<JsonEntry>, Option<(String, u32)>),
}

#[derive(Default)]
struct YamlTreeBuilder {
    root: Option<JsonNode>,
    is_complete: bool,
    open: Vec<OpenCollection>,
    anchors: HashMap<usize, JsonNode>,
    node_count: usize,
}

impl YamlTreeBuilder {
    fn add_event(&mut self, event: Event<'_>, line: u32) -> Result<(), YamlError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => match self.waiting_for_key() {
                true => self.set_key(text.into_owned(), line),
                false => self.add_node(JsonNode { line, value: scalar_value(text, style, tag.as_deref()) }, anchor)?,
            },
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let node = node.ok_or_else(|| YamlError::new(line, "an alias refers to a value that contains it"))?;
                self.count(count_nodes(&node), line)?;
                match (self.waiting_for_key(), &node.value) {
                    (true, JsonValue::Text(text)) => self.set_key(text.clone(), line),
                    (true, _) => return Err(YamlError::new(line, "a key is not a text")),
                    (false, _) => self.add_node(node, 0)?,
                }
            }
            Event::SequenceStart(anchor, _) => self.open(line, anchor, CollectionValue::List(Vec::new()))?,
            Event::MappingStart(anchor, _) => self.open(line, anchor, CollectionValue::Mapping(Vec::new(), None))?,
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::DocumentEnd => self.is_complete = true,
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => {}
        }
        Ok(())
    }

    fn waiting_for_key(&self) -> bool {
        matches!(self.open.last(), Some(OpenCollection { value: CollectionValue::Mapping(_, None), .. }))
    }

    fn set_key(&mut self, text: String, line: u32) {
        if let Some(OpenCollection { value: CollectionValue::Mapping(_, key), .. }) = self.open.last_mut() {
            *key = Some((text, line));
        }
    }

    fn open(&mut self, line: u32, anchor: usize, value: CollectionValue) -> Result<(), YamlError> {
        if self.waiting_for_key() {
            return Err(YamlError::new(line, "a key is not a text"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(YamlError::new(line, "nested too deeply"));
        }
        self.open.push(OpenCollection { line, anchor, value });
        Ok(())
    }

    fn close(&mut self) -> Result<(), YamlError> {
        let Some(OpenCollection { line, anchor, value }) = self.open.pop() else { return Ok(()) };
        let value = match value {
            CollectionValue::List(items) => JsonValue::List(items),
            CollectionValue::Mapping(entries, _) => JsonValue::Object(merge_entries(entries)),
        };
        self.add_node(JsonNode { line, value }, anchor)
    }

    fn count(&mut self, nodes: usize, line: u32) -> Result<(), YamlError> {
        self.node_count += nodes;
        let is_too_large = self.node_count > MAX_NODES;
        if is_too_large { Err(YamlError::new(line, "too large with all aliases replaced")) } else { Ok(()) }
    }

    fn add_node(&mut self, node: JsonNode, anchor: usize) -> Result<(), YamlError> {
        let line = node.line;
        self.count(1, line)?;
        if anchor != 0 {
            self.count(count_nodes(&node), line)?;
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.value) {
            None => self.root = Some(node),
            Some(CollectionValue::List(items)) => items.push(node),
            Some(CollectionValue::Mapping(entries, key)) => {
                if let Some((key, line)) = key.take() {
                    entries.push(JsonEntry { key, line, node });
                }
            }
        }
        Ok(())
    }
}

fn count_nodes(node: &JsonNode) -> usize {
    let entries = node.entries().iter().map(|entry| count_nodes(&entry.node));
    1 + entries.chain(node.items().iter().map(count_nodes)).sum::<usize>()
}

/// Replaces `<<` with the entries of the mappings that it names; entries of the mapping itself take precedence.
fn merge_entries(entries: Vec<JsonEntry>) -> Vec<JsonEntry> {
    if !entries.iter().any(|entry| entry.key == MERGE_KEY) {
        return entries;
    }
    let (merged, mut own): (Vec<JsonEntry>, Vec<JsonEntry>) =
        entries.into_iter().partition(|entry| entry.key == MERGE_KEY);
    for entry in merged {
        let sources = match entry.node.value {
            JsonValue::List(items) => items,
            _ => vec![entry.node],
        };
        for source in sources {
            let JsonValue::Object(inherited) = source.value else { continue };
            let is_new = |entry: &JsonEntry| !own.iter().any(|known| known.key == entry.key);
            let inherited: Vec<JsonEntry> = inherited.into_iter().filter(is_new).collect();
            own.extend(inherited);
        }
    }
    own
}

fn scalar_value(text: Cow<'_, str>, style: ScalarStyle, tag: Option<&Tag>) -> JsonValue {
    let is_text = tag.is_some_and(|tag| tag.suffix == "str");
    if style != ScalarStyle::Plain || is_text {
        return JsonValue::Text(text.into_owned());
    }
    match text.as_ref() {
        "" | "~" | "null" | "Null" | "NULL" => JsonValue::Null,
        "true" | "True" | "TRUE" => JsonValue::Bool(true),
        "false" | "False" | "FALSE" => JsonValue::Bool(false),
        plain => match parse_number(plain) {
            Some(number) => JsonValue::Number(number),
            None => JsonValue::Text(text.into_owned()),
        },
    }
}

fn parse_number(text: &str) -> Option<Number> {
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().map(Number::from);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).ok().map(Number::from);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        || !digits.chars().all(|one| one.is_ascii_digit() || matches!(one, '.' | 'e' | 'E' | '+' | '-'))
    {
        return None;
    }
    if let Ok(number) = text.parse::<Number>() {
        return Some(number);
    }
    let signed = text.strip_prefix('+').unwrap_or(text);
    signed
        .parse::<i64>()
        .map(Number::from)
        .ok()
        .or_else(|| signed.parse::<f64>().ok().filter(|number| number.is_finite()).and_then(Number::from_f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_follow_the_core_schema_and_have_their_lines() {
        let text = "a: 1\nb:\n  - yes\n  - 'true'\n  - 0x1F\n  - 1.50\n  - 2020-01-02\n  - ~\n? c\n: |\n  x\n  y\n";
        let node = parse(text).expect("it is YAML");
        let expected = json!({"a": 1, "b": ["yes", "true", 31, 1.5, "2020-01-02", null], "c": "x\ny\n"});
        assert_eq!(node.to_json(), expected);
        let b = node.entry("b").expect("there is a b");
        assert_eq!((b.line, b.node.items()[2].line, node.entry("c").map(|c| c.line)), (2, 5, Some(9)));
    }

    #[test]
    fn aliases_and_merge_keys_are_replaced() {
        let text = "base: &b {x: 1, y: 2}\none:\n  <<: *b\n  y: 3\nother: *b\n";
        let expected = json!({"base": {"x": 1, "y": 2}, "one": {"y": 3, "x": 1}, "other": {"x": 1, "y": 2}});
        assert_eq!(parse(text).expect("it is YAML").to_json(), expected);
    }

    #[test]
    fn hostile_texts_are_rejected_instead_of_filling_the_memory() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = level - 1;
            let items = vec![format!("*a{before}"); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        for text in [bomb.as_str(), &"[".repeat(100_000), "a: b: c", "{a: [}", "", "a: &x [*x]"] {
            let error = parse(text).expect_err(text);
            assert!(error.line >= 1 && !error.reason.is_empty());
        }
    }
}
