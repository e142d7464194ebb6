//! The lines of an API Reference page: its title and its sections.
//!
//! It never reads what a section says.

use super::api_members::{lone_name, strip_markup};
use super::source_text::SourceText;

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

pub(super) fn parse_heading(line: &str) -> Option<&'static str> {
    if line.len() > 60 {
        return None;
    }
    let line = strip_markup(line);
    SECTION_HEADINGS.iter().find(|heading| heading.eq_ignore_ascii_case(&line)).copied()
}

pub(super) type NumberedLines<'l> = Vec<(u32, &'l str)>;

/// Returns the lines of a section without its heading.
pub(super) fn find_section<'l>(lines: &'l NumberedLines<'l>, title: &str) -> Option<&'l [(u32, &'l str)]> {
    let start = lines.iter().position(|(_, line)| parse_heading(line) == Some(title))? + 1;
    let end =
        lines[start..].iter().position(|(_, line)| parse_heading(line).is_some()).map_or(lines.len(), |at| start + at);
    Some(&lines[start..end])
}

pub(super) fn number_lines<'l>(text: &'l SourceText<'_>) -> NumberedLines<'l> {
    (0..text.line_count()).map(|index| (u32::try_from(index + 1).unwrap_or(u32::MAX), text.line(index))).collect()
}

pub(super) fn join_lines(lines: &[(u32, &str)]) -> String {
    lines.iter().map(|(_, line)| line.trim()).filter(|line| !line.starts_with("```")).collect::<Vec<_>>().join("\n")
}

/// Returns the line, operation name and service of a title: `TagContact - Amazon Connect`, or a line with only a name.
pub(super) fn parse_title(lines: &NumberedLines<'_>) -> Option<(u32, String, String)> {
    for (number, line) in lines.iter().filter(|(_, line)| !line.trim().is_empty()).take(12) {
        let line = strip_markup(line);
        if let Some((name, service)) = line.split_once(" - ")
            && let Some(name) = lone_name(name)
        {
            return Some((*number, name, service_slug(service)));
        }
        if parse_heading(&line).is_some() {
            return None;
        }
        if let Some(name) = lone_name(&line) {
            return Some((*number, name, String::new()));
        }
    }
    None
}

/// Returns the short name of a service: `connect` for `Amazon Connect`.
fn service_slug(service: &str) -> String {
    let words = service.split_whitespace().filter(|word| !matches!(*word, "Amazon" | "AWS" | "Service"));
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}
