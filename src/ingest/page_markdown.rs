//! Reads the Markdown of a documentation page into displayed lines: awsdocs with anchors and escapes, the site's own
//! export, and what html2text, markdownify and trafilatura write.
//!
//! It never changes what a code span says: `[a](-*b)` inside of one is not a link.

use super::api_sections::parse_heading;
use super::page_html::decode_entities;
use super::page_line::{PageLine, PageLineKind, join_continued, linked_page, lone_name};
use super::source_text::SourceText;

/// Maximum number of lines over which a link or a code span may be wrapped.
const MAX_WRAPPED_LINES: usize = 12;
/// Maximum length in bytes of a line whose markup is read.
const MAX_LINE_BYTES: usize = 20_000;

/// Returns true if a text is written in Markdown.
pub(super) fn is_markdown(text: &SourceText<'_>) -> bool {
    (0..text.line_count()).any(|index| {
        let line = text.line(index);
        heading_level(line).is_some_and(|(_, title)| parse_heading(&render_inline(title).0).is_some())
            || is_underlined(text, index) && parse_heading(line).is_some()
            || line.trim_start_matches(['-', ' ']).starts_with("**[") && line.contains("](")
    })
}

/// Returns the displayed lines of a page.
pub(super) fn read_markdown(text: &SourceText<'_>) -> Vec<PageLine> {
    let mut reader =
        MarkdownReader { text, lines: Vec::new(), in_syntax: false, in_fence: false, has_item_terms: false };
    // Pages with anchors are not wrapped, so that each line is a paragraph.
    let is_unwrapped = text.text.contains("<a name=");
    let mut index = front_matter_end(text);
    while index < text.line_count() {
        let next = reader.read_line(index);
        if is_unwrapped && !reader.in_fence {
            reader.lines.push(PageLine::new(line_number(index), PageLineKind::Text, ""));
        }
        index = next;
    }
    reader.lines
}

fn line_number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// Returns the index of the line after the front matter.
fn front_matter_end(text: &SourceText<'_>) -> usize {
    if text.line(0).trim_end() != "---" {
        return 0;
    }
    (1..text.line_count().min(200)).find(|&index| text.line(index).trim_end() == "---").map_or(0, |index| index + 1)
}

struct MarkdownReader<'t> {
    text: &'t SourceText<'t>,
    lines: Vec<PageLine>,
    /// Whether the section is a syntax block, in which html2text indents code instead of fencing it.
    in_syntax: bool,
    in_fence: bool,
    /// Whether terms are items of a list, as trafilatura writes them: then so are their descriptions.
    has_item_terms: bool,
}

impl MarkdownReader<'_> {
    /// Reads a line, with those over which its markup is wrapped. Returns the index of the next line.
    fn read_line(&mut self, index: usize) -> usize {
        let raw = self.text.line(index);
        let number = line_number(index);
        let trimmed = raw.trim();
        if trimmed.starts_with("```") || trimmed.starts_with("~~~") {
            self.in_fence = !self.in_fence;
            return index + 1;
        }
        if self.in_fence {
            self.lines.push(PageLine::new(number, PageLineKind::Code, strip_code_markup(raw)));
            return index + 1;
        }
        let heading = heading_level(raw).map(|(level, title)| (level, title, 1)).or_else(|| {
            let level = if self.text.line(index + 1).starts_with('=') { 1 } else { 2 };
            is_underlined(self.text, index).then_some((level, trimmed, 2))
        });
        if let Some((level, title, count)) = heading {
            let title = render_inline(&strip_anchors(title).0).0;
            self.in_syntax = matches!(parse_heading(&title), Some("Request Syntax" | "Response Syntax"));
            self.lines.push(PageLine::new(number, PageLineKind::Heading(level), title));
            return index + count;
        }
        let (plain, has_anchor) = strip_anchors(raw);
        if has_anchor && plain.trim().is_empty() {
            return index + 1;
        }
        if self.in_syntax {
            // trafilatura writes a block of one line as a code span.
            let code = trimmed.strip_prefix('`').and_then(|code| code.strip_suffix('`')).unwrap_or(raw);
            self.lines.push(PageLine::new(number, PageLineKind::Code, strip_code_markup(code)));
            return index + 1;
        }
        let (mut line, mut count) = (plain.trim().to_owned(), 1);
        while is_markup_open(&line) && count < MAX_WRAPPED_LINES && !self.text.line(index + count).trim().is_empty() {
            join_continued(&mut line, strip_anchors(self.text.line(index + count)).0.trim());
            count += 1;
        }
        if is_markup_open(&line) && count > 1 {
            (line, count) = (plain.trim().to_owned(), 1);
        }
        let is_indented = raw.starts_with([' ', '\t']);
        self.add_line(number, &line, is_indented, has_anchor);
        index + count
    }

    fn add_line(&mut self, number: u32, line: &str, is_indented: bool, has_anchor: bool) {
        // markdownify puts a colon before a description, and trafilatura a bullet before a term.
        let line = line.strip_prefix(": ").map_or(line, str::trim_start);
        let item = strip_bullet(line);
        if let Some((name, is_linked)) = parse_term(item.unwrap_or(line)) {
            let kind = if has_anchor || is_linked { PageLineKind::Term } else { PageLineKind::Text };
            self.has_item_terms |= item.is_some();
            self.lines.push(PageLine::new(number, kind, name));
            return;
        }
        let (text, link) = render_inline(item.unwrap_or(line));
        // A code span that is a whole field keeps what it says, and so does a pattern without one.
        let text = match item.unwrap_or(line).split_once(':') {
            Some((marker, value)) if marker.ends_with("Pattern") && !value.trim_start().starts_with('`') => {
                format!("{marker}: {}", value.trim())
            }
            _ => text,
        };
        let is_item = item.is_some() && (is_indented || !self.has_item_terms);
        let kind = if is_item { PageLineKind::Item } else { PageLineKind::Text };
        self.lines.push(PageLine { link, ..PageLine::new(number, kind, text.trim()) });
    }
}

/// Returns level and title of a heading.
fn heading_level(line: &str) -> Option<(usize, &str)> {
    let level = line.len() - line.trim_start_matches('#').len();
    let title = line[level..].strip_prefix(' ')?;
    (1..=6).contains(&level).then(|| (level, title.trim().trim_end_matches(" #")))
}

/// Returns true if a line is a heading because of the line below it.
fn is_underlined(text: &SourceText<'_>, index: usize) -> bool {
    let (line, below) = (text.line(index).trim(), text.line(index + 1).trim_end());
    let is_rule = below.len() > 2 && (below.bytes().all(|byte| byte == b'-') || below.bytes().all(|byte| byte == b'='));
    is_rule && line.starts_with(|c: char| c.is_alphabetic()) && line.len() < 100
}

/// Removes anchors (`<a name="…"></a>`) from a line. Returns whether there was one.
fn strip_anchors(line: &str) -> (String, bool) {
    if line.len() > MAX_LINE_BYTES {
        return (line.to_owned(), false);
    }
    let (mut out, mut rest, mut found) = (String::new(), line, false);
    while let Some(start) = ["<a name=", "<a id="].iter().filter_map(|tag| rest.find(tag)).min() {
        let Some(end) = rest[start..].find("</a>") else { break };
        out.push_str(&rest[..start]);
        rest = &rest[start + end + 4..];
        found = true;
    }
    out.push_str(rest);
    (out, found)
}

/// Removes the marks that exports put around what a caller fills in: `{{name}}`, `` `name` `` and `***name***`.
fn strip_code_markup(line: &str) -> String {
    let mut out = line.to_owned();
    if line.len() > MAX_LINE_BYTES {
        return out;
    }
    for (open, close) in [("{{", "}}"), ("***", "***"), ("`", "`")] {
        let mut from = 0;
        while let Some(start) = out[from..].find(open).map(|at| from + at) {
            let begin = start + open.len();
            let Some(end) = out[begin..].find(close).map(|at| begin + at) else { break };
            let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '$');
            if begin < end && out[begin..end].chars().all(is_name) {
                out.replace_range(end..end + close.len(), "");
                out.replace_range(start..begin, "");
                from = end - open.len();
            } else {
                from = begin;
            }
        }
    }
    out
}

/// Returns true if a code span, a link or emphasis of a name is not closed at the end of a text.
fn is_markup_open(text: &str) -> bool {
    if text.len() > MAX_LINE_BYTES {
        return false;
    }
    let (mut rest, mut is_escaped) = (text, false);
    while let Some(c) = rest.chars().next() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '`' => {
                let ticks = rest.len() - rest.trim_start_matches('`').len();
                match code_span_end(&rest[ticks..], ticks) {
                    Some(end) => {
                        rest = &rest[ticks + end + ticks..];
                        continue;
                    }
                    None => return true,
                }
            }
            '[' => match link_parts(rest) {
                Some((_, _, length)) => {
                    rest = &rest[length..];
                    continue;
                }
                None if !rest.contains(']') || rest.contains("](") && !rest.contains(')') => return true,
                None => {}
            },
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
    }
    false
}

/// Returns the offset of the run of exactly this number of backticks that closes a code span.
fn code_span_end(text: &str, ticks: usize) -> Option<usize> {
    let mut from = 0;
    while let Some(start) = text[from..].find('`').map(|at| from + at) {
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        if run == ticks {
            return Some(start);
        }
        from = start + run;
    }
    None
}

/// Returns label, target and length of the link that a text begins with.
fn link_parts(text: &str) -> Option<(&str, &str, usize)> {
    let mut depth = 0_usize;
    let mut end = None;
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => {
                depth -= 1;
                if depth == 0 {
                    end = Some(index);
                    break;
                }
            }
            _ => {}
        }
    }
    let end = end?;
    let target = text[end + 1..].strip_prefix('(')?;
    let mut open = 1_usize;
    let close = target.bytes().position(|byte| {
        open = match byte {
            b'(' => open + 1,
            b')' => open - 1,
            _ => open,
        };
        open == 0
    })?;
    let length = end + 2 + close + 1;
    Some((&text[1..end], target[..close].split(" \"").next().unwrap_or_default(), length))
}

/// Removes the bullet or number of a list item.
fn strip_bullet(line: &str) -> Option<&str> {
    let bullet = ["+ ", "- ", "* ", "• "].iter().find_map(|bullet| line.strip_prefix(bullet));
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let numbered = || (1..4).contains(&digits).then(|| line[digits..].strip_prefix(". ")).flatten();
    bullet.or_else(numbered).map(str::trim_start)
}

/// Returns the name of a line such as `** [Name](#anchor) **`, and whether it is a link within a page.
fn parse_term(line: &str) -> Option<(String, bool)> {
    let inner = line.trim().strip_prefix("**")?.strip_suffix("**")?.trim();
    let (text, _) = render_inline(inner);
    let is_linked = inner.starts_with('[') && inner.contains("](") && inner.contains('#');
    Some((lone_name(&text)?, is_linked))
}

/// Returns the displayed text of a line, and the page of a data type that it links to.
pub(super) fn render_inline(text: &str) -> (String, Option<String>) {
    if text.len() > MAX_LINE_BYTES {
        return (text.to_owned(), None);
    }
    let (mut out, mut link) = (String::with_capacity(text.len()), None);
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '\\' if after.starts_with(|c: char| c.is_ascii_punctuation()) => {
                out.push_str(&after[..1]);
                rest = &after[1..];
                continue;
            }
            '`' => {
                let ticks = rest.len() - rest.trim_start_matches('`').len();
                if let Some(end) = code_span_end(&rest[ticks..], ticks) {
                    let code = rest[ticks..ticks + end].trim();
                    // `Valid Values:` A | B` has no space before the code span.
                    if out.ends_with(':') {
                        out.push(' ');
                    }
                    out.push_str(code);
                    rest = &rest[ticks + end + ticks..];
                    continue;
                }
            }
            '[' => {
                if let Some((label, target, length)) = link_parts(rest) {
                    let (label, inner) = render_inline(label);
                    out.push_str(&label);
                    link = link.or_else(|| linked_page(target)).or(inner);
                    rest = &rest[length..];
                    continue;
                }
            }
            '*' => {
                rest = rest.trim_start_matches('*');
                continue;
            }
            '&' => {
                let end = rest.find(';').filter(|end| *end < 12).map_or(1, |end| end + 1);
                out.push_str(&decode_entities(&rest[..end]));
                rest = &rest[end..];
                continue;
            }
            '<' if after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') && after.contains('>') => {
                rest = after.split_once('>').map_or("", |(_, rest)| rest);
                continue;
            }
            _ => {}
        }
        out.push(c);
        rest = after;
    }
    (out.trim().to_owned(), link)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_are_literal_and_the_rest_is_rendered() {
        for (text, expected) in [
            ("Pattern: `^[a-zA-Z0-9](-*[a-zA-Z0-9])*$`   ", "Pattern: ^[a-zA-Z0-9](-*[a-zA-Z0-9])*$"),
            ("Minimum length of 1\\. Maximum length of 64\\.", "Minimum length of 1. Maximum length of 64."),
            ("Valid Values:` A | B` ", "Valid Values: A | B"),
            ("Type: Array of [Tag](API_Tag.md) objects", "Type: Array of Tag objects"),
            ("A *new* **bold** [C\\+\\+ `x`](https://a.b/c_(d).html \"t\").", "A new bold C++ x."),
            ("1 &lt; 2 &amp; 3", "1 < 2 & 3"),
            ("``a`b``", "a`b"),
        ] {
            assert_eq!(render_inline(text).0, expected, "{text}");
        }
        assert_eq!(render_inline("Type: [Tag](API_Tag.md) object").1.as_deref(), Some("API_Tag"));
    }

    #[test]
    fn marks_of_placeholders_are_removed_from_code() {
        assert_eq!(strip_code_markup("GET /a/{{Key+}}?b={{B}}"), "GET /a/Key+?b=B");
        assert_eq!(strip_code_markup("\"a\": \"***string***\", \"b\": {{number}}"), "\"a\": \"string\", \"b\": number");
        assert_eq!(strip_code_markup("GET /bot/`botName`/x"), "GET /bot/botName/x");
        assert_eq!(strip_code_markup("{ \"a\": { ... } }"), "{ \"a\": { ... } }");
    }

    #[test]
    fn markup_may_be_wrapped() {
        assert!(is_markup_open("see [Managing") && is_markup_open("see [Managing](https://a.b/x-"));
        assert!(is_markup_open("Pattern: `a(b-"));
        assert!(!is_markup_open("Pattern: `a[b`") && !is_markup_open("a \\[ b") && !is_markup_open("[a] [b](c)"));
    }
}
