//! Translates patterns of the documented dialect (Java's) to ECMAScript's.
//!
//! Never guesses: a construct that the two dialects interpret differently is spelled out, or is an error.

use super::character_class::translate_class;
use super::escape::translate_escape;
use super::pattern_error::JavaPatternError;
use regress::Flags;

pub(super) struct TranslatedPattern {
    pub pattern: String,
    pub flags: Flags,
}

/// Translates a Java pattern to ECMAScript.
///
/// ECMAScript in unicode mode rejects every escape and every brace without a meaning, where Java ignores them.
/// Constructs that the two engines might interpret differently (`\\d`, `&&`, a hyphen in a class) are spelled out.
pub(super) fn translate_pattern(java: &str) -> Result<TranslatedPattern, JavaPatternError> {
    let (flags, body) = split_leading_flags(java)?;
    let mut translator = JavaTranslator {
        source: body.chars().collect(),
        at: 0,
        out: String::with_capacity(java.len() + 16),
        groups: vec![OpenGroup { enabled_flags: Vec::new(), dot_all: flags.dot_all }],
    };
    while let Some(&c) = translator.source.get(translator.at) {
        translator.translate_next(c)?;
    }
    Ok(TranslatedPattern { pattern: translator.finish(), flags })
}

/// Splits a pattern into the flags that it begins with, `(?i)`, and the rest.
fn split_leading_flags(java: &str) -> Result<(Flags, &str), JavaPatternError> {
    let mut flags = Flags::default();
    let Some(body) = java.strip_prefix("(?") else { return Ok((flags, java)) };
    let Some(end) = body.find(')') else { return Ok((flags, java)) };
    if end == 0 || !body[..end].chars().all(|c| "imsuxdU".contains(c)) {
        return Ok((flags, java));
    }
    for flag in body[..end].chars() {
        match flag {
            'i' => flags.icase = true,
            'm' => flags.multiline = true,
            's' => flags.dot_all = true,
            'x' => return Err("comment mode is not supported".into()),
            _ => {}
        }
    }
    Ok((flags, &body[end + 1..]))
}

/// A translation in progress.
struct JavaTranslator {
    source: Vec<char>,
    /// The position of the next character to translate.
    at: usize,
    out: String,
    /// The groups around the position, outermost first; the first one is the whole pattern.
    groups: Vec<OpenGroup>,
}

impl JavaTranslator {
    /// Translates the construct that starts with `c` at the current position.
    fn translate_next(&mut self, c: char) -> Result<(), JavaPatternError> {
        match c {
            '(' => self.open_group()?,
            '|' => self.start_alternative(),
            ')' => self.close_group(),
            '\\' => self.at = translate_escape(&self.source, self.at, &mut self.out, false)?,
            '[' => self.at = translate_class(&self.source, self.at, &mut self.out)?,
            '{' => self.translate_brace()?,
            ']' | '}' => {
                self.out.push('\\');
                self.push(c);
            }
            '*' | '+' | '?' => {
                self.push(c);
                self.skip_possessive();
            }
            '.' if !self.dot_matches_all() => {
                self.out.push_str("[^\\n\\r\\u0085\\u2028\\u2029]");
                self.at += 1;
            }
            _ => self.push(c),
        }
        Ok(())
    }

    fn push(&mut self, c: char) {
        self.out.push(c);
        self.at += 1;
    }

    fn dot_matches_all(&self) -> bool {
        self.groups.last().is_some_and(|group| group.dot_all)
    }

    fn open_group(&mut self) -> Result<(), JavaPatternError> {
        if let Some((flags, end)) = parse_flag_switch(&self.source, self.at)? {
            // The flags apply until the end of the group, in all of its alternatives.
            self.out.push_str(&format!("(?{flags}:"));
            if let Some(group) = self.groups.last_mut() {
                group.dot_all |= flags.contains('s');
                group.enabled_flags.push(flags);
            }
            self.at = end;
            return Ok(());
        }
        let rest = &self.source[self.at..];
        let dot_all = parse_dot_all_flag(rest).unwrap_or(self.dot_matches_all());
        let (length, translation) = match () {
            () if rest.starts_with(&['(', '?', '>']) => (3, "(?:"),
            () if rest.starts_with(&['(', '?', 'P', '<']) => (4, "(?<"),
            () => (1, "("),
        };
        self.groups.push(OpenGroup { enabled_flags: Vec::new(), dot_all });
        self.out.push_str(translation);
        self.at += length;
        Ok(())
    }

    /// Closes the groups of the enabled flags, and opens them again in the next alternative.
    fn start_alternative(&mut self) {
        let enabled = self.groups.last().map_or(&[][..], |group| &group.enabled_flags);
        self.out.extend(enabled.iter().map(|_| ')'));
        self.out.push('|');
        enabled.iter().for_each(|flags| self.out.push_str(&format!("(?{flags}:")));
        self.at += 1;
    }

    fn close_group(&mut self) {
        let group = if self.groups.len() > 1 { self.groups.pop() } else { None };
        self.out.extend(group.iter().flat_map(|group| &group.enabled_flags).map(|_| ')'));
        self.push(')');
    }

    fn translate_brace(&mut self) -> Result<(), JavaPatternError> {
        match parse_quantifier(&self.source, self.at)? {
            Some(end) => {
                self.out.extend(&self.source[self.at..end]);
                self.at = end;
                self.skip_possessive();
            }
            None => {
                self.out.push_str("\\{");
                self.at += 1;
            }
        }
        Ok(())
    }

    /// Skips the `+` of a possessive quantifier. It would change the result only where backtracking matters;
    /// documents use it for speed.
    fn skip_possessive(&mut self) {
        if self.source.get(self.at) == Some(&'+') {
            self.at += 1;
        }
    }

    /// Closes the groups that are still open because of flags, and returns the translation.
    fn finish(mut self) -> String {
        self.out.extend(self.groups.iter().flat_map(|group| &group.enabled_flags).map(|_| ')'));
        self.out
    }
}

/// An open group, or the whole pattern.
struct OpenGroup {
    /// The flags that are enabled inside the group, `(?i)`; each becomes a group of its own in ECMAScript.
    enabled_flags: Vec<String>,
    /// Whether `.` also matches line terminators.
    dot_all: bool,
}

/// Returns the `s` flag that a group sets for its contents, `(?s-i:…)`.
fn parse_dot_all_flag(group: &[char]) -> Option<bool> {
    let inside = group.strip_prefix(&['(', '?'])?;
    let (flags, rest) = inside.split_at(inside.iter().take_while(|c| "ims-".contains(**c)).count());
    let place = flags.iter().position(|c| *c == 's').filter(|_| rest.first() == Some(&':'))?;
    Some(!flags[..place].contains(&'-'))
}

/// Parses `(?i)` inside a pattern; returns the flags that ECMAScript supports, and the end position.
fn parse_flag_switch(source: &[char], at: usize) -> Result<Option<(String, usize)>, JavaPatternError> {
    let Some(inside) = source[at..].strip_prefix(&['(', '?']) else { return Ok(None) };
    let length = inside.iter().take_while(|c| "imsuxdU".contains(**c)).count();
    if length == 0 || inside.get(length) != Some(&')') {
        return Ok(None);
    }
    if inside[..length].contains(&'x') {
        return Err("comment mode is not supported".into());
    }
    let flags: String = inside[..length].iter().filter(|c| "ims".contains(**c)).collect();
    if flags.is_empty() {
        return Err("flags inside the pattern that ECMAScript does not support".into());
    }
    Ok(Some((flags, at + 2 + length + 1)))
}

/// Returns the end of the quantifier that starts at `{`, if it is one.
///
/// # Errors
/// Returns an error if only some engines treat it as a quantifier, such as `{,2}`.
fn parse_quantifier(source: &[char], at: usize) -> Result<Option<usize>, JavaPatternError> {
    let inside: Vec<char> = source[at + 1..].iter().copied().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    let end = at + 1 + inside.len();
    if inside.is_empty() || source.get(end) != Some(&'}') {
        return Ok(None);
    }
    if inside[0] == ',' || inside.iter().filter(|c| **c == ',').count() > 1 {
        return Err("a repetition that engines interpret differently".into());
    }
    Ok(Some(end + 1))
}
