//! The sections of an API Reference page, and its title.
//!
//! It never reads what a section says.

use super::page_line::{PageLine, PageLineKind, lone_name};

const SECTION_HEADINGS: [&str; 15] = [
    "Request Syntax",
    "URI Request Parameters",
    "Request Headers",
    "Request Body",
    "Request Parameters",
    "Response Syntax",
    "Response Elements",
    "Response Headers",
    "Errors",
    "Examples",
    "Example",
    "See Also",
    "Contents",
    "Sample Request",
    "Sample Response",
];

/// Number of lines from the beginning in which a page without headings has its title.
const MAX_TITLE_LINES: usize = 80;

/// Minimum length in bytes of a word that a text browser breaks.
const MIN_BROKEN_LENGTH: usize = 40;

/// Returns the section that a displayed line is the heading of.
pub(super) fn parse_heading(line: &str) -> Option<&'static str> {
    let line = line.trim();
    if line.len() > 30 {
        return None;
    }
    SECTION_HEADINGS.iter().find(|heading| heading.eq_ignore_ascii_case(line)).copied()
}

/// A page divided into sections.
pub(super) struct PageSections<'l> {
    lines: &'l [PageLine],
    has_headings: bool,
}

impl<'l> PageSections<'l> {
    pub fn new(lines: &'l [PageLine], has_headings: bool) -> Self {
        Self { lines, has_headings }
    }

    /// Returns the section that a line begins.
    fn heading_at(&self, index: usize) -> Option<&'static str> {
        let line = &self.lines[index];
        match line.kind {
            PageLineKind::Heading(_) => parse_heading(&line.text),
            PageLineKind::Text if !self.has_headings => parse_heading(&line.text),
            _ => None,
        }
    }

    /// Returns true if the section that begins above a line ends before it.
    fn is_end(&self, index: usize) -> bool {
        self.heading_at(index).is_some() || matches!(self.lines[index].kind, PageLineKind::Heading(level) if level < 3)
    }

    /// Returns the lines of a section without its heading. A table of contents has the headings without any lines.
    pub fn find(&self, title: &str) -> Option<&'l [PageLine]> {
        let mut empty = None;
        for start in (0..self.lines.len()).filter(|&index| self.heading_at(index) == Some(title)).map(|at| at + 1) {
            let end = (start..self.lines.len()).find(|&index| self.is_end(index)).unwrap_or(self.lines.len());
            let section = &self.lines[start..end];
            if section.iter().any(|line| !line.text.trim().is_empty()) {
                return Some(section);
            }
            empty.get_or_insert(section);
        }
        empty
    }

    /// Returns the first lines of a page, up to the first section, without the title's line and those above it.
    pub fn introduction(&self, title_line: u32) -> Vec<(u32, &'l str)> {
        let start = self.lines.iter().position(|line| line.number > title_line).unwrap_or(self.lines.len());
        let end = (start..self.lines.len()).find(|&index| self.is_end(index)).unwrap_or(self.lines.len());
        self.lines[start..end].iter().map(|line| (line.number, line.text.as_str())).collect()
    }

    /// Returns the line, operation name and service of a title: a heading, `TagContact - Amazon Connect`, or a line with
    /// only a name. `file` is the name of the document, which may repeat the title.
    pub fn title(&self, file: &str) -> Option<(u32, String, String)> {
        let limit = self.lines.len().min(MAX_TITLE_LINES);
        let begin = (0..limit).find(|&index| self.begins_first_section(index)).unwrap_or(limit);
        let is_text = |line: &&PageLine| matches!(line.kind, PageLineKind::Text | PageLineKind::Heading(1));
        let with_service = self.lines[..begin].iter().filter(is_text).find_map(|line| {
            let (name, service) = line.text.split_once(" - ")?;
            lone_name(name).map(|name| (line.number, name, service_slug(service)))
        });
        let main = self.lines.iter().find_map(|line| match line.kind {
            PageLineKind::Heading(1) => lone_name(&line.text).map(|name| (line.number, name)),
            _ => None,
        });
        if let Some((number, name)) = main {
            let service = with_service.filter(|(_, of, _)| *of == name).map_or(String::new(), |(.., service)| service);
            return Some((number, name, service));
        }
        if with_service.is_some() {
            return with_service;
        }
        let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let names = || {
            let lines = self.lines[..begin].iter().filter(|line| line.kind == PageLineKind::Text);
            lines.filter_map(|line| Some((line.number, lone_name(&line.text)?, String::new())))
        };
        let is_compound = |name: &str| name.chars().skip(1).any(|c| c.is_ascii_uppercase());
        names()
            .find(|(_, name, _)| stem.ends_with(name.as_str()))
            .or_else(|| names().find(|(_, name, _)| is_compound(name)))
            .or_else(|| names().next())
    }

    /// Returns true for the heading of the first section that is not part of a table of contents.
    fn begins_first_section(&self, index: usize) -> bool {
        let Some(title) = self.heading_at(index) else { return false };
        let Some(section) = self.find(title) else { return false };
        section.first().is_some_and(|first| first.number > self.lines[index].number)
            && self.lines.get(index + 1).is_some_and(|next| std::ptr::eq(next, &section[0]))
    }
}

/// Returns the text of a syntax block. A line that fills the screen of a text browser and has no space was broken.
pub(super) fn join_lines(lines: &[PageLine]) -> String {
    let mut joined = String::new();
    for (index, line) in lines.iter().enumerate() {
        let text = line.text.trim();
        joined.push_str(text);
        let is_complete = lines.get(index + 1).is_none_or(|next| next.text.trim().starts_with("HTTP/"));
        if is_complete || text.contains(' ') || text.len() < MIN_BROKEN_LENGTH || !line.is_full {
            joined.push('\n');
        }
    }
    joined
}

/// Returns the short name of a service: `connect` for `Amazon Connect`.
fn service_slug(service: &str) -> String {
    let words = service.split_whitespace().filter(|word| !matches!(*word, "Amazon" | "AWS" | "Service"));
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}
