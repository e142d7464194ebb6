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
pub struct TextWidth {
    columns: usize,
    is_terminal: bool,
}

impl TextWidth {
    /// Creates a width from a terminal's, limited to a readable range.
    pub fn from_terminal_columns(columns: usize) -> Self {
        Self { columns: columns.clamp(60, 120), is_terminal: true }
    }

    /// Returns the number of columns.
    pub fn columns(self) -> usize {
        self.columns
    }

    /// Wraps a line at words for a terminal. Lines of a log stay whole, so that they can be searched.
    pub(super) fn wrap_line(self, line: &str) -> String {
        if !self.is_terminal || anstream::adapter::strip_str(line).to_string().chars().count() <= self.columns {
            return line.to_owned();
        }
        // A styled word counts as longer than it is, so that the line may end early but never late.
        let indent = line.len() - line.trim_start().len();
        let columns = self.columns.saturating_sub(indent + 2);
        let lines = wrap_text(line.trim_start(), columns);
        let (first, rest) =
            lines.split_first().map_or((String::new(), [].as_slice()), |(first, rest)| (first.clone(), rest));
        let margin = " ".repeat(indent);
        let rest: String = rest.iter().map(|line| format!("\n{margin}  {line}")).collect();
        format!("{margin}{first}{rest}")
    }
}

impl Default for TextWidth {
    fn default() -> Self {
        Self { columns: 100, is_terminal: false }
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
    fn lines_are_wrapped_in_terminals_only() {
        let line = format!(
            "{} · 2 unreviewed · 3 undocumented · 4 inconclusive · 5 not sendable · 0.3 s",
            paint(BOLD_STYLE, "1 finding")
        );
        assert_eq!(TextWidth::default().wrap_line(&line), line);
        assert_eq!(TextWidth::from_terminal_columns(100).wrap_line(&line), line);
        let wrapped = TextWidth::from_terminal_columns(60).wrap_line(&line);
        let plain = anstream::adapter::strip_str(&wrapped).to_string();
        assert!(plain.lines().all(|line| line.chars().count() <= 60) && plain.lines().count() == 2, "{plain}");
    }

    #[test]
    fn text_is_wrapped_at_spaces_only() {
        assert_eq!(wrap_text("", 10), [""]);
        assert_eq!(wrap_text("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap_text("unbreakable-word next", 5), ["unbreakable-word", "next"]);
    }
}
