//! Reads the HTML of a documentation page, as a browser saves it, into displayed lines.
//!
//! It never builds a tree: headings, terms, list items and preformatted blocks are all that matters.

use super::page_line::{PageLine, PageLineKind, linked_page};
use super::source_text::SourceText;

/// Elements whose content is not displayed.
const HIDDEN: [&str; 7] = ["script", "style", "head", "svg", "template", "noscript", "button"];
/// Elements that do not begin a line of their own.
const INLINE: [&str; 16] =
    ["a", "b", "i", "em", "strong", "code", "span", "u", "s", "sub", "sup", "small", "tt", "kbd", "var", "samp"];

/// Returns true if a text is an HTML document or a part of one.
pub(super) fn is_html(text: &str) -> bool {
    let head = text.trim_start();
    let begins_with_tag = |tag: &str| head.get(..tag.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(tag));
    let is_document = ["<!doctype html", "<html", "<?xml", "<body", "<div", "<main", "<h1", "<!--"];
    is_document.iter().any(|tag| begins_with_tag(tag)) && (text.contains("</h2>") || text.contains("</H2>"))
}

/// Returns the displayed lines of a page.
pub(super) fn read_html(text: &SourceText<'_>) -> Vec<PageLine> {
    let html: &str = &text.text;
    // Navigation and footers are outside of the main part.
    let start = ["id=\"main-content\"", "id=\"main-col-body\"", "id='main-content'"]
        .iter()
        .find_map(|mark| html.find(mark))
        .map_or(0, |at| html[..at].rfind('<').unwrap_or(0));
    let mut reader =
        HtmlReader { text, lines: Vec::new(), open: None, kind: Vec::new(), hidden: None, pre: None, lists: 0 };
    reader.read_title(html);
    reader.read(start);
    reader.lines
}

/// A displayed line that is not complete.
struct OpenLine {
    offset: usize,
    text: String,
    link: Option<String>,
}

struct HtmlReader<'t> {
    text: &'t SourceText<'t>,
    lines: Vec<PageLine>,
    open: Option<OpenLine>,
    /// The kinds of the open elements that give their text a kind.
    kind: Vec<(String, PageLineKind)>,
    /// The open element whose content is not displayed.
    hidden: Option<String>,
    /// Offset and text of the open preformatted block.
    pre: Option<(usize, String)>,
    /// The number of open definition lists.
    lists: usize,
}

impl HtmlReader<'_> {
    /// Adds the title of the document, which names the service.
    fn read_title(&mut self, html: &str) {
        let title = html.find("<title>").map(|at| at + 7);
        if let Some(start) = title
            && let Some(end) = html[start..].find("</title>")
        {
            let line = self.text.line_at_offset(start);
            let title = decode_entities(&html[start..start + end]);
            self.lines.push(PageLine::new(
                line,
                PageLineKind::Text,
                title.split_whitespace().collect::<Vec<_>>().join(" "),
            ));
        }
    }

    fn read(&mut self, start: usize) {
        let text = self.text;
        let html: &str = &text.text;
        let mut position = start;
        while position < html.len() {
            let rest = &html[position..];
            let end = rest.find('<').unwrap_or(rest.len());
            if end > 0 {
                self.add_text(position, &rest[..end]);
                position += end;
                continue;
            }
            if rest.starts_with("<!--") {
                position += rest.find("-->").map_or(rest.len(), |end| end + 3);
                continue;
            }
            let is_tag = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
            let Some(end) = is_tag.then(|| tag_end(rest)).flatten() else {
                self.add_text(position, "<");
                position += 1;
                continue;
            };
            self.read_tag(position, &rest[1..end]);
            position += end + 1;
        }
        self.end_line();
    }

    fn add_text(&mut self, offset: usize, text: &str) {
        if self.hidden.is_some() {
            return;
        }
        let text = decode_entities(text);
        if let Some((_, code)) = &mut self.pre {
            code.push_str(&text);
            return;
        }
        let ends_with_space = self.open.as_ref().is_none_or(|line| line.text.ends_with(' '));
        let mut words = text.split_whitespace();
        let Some(first) = words.next() else {
            if let Some(line) = &mut self.open
                && !ends_with_space
            {
                line.text.push(' ');
            }
            return;
        };
        let line = self.open.get_or_insert_with(|| OpenLine { offset, text: String::new(), link: None });
        if text.starts_with(char::is_whitespace) && !ends_with_space {
            line.text.push(' ');
        }
        line.text.push_str(first);
        for word in words {
            line.text.push(' ');
            line.text.push_str(word);
        }
        if text.ends_with(char::is_whitespace) {
            line.text.push(' ');
        }
    }

    /// Reads a tag without its angle brackets.
    fn read_tag(&mut self, offset: usize, tag: &str) {
        let (is_end, body) = tag.strip_prefix('/').map_or((false, tag), |body| (true, body));
        let name = body.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default().to_ascii_lowercase();
        if let Some(hidden) = &self.hidden {
            if is_end && *hidden == name {
                self.hidden = None;
            }
            return;
        }
        if HIDDEN.contains(&name.as_str()) {
            if !is_end && !tag.ends_with('/') {
                self.hidden = Some(name);
            }
            return;
        }
        if name == "pre" {
            return if is_end { self.end_code() } else { self.begin_code(offset) };
        }
        if self.pre.is_some() {
            return;
        }
        if name == "a" && !is_end {
            let page = attribute(body, "href").and_then(|target| linked_page(&decode_entities(target)));
            if page.is_some() {
                let line = self.open.get_or_insert_with(|| OpenLine { offset, text: String::new(), link: None });
                line.link = line.link.take().or(page);
            }
            return;
        }
        if INLINE.contains(&name.as_str()) {
            return;
        }
        self.end_line();
        if is_end {
            self.close_element(&name);
        } else {
            self.open_element(name);
        }
    }

    fn open_element(&mut self, name: String) {
        let inherited = self.kind.last().map_or(PageLineKind::Text, |(_, kind)| *kind);
        let kind = match name.as_str() {
            "dt" if self.lists < 2 => PageLineKind::Term,
            "dt" | "li" => PageLineKind::Item,
            "dl" | "dd" => PageLineKind::Text,
            "ul" | "ol" => inherited,
            heading => match heading.strip_prefix('h').and_then(|level| level.parse().ok()) {
                Some(level) => PageLineKind::Heading(level),
                None => return,
            },
        };
        // End tags of items and terms may be missing.
        let last = self.kind.last().map(|(open, _)| open.as_str());
        let is_next = match name.as_str() {
            "dt" | "dd" => matches!(last, Some("dt" | "dd")),
            "li" => last == Some("li"),
            _ => false,
        };
        if is_next {
            self.kind.pop();
        }
        self.lists += usize::from(name == "dl");
        self.kind.push((name, kind));
    }

    fn close_element(&mut self, name: &str) {
        if name == "dl" {
            self.lists = self.lists.saturating_sub(1);
        }
        if let Some(at) = self.kind.iter().rposition(|(open, _)| open == name) {
            self.kind.truncate(at);
        }
    }

    fn begin_code(&mut self, offset: usize) {
        self.end_line();
        self.pre = Some((offset, String::new()));
    }

    fn end_code(&mut self) {
        let Some((offset, code)) = self.pre.take() else { return };
        let first = self.text.line_at_offset(offset);
        let lines = code.lines().zip(first..).map(|(line, number)| PageLine::new(number, PageLineKind::Code, line));
        self.lines.extend(lines);
    }

    fn end_line(&mut self) {
        let Some(line) = self.open.take() else { return };
        let text = line.text.trim();
        if text.is_empty() {
            return;
        }
        let kind = self.kind.last().map_or(PageLineKind::Text, |(_, kind)| *kind);
        let number = self.text.line_at_offset(line.offset);
        self.lines.push(PageLine { link: line.link, ..PageLine::new(number, kind, text) });
        // Each block of a page ends what was open before it.
        self.lines.push(PageLine::new(number, PageLineKind::Text, ""));
    }
}

/// Returns the offset of the `>` that ends a tag, outside of quotes.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (index, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            (None, b'>') => return Some(index),
            _ => {}
        }
    }
    None
}

/// Returns the value of an attribute of a tag.
fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = tag.split_once(&format!(" {name}="))?;
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest[1..].split(quote).next()
}

/// Decodes character references. Unknown ones stay as they are.
pub(super) fn decode_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let name = rest.find(';').filter(|end| *end < 12).map(|end| &rest[1..end]);
        let decoded = name.and_then(|name| {
            let number = name.strip_prefix('#').and_then(|code| match code.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => code.parse().ok(),
            });
            let known = match name {
                "lt" => '<',
                "gt" => '>',
                "amp" => '&',
                "quot" => '"',
                "apos" => '\'',
                "nbsp" => ' ',
                "ndash" => '–',
                "mdash" => '—',
                "hellip" => '…',
                "lsquo" => '‘',
                "rsquo" => '’',
                "ldquo" => '“',
                "rdquo" => '”',
                "le" => '≤',
                "ge" => '≥',
                "reg" => '®',
                "trade" => '™',
                _ => char::from_u32(number?)?,
            };
            Some((if known == '\u{a0}' { ' ' } else { known }, name.len() + 2))
        });
        match decoded {
            Some((character, length)) => {
                out.push(character);
                rest = &rest[length..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}
