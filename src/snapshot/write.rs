//! Writes a snapshot as text.
//!
//! It never aligns lines to each other: columns have fixed widths, so a longer name in one line never moves another.

use super::value::{AcceptedResponse, ConstraintLine, ResponseForm, Snapshot};
use crate::escape::is_deceptive;
use std::fmt::Write as _;

/// The column where responses begin, in characters.
const RESPONSE_COLUMN: usize = 30;
/// The column where the values of a form begin.
const FORM_COLUMN: usize = 26;

/// The word written for a law that holds.
pub(super) const KEPT_WORD: &str = "kept";
/// The name of the side that all cases of a law belong to.
pub(super) const LAW_SIDE: &str = "law";

fn is_kept_law(response: &AcceptedResponse) -> bool {
    *response == AcceptedResponse { note: Some(KEPT_WORD.to_owned()), ..AcceptedResponse::default() }
}

/// Returns the text of the whole file.
pub fn write(snapshot: &Snapshot) -> String {
    let mut out = String::from("---\n");
    for line in &snapshot.header {
        out.push_str(line);
        out.push('\n');
    }
    out.push_str("---\n");
    for line in &snapshot.lines {
        out.push_str(&format_line(line));
    }
    for (number, form) in &snapshot.forms {
        write_form(*number, form, &mut out);
    }
    out
}

/// Returns the text of a line and its exceptions, each terminated by a newline.
pub fn format_line(line: &ConstraintLine) -> String {
    let mut out = if is_form_name(&line.place) { quote(&line.place) } else { quote_if_needed(&line.place) };
    for (index, side) in line.sides.iter().enumerate() {
        if index == 0 {
            pad_to_column(&mut out, 0, RESPONSE_COLUMN);
        } else {
            out.push_str(" · ");
        }
        if side.name == LAW_SIDE && is_kept_law(&side.response) {
            out.push_str(KEPT_WORD);
        } else {
            out.push_str(&quote_if_needed(&side.name));
            out.push(' ');
            write_response(&side.response, &mut out);
        }
    }
    out.push('\n');
    for (variant, response) in &line.exceptions {
        let start = out.len();
        out.push_str("  ");
        out.push_str(&quote_if_needed(variant));
        pad_to_column(&mut out, start, RESPONSE_COLUMN);
        if is_kept_law(response) {
            out.push_str(KEPT_WORD);
        } else {
            write_response(response, &mut out);
        }
        out.push('\n');
    }
    out
}

fn write_form(number: u32, form: &ResponseForm, out: &mut String) {
    let _ = write!(out, "\nf{number}\n");
    for (name, value) in &form.0 {
        let start = out.len();
        out.push_str("  ");
        out.push_str(&quote_if_needed(name));
        pad_to_column(out, start, FORM_COLUMN);
        out.push_str(&quote_if_needed(value));
        out.push('\n');
    }
}

/// Appends spaces up to a column, at least two.
fn pad_to_column(out: &mut String, start: usize, column: usize) {
    let length = out[start..].chars().count();
    out.extend(std::iter::repeat_n(' ', column.saturating_sub(length).max(2)));
}

fn write_response(response: &AcceptedResponse, out: &mut String) {
    let mut parts = Vec::new();
    match response.status {
        Some(status) => parts.push(status.to_string()),
        None => parts.push("-".to_owned()),
    }
    if let Some(error) = &response.error {
        parts.push(if is_form_name(error) { quote(error) } else { quote_if_needed(error) });
    }
    if let Some(form) = response.form {
        parts.push(format!("f{form}"));
    }
    if let Some(note) = &response.note {
        parts.push(if is_plain_note(note) { format!("({note})") } else { format!("({})", quote(note)) });
    }
    if let Some(mark) = &response.mark {
        parts.push(format!(" ≠ documented {}", mark.as_str()));
    }
    out.push_str(&parts.join(" "));
}

/// Returns true if the text is `f` and digits, which names a form.
pub(super) fn is_form_name(text: &str) -> bool {
    text.strip_prefix('f').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn is_plain_note(note: &str) -> bool {
    !note.is_empty() && note.trim() == note && !note.chars().any(|c| is_deceptive(c) || matches!(c, '(' | ')' | '"'))
}

/// Returns the text as one word, quoted if necessary.
fn quote_if_needed(text: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !is_deceptive(c) && !matches!(c, '"' | '·' | '≠');
    let starts_well = |text: &str| !text.starts_with(['(', '-']);
    if !text.is_empty() && text.chars().all(plain) && starts_well(text) { text.to_owned() } else { quote(text) }
}

/// Returns the text in quotes, with escapes that keep it on one line.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' ' => out.push(' '),
            c if is_deceptive(c) || c.is_whitespace() => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
