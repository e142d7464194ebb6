//! Parses the text of a snapshot.
//!
//! It never guesses: text that it does not understand is rejected with its line.

use super::value::{AcceptedResponse, ConstraintLine, ConstraintSide, DocumentedMark, ResponseForm, Snapshot};
use super::write::{KEPT_WORD, LAW_SIDE, is_form_name};

/// The error returned if a text is not a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct SnapshotParseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// Parses the form that [`super::write()`] writes; line ends may be CRLF, and the last one may be missing.
///
/// # Errors
/// Returns an error if the text is anything else, such as a file with conflict markers.
pub fn read(text: &str) -> Result<Snapshot, SnapshotParseError> {
    let mut snapshot = Snapshot::default();
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let wrong = |line: usize, reason: &str| SnapshotParseError { line, reason: reason.to_owned() };
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
        let refused = |reason: String| SnapshotParseError { line: number, reason };
        if line.trim().is_empty() {
            continue;
        }
        let mut cursor = LineCursor { rest: line.trim_start() };
        let indented = line.starts_with(' ');
        match (indented, form) {
            (false, _) if is_form_name(line.trim_end()) => {
                let id = parse_form_number(line.trim_end()).ok_or_else(|| refused("invalid form number".to_owned()))?;
                if snapshot.forms.insert(id, ResponseForm::default()).is_some() {
                    return Err(refused(format!("duplicate form `f{id}`")));
                }
                form = Some(id);
            }
            (false, Some(_)) => return Err(refused("unexpected line after the forms".to_owned())),
            (false, None) => {
                let place = cursor.parse_word().map_err(refused)?;
                if snapshot.line(&place).is_some() {
                    return Err(refused(format!("duplicate line `{place}`")));
                }
                snapshot.lines.push(ConstraintLine {
                    place,
                    sides: parse_sides(&mut cursor).map_err(refused)?,
                    exceptions: Vec::new(),
                });
            }
            (true, None) => {
                let Some(last) = snapshot.lines.last_mut() else {
                    return Err(refused("indented line without a line before it".to_owned()));
                };
                let variant = cursor.parse_word().map_err(refused)?;
                let response = cursor.parse_response().map_err(refused)?;
                cursor.expect_end().map_err(refused)?;
                last.exceptions.push((variant, response));
            }
            (true, Some(id)) => {
                let entry = (cursor.parse_word().map_err(refused)?, cursor.parse_word().map_err(refused)?);
                cursor.expect_end().map_err(refused)?;
                if let Some(form) = snapshot.forms.get_mut(&id) {
                    form.0.push(entry);
                }
            }
        }
    }
    check_forms(&snapshot)
        .map_err(|reason| SnapshotParseError { line: text.lines().count(), reason })
        .map(|()| snapshot)
}

/// Checks that every form that a line mentions is described. The forms are at the end of the file, so they are what is
/// missing if it is cut short.
fn check_forms(snapshot: &Snapshot) -> Result<(), String> {
    let of_sides = snapshot.lines.iter().flat_map(|line| line.sides.iter().map(|side| &side.response));
    let of_exceptions = snapshot.lines.iter().flat_map(|line| line.exceptions.iter().map(|(_, response)| response));
    let mut mentioned = of_sides.chain(of_exceptions).filter_map(|response| response.form);
    match mentioned.find(|number| !snapshot.forms.contains_key(number)) {
        Some(number) => Err(format!("form `f{number}` is not described, so the file is cut short")),
        None => Ok(()),
    }
}

fn parse_form_number(text: &str) -> Option<u32> {
    text.strip_prefix('f')?.parse().ok()
}

fn parse_sides(cursor: &mut LineCursor<'_>) -> Result<Vec<ConstraintSide>, String> {
    let mut sides = Vec::new();
    while !cursor.rest.trim().is_empty() {
        if !sides.is_empty() && !cursor.consume("·") {
            return Err(format!("expected ` · ` before `{}`", cursor.rest.trim()));
        }
        let word = cursor.parse_word()?;
        let bare = cursor.rest.trim_start();
        sides.push(if word == KEPT_WORD && (bare.is_empty() || bare.starts_with('·')) {
            ConstraintSide { name: LAW_SIDE.to_owned(), response: kept_response() }
        } else {
            ConstraintSide { name: word, response: cursor.parse_response()? }
        });
    }
    Ok(sides)
}

fn kept_response() -> AcceptedResponse {
    AcceptedResponse { note: Some(KEPT_WORD.to_owned()), ..AcceptedResponse::default() }
}

struct LineCursor<'a> {
    rest: &'a str,
}

impl LineCursor<'_> {
    fn consume(&mut self, sign: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(sign) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    fn expect_end(&self) -> Result<(), String> {
        if self.rest.trim().is_empty() {
            Ok(())
        } else {
            Err(format!("unexpected `{}` at the end of the line", self.rest.trim()))
        }
    }

    fn parse_word(&mut self) -> Result<String, String> {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('"') {
            return self.parse_quoted();
        }
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        if word.is_empty() || word == "·" { Err("expected a word".to_owned()) } else { Ok(word.to_owned()) }
    }

    fn parse_quoted(&mut self) -> Result<String, String> {
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

    fn parse_response(&mut self) -> Result<AcceptedResponse, String> {
        let status = self.parse_word()?;
        if status == KEPT_WORD {
            return Ok(kept_response());
        }
        let status = match status.as_str() {
            "-" => None,
            digits => Some(digits.parse().map_err(|_| format!("expected a status or `-`, found `{digits}`"))?),
        };
        let mut response = AcceptedResponse { status, ..AcceptedResponse::default() };
        loop {
            let rest = self.rest.trim_start();
            if rest.is_empty() || rest.starts_with('·') {
                return Ok(response);
            }
            if self.consume("≠ documented ") {
                let end = self.rest.find(" · ").unwrap_or(self.rest.len());
                let (words, rest) = self.rest.split_at(end);
                response.mark = DocumentedMark::new(words);
                self.rest = rest;
                return Ok(response);
            }
            if response.note.is_some() {
                return Err(format!("unexpected `{rest}` after the note"));
            }
            if self.consume("(") {
                let note = if self.rest.starts_with('"') {
                    self.parse_quoted()?
                } else {
                    let end = self.rest.find(')').ok_or("missing `)` after the note")?;
                    let (note, rest) = self.rest.split_at(end);
                    self.rest = rest;
                    note.to_owned()
                };
                response.note = Some(note);
                if !self.consume(")") {
                    return Err("missing `)` after the note".to_owned());
                }
                continue;
            }
            let is_quoted = rest.starts_with('"');
            let word = self.parse_word()?;
            match parse_form_number(&word).filter(|_| !is_quoted && is_form_name(&word)) {
                Some(number) if response.form.is_none() => response.form = Some(number),
                None if response.error.is_none() && response.form.is_none() => response.error = Some(word),
                _ => return Err(format!("unexpected `{word}`")),
            }
        }
    }
}
