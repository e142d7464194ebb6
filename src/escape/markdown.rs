//! Writes text as code in Markdown, so that it never becomes markup.
//!
//! It never writes text outside of code, because renderers disagree about escapes.

use super::{escape_line, escape_text};

/// Formats a text as inline code.
pub fn inline_code(text: &str) -> String {
    let text = escape_line(text);
    let ticks = "`".repeat(longest_run(&text) + 1);
    // A renderer removes one space on both sides, if there is one on both.
    let needs_pad = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) || text.is_empty();
    let pad = if needs_pad { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// Formats a text as inline code in a cell of a table, where `|` would end the cell.
pub fn table_code(text: &str) -> String {
    inline_code(text).replace('|', "\\|")
}

/// Formats lines as a code block. Every item stays on its line.
pub fn code_block(language: &str, lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escape_text(line)).collect();
    let text = lines.join("\n");
    let ticks = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{ticks}{language}\n{text}\n{ticks}")
}

/// Returns the length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_cannot_end_inline_code_or_code_blocks() {
        assert_eq!(inline_code("a"), "`a`");
        assert_eq!(inline_code("`a``b"), "``` `a``b ```");
        assert_eq!(inline_code("a\n# b\u{1b}"), "`a\\u{a}# b\\u{1b}`");
        assert_eq!(table_code("a|b"), "`a\\|b`");
        // A fence may be indented by up to three spaces.
        let block = code_block("", &["  ```".to_owned(), "x\n```\ny".to_owned()]);
        assert_eq!(block, "````\n  ```\nx\\u{a}```\\u{a}y\n````");
    }
}
