//! Writes a libFuzzer dictionary: one quoted word per line.
//!
//! Existing entries are never removed. The syntax: <https://llvm.org/docs/LibFuzzer.html#dictionaries>.

use std::collections::HashSet;
use std::fmt::Write as _;

/// Maximum length of a word, in bytes; libFuzzer ignores longer ones.
const MAX_WORD_BYTES: usize = 64;
/// Maximum number of words that libFuzzer reads.
const MAX_WORDS: usize = 1 << 14;

/// Returns the dictionary `before` with these words appended, and the number of words that were added. Words that
/// libFuzzer would ignore are left out.
pub fn extend_dictionary(before: &str, words: &[String]) -> (String, usize) {
    let mut known: HashSet<String> = before.lines().map(|line| line.trim().to_owned()).collect();
    let mut text = before.to_owned();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if text.is_empty() {
        text.push_str("# Member names, values and limits from the documentation, for libFuzzer's -dict=FILE.\n");
    }
    let mut new = 0;
    for word in words.iter().filter(|word| (1..=MAX_WORD_BYTES).contains(&word.len())) {
        let line = quote_word(word);
        if known.len() < MAX_WORDS && known.insert(line.clone()) {
            text.push_str(&line);
            text.push('\n');
            new += 1;
        }
    }
    (text, new)
}

/// Quotes a word: printable ASCII stays, all other bytes become hexadecimal escapes.
fn quote_word(word: &str) -> String {
    let mut line = String::from("\"");
    for byte in word.bytes() {
        match byte {
            b'"' | b'\\' => {
                line.push('\\');
                line.push(char::from(byte));
            }
            b' '..=b'~' => line.push(char::from(byte)),
            _ => {
                let _ = write!(line, "\\x{byte:02X}");
            }
        }
    }
    line.push('"');
    line
}

#[cfg(test)]
mod tests {
    use super::extend_dictionary;

    #[test]
    fn words_are_escaped_and_existing_entries_stay() {
        let words = ["a", "", "say \"x\\\"", "\u{e9}\n\0", &"l".repeat(65), "a"].map(str::to_owned);
        let (text, new) = extend_dictionary("", &words);
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(lines, [r#""a""#, r#""say \"x\\\"""#, r#""\xC3\xA9\x0A\x00""#]);
        assert_eq!(new, 3);
        // A second call adds nothing.
        assert_eq!(extend_dictionary(&text, &words), (text.clone(), 0));
        let own = "# mine\nkw=\"a\"\n\"b\"";
        let (joined, new) = extend_dictionary(own, &["b".to_owned(), "c".to_owned()]);
        assert_eq!((joined.as_str(), new), ("# mine\nkw=\"a\"\n\"b\"\n\"c\"\n", 1));
    }
}
