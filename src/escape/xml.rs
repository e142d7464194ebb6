//! Writes text into XML 1.0, which cannot contain every character, not even escaped.
//!
//! It never drops a character: what must not act or cannot be written is shown as `\u{1b}`.

use super::is_deceptive;
use std::fmt::Write as _;

/// Escapes the value of an attribute in double quotes.
pub fn xml_attribute(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    push_escaped(&mut out, text);
    out
}

/// Escapes lines as the text of an element. Every item stays on its line.
pub fn xml_text(lines: &[String]) -> String {
    let mut out = String::with_capacity(lines.iter().map(|line| line.len() + 16).sum());
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        // A log that shows the file would take such a line for a command of the runner.
        let content = line.trim_start();
        if content.starts_with("::") {
            push_escaped(&mut out, &line[..line.len() - content.len()]);
            out.push_str("&#58;");
            push_escaped(&mut out, &content[1..]);
        } else {
            push_escaped(&mut out, line);
        }
    }
    out
}

fn push_escaped(out: &mut String, text: &str) {
    let mut before = '\0';
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '#' if before == '#' => out.push_str("&#35;"),
            other if is_deceptive(other) => {
                let _ = write!(out, "{}", other.escape_unicode());
            }
            other => out.push(other),
        }
        before = character;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_escaped() {
        assert_eq!(xml_attribute("<a b=\"c\">&\u{0}\n"), "&lt;a b=&quot;c&quot;&gt;&amp;\\u{0}\\u{a}");
        assert_eq!(xml_attribute("\u{1b}\u{9b}\u{202e}\u{ffff}]]>"), "\\u{1b}\\u{9b}\\u{202e}\\u{ffff}]]&gt;");
        let lines = ["  ::error::a\nb".to_owned(), "##[x]".to_owned()];
        assert_eq!(xml_text(&lines), "  &#58;:error::a\\u{a}b\n#&#35;[x]");
    }
}
