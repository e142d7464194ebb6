//! Colours, widths and wrapping for all text output.
//!
//! This module never queries a terminal: it receives the width.

use anstyle::{AnsiColor, Style};

pub(super) const ERROR_STYLE: Style = AnsiColor::Red.on_default().bold();
pub(super) const SUCCESS_STYLE: Style = AnsiColor::Green.on_default();
pub(super) const WARNING_STYLE: Style = AnsiColor::Yellow.on_default();
pub(super) const BOLD_STYLE: Style = Style::new().bold();
pub(super) const DIM_STYLE: Style = Style::new().dimmed();

/// The width of text output, in columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextWidth(usize);

impl TextWidth {
    /// Creates a width from a terminal's, limited to a readable range.
    pub fn from_terminal_columns(columns: usize) -> Self {
        Self(columns.clamp(60, 120))
    }

    /// Returns the number of columns.
    pub fn columns(self) -> usize {
        self.0
    }
}

impl Default for TextWidth {
    fn default() -> Self {
        Self(100)
    }
}

/// Formats a text in a style.
pub(super) fn paint(style: Style, text: impl std::fmt::Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Wraps a text at spaces, into lines of at most `columns` characters unless a word is longer.
pub fn wrap_text(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always a line");
        let length = line.chars().count();
        if length > 0 && length + 1 + word.chars().count() > columns {
            lines.push(word.to_owned());
        } else {
            if length > 0 {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// Formats a number with its noun: `1 case`, `2 cases`.
pub fn pluralize(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_at_spaces_only() {
        assert_eq!(wrap_text("", 10), [""]);
        assert_eq!(wrap_text("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap_text("unbreakable-word next", 5), ["unbreakable-word", "next"]);
    }
}
