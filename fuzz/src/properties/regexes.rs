//! Two independent regex engines: the server's engine must agree with the texts that the generator derives from a pattern.

use crate::support::taker::{server, takes};
use arbitrary::Unstructured;
use overstep::pattern::DocumentedPattern;

/// Maximum length of a pattern, since backtracking engines are too slow for longer ones.
const MAX_LENGTH: usize = 32;

/// Asserts that the reference server accepts the members that the generator derives from a pattern, and rejects the
/// violations. The first line is the pattern; random choices follow.
pub fn pattern(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let Ok(pattern) = std::str::from_utf8(&bytes[..end]) else { return };
    // Nested repetitions take either engine too long on some texts.
    let repeats = pattern.matches(['*', '+', '{']).count();
    if pattern.len() > MAX_LENGTH || repeats > 2 || has_inner_bracket(pattern) || depends_on_dialect(pattern) {
        return;
    }
    let Ok(parsed) = DocumentedPattern::new(pattern) else { return };
    let server = server(pattern);
    if !server.untranslated_patterns().is_empty() {
        return;
    }
    let mut draw = Unstructured::new(&bytes[end..]);
    for length in [None, Some(3)] {
        let Some(member) = parsed.draw_member(&mut draw, length).filter(|member| member.chars().count() <= 200) else {
            continue;
        };
        assert!(takes(&server, &member), "{pattern} makes {member:?}, which the server rejects");
        for violation in parsed.violations(&member, (0, 300), &mut draw).into_iter().take(12) {
            let text = violation.text;
            assert!(!takes(&server, &text), "{pattern} rejects {text:?}, which the server accepts");
        }
    }
}

/// Returns whether regex dialects interpret a pattern differently. `{,3}` is a repetition in Rust, literal text in
/// ECMAScript and an error in Java. ECMAScript has no possessive repetitions. A reference to a group that did not
/// participate matches in ECMAScript, and does not in Java.
fn depends_on_dialect(pattern: &str) -> bool {
    let refers = pattern.as_bytes().windows(2).any(|two| two[0] == b'\\' && matches!(two[1], b'1'..=b'9' | b'k'));
    refers || ["{,", "?+", "*+", "++", "}+"].iter().any(|part| pattern.contains(part))
}

/// Returns whether a character class contains an opening bracket. It opens a nested class in Java and is literal in
/// ECMAScript.
fn has_inner_bracket(pattern: &str) -> bool {
    let (mut inside, mut escaped) = (false, false);
    // A closing bracket is literal at the start of a class: `[]a]`, `[^]a]`.
    let mut is_first = false;
    for c in pattern.chars() {
        let stays_first = is_first && c == '^';
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' if inside => return true,
            '[' => (inside, is_first) = (true, true),
            ']' if !is_first => inside = false,
            _ => {}
        }
        is_first &= c == '[' || stays_first;
    }
    false
}
