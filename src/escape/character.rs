//! Says which characters a text of a stranger never contains unescaped, whatever the output.
//!
//! It never escapes anything itself, because each output has its own notation.

/// Returns true for a character that acts on what shows it, or that a reader cannot see: control characters (C0, DEL
/// and C1), line and paragraph separators, marks that change the direction of text, characters without width, tags and
/// noncharacters. Letters, combining marks and emoji of any language are shown as they are.
///
/// The marks of direction are those of <https://www.unicode.org/reports/tr9/>.
pub fn is_deceptive(character: char) -> bool {
    match character {
        ' '..='~' => false,
        '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' => true,
        // Soft hyphen, combining grapheme joiner, Arabic letter mark, fillers.
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' => true,
        // Zero width, marks and overrides of direction, separators, invisible operators, isolates.
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' => true,
        // Noncharacters, of which XML 1.0 forbids the last two of the first plane, and tags.
        '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e0fff}' => true,
        other => u32::from(other) & 0xfffe == 0xfffe,
    }
}

#[cfg(test)]
mod tests {
    use super::is_deceptive;

    #[test]
    fn characters_that_act_or_cannot_be_seen_are_deceptive() {
        let acting = "\0\u{7}\u{8}\t\n\r\u{1b}\u{7f}\u{85}\u{9b}\u{9d}\u{61c}\u{200b}\u{200d}\u{200e}\u{200f}\u{2028}\u{2029}\
                      \u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2060}\u{2066}\u{2067}\u{2068}\u{2069}\u{feff}\u{fffe}\u{ffff}\
                      \u{e0041}\u{10ffff}";
        assert!(acting.chars().all(is_deceptive));
        assert!(!"aZ ~é日本語🎉שלום مرحبا\u{301}\u{fffd}\u{e000}".chars().any(is_deceptive));
    }
}
