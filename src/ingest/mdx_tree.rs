//! Parses an MDX page into a small tree of elements, headings, code, tables and text.
//!
//! It never interprets a component. The `markdown` crate parses the page; if it rejects the page, a tolerant parser in
//! this file takes over and produces the same kind of tree.

use super::IngestDiagnostic;
use super::source_text::SourceText;
use markdown::mdast::{AttributeContent, AttributeValue, Node};
use markdown::{Constructs, ParseOptions};

/// Maximum size in bytes for the strict parser. The tolerant one, whose time is linear, reads larger pages.
const MAX_STRICT_BYTES: usize = 512 << 10;
/// Maximum nesting depth; no real page nests deeper.
const MAX_DEPTH: usize = 60;

/// A component with its attributes and contents.
#[derive(Debug, Default, PartialEq)]
pub(super) struct MdxElement {
    pub name: String,
    pub line: u32,
    pub attributes: Vec<(String, Option<String>)>,
    pub children: Vec<MdxItem>,
}

impl MdxElement {
    /// Returns an attribute's value, which is empty if the attribute has none.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_deref().unwrap_or_default())
    }
}

/// A part of a page.
#[derive(Debug, PartialEq)]
pub(super) enum MdxItem {
    Element(MdxElement),
    Heading {
        line: u32,
        level: u8,
        text: String,
    },
    Code {
        line: u32,
        language: String,
        meta: String,
        text: String,
    },
    /// The lines of a table as written.
    Table {
        line: u32,
        rows: Vec<String>,
    },
    Text {
        line: u32,
        text: String,
    },
    /// A key of the frontmatter and its value.
    Frontmatter {
        line: u32,
        key: String,
        value: String,
    },
}

/// Parses a page. Diagnostics say if the page is malformed or needed the tolerant parser.
pub(super) fn parse(text: &SourceText<'_>) -> (Vec<MdxItem>, Vec<IngestDiagnostic>) {
    let mut diagnostics = Vec::new();
    match parse_strict(&text.text) {
        Ok(items) => (items, diagnostics),
        Err((line, reason)) => {
            diagnostics.push(text.note(line, format!("page read leniently: {reason}")));
            let items = TolerantParser::new(text).parse(&mut diagnostics);
            (items, diagnostics)
        }
    }
}

fn parse_strict(text: &str) -> Result<Vec<MdxItem>, (u32, String)> {
    if text.len() > MAX_STRICT_BYTES || text.lines().any(|line| line.matches(['>', '*', '[', '<']).count() > 200) {
        return Err((1, "too large for strict parsing".to_owned()));
    }
    let options = ParseOptions {
        constructs: Constructs { gfm_table: true, frontmatter: true, ..Constructs::mdx() },
        ..ParseOptions::mdx()
    };
    // The parser is a dependency that may panic on an unusual page; the tolerant parser takes over then.
    let parsed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| markdown::to_mdast(text, &options)))
        .map_err(|_| (1, "the parser failed".to_owned()))?;
    let tree = parsed.map_err(|message| {
        let line = match message.place.as_deref() {
            Some(markdown::message::Place::Position(position)) => position.start.line,
            Some(markdown::message::Place::Point(point)) => point.line,
            None => 1,
        };
        (u32::try_from(line).unwrap_or(1).max(1), message.reason)
    })?;
    let mut items = Vec::new();
    convert_node(&tree, text, 0, &mut items);
    Ok(items)
}

fn convert_node(node: &Node, text: &str, depth: usize, out: &mut Vec<MdxItem>) {
    if depth > MAX_DEPTH {
        return;
    }
    let line = node.position().map_or(1, |position| u32::try_from(position.start.line).unwrap_or(1));
    let slice = || {
        node.position()
            .and_then(|position| text.get(position.start.offset..position.end.offset))
            .unwrap_or_default()
            .to_owned()
    };
    match node {
        Node::MdxJsxFlowElement(element) => {
            out.push(MdxItem::Element(convert_element(
                element.name.as_deref(),
                &element.attributes,
                &element.children,
                line,
                text,
                depth,
            )));
        }
        Node::MdxJsxTextElement(element) => {
            out.push(MdxItem::Element(convert_element(
                element.name.as_deref(),
                &element.attributes,
                &element.children,
                line,
                text,
                depth,
            )));
        }
        Node::Heading(heading) => {
            let words = slice();
            out.push(MdxItem::Heading { line, level: heading.depth, text: words.trim_matches(['#', ' ']).to_owned() });
        }
        Node::Code(code) => out.push(MdxItem::Code {
            line,
            language: code.lang.clone().unwrap_or_default(),
            meta: code.meta.clone().unwrap_or_default(),
            text: code.value.clone(),
        }),
        Node::Table(_) => out.push(MdxItem::Table { line, rows: slice().lines().map(str::to_owned).collect() }),
        Node::Yaml(yaml) => parse_frontmatter(yaml.value.lines(), line + 1, out),
        Node::Paragraph(paragraph) => {
            let words = slice();
            if words.trim_start().starts_with('|') {
                // The parser treats a table without a matching delimiter row as text.
                out.push(MdxItem::Table { line, rows: words.lines().map(str::to_owned).collect() });
            } else if paragraph.children.iter().any(|child| matches!(child, Node::MdxJsxTextElement(_))) {
                for child in &paragraph.children {
                    convert_node(child, text, depth + 1, out);
                }
            } else {
                out.push(MdxItem::Text { line, text: words });
            }
        }
        Node::Text(_) | Node::InlineCode(_) | Node::Strong(_) | Node::Emphasis(_) | Node::Link(_) => {
            out.push(MdxItem::Text { line, text: slice() });
        }
        _ => {
            for child in node.children().into_iter().flatten() {
                convert_node(child, text, depth + 1, out);
            }
        }
    }
}

fn convert_element(
    name: Option<&str>,
    attributes: &[AttributeContent],
    children: &[Node],
    line: u32,
    text: &str,
    depth: usize,
) -> MdxElement {
    let mut element = MdxElement { name: name.unwrap_or_default().to_owned(), line, ..MdxElement::default() };
    for attribute in attributes {
        if let AttributeContent::Property(property) = attribute {
            let value = property.value.as_ref().map(|value| match value {
                AttributeValue::Literal(text) => text.clone(),
                AttributeValue::Expression(expression) => expression.value.clone(),
            });
            element.attributes.push((property.name.clone(), value));
        }
    }
    for child in children {
        convert_node(child, text, depth + 1, &mut element.children);
    }
    element
}

fn parse_frontmatter<'l>(lines: impl Iterator<Item = &'l str>, first: u32, out: &mut Vec<MdxItem>) {
    for (line, text) in (first..).zip(lines) {
        if let Some((key, value)) = text.split_once(':')
            && !key.starts_with([' ', '#', '-'])
        {
            let value = value.trim().trim_matches(['"', '\'']).to_owned();
            out.push(MdxItem::Frontmatter { line, key: key.trim().to_owned(), value });
        }
    }
}

/// The tolerant parser, which reads line by line and keeps a stack of open elements.
struct TolerantParser<'t> {
    text: &'t SourceText<'t>,
    open_elements: Vec<MdxElement>,
    items: Vec<MdxItem>,
}

impl<'t> TolerantParser<'t> {
    fn new(text: &'t SourceText<'t>) -> Self {
        Self { text, open_elements: Vec::new(), items: Vec::new() }
    }

    fn push_item(&mut self, item: MdxItem) {
        match self.open_elements.last_mut() {
            Some(element) => element.children.push(item),
            None => self.items.push(item),
        }
    }

    fn parse(mut self, diagnostics: &mut Vec<IngestDiagnostic>) -> Vec<MdxItem> {
        let lines = self.text.lines();
        let mut index = 0;
        if lines.first().is_some_and(|line| line.trim() == "---")
            && let Some(end) = lines.iter().skip(1).take(200).position(|line| line.trim() == "---")
        {
            parse_frontmatter(lines[1..=end].iter().copied(), 2, &mut self.items);
            index = end + 2;
        }
        while index < lines.len() {
            let line = lines[index].trim();
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            if let Some(fence) = ["```", "~~~"].into_iter().find(|fence| line.starts_with(fence)) {
                let end = (index + 1..lines.len()).find(|&end| lines[end].trim().starts_with(fence));
                if end.is_none() {
                    diagnostics.push(self.text.warning(number, "code block is never closed", "close it with ```"));
                }
                let end = end.unwrap_or(lines.len());
                let info = line.trim_start_matches(['`', '~']).trim();
                let (language, meta) = info.split_once(' ').unwrap_or((info, ""));
                self.push_item(MdxItem::Code {
                    line: number,
                    language: language.to_owned(),
                    meta: meta.to_owned(),
                    text: lines[index + 1..end].join("\n"),
                });
                index = end + 1;
            } else if line.starts_with('|') {
                let end = (index..lines.len()).find(|&end| !lines[end].trim().starts_with('|')).unwrap_or(lines.len());
                let rows = lines[index..end].iter().map(|row| row.trim().to_owned()).collect();
                self.push_item(MdxItem::Table { line: number, rows });
                index = end;
            } else if line.starts_with('#') {
                let level = line.bytes().take_while(|byte| *byte == b'#').count();
                let text = line.trim_matches(['#', ' ']).to_owned();
                self.push_item(MdxItem::Heading { line: number, level: u8::try_from(level).unwrap_or(6), text });
                index += 1;
            } else {
                index += self.parse_tag_line(&lines, index, diagnostics);
            }
        }
        while let Some(element) = self.open_elements.pop() {
            let message = format!("`<{}>` is never closed", element.name);
            diagnostics.push(self.text.warning(element.line, message, "close it, so that its contents are clear"));
            self.push_item(MdxItem::Element(element));
        }
        self.items
    }

    /// Reads a line of text and tags and returns the number of lines read: a tag may continue on further lines.
    fn parse_tag_line(&mut self, lines: &[&str], index: usize, diagnostics: &mut Vec<IngestDiagnostic>) -> usize {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let mut used = 1;
        let mut rest = lines[index].to_owned();
        loop {
            let Some(at) = find_tag_start(&rest) else {
                self.push_text(number, &rest);
                return used;
            };
            self.push_text(number, &rest[..at]);
            // A tag may end on a later line; the limits stop a tag that never ends.
            while find_tag_end(&rest[at..]).is_none() && index + used < lines.len() && used < 40 && rest.len() < 20_000
            {
                rest.push('\n');
                rest.push_str(lines[index + used]);
                used += 1;
            }
            let Some(end) = find_tag_end(&rest[at..]).map(|end| at + end) else {
                let message = "tag without its `>`";
                diagnostics.push(self.text.warning(number, message, "close the tag"));
                return used;
            };
            self.parse_tag(&rest[at..end], number, diagnostics);
            rest = rest[end..].to_owned();
        }
    }

    fn push_text(&mut self, line: u32, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            self.push_item(MdxItem::Text { line, text: text.to_owned() });
        } else if self.open_elements.is_empty() {
            // An empty line separates two paragraphs.
            self.push_item(MdxItem::Text { line, text: String::new() });
        }
    }

    fn parse_tag(&mut self, tag: &str, line: u32, diagnostics: &mut Vec<IngestDiagnostic>) {
        let inner = tag.trim_start_matches('<').trim_end_matches('>');
        if let Some(name) = inner.strip_prefix('/') {
            let name = name.trim();
            if !self.open_elements.iter().any(|element| element.name == name) {
                let message = format!("`</{name}>` has no opening tag");
                diagnostics.push(self.text.warning(line, message, "remove it, or open it above"));
                return;
            }
            while let Some(element) = self.open_elements.pop() {
                let done = element.name == name;
                if !done {
                    let message = format!("`<{}>` is not closed before `</{name}>`", element.name);
                    diagnostics.push(self.text.warning(
                        element.line,
                        message,
                        "close it, so that its contents are clear",
                    ));
                }
                self.push_item(MdxItem::Element(element));
                if done {
                    return;
                }
            }
            return;
        }
        let (inner, closed) = inner.strip_suffix('/').map_or((inner, false), |inner| (inner, true));
        let end = inner.find(|c: char| c.is_whitespace()).unwrap_or(inner.len());
        let element = MdxElement {
            name: inner[..end].to_owned(),
            line,
            attributes: parse_attributes(&inner[end..]),
            children: Vec::new(),
        };
        if closed || self.open_elements.len() >= MAX_DEPTH {
            self.push_item(MdxItem::Element(element));
        } else {
            self.open_elements.push(element);
        }
    }
}

/// Returns the offset of the first component tag: `<Name` or `</Name`.
fn find_tag_start(text: &str) -> Option<usize> {
    text.match_indices('<').map(|(index, _)| index).find(|&index| {
        let after = text[index + 1..].strip_prefix('/').unwrap_or(&text[index + 1..]);
        after.starts_with(|c: char| c.is_ascii_uppercase())
    })
}

/// Returns the offset after the `>` that ends a tag, ignoring any inside quotes or braces.
fn find_tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut braces = 0_usize;
    for (index, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '{') => braces += 1,
            (None, '}') => braces = braces.saturating_sub(1),
            (None, '>') if braces == 0 => return Some(index + 1),
            _ => {}
        }
    }
    None
}

fn parse_attributes(text: &str) -> Vec<(String, Option<String>)> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        rest = rest[end..].trim_start();
        if let Some(value) = rest.strip_prefix('=') {
            let value = value.trim_start();
            let (close, skip) = match value.chars().next() {
                Some('"') => ('"', 1),
                Some('\'') => ('\'', 1),
                Some('{') => ('}', 1),
                _ => (' ', 0),
            };
            let inner = &value[skip..];
            let end = inner.find(close).unwrap_or(inner.len());
            found.push((name, Some(inner[..end].to_owned())));
            rest = inner.get(end + skip..).unwrap_or_default().trim_start();
        } else if name.is_empty() {
            rest = rest.get(1..).unwrap_or_default();
        } else {
            found.push((name, None));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "---\ntitle: \"A b\"\n---\n# Title\n\n<ParamField path=\"id\" type=\"string\" required>\n  Text (UUID)\n</ParamField>\n\n<ResponseField name=\"a\" type=\"object\">\n  <Expandable title=\"p\">\n    <ResponseField name=\"b\" type=\"array\">Words</ResponseField>\n  </Expandable>\n</ResponseField>\n\n```json theme={null}\n{}\n```\n\n| A | B |\n| - | - |\n| 1 | 2 |\n";

    fn collect_elements(items: &[MdxItem], out: &mut Vec<(String, Option<String>)>) {
        for item in items {
            if let MdxItem::Element(element) = item {
                out.push((element.name.clone(), element.attribute("type").map(str::to_owned)));
                collect_elements(&element.children, out);
            }
        }
    }

    #[test]
    fn strict_and_tolerant_parsers_find_the_same_elements() {
        let text = SourceText::new("a.mdx", PAGE.as_bytes()).expect("it is text");
        let strict = parse_strict(PAGE).expect("it is valid MDX");
        let mut diagnostics = Vec::new();
        let tolerant = TolerantParser::new(&text).parse(&mut diagnostics);
        assert_eq!(diagnostics, []);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        collect_elements(&strict, &mut a);
        collect_elements(&tolerant, &mut b);
        assert_eq!(a, b);
        assert_eq!(a.len(), 4);
        for items in [&strict, &tolerant] {
            assert!(items.iter().any(|item| matches!(item, MdxItem::Table { rows, .. } if rows.len() == 3)));
            assert!(items.iter().any(
                |item| matches!(item, MdxItem::Frontmatter { key, value, .. } if key == "title" && value == "A b")
            ));
            assert!(items.iter().any(|item| matches!(item, MdxItem::Code { language, .. } if language == "json")));
        }
    }

    #[test]
    fn malformed_pages_are_read_as_far_as_possible() {
        let page = "# T\n\n<ParamField body=\"a\" type=\"string\">\n a < b {\n\n<ResponseField name=\"x\">\n";
        let text = SourceText::new("a.mdx", page.as_bytes()).expect("it is text");
        let (items, diagnostics) = parse(&text);
        let mut seen = Vec::new();
        collect_elements(&items, &mut seen);
        assert_eq!(seen.len(), 2);
        assert!(diagnostics.iter().any(|d| d.place.line == 3 && d.message.contains("never closed")), "{diagnostics:?}");
    }
}
