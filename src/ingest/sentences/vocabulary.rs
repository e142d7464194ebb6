//! Numbers, units and other words of which the patterns of sentences consist.
//!
//! It never decides what a sentence says.

use fancy_regex::Regex;
use std::sync::LazyLock;

/// A number, as [`normalize`] marks it.
const NUMBER: &str = r"#(-?[0-9.]+)#";
/// A number of characters or entries, in digits or as a word.
const COUNT: &str = r"(#[0-9]+#|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty)\b)";
/// What stands between the two ends of a range; `and` needs a `between` before it.
const TO: &str = r" ?(?:-|–|—|to|through|\.\.\.?|…) ?";
/// A maximum comes next.
const AT_MOST: &str = r"(?:up to(?: and including)?(?: a (?:maximum|limit|total) of)?|at most|no more than|not more than|no longer than|no greater than|no larger than|\b(?:max(?:imum)?|upper) ?(?:(?:of|is|limit of|limit is)|[:=])?|\bmax\.|as many as|(?:limited|restricted) to|limit of|limit is|limit:(?: only)?|must not (?:be )?(?:exceed|longer than|more than|greater than|larger than|have more than|contain more than|include more than|specify more than)|not exceed(?:ing)?|less than or equal to|≤|<=)";
/// A minimum comes next.
const AT_LEAST: &str = r"(?:at least|minimum of|\bmin(?:imum)? ?(?:(?:of|is)|[:=])?|\bmin\.|no (?:fewer|less) than|not less than|must not be (?:shorter|less|fewer) than|greater than or equal to|≥|>=)";
/// A unit of texts.
const CHARACTERS: &str = r"(?:(?:unicode|utf-?8|utf-?16|us-ascii|ascii|alphanumeric|alpha-numeric|alphabetic|printable|numeric|hexadecimal|hex|lowercase|uppercase|upper-case|lower-case|case-sensitive|encoded|valid|single-byte|english|total|or|and) ?)*(?:characters?|chars?|letters|digits|code ?points?)\b";

/// The groups of a match.
pub(super) type Groups<'t> = fancy_regex::Captures<'t, str>;

/// Compiles a pattern in which `\w`, `\d`, `\s` and their opposites mean ASCII: their Unicode forms have hundreds of
/// ranges, and cost a second and 300 MB over all patterns.
pub(in crate::ingest) fn compile_regex(text: &str) -> Regex {
    Regex::new(&with_ascii_classes(text)).expect("the pattern is a constant and tested")
}

/// Writes the classes of a pattern out as ranges of ASCII characters.
fn with_ascii_classes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() * 2);
    let mut is_in_class = false;
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            is_in_class = if is_in_class { c != ']' } else { c == '[' };
            out.push(c);
            continue;
        }
        let escaped = characters.next().unwrap_or('\\');
        let ranges = match escaped.to_ascii_lowercase() {
            'w' => "0-9A-Za-z_",
            'd' => "0-9",
            's' => r" \t\n\r\x{a0}",
            _ => {
                out.extend(['\\', escaped]);
                continue;
            }
        };
        match (is_in_class, escaped.is_ascii_lowercase()) {
            (true, true) => out.push_str(ranges),
            (false, true) => out.extend(["[", ranges, "]"]),
            (true, false) => panic!("`\\{escaped}` inside of brackets is not supported: {pattern}"),
            (false, false) => out.extend(["[^", ranges, "]"]),
        }
    }
    out
}

/// Compiles a pattern for a text that [`normalize`] returns. `{N}` stands for a number, `{C}` for a count, `{TO}` for the
/// middle of a range, `{MAX}` and `{MIN}` for the words before an end of one, and `{CHARS}` for the unit of texts.
pub(super) fn compile_pattern(text: &str) -> Regex {
    let text = text
        .replace("{N}", NUMBER)
        .replace("{C}", COUNT)
        .replace("{TO}", TO)
        .replace("{MAX}", AT_MOST)
        .replace("{MIN}", AT_LEAST)
        .replace("{CHARS}", CHARACTERS);
    compile_regex(&text)
}

pub(super) fn is_match(regex: &Regex, text: &str) -> bool {
    regex.is_match(text).unwrap_or(false)
}

/// Returns the first match of a pattern with its groups.
pub(super) fn find<'t>(regex: &Regex, text: &'t str) -> Option<Groups<'t>> {
    regex.captures(text).ok().flatten()
}

/// Returns the number in a group, which may be a word.
pub(super) fn count(captures: &Groups<'_>, group: usize) -> Option<u64> {
    let words =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    let text = captures.get(group)?.as_str().trim_matches('#');
    match words.iter().position(|word| *word == text) {
        Some(value) => u64::try_from(value).ok(),
        None if text == "fifteen" => Some(15),
        None if text == "twenty" => Some(20),
        None => text.parse().ok(),
    }
}

/// Returns the number in a group as it is written in JSON.
pub(super) fn number(captures: &Groups<'_>, group: usize) -> Option<serde_json::Number> {
    let text = captures.get(group)?.as_str();
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

/// Returns the beginning of a text up to an offset, or up to the character before it.
pub(super) fn beginning(text: &str, mut end: usize) -> &str {
    end = end.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Returns a sentence in the form that patterns expect: in lower case, every prohibition is `must not`, every number that
/// stands alone is between `#` and without commas, and what stands in parentheses behind a number, such as
/// `60 (1 minute)`, is removed.
pub(super) fn normalize(text: &str) -> String {
    static PROHIBITIONS: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"\b(?:can't|cannot|can not|may not|mustn't|shouldn't|should not|must never|(?:is|are) not allowed to)\b",
        )
    });
    static CONVERSION: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(r"(#(?: (?:milli)?seconds?| minutes?| hours?| days?| bytes)?) \([^()i][^()]*\)")
    });
    static INCLUSIVE: LazyLock<Regex> =
        LazyLock::new(|| compile_regex(r"\((?:both )?(?:inclusive|inclusively)\)|\binclusively\b"));
    let lower = text.to_ascii_lowercase().replace('\u{2019}', "'").replace(['‑', '−', '\u{2010}'], "-");
    let lower = mark_numbers(&lower);
    let lower = PROHIBITIONS.replace_all(&lower, "must not");
    let lower = if lower.contains("# (") || lower.contains(" (") && lower.contains('#') {
        CONVERSION.replace_all(&lower, "$1").into_owned()
    } else {
        lower.into_owned()
    };
    INCLUSIVE.replace_all(&lower, "inclusive").into_owned()
}

/// Puts `#` around every number that is not part of a word, a version, a date, a time or a percentage.
fn mark_numbers(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len() + 16);
    let mut at = 0;
    while at < bytes.len() {
        let digits_begin = bytes[at].is_ascii_digit();
        if !digits_begin {
            let next = (at + 1..bytes.len()).find(|&index| bytes[index].is_ascii_digit()).unwrap_or(bytes.len());
            out.push_str(&text[at..next]);
            at = next;
            continue;
        }
        let end = number_end(bytes, at);
        let token = &text[at..end];
        match stands_alone(bytes, at, end) {
            Some(is_negative) => {
                if is_negative {
                    out.pop();
                }
                out.push('#');
                out.push_str(if is_negative { "-" } else { "" });
                out.push_str(&token.replace(',', ""));
                out.push('#');
                at = end;
            }
            None => {
                // The rest of a word, a date or a version has no number either.
                let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:-+".contains(&byte) || !byte.is_ascii();
                let mut stop = end;
                while stop < bytes.len() && is_part(bytes[stop]) {
                    stop += 1;
                }
                while !text.is_char_boundary(stop) {
                    stop += 1;
                }
                out.push_str(&text[at..stop]);
                at = stop;
            }
        }
    }
    out
}

/// Returns the offset after the digits that begin at `at`, with thousands separators and a fraction.
fn number_end(bytes: &[u8], at: usize) -> usize {
    let digits = |from: usize| (from..bytes.len()).find(|&index| !bytes[index].is_ascii_digit()).unwrap_or(bytes.len());
    let mut end = digits(at);
    while end - at <= 3 + 4 * 6 && bytes.get(end) == Some(&b',') && digits(end + 1) == end + 4 {
        end += 4;
    }
    if bytes.get(end) == Some(&b'.') && digits(end + 1) > end + 1 {
        end = digits(end + 1);
    }
    end
}

/// Returns whether the number between two offsets is negative; `None` if it is part of something else.
fn stands_alone(bytes: &[u8], at: usize, end: usize) -> Option<bool> {
    let before = |back: usize| at.checked_sub(back).map(|index| bytes[index]);
    let is_negative = match before(1) {
        Some(b'-') => match before(2) {
            None | Some(b' ' | b'(' | b'[' | b'=' | b':') => true,
            // The middle of a range.
            Some(last) if last.is_ascii_digit() || last == b'#' => false,
            _ => return None,
        },
        // The middle of `1..100`.
        Some(b'.') if before(2) == Some(b'.') => false,
        Some(last) if last.is_ascii_alphanumeric() || b"_./:+#$@\\".contains(&last) => return None,
        _ => false,
    };
    match bytes.get(end) {
        Some(b'%' | b'_' | b'/') => return None,
        Some(next) if next.is_ascii_alphanumeric() => return None,
        Some(b':') if bytes.get(end + 1).is_some_and(u8::is_ascii_digit) => return None,
        Some(b'.') if bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric) => return None,
        Some(b'-') if bytes.get(end + 1).is_some_and(u8::is_ascii_digit) => {
            // `2025-12-30` is a date, and `1-2-3` is anything.
            let second = number_end(bytes, end + 1);
            if matches!(bytes.get(second), Some(b'-' | b't' | b':')) {
                return None;
            }
        }
        _ => {}
    }
    Some(is_negative)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_written_as_ascii() {
        for (pattern, expected) in [
            (r"\w+\d[\w.\-]", r"[0-9A-Za-z_]+[0-9][0-9A-Za-z_.\-]"),
            (r"\[\d\]\\d[^\s()]\S", r"\[[0-9]\]\\d[^ \t\n\r\x{a0}()][^ \t\n\r\x{a0}]"),
            (r"\bor\b(?<=[›\w])", r"\bor\b(?<=[›0-9A-Za-z_])"),
        ] {
            assert_eq!(with_ascii_classes(pattern), expected);
        }
    }

    #[test]
    fn numbers_are_marked() {
        for (text, expected) in [
            ("From 60 (1 minute) to 1,209,600 (14 days).", "from #60# to #1209600#."),
            ("0-250 characters", "#0#-#250# characters"),
            ("between -2.0 and 2.0.", "between #-2.0# and #2.0#."),
            ("1..100", "#1#..#100#"),
            (
                "UTF-8, us-east-1, v1.2.3, 3DS2, 10KB, 50% and 10:05",
                "utf-8, us-east-1, v1.2.3, 3ds2, 10kb, 50% and 10:05",
            ),
            ("2025-12-30T14:15:30+01:00", "2025-12-30t14:15:30+01:00"),
            ("a 34-character text", "a #34#-character text"),
            ("It can't exceed 5 (inclusive).", "it must not exceed #5# inclusive."),
            ("1–64 (é)", "#1#–#64#"),
        ] {
            assert_eq!(normalize(text), expected);
        }
    }
}
