//! Prints the lines that pending snapshots would change.
//!
//! It never decides anything.

use crate::session::PendingSnapshot;
use overstep::escape::escape_text;
use overstep::report::{pluralize, wrap_text};
use overstep::session::LineChange;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Prints changed lines for a terminal of a certain width, or without wrapping.
pub struct SnapshotLinePrinter {
    /// The directory to which paths are relative.
    pub directory: PathBuf,
    /// The number of columns; lines are not wrapped if absent.
    pub columns: Option<usize>,
}

/// Returns `1 line`, `2 lines`.
pub fn pluralized_lines(count: usize) -> String {
    pluralize(count as u64, "line")
}

impl SnapshotLinePrinter {
    /// Returns the path of a file for messages.
    pub fn display_path(&self, path: &Path) -> String {
        path.strip_prefix(&self.directory).unwrap_or(path).display().to_string()
    }

    /// Returns the title of a file in a list.
    pub fn file_title(&self, waiting: &PendingSnapshot) -> String {
        let place = format!("{} · {}", pluralized_lines(waiting.units.len()), self.display_path(&waiting.file.path));
        format!("{} · {}", operation_title(waiting), escape_text(&place))
    }

    /// Returns the title of one line in a review.
    pub fn title(&self, waiting: &PendingSnapshot, number: usize, of: usize) -> String {
        format!("{} · line {number} of {of}", operation_title(waiting))
    }

    /// Prints what a line would change: removed lines, added lines, and unchanged ones between them.
    pub fn write_unit(&self, out: &mut impl Write, unit: &LineChange) -> io::Result<()> {
        let (red, green) = (anstyle::AnsiColor::Red.on_default(), anstyle::AnsiColor::Green.on_default());
        let old: Vec<&str> = unit.old.lines().collect();
        let (mut at, mut added) = (0, Vec::new());
        let mut hunks = Vec::new();
        for line in unit.new.lines() {
            match old[at..].iter().position(|other| *other == line) {
                // An unchanged line separates the changes before it from those after it.
                Some(gone) => {
                    hunks.push((at..at + gone, std::mem::take(&mut added), Some(line)));
                    at += gone + 1;
                }
                None => added.push(line),
            }
        }
        hunks.push((at..old.len(), added, None));
        for (gone, come, stays) in hunks {
            old[gone].iter().try_for_each(|line| self.write_line(out, '-', red, line))?;
            come.iter().try_for_each(|line| self.write_line(out, '+', green, line))?;
            stays.map_or(Ok(()), |line| self.write_line(out, ' ', anstyle::Style::new(), line))?;
        }
        Ok(())
    }

    fn write_line(&self, out: &mut impl Write, sign: char, style: anstyle::Style, line: &str) -> io::Result<()> {
        let line = escape_text(line);
        let text = line.trim_start();
        let indent = " ".repeat(line.len() - text.len());
        let columns = self.columns.map_or(usize::MAX, |columns| columns.saturating_sub(8 + indent.len()));
        for (index, part) in wrap_text(text, columns).iter().enumerate() {
            let deeper = if index > 0 { "    " } else { "" };
            writeln!(out, "  {style}{sign} {indent}{deeper}{part}{style:#}")?;
        }
        Ok(())
    }

    /// Prints a text behind a label, wrapped at words below its own beginning.
    pub fn write_wrapped(&self, out: &mut impl Write, label: &str, text: &str) -> io::Result<()> {
        let width = label.chars().count();
        let columns = self.columns.map_or(usize::MAX, |columns| columns.saturating_sub(width).max(20));
        for (index, part) in wrap_text(text, columns).iter().enumerate() {
            let before = if index == 0 { label } else { &" ".repeat(width) };
            writeln!(out, "{before}{part}")?;
        }
        Ok(())
    }
}

fn operation_title(waiting: &PendingSnapshot) -> String {
    let bold = anstyle::Style::new().bold();
    let file = &waiting.file;
    let name = escape_text(&format!("{}/{}", file.scenario, file.operation));
    format!("{bold}{name}{bold:#} · {}", escape_text(&file.profile))
}
