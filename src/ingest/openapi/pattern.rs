//! Translates patterns from ECMAScript's dialect, which JSON Schema uses, to the contract's, which is Java's.
//!
//! In JSON Schema a pattern may match anywhere in a text. A contract's pattern describes whole texts, so what may stand
//! before and after the match is added, limited to printable ASCII: other texts are not generated.

/// What may stand before or after the match of a pattern that is not anchored there.
const ANY_TEXT: &str = "[ -~]*";

/// Translates a pattern.
pub(super) fn to_java(pattern: &str) -> String {
    let (translated, has_alternatives) = translate(pattern);
    let body = translated.trim_start_matches('^');
    let is_anchored = (body.len() < translated.len(), ends_with_anchor(body));
    let body = if is_anchored.1 { body.trim_end_matches('$') } else { body };
    match is_anchored {
        _ if has_alternatives && is_anchored != (false, false) => translated,
        (false, false) if has_alternatives => format!("{ANY_TEXT}(?:{body}){ANY_TEXT}"),
        (starts, ends) => {
            let before = if starts { "^" } else { ANY_TEXT };
            let after = if ends { "$" } else { ANY_TEXT };
            format!("{before}{body}{after}")
        }
    }
}

/// Returns true if the last character is an anchor and not an escaped dollar sign.
fn ends_with_anchor(pattern: &str) -> bool {
    let before = pattern.trim_end_matches('$');
    let escapes = before.len() - before.trim_end_matches('\\').len();
    before.len() < pattern.len() && (escapes.is_multiple_of(2) || pattern.len() - before.len() > 1)
}

/// Translates the syntax, and returns whether the pattern has alternatives outside of groups.
fn translate(pattern: &str) -> (String, bool) {
    let mut out = String::with_capacity(pattern.len());
    let mut characters = pattern.chars().peekable();
    let (mut in_class, mut depth, mut has_alternatives) = (false, 0_usize, false);
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                let Some(escaped) = characters.next() else {
                    out.push('\\');
                    break;
                };
                match escaped {
                    // Java gives a meaning to letters that ECMAScript takes as they are.
                    'A' | 'z' | 'Z' | 'G' | 'h' | 'H' | 'R' | 'X' | 'Q' | 'E' | 'a' | 'e' => out.push(escaped),
                    escaped => out.extend(['\\', escaped]),
                }
            }
            '[' if !in_class => {
                let is_negated = characters.peek() == Some(&'^');
                if is_negated {
                    characters.next();
                }
                if characters.peek() == Some(&']') {
                    // `[]` matches nothing, `[^]` matches anything.
                    characters.next();
                    out.push_str(if is_negated { "[\\s\\S]" } else { "[^\\s\\S]" });
                    continue;
                }
                in_class = true;
                out.push_str(if is_negated { "[^" } else { "[" });
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            // Java takes these as a class inside a class and as an intersection.
            '[' => out.push_str("\\["),
            '&' if in_class => out.push_str("\\&"),
            other => {
                if !in_class {
                    match other {
                        '(' => depth += 1,
                        ')' => depth = depth.saturating_sub(1),
                        '|' if depth == 0 => has_alternatives = true,
                        _ => {}
                    }
                }
                out.push(other);
            }
        }
    }
    (out, has_alternatives)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects_differ_in_classes_and_in_some_letters() {
        for (ecma_script, java) in [
            ("^[a-z]+$", "^[a-z]+$"),
            ("^[[a]$", "^[\\[a]$"),
            ("^[a&&b]$", "^[a\\&\\&b]$"),
            ("^[^]$", "^[\\s\\S]$"),
            ("^[]$", "^[^\\s\\S]$"),
            ("^[^\\]]x]$", "^[^\\]]x]$"),
            ("^\\Ax\\z$", "^Axz$"),
            ("^\\d\\/\\-$", "^\\d\\/\\-$"),
            ("^^PK[0-9]{2}$$", "^PK[0-9]{2}$"),
        ] {
            assert_eq!(to_java(ecma_script), java, "{ecma_script}");
        }
    }

    #[test]
    fn what_is_not_anchored_may_stand_anywhere() {
        for (ecma_script, java) in [
            ("[A-Z]", "[ -~]*[A-Z][ -~]*"),
            ("^x", "^x[ -~]*"),
            ("x$", "[ -~]*x$"),
            ("^5\\$", "^5\\$[ -~]*"),
            ("a|b", "[ -~]*(?:a|b)[ -~]*"),
            ("^a$|^b$", "^a$|^b$"),
            ("^(a|b)$", "^(a|b)$"),
        ] {
            assert_eq!(to_java(ecma_script), java, "{ecma_script}");
        }
    }
}
