//! Translates the character classes of Java patterns, including intersections.
//!
//! Never reads beyond one class.

use super::escape::{posix_class_ranges, push_class_literal, translate_escape};
use super::pattern_error::JavaPatternError;

/// Translates the class that starts at `at`, and returns its end.
pub(super) fn translate_class(source: &[char], at: usize, out: &mut String) -> Result<usize, JavaPatternError> {
    let mut at = at + 1;
    let begin = out.len();
    out.push('[');
    if source.get(at) == Some(&'^') {
        out.push('^');
        at += 1;
    }
    let start = at;
    // Whether the previous item cannot start a range: it is a class, a complete range, or absent.
    let mut after_class = true;
    loop {
        let Some(&c) = source.get(at) else { return Err("an unclosed class".into()) };
        match c {
            ']' if at > start => {
                out.push(']');
                return Ok(at + 1);
            }
            '[' if source.get(at + 1) == Some(&':') => {
                let end = source[at..].windows(2).position(|two| two == [':', ']']).ok_or("an unclosed class name")?;
                let name: String = source[at + 2..at + end].iter().collect();
                out.push_str(posix_class_ranges(&name).ok_or_else(|| format!("`[:{name}:]` is unknown"))?);
                at += end + 2;
                after_class = true;
            }
            '&' if source.get(at + 1) == Some(&'&') => {
                let left = out.split_off(begin);
                return translate_intersection(left, source, at + 2, out);
            }
            '\\' => {
                let is_class = source.get(at + 1).is_some_and(|c| "dDwWsShvpPQ".contains(*c));
                at = translate_escape(source, at, out, true)?;
                after_class = is_class;
            }
            '-' => {
                let before_class = matches!((source.get(at + 1), source.get(at + 2)),
                    (Some('\\'), Some(c)) if "dDwWsShvpP".contains(*c))
                    || (source.get(at + 1) == Some(&'[') && source.get(at + 2) == Some(&':'));
                let last = source.get(at + 1) == Some(&']');
                if after_class || before_class || last {
                    // A literal hyphen: a following hyphen may make it the start of a range.
                    out.push_str("\\-");
                    after_class = false;
                } else {
                    out.push('-');
                    // The next character ends the range; a further `-` after it is a literal.
                    at += 1;
                    match source.get(at) {
                        Some('\\') => at = translate_escape(source, at, out, true)?,
                        Some(&end) => {
                            push_class_literal(end, out);
                            at += 1;
                        }
                        None => return Err("an unclosed class".into()),
                    }
                    after_class = true;
                    continue;
                }
                at += 1;
            }
            c => {
                push_class_literal(c, out);
                after_class = false;
                at += 1;
            }
        }
    }
}

/// Translates `[a-z&&[^x]]`: a character of the right class that also belongs to the left one, which is still open.
fn translate_intersection(
    left: String,
    source: &[char],
    at: usize,
    out: &mut String,
) -> Result<usize, JavaPatternError> {
    if left.starts_with("[^") {
        return Err("an intersection in a negated class".into());
    }
    out.push_str(&format!("(?:(?={left}])"));
    let end = if source.get(at) == Some(&'[') {
        let end = translate_class(source, at, out)?;
        if source.get(end) != Some(&']') {
            return Err("more than one class in an intersection".into());
        }
        end + 1
    } else {
        let rest: Vec<char> = std::iter::once('[').chain(source[at..].iter().copied()).collect();
        at + translate_class(&rest, 0, out)? - 1
    };
    out.push(')');
    Ok(end)
}
