//! Writes what codes of findings mean: for `overstep explain`, and for the pages in `docs/codes/`.
//!
//! It never knows a run.

use super::style::{BOLD_STYLE, DIM_STYLE, TextWidth, paint, wrap_text};
use crate::judge::{CodeInfo, all_codes};
use std::fmt::Write as _;

/// Maximum number of columns of a line in a page.
const PAGE_COLUMNS: usize = 120;

/// Formats what a code means for a terminal.
pub fn explain_code(info: &CodeInfo, width: TextWidth) -> String {
    let group = info.code.group();
    let title = format!("{} {} · {}", info.code, info.name, info.title);
    let mut out = String::new();
    for line in wrap_text(&title, width.columns()) {
        let _ = writeln!(out, "{}", paint(BOLD_STYLE, line));
    }
    let _ = writeln!(out, "{}", paint(DIM_STYLE, format!("{}, severity {}", group.title(), group.level())));
    let mut section = |heading: &str, lines: &mut dyn Iterator<Item = String>| {
        let _ = writeln!(out, "\n{}", paint(BOLD_STYLE, heading));
        for line in lines {
            let _ = writeln!(out, "    {line}");
        }
    };
    let columns = width.columns() - 4;
    let mut paragraph = |heading: &str, text: &str| section(heading, &mut wrap_text(text, columns).into_iter());
    paragraph("what it means", info.meaning);
    paragraph("why it matters", info.importance);
    paragraph("how to fix it in the server", info.fix);
    paragraph("how to accept it", info.code.acceptance());
    section("example", &mut info.example.lines().map(str::to_owned));
    out
}

/// Formats a list of all codes, by group.
pub fn list_codes() -> String {
    let mut out = String::new();
    let mut last = None;
    for info in all_codes() {
        let group = info.code.group();
        if last.replace(group) != Some(group) {
            let gap = if out.is_empty() { "" } else { "\n" };
            let _ = writeln!(out, "{gap}{}", paint(BOLD_STYLE, group.title()));
        }
        let _ = writeln!(out, "  {}  {}", info.code, info.title);
    }
    let _ = writeln!(out, "\n`overstep explain CODE` shows an example and how to fix it");
    out
}

/// Formats the page of a code in Markdown.
pub fn code_page(info: &CodeInfo) -> String {
    let group = info.code.group();
    let wrapped = |text: &str| wrap_text(text, PAGE_COLUMNS).join("\n");
    format!(
        "# {}: {}\n\n{}\n\n```text\n{}\n```\n\n## Why it matters\n\n{}\n\n## How to fix it\n\n{}\n\n## How to accept it\n\n\
         {}\n\nName: `{}` · group: {} · severity: {} · [all codes](README.md)\n",
        info.code,
        info.title,
        wrapped(info.meaning),
        info.example,
        wrapped(info.importance),
        wrapped(info.fix),
        wrapped(info.code.acceptance()),
        info.name,
        group.title(),
        group.level(),
    )
}

/// Formats the page that lists all codes in Markdown.
pub fn code_index_page() -> String {
    let mut out = "# Codes of findings\n\nWhat does the code of a finding mean?\n\n\
                   `overstep explain CODE` prints the same page. A code never changes its meaning.\n"
        .to_owned();
    let mut last = None;
    for info in all_codes() {
        let group = info.code.group();
        if last.replace(group) != Some(group) {
            let digit = &info.code.as_str()[..3];
            let _ =
                write!(out, "\n## {digit}xx: {}\n\n| code | name | meaning |\n| --- | --- | --- |\n", group.title());
        }
        let _ = writeln!(out, "| [{0}]({0}.md) | `{1}` | {2} |", info.code, info.name, info.title);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_into_the_width() {
        for info in all_codes() {
            let text =
                anstream::adapter::strip_str(&explain_code(info, TextWidth::from_terminal_columns(80))).to_string();
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "{line}");
            }
        }
    }
}
