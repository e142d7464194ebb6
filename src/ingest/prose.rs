//! Extracts limits, character sets and laws from sentences.
//!
//! It never accepts an ambiguous sentence: a wrong fact causes false findings, while a missed one only costs a case.

use super::bare_sizes::{BareSize, SizeUnit, parse_bare_size};
use fancy_regex::Regex;
use std::sync::LazyLock;

/// A sentence and the line on which it begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sentence {
    pub line: u32,
    pub text: String,
}

/// A fact about a member that a sentence states.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ProseFact {
    /// Maximum number of bytes of all contents together. `stored` is true if the limit is on a resource.
    TotalBytes { max: u64, stored: bool },
    /// A pattern for the keys of a map.
    KeyPattern(String),
    /// A pattern for the string.
    Pattern(String),
    /// Minimum and maximum number of characters.
    Characters { min: Option<u64>, max: Option<u64> },
    /// Minimum and maximum number of entries.
    Entries { min: Option<u64>, max: Option<u64> },
    /// The range of a number.
    Range { min: u64, max: u64 },
    /// A size without a unit: characters of a text, entries of a collection, or the range of a number.
    Size { min: Option<u64>, max: Option<u64> },
    /// The entries are unique.
    Unique,
}

/// A pattern for UUIDs.
pub(super) const UUID_PATTERN: &str = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";

/// Splits lines into sentences. An empty line ends a sentence; inline markup of RST and Markdown is removed.
pub(super) fn split_sentences<'a>(lines: impl IntoIterator<Item = (u32, &'a str)>) -> Vec<Sentence> {
    let mut found = Vec::new();
    let mut open: Option<Sentence> = None;
    for (line, text) in lines {
        let text = text.trim();
        if text.is_empty() {
            found.extend(open.take());
            continue;
        }
        let mut rest = text;
        while !rest.is_empty() {
            let end = find_sentence_end(rest);
            let sentence = open.get_or_insert_with(|| Sentence { line, text: String::new() });
            if !sentence.text.is_empty() {
                sentence.text.push(' ');
            }
            sentence.text.push_str(rest[..end.unwrap_or(rest.len())].trim());
            if end.is_some() {
                found.extend(open.take());
            }
            rest = end.map_or("", |end| rest[end..].trim_start());
        }
    }
    found.extend(open);
    for sentence in &mut found {
        sentence.text = strip_inline_markup(&sentence.text);
    }
    found.retain(|sentence| sentence.text.len() > 3 && sentence.text.len() < 2000);
    found
}

/// Returns the sentences of an HTML text that is on a single line of the document.
pub(super) fn split_html_sentences(line: u32, html: &str) -> Vec<Sentence> {
    split_sentences(strip_tags(html).lines().map(|part| (line, part)))
}

/// Returns the paragraphs and list items of an HTML text, without tags; none of them is empty.
pub(super) fn html_lines(html: &str) -> Vec<String> {
    let lines = strip_tags(html);
    lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Replaces the tags of block elements by empty lines and removes all others.
fn strip_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('>') else {
            rest = "";
            break;
        };
        let tag = rest[start + 1..start + end].trim_start_matches('/');
        if ["p", "li", "ul", "ol", "note", "important", "dt", "dd", "br"]
            .iter()
            .any(|block| tag.strip_prefix(block).is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric())))
        {
            text.push('\n');
            text.push('\n');
        }
        rest = &rest[start + end + 1..];
    }
    text.push_str(rest);
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}

/// Returns the offset after the first sentence, if the text contains its end.
fn find_sentence_end(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    for (index, c) in text.char_indices() {
        if !matches!(c, '.' | '!' | '?') {
            continue;
        }
        let after = index + 1;
        let next_is_space = bytes.get(after).is_none_or(u8::is_ascii_whitespace);
        let abbreviation = ["e.g.", "i.e.", "etc.", "vs.", "approx."].iter().any(|word| text[..after].ends_with(word));
        if next_is_space && !abbreviation {
            return Some(after);
        }
    }
    None
}

/// Removes emphasis, code marks and link targets.
fn strip_inline_markup(text: &str) -> String {
    static LINK: LazyLock<Regex> = LazyLock::new(|| compile_regex(r"`([^`<>]*?)\s*<[^<>`]*>`_+"));
    static MARKDOWN: LazyLock<Regex> = LazyLock::new(|| compile_regex(r"\[([^\[\]]*)\]\([^()]*\)"));
    let text = LINK.replace_all(text, "$1");
    let text = MARKDOWN.replace_all(&text, "$1");
    text.replace('`', "").replace('\u{a0}', " ").replace("**", "").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn compile_regex(text: &str) -> Regex {
    Regex::new(text).expect("the pattern is a constant of this file and tested")
}

const NUMBER: &str = r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)";

fn parse_number(text: &str) -> Option<u64> {
    text.replace(',', "").parse().ok()
}

/// Returns the facts that a sentence states about the member that it describes.
pub(super) fn facts_about_member(text: &str) -> Vec<ProseFact> {
    let mut found = Vec::new();
    found.extend(parse_byte_budget(text));
    found.extend(parse_character_set(text));
    let bare_size = || parse_bare_size(text).filter(|_| !is_conditional(text)).map(bare_size_fact);
    found.extend(parse_counts(text).or_else(bare_size));
    static UUID_WORD: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(r"(?i)(?:\(UUID\)|\bmust be a (?:valid )?UUID\b|\bmust be in UUID format\b|^UUID\.?$)")
    });
    if is_match(&UUID_WORD, text) {
        found.push(ProseFact::Pattern(UUID_PATTERN.to_owned()));
    }
    static UNIQUE: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)(?:\b(?:must|may|can)(?: not|not) contain duplicates?\b|\b(?:items|entries|values|elements) must be unique\b)",
        )
    });
    if is_match(&UNIQUE, text) {
        found.push(ProseFact::Unique);
    }
    found
}

/// Returns the fact that a short statement of a size is.
fn bare_size_fact(size: BareSize) -> ProseFact {
    let BareSize { min, max, unit } = size;
    match unit {
        SizeUnit::Characters => ProseFact::Characters { min, max },
        SizeUnit::Entries => ProseFact::Entries { min, max },
        SizeUnit::Unstated => ProseFact::Size { min, max },
    }
}

fn is_match(regex: &Regex, text: &str) -> bool {
    regex.is_match(text).unwrap_or(false)
}

/// Returns true if a sentence states a condition, a default or an example, so that its number is not a strict limit.
fn is_conditional(text: &str) -> bool {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)^for\b| [-–—] (?:must|can|up to|min|max)|\b(?:if|when|unless|except|default|defaults|for example|recommend|recommended|otherwise|depending|per (?:second|minute|hour|day)|usually|typically|approximately|quota)\b",
        )
    });
    is_match(&WORDS, text)
}

fn parse_byte_budget(text: &str) -> Option<ProseFact> {
    static BUDGET: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(&format!(
            r"(?i)(?:up to|at most|a maximum of|no more than) {NUMBER} (?:UTF-8 )?(KB |KiB )?bytes? (?:across|over|for|in) all (?:of )?(?:the |your )?[a-z]+(?: (?!for\b)[a-z]+)?( for (?:a|an|the|each) [a-z]+)?"
        ))
    });
    if is_conditional(text) {
        return None;
    }
    let captures = BUDGET.captures(text).ok()??;
    let max = parse_number(captures.get(1)?.as_str())?;
    Some(ProseFact::TotalBytes { max, stored: captures.get(3).is_some() })
}

/// Returns a pattern for a sentence such as `can include only alphanumeric, dash, and underscore characters`.
fn parse_character_set(text: &str) -> Option<ProseFact> {
    static ONLY: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)^(?:the |an? )?((?:[a-z]+ ){0,3}?)(names?|keys?|values?|ids?|identifiers?|it|this (?:field|value|name|parameter))? ?(?:can|must|may|should)?(?: only)? (?:include|contain|consist of|have|use)s? only (.+?)(?: characters?)?\.?$",
        )
    });
    static CAN_ONLY: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)^(?:the |an? )?((?:[a-z]+ ){0,3}?)(names?|keys?|values?|ids?|identifiers?|it|this (?:field|value|name|parameter))? ?(?:can|must|may) only (?:include|contain|consist of|have|use) (.+?)(?: characters?)?\.?$",
        )
    });
    let captures = [&ONLY, &CAN_ONLY].iter().find_map(|regex| regex.captures(text).ok().flatten())?;
    let class = parse_character_class(captures.get(3)?.as_str())?;
    let subject = captures.get(2).map_or(String::new(), |found| found.as_str().to_ascii_lowercase());
    let pattern = format!("^[{class}]+$");
    Some(if subject.starts_with("key") { ProseFact::KeyPattern(pattern) } else { ProseFact::Pattern(pattern) })
}

/// Converts a list of words to the inside of a character class. Returns `None` if a word is unknown.
fn parse_character_class(words: &str) -> Option<String> {
    let text = words.to_ascii_lowercase().replace(" and ", ", ").replace(" or ", ", ");
    let mut ranges = String::new();
    let mut signs = String::new();
    let mut dash = false;
    let comma_is_meant = text.contains("comma");
    for part in text.split(',').map(|part| part.trim().trim_start_matches("and ").trim_start_matches("or ").trim()) {
        let part = part.trim_end_matches(" characters").trim_end_matches(" character");
        // `hyphens (-)`: the word before the parenthesis is sufficient.
        let part = part.split(" (").next().unwrap_or(part).trim();
        match part {
            "" => {}
            "alphanumeric" | "alphanumerics" | "letters and numbers" => ranges.push_str("a-zA-Z0-9"),
            "letters" | "letter" | "alphabetic" => ranges.push_str("a-zA-Z"),
            "a-z" | "lowercase letters" | "lower case letters" | "lowercase" => ranges.push_str("a-z"),
            "uppercase letters" | "upper case letters" | "uppercase" => ranges.push_str("A-Z"),
            "numbers" | "digits" | "numeric" | "0-9" => ranges.push_str("0-9"),
            "-" | "dash" | "dashes" | "hyphen" | "hyphens" => dash = true,
            "_" | "underscore" | "underscores" => signs.push('_'),
            "." | "period" | "periods" | "dot" | "dots" => signs.push('.'),
            "space" | "spaces" => signs.push(' '),
            ":" | "colon" | "colons" => signs.push(':'),
            "/" | "slash" | "slashes" | "forward slashes" => signs.push('/'),
            "@" | "at sign" | "at signs" => signs.push('@'),
            "+" | "plus" | "plus signs" => signs.push('+'),
            "=" | "equals" | "equal signs" => signs.push('='),
            "comma" | "commas" if comma_is_meant => signs.push(','),
            _ => return None,
        }
    }
    if ranges.is_empty() {
        return None;
    }
    if dash {
        signs.push('-');
    }
    Some(ranges + &signs)
}

fn parse_counts(text: &str) -> Option<ProseFact> {
    static UP_TO: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(&format!(
            r"(?i)\b(?:up to|at most|a maximum of|maximum of|no more than|cannot exceed|can't exceed|must not exceed|maximum length(?: of| is|:)?|maximum:) {NUMBER} (?:unicode |utf-8 |ascii )?(characters?|items?|entries|elements?)\b"
        ))
    });
    static BETWEEN: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(&format!(
            r"(?i)\b(?:must be|must have|must contain|can be|length of|has to be|is|are) (?:between |from )?{NUMBER}(?: ?- ?| to | and | through ){NUMBER} (characters?|items?|entries|elements?)(?: long| in length)?\b"
        ))
    });
    static RANGE: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(&format!(
            r"(?i)^(?:(?:the |an? )?(?:valid |possible )?values?(?: are| is|:| must be| can be)?|(?:must|has to) be|valid range:?|an integer|(?:specify )?a (?:number|value)|(?:the |this )?(?:value|number) must be)(?: an? integer| a number| a value)?(?: in the range)?(?: between| from|:| of)? ?{NUMBER}(?: ?- ?| to | and | through ){NUMBER}(?: ?\(inclusive\)|,? inclusive|,? inclusively)?\.?$"
        ))
    });
    if is_conditional(text) || text.contains("total") {
        return None;
    }
    let counted = |unit: &str, min: Option<u64>, max: Option<u64>| {
        if unit.to_ascii_lowercase().starts_with("char") {
            ProseFact::Characters { min, max }
        } else {
            ProseFact::Entries { min, max }
        }
    };
    if let Ok(Some(found)) = BETWEEN.captures(text) {
        let (min, max) = (parse_number(found.get(1)?.as_str())?, parse_number(found.get(2)?.as_str())?);
        return (min <= max).then(|| counted(found.get(3).map_or("", |unit| unit.as_str()), Some(min), Some(max)));
    }
    if let Ok(Some(found)) = RANGE.captures(text) {
        let (min, max) = (parse_number(found.get(1)?.as_str())?, parse_number(found.get(2)?.as_str())?);
        return (min < max).then_some(ProseFact::Range { min, max });
    }
    // A sentence about parts (`each tag`, `key of up to …`) limits another shape than this one.
    static PARTS: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\b(?:each|every|keys?|returns?|returned|first|last|next|prefix|suffix|contains? the|per|combined|across|together)\b",
        )
    });
    if is_match(&PARTS, text) {
        return None;
    }
    let found = UP_TO.captures(text).ok()??;
    let max = parse_number(found.get(1)?.as_str())?;
    Some(counted(found.get(2)?.as_str(), None, Some(max)))
}

/// Returns the values of a sentence such as `Valid values: A, B, C`, if all of them are plain words.
pub(super) fn parse_enum_values(text: &str) -> Option<Vec<String>> {
    static VALUES: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"^(?:(?:Valid|Allowed|Possible|Accepted|Available) (?:[Vv]alues|[Oo]ptions)(?: are)?|One of|Options):? ((?:[A-Za-z0-9_.:/-]+(?: ?\| ?|, (?:and |or )?| and | or ))+[A-Za-z0-9_.:/-]+?)\.?$",
        )
    });
    let captures = VALUES.captures(text).ok()??;
    let list = captures.get(1)?.as_str().replace(" and ", ", ").replace(" or ", ", ").replace('|', ",");
    let values: Vec<String> =
        list.split(',').map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect();
    // A single word, or a list with numbers, is not a list of string values.
    let is_word = |value: &String| value.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    (values.len() > 1 && values.iter().all(is_word)).then_some(values)
}

/// Returns true for a sentence such as `At least one field to be updated must be present`.
pub(super) fn requires_at_least_one_field(text: &str) -> bool {
    static RULE: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\bat least one (?:of the )?(?:(?:optional )?(?:field|parameter|attribute|property|member)s?)(?: to (?:be )?updated?)?(?: listed)?(?: below)? (?:must|has to|have to|needs to) be (?:present|specified|provided|included|set)\b",
        )
    });
    is_match(&RULE, text)
}

/// Returns the names of the laws that a sentence about an operation states.
pub(super) fn find_laws(text: &str) -> Vec<&'static str> {
    static LAWS: LazyLock<[(Regex, &'static str); 4]> = LazyLock::new(|| {
        [
            (compile_regex(r"(?i)\b(?:merges?|merged) with (?:the |any )?(?:existing|current)\b"), "merges"),
            (
                compile_regex(
                    r"(?i)(?:\b(?:overwrites|replaces) (?:all |any )?(?:of )?(?:the )?(?:existing|current|previous)\b)",
                ),
                "overwrites",
            ),
            (
                compile_regex(
                    r"(?i)(?:\bno duplicates\b|\bduplicates are (?:removed|ignored|dropped)\b|\bwithout duplicates\b|\bdeduplicat)",
                ),
                "deduplicates",
            ),
            (compile_regex(r"(?i)\bthis (?:operation|action|api|call|request|endpoint) is idempotent\b"), "idempotent"),
        ]
    });
    if text.to_ascii_lowercase().contains(" not ") {
        return Vec::new();
    }
    LAWS.iter().filter(|(regex, _)| is_match(regex, text)).map(|(_, law)| *law).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn single_fact(text: &str) -> Option<ProseFact> {
        let mut found = facts_about_member(text);
        assert!(found.len() < 2, "{text}: {found:?}");
        found.pop()
    }

    #[test]
    fn limits_are_read_from_sentences() {
        for (text, finding) in [
            (
                "You can have up to 32,768 UTF-8 bytes across all attributes for a contact.",
                ProseFact::TotalBytes { max: 32768, stored: true },
            ),
            ("At most 4096 bytes across all entries.", ProseFact::TotalBytes { max: 4096, stored: false }),
            (
                "Attribute keys can include only alphanumeric, dash, and underscore characters.",
                ProseFact::KeyPattern("^[a-zA-Z0-9_-]+$".into()),
            ),
            (
                "Attribute keys can include only alphanumeric, -, and _.",
                ProseFact::KeyPattern("^[a-zA-Z0-9_-]+$".into()),
            ),
            (
                "The name can only contain letters, numbers, hyphens (-), and underscores (_).",
                ProseFact::Pattern("^[a-zA-Z0-9_-]+$".into()),
            ),
            ("Contact ID (UUID)", ProseFact::Pattern(UUID_PATTERN.into())),
            ("Must be 3-63 characters long.", ProseFact::Characters { min: Some(3), max: Some(63) }),
            ("Maximum length of 80 characters.", ProseFact::Characters { min: None, max: Some(80) }),
            ("The list can have up to 10 items.", ProseFact::Entries { min: None, max: Some(10) }),
            ("Valid values: an integer from 0 to 43,200.", ProseFact::Range { min: 0, max: 43200 }),
            ("Must be between 1 and 100.", ProseFact::Range { min: 1, max: 100 }),
        ] {
            assert_eq!(single_fact(text), Some(finding), "{text}");
        }
    }

    #[test]
    fn ambiguous_sentences_are_ignored() {
        for text in [
            "For example, up to 100 characters are shown.",
            "If the queue is FIFO, the name can have up to 75 characters.",
            "When the attributes for a contact exceed 32 KB, the contact is routed down the Error branch of the flow.",
            "Each key can have up to 128 characters.",
            "For TOTP this value must be between 3 and 8 characters long.",
            "The default is 1–50.",
            "If it is FIFO, 1–80 chars",
            "RDS for Oracle - Must contain from 8 to 30 characters.",
            "The default value is between 1 and 100 characters long.",
            "Returns the first 10 items.",
            "The name of the contact.",
            "Valid values: see the guide.",
            "Keys can include only letters and emoji.",
        ] {
            assert_eq!(facts_about_member(text), [], "{text}");
        }
    }

    #[test]
    fn enum_values_are_read_from_sentences() {
        let values = |text: &str| parse_enum_values(text).unwrap_or_default().join(" ");
        assert_eq!(values("Valid values: Standard, Express."), "Standard Express");
        assert_eq!(values("One of: open, closed, or done"), "open closed done");
        assert_eq!(values("Valid values: see the guide."), "");
    }

    #[test]
    fn laws_and_rules_are_read_from_sentences() {
        let text = "Add tags to a contact (merges with existing tags, no duplicates)";
        assert_eq!(find_laws(text), ["merges", "deduplicates"]);
        assert!(requires_at_least_one_field("At least one field to be updated must be present in the request."));
        assert!(!requires_at_least_one_field("At least one agent must be present."));
    }

    #[test]
    fn sentences_keep_the_line_they_begin_on() {
        let found =
            split_sentences([(3, "One two. Three"), (4, "four, e.g. five."), (5, ""), (6, "``Six`` `x <http://y>`__")]);
        let seen: Vec<(u32, &str)> = found.iter().map(|one| (one.line, one.text.as_str())).collect();
        assert_eq!(seen, [(3, "One two."), (3, "Three four, e.g. five."), (6, "Six x")]);
    }
}
