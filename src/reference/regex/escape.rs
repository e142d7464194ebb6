//! Translates the escapes of Java patterns, inside and outside of classes.
//!
//! Never reads beyond one escape.

use super::pattern_error::JavaPatternError;

const WHITE_SPACE_RANGES: &str = "\\t\\n\\x0B\\f\\r ";

const DIGIT_RANGES: &str = "0-9";

const WORD_RANGES: &str = "A-Za-z0-9_";

/// Returns the ranges of one of Java's named ASCII classes.
pub(super) fn posix_class_ranges(name: &str) -> Option<&'static str> {
    Some(match name {
        "Lower" | "lower" => "a-z",
        "Upper" | "upper" => "A-Z",
        "ASCII" => "\\x00-\\x7F",
        "Alpha" | "alpha" => "a-zA-Z",
        "Digit" | "digit" => "0-9",
        "Alnum" | "alnum" => "a-zA-Z0-9",
        "Punct" | "punct" => "!-\\/:-@\\[-`{-~",
        "Graph" | "graph" => "!-~",
        "Print" | "print" => "\\x20-~",
        "Blank" | "blank" => " \\t",
        "Cntrl" | "cntrl" => "\\x00-\\x1F\\x7F",
        "XDigit" | "xdigit" => "0-9a-fA-F",
        "Space" | "space" => WHITE_SPACE_RANGES,
        _ => return None,
    })
}

/// Translates the escape that starts at `at`, and returns its end.
pub(super) fn translate_escape(
    source: &[char],
    at: usize,
    out: &mut String,
    in_class: bool,
) -> Result<usize, JavaPatternError> {
    let Some(&c) = source.get(at + 1) else { return Err("a trailing backslash".into()) };
    let after = at + 2;
    match c {
        'Q' => return Ok(translate_quotation(source, after, out, in_class)),
        'p' | 'P' => return translate_property(source, after, out, (in_class, c == 'P')),
        'x' if source.get(after) == Some(&'{') => return translate_code_point(source, after, out),
        '0' => return Ok(translate_octal(source, after, out)),
        _ => {}
    }
    if let Some((ranges, is_negated)) = predefined_class(c, in_class) {
        push_ranges(out, ranges, in_class, is_negated)?;
    } else if let Some(translation) = simple_translation(c, in_class) {
        out.push_str(translation);
    } else if is_same_in_ecmascript(c, in_class) {
        out.extend(['\\', c]);
    } else if c.is_ascii_alphanumeric() {
        return Err(format!("`\\{c}` is not supported by ECMAScript").into());
    } else {
        push_quoted(c, out, in_class);
    }
    Ok(after)
}

/// Returns the ranges of the predefined class `\c`, and whether the class is their complement.
fn predefined_class(c: char, in_class: bool) -> Option<(&'static str, bool)> {
    Some(match c {
        'd' => (DIGIT_RANGES, false),
        'w' => (WORD_RANGES, false),
        's' => (WHITE_SPACE_RANGES, false),
        'h' => (" \\t\\xA0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000", false),
        'v' => ("\\n\\x0B\\f\\r\\x85\\u2028\\u2029", false),
        // Inside a class, the complement is spelled out.
        'D' if in_class => ("\\x00-\\x2F:-\\u{10FFFF}", false),
        'W' if in_class => ("\\x00-\\x2F:-@\\x5B-\\x5E\\x60\\x7B-\\u{10FFFF}", false),
        // Everything except Java's six `\s` characters; ECMAScript's `\s` has more.
        'S' if in_class => ("\\x00-\\x08\\x0E-\\x1F!-\\u{10FFFF}", false),
        'D' => (DIGIT_RANGES, true),
        'W' => (WORD_RANGES, true),
        'S' => (WHITE_SPACE_RANGES, true),
        _ => return None,
    })
}

fn push_ranges(out: &mut String, ranges: &str, in_class: bool, is_negated: bool) -> Result<(), JavaPatternError> {
    match (in_class, is_negated) {
        (true, true) => return Err("a negated class inside a class".into()),
        (true, false) => out.push_str(ranges),
        (false, false) => *out += &format!("[{ranges}]"),
        (false, true) => *out += &format!("[^{ranges}]"),
    }
    Ok(())
}

/// Returns the translation of an anchor or control character that ECMAScript writes differently.
fn simple_translation(c: char, in_class: bool) -> Option<&'static str> {
    match c {
        'A' if !in_class => Some("^"),
        'z' if !in_class => Some("$"),
        'Z' if !in_class => Some("(?=\\n?$)"),
        'a' => Some("\\x07"),
        'e' => Some("\\x1B"),
        _ => None,
    }
}

/// Returns true if both dialects write the escape in the same way.
fn is_same_in_ecmascript(c: char, in_class: bool) -> bool {
    matches!(c, 'f' | 'n' | 'r' | 't' | 'x' | 'u' | 'k') || !in_class && matches!(c, 'b' | 'B' | '1'..='9')
}

/// Translates `\Q…\E`, whose text begins at `start`.
fn translate_quotation(source: &[char], start: usize, out: &mut String, in_class: bool) -> usize {
    let end = source[start..].windows(2).position(|two| two == ['\\', 'E']).map_or(source.len(), |p| start + p);
    for &quoted in &source[start..end] {
        push_quoted(quoted, out, in_class);
    }
    (end + 2).min(source.len())
}

/// Translates a property such as `\p{Alpha}` or `\PL`, whose name begins at `start`.
fn translate_property(
    source: &[char],
    start: usize,
    out: &mut String,
    (in_class, is_negated): (bool, bool),
) -> Result<usize, JavaPatternError> {
    let (name, end) = match source.get(start) {
        Some('{') => {
            let close = source[start..].iter().position(|c| *c == '}').ok_or("an unclosed property name")?;
            (source[start + 1..start + close].iter().collect::<String>(), start + close + 1)
        }
        Some(letter) => (letter.to_string(), start + 1),
        None => return Err("a property without a name".into()),
    };
    if let Some(ranges) = posix_class_ranges(&name) {
        push_ranges(out, ranges, in_class, is_negated)?;
        return Ok(end);
    }
    let name = match name.strip_prefix("Is") {
        Some(known) if known.eq_ignore_ascii_case("whitespace") => "White_Space".to_owned(),
        Some(script) if script.len() > 2 && script != "Alphabetic" && script != "White_Space" => {
            format!("Script={script}")
        }
        Some(known) => known.to_owned(),
        None => name,
    };
    *out += &format!("\\{}{{{name}}}", if is_negated { 'P' } else { 'p' });
    Ok(end)
}

/// Translates `\x{…}`, whose brace is at `start`.
fn translate_code_point(source: &[char], start: usize, out: &mut String) -> Result<usize, JavaPatternError> {
    let close = source[start..].iter().position(|c| *c == '}').ok_or("an unclosed code point")?;
    let digits: String = source[start + 1..start + close].iter().collect();
    *out += &format!("\\u{{{digits}}}");
    Ok(start + close + 1)
}

/// Translates an octal number such as `\012`, whose digits begin at `start`.
fn translate_octal(source: &[char], start: usize, out: &mut String) -> usize {
    let digits: String = source[start..].iter().take(3).take_while(|c| ('0'..='7').contains(*c)).collect();
    let code = u32::from_str_radix(&digits, 8).unwrap_or(0);
    *out += &format!("\\u{{{code:x}}}");
    start + digits.len()
}

fn push_quoted(c: char, out: &mut String, in_class: bool) {
    if in_class { push_class_literal(c, out) } else { push_literal(c, out) }
}

fn push_literal(c: char, out: &mut String) {
    if "^$\\.*+?()[]{}|/".contains(c) {
        out.push('\\');
    }
    out.push(c);
}

pub(super) fn push_class_literal(c: char, out: &mut String) {
    match c {
        '[' | ']' | '^' | '\\' | '-' => out.extend(['\\', c]),
        // In other dialects a double `&` or `~` is an operator.
        '&' => out.push_str("\\x26"),
        '~' => out.push_str("\\x7E"),
        _ => out.push(c),
    }
}
