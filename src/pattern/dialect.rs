//! Translates patterns from the documented dialects to that of the `regex` crates; it never matches anything.
//!
//! AWS documents Java's: `\d`, `\w` and `\s` are ASCII, `\uXXXX` are UTF-16 code units (a pair of
//! surrogates is one character), `\p{Alpha}` and its like are POSIX classes.
//! <https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/util/regex/Pattern.html>

/// Translates a pattern. Parts that mean the same in both dialects stay as they are.
pub fn translate_to_rust(pattern: &str) -> String {
    let chars: Vec<char> = pattern.chars().collect();
    let mut translator = Translator {
        chars: &chars,
        at: 0,
        out: String::with_capacity(pattern.len()),
        depth: 0,
        before: PrecedingItem::Other,
    };
    while let Some(c) = chars.get(translator.at) {
        translator.translate_next(*c);
    }
    translator.out
}

/// The state of a translation.
struct Translator<'p> {
    chars: &'p [char],
    at: usize,
    out: String,
    /// Number of classes around the current position.
    depth: usize,
    /// What precedes the current position in a class.
    before: PrecedingItem,
}

impl Translator<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at + 1).copied()
    }

    /// Returns what precedes the next position if the current one is a single character.
    fn after_character(&self) -> PrecedingItem {
        // The end of a range cannot begin another one.
        if self.before == PrecedingItem::Hyphen { PrecedingItem::Other } else { PrecedingItem::Character }
    }

    /// Writes `text` for one character of the pattern.
    fn write(&mut self, text: &str, before: PrecedingItem) {
        self.out.push_str(text);
        self.before = before;
        self.at += 1;
    }

    fn translate_next(&mut self, c: char) {
        let after = self.after_character();
        match c {
            '\\' => {
                let is_class = self.peek().is_some_and(|next| CLASS_ESCAPES.contains(next));
                self.at = translate_escape(self.chars, self.at, self.depth > 0, &mut self.out);
                self.before = if is_class { PrecedingItem::Other } else { after };
            }
            '[' if self.depth == 0 => self.open_class(),
            '[' if let Some(end) = posix_class_end(self.chars, self.at) => {
                self.out.extend(&self.chars[self.at..end]);
                self.before = PrecedingItem::Other;
                self.at = end;
            }
            // In Java this opens a nested class, in ECMAScript and POSIX it is a literal bracket. If the class
            // is closed once more than it is opened, it can only be the former.
            '[' if is_nested_class(self.chars, self.at) => {
                self.depth += 1;
                self.write("[", PrecedingItem::Other);
            }
            '[' => self.write("\\[", after),
            ']' if self.depth > 0 => {
                self.depth -= 1;
                self.write("]", PrecedingItem::Other);
            }
            '-' if self.depth > 0 => self.translate_hyphen(after),
            '~' if self.depth > 0 && self.peek() == Some(c) => self.write("\\~", after),
            _ => {
                self.out.push(c);
                self.before = after;
                self.at += 1;
            }
        }
    }

    fn open_class(&mut self) {
        self.depth = 1;
        self.write("[", PrecedingItem::Other);
        if self.chars.get(self.at) == Some(&'^') {
            self.write("^", PrecedingItem::Other);
        }
        if self.chars.get(self.at) == Some(&']') {
            self.write("\\]", PrecedingItem::Character);
        }
    }

    /// Translates a hyphen in a class. Between two characters it makes a range; anywhere else it stands for itself, as
    /// in `[\w-.]`, `[+--]`, `[a-c-e]`. Two hyphens do not subtract a class, as they do in Rust.
    fn translate_hyphen(&mut self, after: PrecedingItem) {
        let is_last = self.peek() == Some(']');
        let before_class =
            self.peek() == Some('\\') && self.chars.get(self.at + 2).is_some_and(|next| CLASS_ESCAPES.contains(*next));
        if self.before == PrecedingItem::Character && !is_last && !before_class {
            self.write("-", PrecedingItem::Hyphen);
        } else {
            self.write("\\-", after);
        }
    }
}

/// Escapes that stand for more than one character, or that quote several.
const CLASS_ESCAPES: &str = "dDwWsShvpPQ";

/// What precedes a position in a class.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PrecedingItem {
    /// A character that a range may begin with.
    Character,
    /// The hyphen of a range.
    Hyphen,
    /// Nothing, a class, or a whole range.
    Other,
}

/// Returns true if a pattern has a word boundary, `\b` or `\B`.
pub fn has_word_boundary(pattern: &str) -> bool {
    let (mut escaped, mut found) = (false, false);
    for c in pattern.chars() {
        found |= escaped && matches!(c, 'b' | 'B');
        escaped = c == '\\' && !escaped;
    }
    found
}

/// Returns true if a pattern repeats a repetition, `a{2}{3}`, repeats an anchor, `a${2}`, or has no minimum, `a{,2}`.
/// Engines differ here: they multiply the repetitions, ignore one of them, or read the brace as a literal.
pub fn has_ambiguous_repetition(pattern: &str) -> bool {
    let chars: Vec<char> = pattern.chars().collect();
    let (mut at, mut in_class, mut counted) = (0, false, None);
    while let Some(&c) = chars.get(at) {
        match c {
            '{' if !in_class && chars.get(at + 1).is_some_and(char::is_ascii_digit) => {
                let is_end = at > 0 && matches!(chars[at - 1], '$' | '^') && (at < 2 || chars[at - 2] != '\\');
                let inside = || chars[at..].iter().take_while(|c| **c != '}');
                if counted == Some(at) || is_end || inside().filter(|c| **c == ',').count() > 1 {
                    return true;
                }
                at += inside().count();
                counted = Some(at + 1);
            }
            '{' if !in_class && chars.get(at + 1) == Some(&',') => {
                let end = chars[at + 1..].iter().find(|c| !c.is_ascii_digit() && **c != ',');
                if end == Some(&'}') {
                    return true;
                }
            }
            '\\' => at += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        at += 1;
    }
    false
}

/// Returns the position after a `[:alpha:]` inside a class.
fn posix_class_end(chars: &[char], open: usize) -> Option<usize> {
    let inside = chars.get(open + 1..)?.strip_prefix(&[':'])?;
    let length = inside.windows(2).position(|two| two == [':', ']'])?;
    inside[..length].iter().all(char::is_ascii_alphabetic).then_some(open + 2 + length + 2)
}

fn is_nested_class(chars: &[char], open: usize) -> bool {
    // A nested class, as in `[a[bc]d]`, has two closing brackets after this position.
    let mut closing = 0;
    let mut at = open + 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 1,
            ']' => {
                closing += 1;
                if closing == 2 {
                    return true;
                }
            }
            '(' | ')' if closing > 0 => return false,
            '[' if closing > 0 => return false,
            _ => {}
        }
        at += 1;
    }
    false
}

/// Translates the escape at `at` and returns the position after it.
fn translate_escape(chars: &[char], at: usize, in_class: bool, out: &mut String) -> usize {
    let Some(&next) = chars.get(at + 1) else {
        out.push_str("\\\\");
        return at + 1;
    };
    let class = |inside: &str, negated: bool, out: &mut String| {
        if negated {
            out.push_str(&format!("[^{inside}]"));
        } else if in_class {
            out.push_str(inside);
        } else {
            out.push_str(&format!("[{inside}]"));
        }
    };
    match next {
        'd' | 'D' => class("0-9", next == 'D', out),
        'w' | 'W' => class("a-zA-Z0-9_", next == 'W', out),
        's' | 'S' => class(" \\t\\n\\x0B\\f\\r", next == 'S', out),
        'h' => class(" \\t\\x{A0}\\x{1680}\\x{180E}\\x{2000}-\\x{200A}\\x{202F}\\x{205F}\\x{3000}", false, out),
        // In Java this is every vertical white space, in Rust only the vertical tab.
        'v' => class("\\n\\x0B\\f\\r\\x{85}\\x{2028}\\x{2029}", false, out),
        'e' => out.push_str("\\x1B"),
        // This matches at the end, or before a final line terminator.
        'Z' => out.push_str("(?=\\n?\\z)"),
        'u' => return translate_code_units(chars, at, out),
        'p' | 'P' => return translate_property(chars, at, in_class, out),
        'Q' => {
            let mut end = at + 2;
            while end < chars.len() && !(chars[end] == '\\' && chars.get(end + 1) == Some(&'E')) {
                out.push_str(&escape_literal(chars[end]));
                end += 1;
            }
            return (end + 2).min(chars.len());
        }
        // Escaped punctuation that Rust rejects but other dialects read as the character itself.
        '/' | '\'' | '"' | ' ' | '@' | ':' | ',' | ';' | '=' | '!' | '%' | '`' | '_' | '<' | '>' => {
            out.push_str(&escape_literal(next));
        }
        _ => {
            out.push('\\');
            out.push(next);
        }
    }
    at + 2
}

fn escape_literal(c: char) -> String {
    if c.is_ascii_punctuation()
        && !matches!(c, '/' | '\'' | '"' | '@' | ':' | ',' | ';' | '=' | '!' | '%' | '`' | '_' | '<' | '>')
    {
        format!("\\{c}")
    } else {
        c.to_string()
    }
}

fn parse_hex4(chars: &[char], at: usize) -> Option<u32> {
    let digits: String = chars.get(at..at + 4)?.iter().collect();
    u32::from_str_radix(&digits, 16).ok()
}

fn translate_code_units(chars: &[char], at: usize, out: &mut String) -> usize {
    if chars.get(at + 2) == Some(&'{') {
        out.push_str("\\x");
        return at + 2;
    }
    let Some(first) = parse_hex4(chars, at + 2) else {
        out.push_str("\\u");
        return at + 2;
    };
    let after = at + 6;
    if (0xD800..0xDC00).contains(&first) {
        // In `\uD800\uDC00-\uDBFF\uDFFF` each pair is one character.
        if chars.get(after) == Some(&'\\')
            && chars.get(after + 1) == Some(&'u')
            && let Some(second) = parse_hex4(chars, after + 2).filter(|unit| (0xDC00..0xE000).contains(unit))
        {
            let point = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            out.push_str(&format!("\\x{{{point:X}}}"));
            return after + 6;
        }
    }
    // A lone surrogate is not a character, so the nearest character takes its place in a range.
    let point = match first {
        0xD800..=0xDBFF => 0xD7FF,
        0xDC00..=0xDFFF => 0x10FFFF,
        other => other,
    };
    out.push_str(&format!("\\x{{{point:X}}}"));
    after
}

fn translate_property(chars: &[char], at: usize, in_class: bool, out: &mut String) -> usize {
    let negated = chars[at + 1] == 'P';
    let (name, end) = match chars.get(at + 2) {
        Some('{') => {
            let close = (at + 3..chars.len()).find(|&index| chars[index] == '}').unwrap_or(chars.len() - 1);
            (chars[at + 3..close.max(at + 3)].iter().collect::<String>(), close + 1)
        }
        Some(one) => (one.to_string(), at + 3),
        None => (String::new(), at + 2),
    };
    let posix = match name.as_str() {
        "Alpha" => "a-zA-Z",
        "Digit" => "0-9",
        "Alnum" => "a-zA-Z0-9",
        "Lower" => "a-z",
        "Upper" => "A-Z",
        "XDigit" => "0-9a-fA-F",
        "Punct" => "!-/:-@\\[-`{-~",
        "Graph" => "!-~",
        "Print" => " -~",
        "Blank" => " \\t",
        "Space" => " \\t\\n\\x0B\\f\\r",
        "Cntrl" => "\\x00-\\x1F\\x7F",
        "ASCII" => "\\x00-\\x7F",
        _ => {
            let bare = name.strip_prefix("Is").or_else(|| name.strip_prefix("In")).unwrap_or(&name);
            out.push_str(&format!("\\{}{{{bare}}}", if negated { 'P' } else { 'p' }));
            return end;
        }
    };
    if negated {
        out.push_str(&format!("[^{posix}]"));
    } else if in_class {
        out.push_str(posix);
    } else {
        out.push_str(&format!("[{posix}]"));
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn translated_patterns_match_the_same_texts() {
        for (pattern, yes, no) in [
            (r"^(?!aws:)[a-zA-Z+-=._:/]+$", "a+,9<=", "aws:x"),
            (r"^[\w-.]+$", "a-b.c_9", "é"),
            (r"^\d+$", "09", "٣"),
            (r"^[\p{Alpha}\p{Digit}]+$", "aZ9", "-"),
            (r"^[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*$", "a\u{1F600}é\n", "\u{1}"),
            (r"^[\w+=,.@-]+$", "a+b@c-d", "a b"),
            (r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$", "é 1", "#"),
            (r"^[C-z-------]+$", "-D-", "+"),
            (r"^[+--]+$", ",-", "."),
            (r"^[--/]+$", "-./", ","),
            (r"^\Qa.b\E$", "a.b", "axb"),
            (r"^[^[:cntrl:]]+$", "ab", "\u{2}"),
            (r"^arn:aws(-[^:]+)?:s3:::[a-z\/]+$", "arn:aws-cn:s3:::a/b", "arn:s3"),
        ] {
            let regex =
                fancy_regex::Regex::new(&translate_to_rust(pattern)).unwrap_or_else(|e| panic!("{pattern}: {e}"));
            assert!(regex.is_match(yes).expect("runs"), "{pattern} must match {yes}");
            assert!(!regex.is_match(no).expect("runs"), "{pattern} must not match {no}");
        }
    }
}
