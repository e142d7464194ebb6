//! Quotes bytes as words of a POSIX shell: dash, bash, ksh, busybox and zsh read the same bytes.
//!
//! It never writes a character that a terminal, a log or a clipboard could change: those are written by `printf`.

use super::is_deceptive;
use std::fmt::Write as _;

/// Length from which a run of one character is written by a command.
const LONG_RUN: usize = 64;
/// A line break: the third character of the initial value of IFS. `$(…)` removes line breaks at its end.
const LINE_BREAK: &str = "\"${IFS#??}\"";

/// Returns bytes as one word, without quotes if the word needs none; `None` if they contain NUL, which no shell can
/// pass to a command.
pub fn shell_word(bytes: &[u8]) -> Option<String> {
    if is_plain_word(bytes) {
        return Some(String::from_utf8_lossy(bytes).into_owned());
    }
    if bytes.contains(&0) {
        return None;
    }
    let word = shell_literal(bytes);
    Some(if word.is_empty() { "''".to_owned() } else { word })
}

/// Returns true if every shell takes the bytes as one word, unchanged and without quotes. Braces are literal unless they
/// contain a comma or two dots.
pub fn is_plain_word(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:{}=@%+".contains(byte))
        && !bytes.windows(2).any(|pair| pair == b"..")
        // zsh expands a word that begins with `=`.
        && !bytes.starts_with(b"=")
}

/// Returns bytes other than NUL as quoted text, which is empty if there are none and can be followed by other parts of
/// the same word.
pub fn shell_literal(bytes: &[u8]) -> String {
    let units = split_units(bytes);
    let mut out = String::with_capacity(bytes.len() + 2);
    let mut start = 0;
    let mut at = 0;
    for run in units.chunk_by(|one, other| one == other) {
        if let (Unit::Character(character), true) = (run[0], run.len() >= LONG_RUN)
            && is_repeatable(character)
        {
            push_quoted(&mut out, &units[start..at]);
            push_run(&mut out, character, run.len());
            start = at + run.len();
        }
        at += run.len();
    }
    push_quoted(&mut out, &units[start..]);
    out
}

/// A character, or a byte that is not UTF-8.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Character(char),
    Byte(u8),
}

fn split_units(bytes: &[u8]) -> Vec<Unit> {
    let mut units = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        units.extend(chunk.valid().chars().map(Unit::Character));
        units.extend(chunk.invalid().iter().map(|byte| Unit::Byte(*byte)));
    }
    units
}

/// Returns true if a character may be lost or changed when a command is copied.
fn is_fragile(character: char) -> bool {
    is_deceptive(character)
        || matches!(character, '\u{a0}' | '\u{3000}')
        // Combining marks: a clipboard may compose them with the letter before.
        || ('\u{300}'..='\u{36f}').contains(&character)
}

/// Returns true if `sed` can repeat the character in the shell's double quotes.
fn is_repeatable(character: char) -> bool {
    !is_fragile(character) && !matches!(character, '\'' | '&' | '\\' | '!')
}

fn push_run(out: &mut String, character: char, count: usize) {
    let _ = match character {
        ' ' => write!(out, "\"$(printf '%{count}s')\""),
        '/' => write!(out, "\"$(printf '%{count}s' | sed 's| |/|g')\""),
        other => write!(out, "\"$(printf '%{count}s' | sed 's/ /{other}/g')\""),
    };
}

fn push_quoted(out: &mut String, units: &[Unit]) {
    if units.is_empty() {
        return;
    }
    let is_visible = |unit: &Unit| matches!(unit, Unit::Character(character) if !is_fragile(*character));
    if units.iter().all(is_visible) {
        push_visible(out, units);
        return;
    }
    let line_breaks = units.iter().rev().take_while(|unit| **unit == Unit::Character('\n')).count();
    let (units, _) = units.split_at(units.len() - line_breaks);
    if units.iter().all(is_visible) {
        push_visible(out, units);
    } else {
        push_printf(out, units);
    }
    out.extend(std::iter::repeat_n(LINE_BREAK, line_breaks));
}

/// Appends visible characters in single quotes.
fn push_visible(out: &mut String, units: &[Unit]) {
    if units.is_empty() {
        return;
    }
    out.push('\'');
    let mut before = '\0';
    for unit in units {
        let Unit::Character(character) = *unit else { continue };
        match character {
            '\'' => out.push_str("'\\''"),
            // `##[` would be a command in the log of a CI job.
            '#' if before == '#' => out.push_str("''#"),
            other => out.push(other),
        }
        before = character;
    }
    out.push('\'');
}

/// Appends a `printf` that writes the units, the last of which is not a line break. Everything is in its format, with the
/// escapes that POSIX defines: <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/printf.html>.
fn push_printf(out: &mut String, units: &[Unit]) {
    let octal = |out: &mut String, bytes: &[u8]| {
        for byte in bytes {
            let _ = write!(out, "\\{byte:03o}");
        }
    };
    out.push_str("\"$(printf '");
    let mut before = '\0';
    for (index, unit) in units.iter().enumerate() {
        let character = match *unit {
            Unit::Byte(byte) => {
                octal(out, &[byte]);
                before = '\0';
                continue;
            }
            Unit::Character(character) => character,
        };
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            '%' => out.push_str("%%"),
            '\'' => out.push_str("'\\''"),
            // A dash would begin an option, `!` an event of the shell's history, `##[` a command in a log.
            '-' if index == 0 => octal(out, b"-"),
            '!' => octal(out, b"!"),
            '#' if before == '#' => octal(out, b"#"),
            other if is_fragile(other) => octal(out, other.encode_utf8(&mut [0; 4]).as_bytes()),
            other => out.push(other),
        }
        before = character;
    }
    out.push_str("')\"");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_if_needed() {
        for (bytes, word) in [
            (&b"connect/TagContact/Tags{key}/length"[..], "connect/TagContact/Tags{key}/length"),
            (b"", "''"),
            (b"a b", "'a b'"),
            (b"it's", "'it'\\''s'"),
            (b"{1..9}", "'{1..9}'"),
            (b"=ls", "'=ls'"),
            ("é日".as_bytes(), "'é日'"),
            (b"##[error]", "'#''#[error]'"),
            (b"a\x1b\n%-!\\'##\xff\xc3", r#""$(printf 'a\033\n%%-\041\\'\''#\043\377\303')""#),
            (b"-\r", r#""$(printf '\055\r')""#),
            (b"a\n", r#"'a'"${IFS#??}""#),
            (b"a\r\n\n", r#""$(printf 'a\r')""${IFS#??}""${IFS#??}""#),
            ("a\u{202e}b".as_bytes(), r#""$(printf 'a\342\200\256b')""#),
        ] {
            assert_eq!(shell_word(bytes).as_deref(), Some(word));
        }
        assert_eq!(shell_word(b"a\0"), None);
    }

    #[test]
    fn long_runs_are_written_by_a_command() {
        let word = |text: String| shell_word(format!("x{text}\"").as_bytes()).expect("a word");
        assert_eq!(word("-".repeat(80)), r#"'x'"$(printf '%80s' | sed 's/ /-/g')"'"'"#);
        assert_eq!(word(" ".repeat(80)), r#"'x'"$(printf '%80s')"'"'"#);
        assert_eq!(word("/".repeat(80)), r#"'x'"$(printf '%80s' | sed 's| |/|g')"'"'"#);
        assert_eq!(word("é".repeat(80)), r#"'x'"$(printf '%80s' | sed 's/ /é/g')"'"'"#);
        assert_eq!(word("!".repeat(80)), format!("'x{}\"'", "!".repeat(80)));
    }
}
