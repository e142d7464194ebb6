//! Two regex engines that do not know each other: what one makes of a pattern, the other must judge the same.

use crate::support::taker::{server, takes};
use arbitrary::Unstructured;
use overstep::pattern::DocumentedPattern;

/// Longer patterns are made of shorter ones, and take backtracking engines longer than a fuzzer waits.
const LONGEST: usize = 32;

/// The pattern is the first line, choices follow: what the generator calls a member the reference server takes, and
/// what it calls a violation the server refuses.
pub fn pattern(bytes: &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let Ok(pattern) = std::str::from_utf8(&bytes[..end]) else { return };
    // Nested repetitions take either engine for ever on some texts: no fault of what is compared here.
    let repeats = pattern.matches(['*', '+', '{']).count();
    if pattern.len() > LONGEST || repeats > 2 || has_inner_bracket(pattern) || differs(pattern) {
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
        assert!(takes(&server, &member), "{pattern} makes {member:?}, which the server refuses");
        for violation in parsed.violations(&member, (0, 300), &mut draw).into_iter().take(12) {
            let text = violation.text;
            assert!(!takes(&server, &text), "{pattern} rejects {text:?}, which the server takes");
        }
    }
}

/// Whether a pattern says what dialects read differently: `{,3}` is a repetition to Rust, itself to ECMAScript and an
/// error to Java; what possessive repetitions keep, ECMAScript cannot say; and a group that took no part is matched by
/// a reference to it in ECMAScript, and by none in Java.
fn differs(pattern: &str) -> bool {
    let refers = pattern.as_bytes().windows(2).any(|two| two[0] == b'\\' && matches!(two[1], b'1'..=b'9' | b'k'));
    refers || ["{,", "?+", "*+", "++", "}+"].iter().any(|part| pattern.contains(part))
}

/// Whether a bracket stands inside a class: to Java it opens a class in the class, to ECMAScript it is itself, and each
/// engine decides for one of them.
fn has_inner_bracket(pattern: &str) -> bool {
    let (mut inside, mut escaped) = (false, false);
    // A bracket that closes nothing yet is itself: `[]a]`, `[^]a]`.
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
