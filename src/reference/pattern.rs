//! Compiles patterns of the documented dialect (Java's) for an ECMAScript engine.
//!
//! Translates the constructs that the two dialects write differently. Never guesses: a pattern that cannot be
//! translated is an error, and the constraint is then not checked (see
//! [`super::ReferenceService::untranslated_patterns`]).
//!
//! An unanchored pattern may match anywhere, as written; `$` is the very end of the text.

use super::bounded_regex::BoundedRegex;
use regress::{Flags, Regex};

/// Reason why a pattern cannot be translated or compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct PatternError(String);

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct JavaPattern {
    regex: Regex,
    /// The replacement for a pattern that might run forever on a long text.
    bounded: Option<BoundedRegex>,
}

impl JavaPattern {
    pub(super) fn new(java: &str, ignore_case: bool) -> Result<Self, PatternError> {
        let translation = translate_pattern(java).map_err(PatternError)?;
        let flags = Flags { icase: translation.flags.icase || ignore_case, unicode: true, ..translation.flags };
        let regex = Regex::with_flags(&translation.pattern, flags).map_err(|error| PatternError(error.to_string()))?;
        Ok(Self { regex, bounded: BoundedRegex::new(&translation.pattern, flags) })
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        let bounded = self.bounded.as_ref().and_then(|bounded| bounded.is_match(text));
        bounded.unwrap_or_else(|| self.regex.find(text).is_some())
    }

    /// Returns the results of both engines.
    #[cfg(test)]
    pub(super) fn match_with_both_engines(&self, text: &str) -> (Option<bool>, bool) {
        (self.bounded.as_ref().and_then(|bounded| bounded.is_match(text)), self.regex.find(text).is_some())
    }
}

struct TranslatedPattern {
    pattern: String,
    flags: Flags,
}

/// Translates a Java pattern to ECMAScript.
///
/// ECMAScript in unicode mode rejects every escape and every brace without a meaning, where Java ignores them.
/// Constructs that the two engines might interpret differently (`\\d`, `&&`, a hyphen in a class) are spelled out.
fn translate_pattern(java: &str) -> Result<TranslatedPattern, String> {
    let mut flags = Flags::default();
    let mut out = String::with_capacity(java.len() + 16);
    let source: Vec<char> = if let Some(body) = java.strip_prefix("(?")
        && let Some(end) = body.find(')')
        && end > 0
        && body[..end].chars().all(|c| "imsuxdU".contains(c))
    {
        for flag in body[..end].chars() {
            match flag {
                'i' => flags.icase = true,
                'm' => flags.multiline = true,
                's' => flags.dot_all = true,
                'x' => return Err("comment mode is not supported".to_owned()),
                _ => {}
            }
        }
        body[end + 1..].chars().collect()
    } else {
        java.chars().collect()
    };
    let mut at = 0;
    let mut groups = vec![OpenGroup { enabled_flags: Vec::new(), dot_all: flags.dot_all }];
    while at < source.len() {
        let c = source[at];
        match c {
            '(' if let Some((switched, end)) = parse_flag_switch(&source, at)? => {
                // The flags apply until the end of the group, in all of its alternatives.
                out.push_str(&format!("(?{switched}:"));
                if let Some(group) = groups.last_mut() {
                    group.dot_all |= switched.contains('s');
                    group.enabled_flags.push(switched);
                }
                at = end;
            }
            '|' => {
                let switched = groups.last().map_or(&[][..], |group| &group.enabled_flags);
                out.extend(switched.iter().map(|_| ')'));
                out.push('|');
                switched.iter().for_each(|flags| out.push_str(&format!("(?{flags}:")));
                at += 1;
            }
            ')' => {
                let group = if groups.len() > 1 { groups.pop() } else { None };
                out.extend(group.iter().flat_map(|group| &group.enabled_flags).map(|_| ')'));
                out.push(')');
                at += 1;
            }
            '\\' => at = translate_escape(&source, at, &mut out, false)?,
            '[' => at = translate_class(&source, at, &mut out)?,
            ']' | '}' => {
                out.push('\\');
                out.push(c);
                at += 1;
            }
            '{' => match parse_quantifier(&source, at)? {
                Some(end) => {
                    out.extend(&source[at..end]);
                    at = skip_possessive(&source, end);
                }
                None => {
                    out.push_str("\\{");
                    at += 1;
                }
            },
            '*' | '+' | '?' => {
                out.push(c);
                at = skip_possessive(&source, at + 1);
            }
            '.' if !groups.last().is_some_and(|group| group.dot_all) => {
                out.push_str("[^\\n\\r\\u0085\\u2028\\u2029]");
                at += 1;
            }
            '(' => {
                let around = groups.last().is_some_and(|group| group.dot_all);
                let own = parse_dot_all_flag(&source[at..]);
                groups.push(OpenGroup { enabled_flags: Vec::new(), dot_all: own.unwrap_or(around) });
                let (said, written) = match () {
                    () if source[at..].starts_with(&['(', '?', '>']) => (3, "(?:"),
                    () if source[at..].starts_with(&['(', '?', 'P', '<']) => (4, "(?<"),
                    () => (1, "("),
                };
                out.push_str(written);
                at += said;
            }
            _ => {
                out.push(c);
                at += 1;
            }
        }
    }
    out.extend(groups.iter().flat_map(|group| &group.enabled_flags).map(|_| ')'));
    Ok(TranslatedPattern { pattern: out, flags })
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
fn parse_flag_switch(source: &[char], at: usize) -> Result<Option<(String, usize)>, String> {
    let Some(inside) = source[at..].strip_prefix(&['(', '?']) else { return Ok(None) };
    let length = inside.iter().take_while(|c| "imsuxdU".contains(**c)).count();
    if length == 0 || inside.get(length) != Some(&')') {
        return Ok(None);
    }
    if inside[..length].contains(&'x') {
        return Err("comment mode is not supported".to_owned());
    }
    let flags: String = inside[..length].iter().filter(|c| "ims".contains(**c)).collect();
    if flags.is_empty() {
        return Err("flags inside the pattern that ECMAScript does not support".to_owned());
    }
    Ok(Some((flags, at + 2 + length + 1)))
}

/// Returns the end of the quantifier that starts at `{`, if it is one.
///
/// # Errors
/// Returns an error if only some engines treat it as a quantifier, such as `{,2}`.
fn parse_quantifier(source: &[char], at: usize) -> Result<Option<usize>, String> {
    let inside: Vec<char> = source[at + 1..].iter().copied().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    let end = at + 1 + inside.len();
    if inside.is_empty() || source.get(end) != Some(&'}') {
        return Ok(None);
    }
    if inside[0] == ',' || inside.iter().filter(|c| **c == ',').count() > 1 {
        return Err("a repetition that engines interpret differently".to_owned());
    }
    Ok(Some(end + 1))
}

/// Skips the `+` of a possessive quantifier. It would change the result only where backtracking matters; documents
/// use it for speed.
fn skip_possessive(source: &[char], at: usize) -> usize {
    if source.get(at) == Some(&'+') { at + 1 } else { at }
}

const WHITE_SPACE_RANGES: &str = "\\t\\n\\x0B\\f\\r ";
const DIGIT_RANGES: &str = "0-9";
const WORD_RANGES: &str = "A-Za-z0-9_";

/// Returns the ranges of one of Java's named ASCII classes.
fn posix_class_ranges(name: &str) -> Option<&'static str> {
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
fn translate_escape(source: &[char], at: usize, out: &mut String, in_class: bool) -> Result<usize, String> {
    let Some(&c) = source.get(at + 1) else { return Err("a trailing backslash".to_owned()) };
    let after = at + 2;
    let ranges = |out: &mut String, ranges: &str, negated: bool| {
        if in_class && negated {
            return Err("a negated class inside a class".to_owned());
        }
        match (in_class, negated) {
            (true, _) => out.push_str(ranges),
            (false, false) => *out += &format!("[{ranges}]"),
            (false, true) => *out += &format!("[^{ranges}]"),
        }
        Ok(())
    };
    match c {
        'f' | 'n' | 'r' | 't' => {
            out.push('\\');
            out.push(c);
        }
        'd' => ranges(out, DIGIT_RANGES, false)?,
        'D' if in_class => out.push_str("\\x00-\\x2F:-\\u{10FFFF}"),
        'D' => ranges(out, DIGIT_RANGES, true)?,
        'w' => ranges(out, WORD_RANGES, false)?,
        'W' if in_class => out.push_str("\\x00-\\x2F:-@\\x5B-\\x5E\\x60\\x7B-\\u{10FFFF}"),
        'W' => ranges(out, WORD_RANGES, true)?,
        's' => ranges(out, WHITE_SPACE_RANGES, false)?,
        // Everything except Java's six `\s` characters; ECMAScript's `\s` has more.
        'S' if in_class => out.push_str("\\x00-\\x08\\x0E-\\x1F!-\\u{10FFFF}"),
        'S' => ranges(out, WHITE_SPACE_RANGES, true)?,
        'h' => ranges(out, " \\t\\xA0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000", false)?,
        'v' => ranges(out, "\\n\\x0B\\f\\r\\x85\\u2028\\u2029", false)?,
        'b' | 'B' if !in_class => {
            out.push('\\');
            out.push(c);
        }
        'A' if !in_class => out.push('^'),
        'z' if !in_class => out.push('$'),
        'Z' if !in_class => out.push_str("(?=\\n?$)"),
        'a' => out.push_str("\\x07"),
        'e' => out.push_str("\\x1B"),
        'Q' => {
            let end = source[after..].windows(2).position(|two| two == ['\\', 'E']).map_or(source.len(), |p| after + p);
            for &quoted in &source[after..end] {
                if in_class { push_class_literal(quoted, out) } else { push_literal(quoted, out) }
            }
            return Ok((end + 2).min(source.len()));
        }
        'p' | 'P' => {
            let (name, end) = match source.get(after) {
                Some('{') => {
                    let close = source[after..].iter().position(|c| *c == '}').ok_or("an unclosed property name")?;
                    (source[after + 1..after + close].iter().collect::<String>(), after + close + 1)
                }
                Some(letter) => (letter.to_string(), after + 1),
                None => return Err("a property without a name".to_owned()),
            };
            if let Some(class) = posix_class_ranges(&name) {
                ranges(out, class, c == 'P')?;
            } else {
                let name = match name.strip_prefix("Is") {
                    Some(known) if known.eq_ignore_ascii_case("whitespace") => "White_Space".to_owned(),
                    Some(script) if script.len() > 2 && script != "Alphabetic" && script != "White_Space" => {
                        format!("Script={script}")
                    }
                    Some(known) => known.to_owned(),
                    None => name,
                };
                *out += &format!("\\{c}{{{name}}}");
            }
            return Ok(end);
        }
        'x' if source.get(after) == Some(&'{') => {
            let close = source[after..].iter().position(|c| *c == '}').ok_or("an unclosed code point")?;
            let digits: String = source[after + 1..after + close].iter().collect();
            *out += &format!("\\u{{{digits}}}");
            return Ok(after + close + 1);
        }
        'x' | 'u' | 'k' => {
            out.push('\\');
            out.push(c);
        }
        '0' => {
            let digits: String = source[after..].iter().take(3).take_while(|c| ('0'..='7').contains(*c)).collect();
            let code = u32::from_str_radix(&digits, 8).unwrap_or(0);
            *out += &format!("\\u{{{code:x}}}");
            return Ok(after + digits.len());
        }
        '1'..='9' if !in_class => {
            out.push('\\');
            out.push(c);
        }
        c if c.is_ascii_alphanumeric() => return Err(format!("`\\{c}` is not supported by ECMAScript")),
        c if in_class => push_class_literal(c, out),
        c => push_literal(c, out),
    }
    Ok(after)
}

fn push_literal(c: char, out: &mut String) {
    if "^$\\.*+?()[]{}|/".contains(c) {
        out.push('\\');
    }
    out.push(c);
}

/// Translates the class that starts at `at`, and returns its end.
fn translate_class(source: &[char], at: usize, out: &mut String) -> Result<usize, String> {
    let mut at = at + 1;
    let begin = out.len();
    out.push('[');
    if source.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    let start = at;
    // Whether the previous item cannot start a range: it is a class, a complete range, or absent.
    let mut after_class = true;
    loop {
        let Some(&c) = source.get(at) else { return Err("an unclosed class".to_owned()) };
        match c {
            ']' if at > start => {
                out.push(']');
                return Ok(at + 1);
            }
            '[' if source.get(at + 1) == Some(&':') => {
                let end = source[at..].windows(2).position(|two| two == [':', ']']).ok_or("an unclosed class name")?;
                let name: String = source[at + 2..at + end].iter().collect();
                out.push_str(posix_class_ranges(&name).ok_or_else(|| format!("`[:{name}:]` is unknown"))?);
                at += end + 2;
                after_class = true;
            }
            '&' if source.get(at + 1) == Some(&'&') => {
                let left = out.split_off(begin);
                return translate_intersection(left, source, at + 2, out);
            }
            '\\' => {
                let is_class = source.get(at + 1).is_some_and(|c| "dDwWsShvpPQ".contains(*c));
                at = translate_escape(source, at, out, true)?;
                after_class = is_class;
            }
            '-' => {
                let before_class = matches!((source.get(at + 1), source.get(at + 2)),
                    (Some('\\'), Some(c)) if "dDwWsShvpP".contains(*c))
                    || (source.get(at + 1) == Some(&'[') && source.get(at + 2) == Some(&':'));
                let last = source.get(at + 1) == Some(&']');
                if after_class || before_class || last {
                    // A literal hyphen: a following hyphen may make it the start of a range.
                    out.push_str("\\-");
                    after_class = false;
                } else {
                    out.push('-');
                    // The next character ends the range; a further `-` after it is a literal.
                    at += 1;
                    match source.get(at) {
                        Some('\\') => at = translate_escape(source, at, out, true)?,
                        Some(&end) => {
                            push_class_literal(end, out);
                            at += 1;
                        }
                        None => return Err("an unclosed class".to_owned()),
                    }
                    after_class = true;
                    continue;
                }
                at += 1;
            }
            c => {
                push_class_literal(c, out);
                after_class = false;
                at += 1;
            }
        }
    }
}

/// Translates `[a-z&&[^x]]`: a character of the right class that also belongs to the left one, which is still open.
fn translate_intersection(left: String, source: &[char], at: usize, out: &mut String) -> Result<usize, String> {
    if left.starts_with("[^") {
        return Err("an intersection in a negated class".to_owned());
    }
    out.push_str(&format!("(?:(?={left}])"));
    let end = if source.get(at) == Some(&'[') {
        let end = translate_class(source, at, out)?;
        if source.get(end) != Some(&']') {
            return Err("more than one class in an intersection".to_owned());
        }
        end + 1
    } else {
        let rest: Vec<char> = std::iter::once('[').chain(source[at..].iter().copied()).collect();
        at + translate_class(&rest, 0, out)? - 1
    };
    out.push(')');
    Ok(end)
}

fn push_class_literal(c: char, out: &mut String) {
    match c {
        '[' | ']' | '^' | '\\' | '-' => out.extend(['\\', c]),
        // In other dialects a double `&` or `~` is an operator.
        '&' => out.push_str("\\x26"),
        '~' => out.push_str("\\x7E"),
        _ => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_patterns_match_as_in_java() {
        for (pattern, fitting, other) in [
            ("^(?!aws:)[a-zA-Z+-=._:/]+$", "a,-.9;<=Z", "aws:x"),
            ("^(?!aws:)[a-zA-Z+-=._:/]+$", "AWS:", "a b"),
            ("^[a-z]+$", "abc", "abc\n"),
            ("[a-z]+", "1 abc 2", "123"),
            (r"^\d+$", "09", "٣"),
            (r"^\w+$", "a_Z9", "é"),
            (r"^[\w-.]+$", "a-.b", "a+b"),
            (r"^[\w\s+=,.@-]*$", "a b+=,.@-", "a#"),
            (r"^[-:/A-Za-z0-9]+$", "-:/x", "x y"),
            (r"^\s$", "\t", "\u{a0}"),
            (r"^[^\s@]+@[^\s@]+\.[^\s@]+$", "a@b.c", "a@b"),
            (r"^\p{L}+$", "é字", "1"),
            (r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$", "é 1_.:/=+-@", "#"),
            (r"^\p{Alpha}+$", "aZ", "é"),
            (r"^[\p{Graph}\x20]*$", "a b~", "é"),
            (r"^a\-b\_c\@\#$", "a-b_c@#", "a-b"),
            ("^{x}$", "{x}", "x"),
            ("^a{2}$", "aa", "a"),
            ("^a{2,}]$", "aaa]", "a]"),
            (r"^\Qa.b\E$", "a.b", "axb"),
            ("^a{1x}$", "a{1x}", "a"),
            ("^a{}$", "a{}", "a"),
            ("(?s)^(?-s:.)$", "a", "\u{85}"),
            ("(?i)^abc$", "ABC", "ab"),
            ("(?s)^.$", "\n", ""),
            ("^.$", "😀", "\n"),
            ("^.{2}$", "😀😀", "😀"),
            (r"\Aab\z", "ab", "ab\n"),
            (r"^[\u0020-\uD7FF\uE000-\uFFFD]*$", "a b", "\u{1}"),
            (r"^[ -~]+$", "a b", "é"),
            ("^[a-c-e]+$", "a-e", "d"),
            ("^[]a]+$", "]a", "b"),
            ("^[[a]+$", "[a", "b"),
            (r"^\x{1F600}$", "😀", "a"),
            ("^a++b$", "aab", "b"),
            ("^[^/]+/[0-9]+$", "a/1", "a/"),
            (r"^[\p{Print}&&[^|:/]]+$", "a b", "a:b"),
            ("^[a-z&&b-y&&[^m]]+x$", "bcx", "bmx"),
            ("^(?i)(true|false)$", "TrUe", "tru"),
            ("^(?![^:]*/action/|(?i).*<script>.*)[^:]+$", "a<b>", "a<SCRIPT>"),
            ("^(a(?i)b|c)d$", "aBd", "aBD"),
            ("^(a(?i)b|c)d$", "Cd", "Abd"),
            (r"^[^\p{C}\p{IsWhitespace}]+$", "a", "a b"),
            ("^(?:(?s).)x.$", "\nxa", "\nx\n"),
        ] {
            let compiled = JavaPattern::new(pattern, false).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert!(compiled.is_match(fitting), "{pattern} on {fitting:?}");
            assert!(!compiled.is_match(other), "{pattern} on {other:?}");
        }
    }

    #[test]
    fn untranslatable_pattern_is_an_error() {
        for pattern in
            ["(", "[a", "\\", "[^a&&b]", "[a&&[b]c]", "[z-a]", "\\p{", "a{2,1}", "(?x)a", "a(?x)b", "\\y", "(?)a"]
        {
            assert!(JavaPattern::new(pattern, false).is_err(), "{pattern}");
        }
    }
}
