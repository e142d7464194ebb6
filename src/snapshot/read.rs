//! Parses the text of a snapshot.
//!
//! It never guesses: text that it does not understand is rejected with its line.

use super::value::{Form, Held, Line, Mark, Side, Snapshot};
use super::write::{KEPT, LAW, looks_like_a_form};

/// The error returned if a text is not a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct TextError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// Parses the form that [`super::write()`] writes; line ends may be CRLF, and the last one may be missing.
///
/// # Errors
/// Returns an error if the text is anything else, such as a file with conflict markers.
pub fn read(text: &str) -> Result<Snapshot, TextError> {
    let mut snapshot = Snapshot::default();
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let wrong = |line: usize, reason: &str| TextError { line, reason: reason.to_owned() };
    if lines.next().is_none_or(|(_, line)| line.trim_end() != "---") {
        return Err(wrong(1, "a snapshot must begin with `---`"));
    }
    loop {
        match lines.next() {
            None => return Err(wrong(text.lines().count(), "unterminated header: the second `---` is missing")),
            Some((_, line)) if line.trim_end() == "---" => break,
            // All lines are kept, blank ones too: otherwise one would be lost each time the file is written and read.
            Some((_, line)) => snapshot.header.push(line.trim_end_matches('\r').to_owned()),
        }
    }
    let mut form: Option<u32> = None;
    for (number, line) in lines {
        let refused = |reason: String| TextError { line: number, reason };
        if line.trim().is_empty() {
            continue;
        }
        let mut cursor = Cursor { rest: line.trim_start() };
        let indented = line.starts_with(' ');
        match (indented, form) {
            (false, _) if looks_like_a_form(line.trim_end()) => {
                let id = form_number(line.trim_end()).ok_or_else(|| refused("invalid form number".to_owned()))?;
                if snapshot.forms.insert(id, Form::default()).is_some() {
                    return Err(refused(format!("duplicate form `f{id}`")));
                }
                form = Some(id);
            }
            (false, Some(_)) => return Err(refused("unexpected line after the forms".to_owned())),
            (false, None) => {
                let place = cursor.word().map_err(refused)?;
                if snapshot.line(&place).is_some() {
                    return Err(refused(format!("duplicate line `{place}`")));
                }
                snapshot.lines.push(Line {
                    place,
                    sides: sides(&mut cursor).map_err(refused)?,
                    exceptions: Vec::new(),
                });
            }
            (true, None) => {
                let Some(last) = snapshot.lines.last_mut() else {
                    return Err(refused("indented line without a line before it".to_owned()));
                };
                let variant = cursor.word().map_err(refused)?;
                let held = cursor.answer().map_err(refused)?;
                cursor.end().map_err(refused)?;
                last.exceptions.push((variant, held));
            }
            (true, Some(id)) => {
                let entry = (cursor.word().map_err(refused)?, cursor.word().map_err(refused)?);
                cursor.end().map_err(refused)?;
                if let Some(form) = snapshot.forms.get_mut(&id) {
                    form.0.push(entry);
                }
            }
        }
    }
    Ok(snapshot)
}

fn form_number(text: &str) -> Option<u32> {
    text.strip_prefix('f')?.parse().ok()
}

fn sides(cursor: &mut Cursor<'_>) -> Result<Vec<Side>, String> {
    let mut sides = Vec::new();
    while !cursor.rest.trim().is_empty() {
        if !sides.is_empty() && !cursor.eat("·") {
            return Err(format!("expected ` · ` before `{}`", cursor.rest.trim()));
        }
        let word = cursor.word()?;
        let bare = cursor.rest.trim_start();
        sides.push(if word == KEPT && (bare.is_empty() || bare.starts_with('·')) {
            Side { name: LAW.to_owned(), held: kept() }
        } else {
            Side { name: word, held: cursor.answer()? }
        });
    }
    Ok(sides)
}

fn kept() -> Held {
    Held { note: Some(KEPT.to_owned()), ..Held::default() }
}

struct Cursor<'a> {
    rest: &'a str,
}

impl Cursor<'_> {
    fn eat(&mut self, sign: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(sign) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    fn end(&self) -> Result<(), String> {
        if self.rest.trim().is_empty() {
            Ok(())
        } else {
            Err(format!("unexpected `{}` at the end of the line", self.rest.trim()))
        }
    }

    fn word(&mut self) -> Result<String, String> {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('"') {
            return self.quoted();
        }
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        if word.is_empty() || word == "·" { Err("expected a word".to_owned()) } else { Ok(word.to_owned()) }
    }

    fn quoted(&mut self) -> Result<String, String> {
        let mut out = String::new();
        let mut signs = self.rest.char_indices().skip(1);
        while let Some((at, c)) = signs.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(out);
                }
                '\\' => match signs.next() {
                    Some((at, 'u')) => {
                        let code = self.rest[at + 1..].strip_prefix('{').and_then(|code| code.split_once('}'));
                        let c = code.and_then(|(code, _)| char::from_u32(u32::from_str_radix(code, 16).ok()?));
                        out.push(c.ok_or("invalid escape")?);
                        signs.by_ref().find(|(_, c)| *c == '}');
                    }
                    Some((_, c)) => out.push(c),
                    None => break,
                },
                c => out.push(c),
            }
        }
        Err("unterminated quote".to_owned())
    }

    fn answer(&mut self) -> Result<Held, String> {
        let status = self.word()?;
        if status == KEPT {
            return Ok(kept());
        }
        let status = match status.as_str() {
            "-" => None,
            digits => Some(digits.parse().map_err(|_| format!("expected a status or `-`, found `{digits}`"))?),
        };
        let mut held = Held { status, ..Held::default() };
        loop {
            let rest = self.rest.trim_start();
            if rest.is_empty() || rest.starts_with('·') {
                return Ok(held);
            }
            if self.eat("≠ documented ") {
                let end = self.rest.find(" · ").unwrap_or(self.rest.len());
                let (words, rest) = self.rest.split_at(end);
                held.mark = Mark::new(words);
                self.rest = rest;
                return Ok(held);
            }
            if held.note.is_some() {
                return Err(format!("unexpected `{rest}` after the note"));
            }
            if self.eat("(") {
                let note = if self.rest.starts_with('"') {
                    self.quoted()?
                } else {
                    let end = self.rest.find(')').ok_or("missing `)` after the note")?;
                    let (note, rest) = self.rest.split_at(end);
                    self.rest = rest;
                    note.to_owned()
                };
                held.note = Some(note);
                if !self.eat(")") {
                    return Err("missing `)` after the note".to_owned());
                }
                continue;
            }
            let is_quoted = rest.starts_with('"');
            let word = self.word()?;
            match form_number(&word).filter(|_| !is_quoted && looks_like_a_form(&word)) {
                Some(number) if held.form.is_none() => held.form = Some(number),
                None if held.error.is_none() && held.form.is_none() => held.error = Some(word),
                _ => return Err(format!("unexpected `{word}`")),
            }
        }
    }
}
