//! Detects the form in which an API Reference page was saved, and reads its displayed lines.
//!
//! It never reads what the page says.

use super::api_sections::parse_heading;
use super::page_html::{is_html, read_html};
use super::page_line::{PageLine, PageLineKind};
use super::page_markdown::{is_markdown, read_markdown};
use super::page_plain::read_plain;
use super::source_text::SourceText;

/// The displayed lines of a page.
pub(super) struct PageText {
    pub lines: Vec<PageLine>,
    /// Whether the form marks headings: then no other line is one.
    pub has_headings: bool,
}

/// Returns the displayed lines of a page in any form.
pub(super) fn read_page_text(text: &SourceText<'_>) -> PageText {
    if is_html(&text.text) {
        return PageText { lines: read_html(text), has_headings: true };
    }
    if is_markdown(text) {
        let lines = read_markdown(text);
        // Some converters keep the terms and lose the headings.
        let has_headings = lines
            .iter()
            .any(|line| matches!(line.kind, PageLineKind::Heading(_)) && parse_heading(&line.text).is_some());
        return PageText { lines, has_headings };
    }
    PageText { lines: read_plain(text), has_headings: false }
}
