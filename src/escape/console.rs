//! Writes text for terminals and for the logs of CI jobs, which terminals and runners interpret.
//!
//! It never removes anything: what must not act is shown as `\u{1b}`, or `\x{ff}` for a byte that is not UTF-8.

use super::is_deceptive;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Size at which an unfinished line is written.
const MAX_PENDING_BYTES: usize = 1 << 16;

/// Escapes every deceptive character, line breaks and tabs included, so that the text stays on its line.
pub fn escape_text(text: &str) -> String {
    if !text.chars().any(is_deceptive) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_deceptive(character) {
            let _ = write!(out, "{}", character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

/// Escapes a text that is a whole line of a log: as [`escape_text`], and so that no runner takes it for a command.
///
/// GitHub's runner, and those that follow it, obey a line that begins with `::` after any whitespace, and `##[name]`
/// anywhere in a line; Azure's obeys `##vso[`, TeamCity `##teamcity[`.
pub fn escape_line(text: &str) -> String {
    let escaped = escape_text(text);
    let mut out = Vec::with_capacity(escaped.len());
    filter_line(escaped.as_bytes(), true, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// A writer for terminals and logs that lets nothing act but line breaks, tabs and the colours of overstep.
///
/// It is the last line of defence behind [`escape_text`]: every text output is written through it, so a value that was
/// not escaped can neither control a terminal nor give a runner a command. What it cannot do is tell a line break
/// inside a value from the end of a line.
pub struct ConsoleWriter<W: Write> {
    writer: W,
    line: Vec<u8>,
    /// Whether nothing but whitespace of the current line has been written.
    is_line_start: bool,
}

impl<W: Write> ConsoleWriter<W> {
    /// Creates a writer in front of another.
    pub fn new(writer: W) -> Self {
        Self { writer, line: Vec::new(), is_line_start: true }
    }

    fn write_pending(&mut self) -> io::Result<()> {
        if self.line.is_empty() {
            return Ok(());
        }
        let line = std::mem::take(&mut self.line);
        let (text, end) = match line.strip_suffix(b"\n") {
            Some(text) => (text, &b"\n"[..]),
            None => (&line[..], &b""[..]),
        };
        let mut out = Vec::with_capacity(line.len() + 16);
        self.is_line_start = filter_line(text, self.is_line_start, &mut out) || !end.is_empty();
        out.extend_from_slice(end);
        self.writer.write_all(&out)
    }
}

impl<W: Write> Write for ConsoleWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.line.len() > MAX_PENDING_BYTES {
                self.write_pending()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_pending()?;
        self.writer.flush()
    }
}

impl<W: Write> Drop for ConsoleWriter<W> {
    fn drop(&mut self) {
        let _ = self.write_pending();
    }
}

/// A part of a line.
enum LinePart<'l> {
    /// A sequence that sets colours and weight.
    Style(&'l str),
    Character(char),
    /// A byte that is not UTF-8.
    Byte(u8),
}

/// Appends the line with everything escaped that could act. Returns true if all of it is whitespace.
fn filter_line(line: &[u8], is_start: bool, out: &mut Vec<u8>) -> bool {
    let is_plain = |bytes: &[u8]| bytes.iter().fold(true, |plain, byte| plain & (b' '..=b'~').contains(byte));
    if is_plain(line) && !line.windows(2).any(|pair| matches!(pair, b"::" | b"##")) {
        out.extend_from_slice(line);
        return is_start && line.iter().all(|byte| *byte == b' ');
    }
    let parts = split_line(line);
    // Styles are removed if the output is not a terminal, so they do not separate characters.
    let visible: Vec<usize> = (0..parts.len()).filter(|index| !matches!(parts[*index], LinePart::Style(_))).collect();
    let character = |at: usize| match visible.get(at).map(|index| &parts[*index]) {
        Some(LinePart::Character(character)) => Some(*character),
        _ => None,
    };
    let mut defused = Vec::new();
    let mut only_space = is_start;
    for (at, index) in visible.iter().enumerate() {
        let is_command = match character(at) {
            Some(':') => only_space && character(at + 1) == Some(':'),
            Some('#') if at > 0 && character(at - 1) == Some('#') => {
                let name = (at + 1..).map_while(character).take_while(char::is_ascii_alphanumeric).count();
                character(at + 1 + name) == Some('[')
            }
            _ => false,
        };
        if is_command {
            defused.push(*index);
        }
        only_space &= character(at).is_some_and(char::is_whitespace);
    }
    for (index, part) in parts.iter().enumerate() {
        match part {
            LinePart::Style(text) => out.extend_from_slice(text.as_bytes()),
            LinePart::Byte(byte) => out.extend_from_slice(format!("\\x{{{byte:x}}}").as_bytes()),
            LinePart::Character(character) => {
                if defused.binary_search(&index).is_ok() || is_deceptive(*character) && *character != '\t' {
                    out.extend_from_slice(character.escape_unicode().to_string().as_bytes());
                } else {
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
    }
    only_space
}

fn split_line(line: &[u8]) -> Vec<LinePart<'_>> {
    let mut parts = Vec::with_capacity(line.len());
    for chunk in line.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(character) = rest.chars().next() {
            let length = match style_length(rest) {
                Some(length) => {
                    parts.push(LinePart::Style(&rest[..length]));
                    length
                }
                None => {
                    parts.push(LinePart::Character(character));
                    character.len_utf8()
                }
            };
            rest = &rest[length..];
        }
        parts.extend(chunk.invalid().iter().map(|byte| LinePart::Byte(*byte)));
    }
    parts
}

/// Returns the length of the sequence `ESC [ … m` at the beginning of the text, unless it hides what follows.
fn style_length(text: &str) -> Option<usize> {
    const CONCEAL: &str = "8";
    let parameters = text.strip_prefix("\u{1b}[")?;
    let end = parameters.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    let is_style = parameters[end..].starts_with('m') && !parameters[..end].split(';').any(|one| one == CONCEAL);
    is_style.then_some("\u{1b}[".len() + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(pieces: &[&[u8]]) -> String {
        let mut out = Vec::new();
        let mut writer = ConsoleWriter::new(&mut out);
        pieces.iter().for_each(|piece| writer.write_all(piece).expect("a vector takes all"));
        drop(writer);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn text_stays_on_its_line() {
        assert_eq!(escape_text("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(escape_text("\u{202e}x\r\n\u{feff}"), "\\u{202e}x\\u{d}\\u{a}\\u{feff}");
        assert_eq!(escape_line("::error::x\u{9b}"), "\\u{3a}:error::x\\u{9b}");
        assert_eq!(escape_text("plain é 日本 🎉"), "plain é 日本 🎉");
    }

    #[test]
    fn runner_commands_are_defused() {
        for (line, shown) in [
            ("::stop-commands::x", "\\u{3a}:stop-commands::x"),
            ("  \t::error::x", "  \t\\u{3a}:error::x"),
            ("\u{3000}::error::x", "\u{3000}\\u{3a}:error::x"),
            ("\u{1b}[2m  \u{1b}[0m:\u{1b}[1m:error::", "\u{1b}[2m  \u{1b}[0m\\u{3a}\u{1b}[1m:error::"),
            ("a ##[add-mask]x", "a #\\u{23}[add-mask]x"),
            ("##vso[task.setvariable]x", "#\\u{23}vso[task.setvariable]x"),
            ("###teamcity[x", "##\\u{23}teamcity[x"),
            ("std::string ## heading [x]", "std::string ## heading [x]"),
            ("x::y", "x::y"),
        ] {
            assert_eq!(written(&[line.as_bytes(), b"\n"]), format!("{shown}\n"), "{line:?}");
        }
    }

    #[test]
    fn a_command_in_pieces_is_defused() {
        assert_eq!(written(&[b"x\n  ", b":", b":error", b"::\n#", b"#", b"[x]"]), "x\n  \\u{3a}:error::\n#\\u{23}[x]");
    }

    #[test]
    fn a_prompt_is_written_when_it_is_flushed() {
        let mut out = Vec::new();
        let mut writer = ConsoleWriter::new(&mut out);
        writer.write_all(b"sure? ").expect("taken");
        writer.flush().expect("flushed");
        writer.write_all(b":: no\n").expect("taken");
        writer.flush().expect("flushed");
        drop(writer);
        assert_eq!(out, b"sure? :: no\n");
    }

    #[test]
    fn styles_pass_and_other_sequences_are_shown() {
        assert_eq!(written(&[b"\x1b[1;31mx\x1b[0m"]), "\u{1b}[1;31mx\u{1b}[0m");
        assert_eq!(written(&[b"\x1b[8mx\x1b[0;8m"]), "\\u{1b}[8mx\\u{1b}[0;8m");
        assert_eq!(written(&[b"\x1b]0;t\x07\x1b[2J\xff\xc3"]), "\\u{1b}]0;t\\u{7}\\u{1b}[2J\\x{ff}\\x{c3}");
    }

    proptest! {
        #[test]
        fn nothing_that_acts_is_written(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = written(&[&bytes]);
            for line in text.lines() {
                let plain = anstyle_free(line);
                prop_assert!(!plain.chars().any(|c| is_deceptive(c) && c != '\t'), "{plain:?}");
                prop_assert!(!plain.trim_start().starts_with("::"), "{plain:?}");
                prop_assert!(!plain.contains("##["), "{plain:?}");
            }
        }
    }

    /// Removes styles.
    fn anstyle_free(line: &str) -> String {
        let mut out = String::new();
        let mut rest = line;
        while let Some(character) = rest.chars().next() {
            let length = style_length(rest);
            if length.is_none() {
                out.push(character);
            }
            rest = &rest[length.unwrap_or(character.len_utf8())..];
        }
        out
    }
}
