//! Sets of allowed characters: `can contain only letters, numbers, and hyphens`.
//!
//! It never takes a set with a word that it does not know.

use super::statement::{ProseStatement, StatedFact, StatedPart};
use super::vocabulary::{compile_regex, find, is_match};
use fancy_regex::Regex;
use std::sync::LazyLock;

/// Patterns of sentences that state a set; the first group is the list of characters.
static SETS: LazyLock<[Regex; 6]> = LazyLock::new(|| {
    [
        r"(?i)\b(?:can|must|may|should|and)(?: only)? (?:include|contain|consist of|be composed of|be made up of|have|use|comprise) (?:only|solely|exclusively) (?:of )?(.+)$",
        r"(?i)\b(?:can|must|may|should|and) only (?:include|contain|consist of|be composed of|be made up of|have|use|comprise|be) (.+)$",
        r"(?i)\b(?:composed|consisting|consists|made up) (?:only|solely|exclusively) of (.+)$",
        r"(?i)^(?:only )?(.+?)(?: characters)? are (?:the only )?(?:allowed|permitted|supported|valid|accepted)(?: characters)?\.?$",
        r"(?i)^(?:valid|allowed|supported|permitted|acceptable|accepted) characters(?: are| is| include|:)+ (.+)$",
        r"(?i)\b(?:contain|be|have) (?:from |between |up to )?[0-9]+(?: ?(?:-|–|to|and) ?[0-9]+)? (.+)$",
    ]
    .map(compile_regex)
});

/// Returns the set that a sentence without marks states.
pub(super) fn read_character_set(text: &str) -> Option<ProseStatement> {
    static CLASS: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)(?:chars?|characters|must match|matching|match)(?: the pattern)?,? \[([A-Za-z0-9_.@:/+=, -]+)\](?:[+*]?)(?:[;.,]|$)",
        )
    });
    static KEY: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(r"(?i)^(?:the |each |every |all )?(?:[a-z]+ ){0,2}keys? (?:can|must|may|should|names?)\b")
    });
    static OTHER: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\b(?:if|when|unless|except|prefix|suffix|first|last|begin|start|end|between|password|returned|values? of|segments?|labels?)\b",
        )
    });
    if let Some(found) = find(&CLASS, text) {
        return Some(ProseStatement::whole(StatedFact::CharacterSet(found.get(1)?.as_str().to_owned())));
    }
    for regex in SETS.iter() {
        let Some(found) = find(regex, text) else { continue };
        let list = found.get(1)?;
        if is_match(&OTHER, &text[..list.start()]) {
            return None;
        }
        let Some(mut class) = parse_character_class(cut_list(list.as_str())) else { continue };
        if text[..list.start()].to_ascii_lowercase().contains("must be lowercase") && class.contains("a-zA-Z") {
            class = class.replace("a-zA-Z", "a-z");
        }
        let part = if is_match(&KEY, text) { StatedPart::Key } else { StatedPart::Whole };
        return Some(ProseStatement { part, fact: StatedFact::CharacterSet(class) });
    }
    None
}

/// Returns true if a sentence limits where characters may stand, so that a set alone would allow too much.
pub(super) fn limits_positions(text: &str) -> bool {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)\b(?:start|starts|begin|begins|end|ends|starting|beginning|ending|first character|last character|consecutive|adjacent|in a row|followed by|preceded|leading|trailing|at least one (?:letter|number|digit|character|uppercase|lowercase|non)|reserved|prefix|must be preceded)\b",
        )
    });
    is_match(&WORDS, text)
}

/// Returns a list of characters without what follows its end.
fn cut_list(text: &str) -> &str {
    static END: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i),? (?:up to|with(?: an?)? (?:max|min|length)|and (?:must|can|cannot|may|is|has|should)|must|but|starting|beginning|that|which|in the|for the)\b|;|\.(?: [A-Z]|$)|, (?:no more|between|at most)",
        )
    });
    let end = END.find(text).ok().flatten().map_or(text.len(), |found| found.start());
    text[..end].trim().trim_end_matches('.')
}

/// Converts a list of words to the inside of a character class. Returns `None` if a word is unknown.
fn parse_character_class(words: &str) -> Option<String> {
    static ASIDE: LazyLock<Regex> = LazyLock::new(|| compile_regex(r" ?\(([^()]*)\)"));
    static RANGES: LazyLock<Regex> =
        LazyLock::new(|| compile_regex(r"^(?:a-z|A-Z|0-9)(?:[, ]+(?:and )?(?:a-z|A-Z|0-9))*$"));
    static SIGN_LIST: LazyLock<Regex> = LazyLock::new(|| {
        compile_regex(
            r"(?i)^(?:(?:the )?(?:following )?(?:special |symbols?|characters|other )+:?|special characters) ?(.*)$",
        )
    });
    // The exact ranges of `letters (a-z)` replace the word; another aside, such as `hyphens (-)`, repeats it.
    let mut text = String::new();
    let mut at = 0;
    for aside in ASIDE.captures_iter(words).flatten() {
        let (whole, inside) = (aside.get(0)?, aside.get(1)?.as_str().trim());
        let before = &words[at..whole.start()];
        if is_match(&RANGES, inside) {
            let keep = before.rfind(", ").map_or(0, |comma| comma + 2);
            text.push_str(&before[..keep]);
            text.push_str(inside);
        } else {
            text.push_str(before);
        }
        at = whole.end();
    }
    text.push_str(&words[at..]);
    let text = text.replace(" and ", ", ").replace(" or ", ", ").replace(" plus ", ", ");
    let mut class = CharacterClass::default();
    let comma_is_meant = text.to_ascii_lowercase().contains("comma");
    let mut parts = text.split(',').map(str::trim).filter(|part| !part.is_empty()).peekable();
    while let Some(part) = parts.next() {
        let part = part.trim_start_matches("and ").trim_start_matches("or ").trim();
        if let Some(found) = find(&SIGN_LIST, part) {
            // `the following characters: _ . , / = + -`
            let mut signs = found.get(1)?.as_str().to_owned();
            for more in parts.by_ref() {
                signs.push_str(" , ");
                signs.push_str(more);
            }
            return class.add_signs(&signs).then(|| class.finish()).flatten();
        }
        if !class.add_word(part, comma_is_meant) {
            return None;
        }
    }
    class.finish()
}

/// The ranges and signs of a character class.
#[derive(Default)]
struct CharacterClass {
    ranges: String,
    signs: String,
    has_hyphen: bool,
}

impl CharacterClass {
    /// Adds the characters that a word stands for. Returns false if the word is unknown.
    fn add_word(&mut self, word: &str, comma_is_meant: bool) -> bool {
        let word = word.trim_end_matches(" characters").trim_end_matches(" character").trim();
        let ranges = match word {
            "a-z" => "a-z",
            "A-Z" => "A-Z",
            "a-zA-Z" | "A-Za-z" => "a-zA-Z",
            "0-9" => "0-9",
            "a-zA-Z0-9" | "A-Za-z0-9" | "[a-zA-Z0-9]" | "[A-Za-z0-9]" => "a-zA-Z0-9",
            _ => match word.to_ascii_lowercase().trim_start_matches("ascii ").trim_start_matches("any ") {
                "alphanumeric"
                | "alpha-numeric"
                | "alphanumerics"
                | "letters, numbers"
                | "uppercase, lowercase alphanumeric" => "a-zA-Z0-9",
                "letters"
                | "letter"
                | "alphabetic"
                | "alphabets"
                | "upper- and lowercase letters"
                | "english letters"
                | "uppercase and lowercase letters"
                | "upper-case"
                | "latin letters" => "a-zA-Z",
                "lowercase letters"
                | "lower case letters"
                | "lowercase"
                | "lowercase alphabetic"
                | "lower-case letters" => "a-z",
                "uppercase letters"
                | "upper case letters"
                | "uppercase"
                | "uppercase alphabetic"
                | "upper-case letters" => "A-Z",
                "lowercase alphanumeric" | "lower-case alphanumeric" => "a-z0-9",
                "uppercase alphanumeric" => "A-Z0-9",
                "numbers" | "number" | "digits" | "numeric" | "numerals" | "numerical digits" => "0-9",
                sign => return self.add_sign(sign, comma_is_meant),
            },
        };
        if !self.ranges.contains(ranges) {
            self.ranges.push_str(ranges);
        }
        true
    }

    fn add_sign(&mut self, sign: &str, comma_is_meant: bool) -> bool {
        let sign = sign.trim_end_matches(" sign").trim_end_matches(" signs").trim_end_matches(" symbol");
        let c = match sign {
            "-" | "dash" | "dashes" | "hyphen" | "hyphens" | "hyphens -" | "minus" => {
                self.has_hyphen = true;
                return true;
            }
            "_" | "underscore" | "underscores" => '_',
            "." | "period" | "periods" | "dot" | "dots" => '.',
            "space" | "spaces" => ' ',
            ":" | "colon" | "colons" => ':',
            "/" | "slash" | "slashes" | "forward slash" | "forward slashes" => '/',
            "@" | "at" | "at-sign" => '@',
            "+" | "plus" => '+',
            "=" | "equal" | "equals" => '=',
            "," | "comma" | "commas" if comma_is_meant => ',',
            "$" | "dollar" => '$',
            "#" | "pound" | "hash" => '#',
            "%" | "percent" => '%',
            "!" | "exclamation point" | "exclamation points" => '!',
            "~" | "tilde" | "tildes" => '~',
            "*" | "asterisk" | "asterisks" => '*',
            "'" | "apostrophe" | "apostrophes" | "single quote" | "single quotes" => '\'',
            _ => return false,
        };
        if !self.signs.contains(c) {
            self.signs.push(c);
        }
        true
    }

    /// Adds signs that stand in a list with spaces or commas between them.
    fn add_signs(&mut self, list: &str) -> bool {
        list.split_whitespace().all(|sign| {
            let sign = if sign.len() > 1 { sign.trim_end_matches(['.', ',']) } else { sign };
            self.add_sign(sign, true)
        })
    }

    fn finish(self) -> Option<String> {
        if self.ranges.is_empty() {
            return None;
        }
        Some(format!("{}{}{}", self.ranges, self.signs, if self.has_hyphen { "-" } else { "" }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_read() {
        for (text, expected) in [
            ("Attribute keys can include only alphanumeric, dash, and underscore characters.", "key set=a-zA-Z0-9_-"),
            ("Attribute keys can include only alphanumeric, -, and _.", "key set=a-zA-Z0-9_-"),
            ("The name can only contain letters, numbers, hyphens (-), and underscores (_).", "set=a-zA-Z0-9_-"),
            ("Alphanumeric characters, hyphens (-) and underscores (_) are allowed.", "set=a-zA-Z0-9_-"),
            ("Must only include uppercase alphabetic characters, underscores, and commas.", "set=A-Z_,"),
            ("Must be unique and may only contain alphanumeric characters, dashes, and periods.", "set=a-zA-Z0-9.-"),
            (
                "Must be lowercase and be composed only of numbers, letters and -, up to a limit of 63 characters.",
                "set=0-9a-z-",
            ),
            ("Must be 1-63 chars, [A-Za-z0-9_-]; the server checks it.", "set=A-Za-z0-9_-"),
            ("Must contain from 1 to 63 letters, numbers, or hyphens.", "set=a-zA-Z0-9-"),
            ("It can contain only lowercase letters (a-z), numbers (0-9), and hyphens.", "set=a-z0-9-"),
        ] {
            assert_eq!(read_character_set(text).map(|found| found.to_string()), Some(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn unknown_characters_are_no_set() {
        for text in [
            "Keys can include only letters and emoji.",
            "The policy can contain only one statement.",
            "Tags are allowed.",
        ] {
            assert_eq!(read_character_set(text), None, "{text}");
        }
    }
}
