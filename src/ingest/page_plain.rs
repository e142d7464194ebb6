//! Reads a documentation page that was saved as text, by a browser or with lynx, w3m or trafilatura.
//!
//! It never interprets characters as markup: a pattern is what is on the line.

use super::page_line::{PageLine, PageLineKind, lone_name};
use super::source_text::SourceText;
use std::collections::HashMap;

/// Bullets that text browsers put before list items. A `-` may also be before a term, where trafilatura puts it.
const BULLETS: [&str; 12] = ["• ", "* ", "+ ", "o ", "☆ ", "○ ", "□ ", "■ ", "▪ ", "◦ ", "# ", "@ "];

/// Returns the displayed lines of a page.
pub(super) fn read_plain(text: &SourceText<'_>) -> Vec<PageLine> {
    let references = has_references(text);
    let mut next_reference = None;
    let widths = widths_by_indentation(text);
    (0..text.line_count())
        .map(|index| {
            let raw = text.line(index);
            let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
            let line = match references {
                true => strip_references(raw, &mut next_reference),
                false => raw.to_owned(),
            };
            let (kind, content) = split_item(&line);
            let (indentation, width) = measure(raw);
            let is_full = widths.get(&indentation) == Some(&width);
            PageLine { is_full, ..PageLine::new(number, kind, content) }
        })
        .collect()
}

/// Returns the indentation and the width of a line in characters.
fn measure(line: &str) -> (usize, usize) {
    (line.chars().take_while(|c| *c == ' ').count(), line.chars().count())
}

/// Returns true for a line of lynx's list of addresses, which is not wrapped: `  12. https://…`.
fn is_address(line: &str) -> bool {
    let rest = line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < line.trim_start().len() && rest.starts_with(". ") && rest.contains("://")
        || rest.starts_with(". file:")
}

/// Returns the width of the longest line of each indentation.
fn widths_by_indentation(text: &SourceText<'_>) -> HashMap<usize, usize> {
    let mut widths = HashMap::new();
    for index in (0..text.line_count()).filter(|&index| !is_address(text.line(index))) {
        let (indentation, width) = measure(text.line(index));
        let longest = widths.entry(indentation).or_insert(0);
        *longest = width.max(*longest);
    }
    widths
}

/// Returns what a line is, and its text without a bullet.
fn split_item(line: &str) -> (PageLineKind, &str) {
    let trimmed = line.trim();
    if let Some(content) = BULLETS.iter().find_map(|bullet| trimmed.strip_prefix(bullet)) {
        return (PageLineKind::Item, content.trim_start());
    }
    match trimmed.strip_prefix("- ") {
        Some(content) if line.starts_with("- ") || lone_name(content).is_some() => {
            (PageLineKind::Text, content.trim_start())
        }
        Some(content) => (PageLineKind::Item, content.trim_start()),
        None => (PageLineKind::Text, trimmed),
    }
}

/// Returns the number in brackets that a text begins with, as lynx writes it before a link, and what follows it.
fn reference(text: &str) -> Option<(u32, &str)> {
    let (number, rest) = text.strip_prefix('[')?.split_once(']')?;
    let is_number = !number.is_empty() && number.len() < 6 && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && rest.starts_with(|c: char| !c.is_whitespace())).then(|| Some((number.parse().ok()?, rest)))?
}

/// Returns true if the links of a text are numbered, as lynx does: at least three numbers follow each other.
fn has_references(text: &SourceText<'_>) -> bool {
    let (mut next, mut found) = (None, 0);
    for index in 0..text.line_count() {
        for (at, _) in text.line(index).match_indices('[') {
            let Some((number, _)) = reference(&text.line(index)[at..]) else { continue };
            if next.is_none_or(|next| next == number) {
                next = Some(number + 1);
                found += 1;
            }
            if found == 3 {
                return true;
            }
        }
    }
    false
}

/// Removes the numbers of links from a line. Only the number that is next counts: any other is part of the text.
fn strip_references(line: &str, next: &mut Option<u32>) -> String {
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find('[') {
        out.push_str(&rest[..start]);
        match reference(&rest[start..]).filter(|(number, _)| next.is_none_or(|next| next == *number)) {
            Some((number, after)) => {
                *next = Some(number + 1);
                rest = after;
            }
            None => {
                out.push('[');
                rest = &rest[start + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn displayed(text: &str) -> Vec<String> {
        let text = SourceText::new("page.txt", text.as_bytes()).expect("text");
        read_plain(&text).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn numbers_of_links_are_removed_and_patterns_stay() {
        let lines = displayed("   [1]Name\n   [2]Tag and [3]Key\n Pattern: [4-9]x[1]y\n   [4]End");
        assert_eq!(lines, ["Name", "Tag and Key", "Pattern: [4-9]x[1]y", "End"]);
        assert_eq!(displayed("Pattern: [1]x[2]y\nText"), ["Pattern: [1]x[2]y", "Text"]);
    }

    #[test]
    fn bullets_are_told_from_terms() {
        assert_eq!(split_item("  • Errors"), (PageLineKind::Item, "Errors"));
        assert_eq!(split_item("- Name"), (PageLineKind::Text, "Name"));
        assert_eq!(split_item("  - If it is set"), (PageLineKind::Item, "If it is set"));
    }
}
