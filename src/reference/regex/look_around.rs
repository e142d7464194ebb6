//! Removes look-around from patterns, or widens it, as careless servers do.
//!
//! Works on the characters of a pattern; never parses more of it than the ends of classes and groups.

/// Returns the pattern without its look-ahead and look-behind groups, or `None` if it has none.
pub(in crate::reference) fn remove_look_around(pattern: &str) -> Option<String> {
    let source: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut is_changed = false;
    let mut at = 0;
    while at < source.len() {
        let openings = [&['(', '?', '='][..], &['(', '?', '!'], &['(', '?', '<', '='], &['(', '?', '<', '!']];
        if source[at] == '\\' {
            out.extend(source[at..].iter().take(2));
            at += 2;
        } else if source[at] == '[' {
            let end = find_class_end(&source, at);
            out.extend(&source[at..end]);
            at = end;
        } else if openings.iter().any(|opening| source[at..].starts_with(opening)) {
            at = find_group_end(&source, at);
            is_changed = true;
        } else {
            out.push(source[at]);
            at += 1;
        }
    }
    is_changed.then_some(out)
}

/// Returns two variants of the pattern with a first negative look-ahead that is too broad: one forbids a shorter
/// prefix, the other forbids the text anywhere. Returns `None` unless the look-ahead forbids plain characters.
pub(in crate::reference) fn widen_look_ahead(pattern: &str) -> Option<[String; 2]> {
    let (before, rest) = pattern.split_once("(?!")?;
    let (forbidden, after) = rest.split_once(')')?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_:/ ".contains(c);
    if forbidden.len() < 2 || !forbidden.chars().all(is_plain) || before.ends_with('\\') {
        return None;
    }
    let shorter = &forbidden[..forbidden.len() - 1];
    Some([format!("{before}(?!{shorter}){after}"), format!("{before}(?!.*{forbidden}){after}")])
}

fn find_class_end(source: &[char], at: usize) -> usize {
    let mut end = at + 1;
    if source.get(end) == Some(&'^') {
        end += 1;
    }
    let start = end;
    while end < source.len() {
        match source[end] {
            '\\' => end += 2,
            ']' if end > start => return end + 1,
            _ => end += 1,
        }
    }
    source.len()
}

fn find_group_end(source: &[char], at: usize) -> usize {
    let (mut end, mut depth) = (at, 0);
    while end < source.len() {
        match source[end] {
            '\\' => end += 1,
            '[' => end = find_class_end(source, end) - 1,
            '(' => depth += 1,
            ')' => {
                depth -= 1;
                if depth == 0 {
                    return end + 1;
                }
            }
            _ => {}
        }
        end += 1;
    }
    source.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_classes_and_groups_are_found() {
        for (text, at, class, group) in [
            ("[a]b", 0, 3, 4),
            ("x[a]b", 1, 4, 5),
            ("x[^]a]b", 1, 6, 7),
            ("x[]a]b", 1, 5, 6),
            (r"x[\]a]b", 1, 6, 7),
            (r"x[a\\]b]", 1, 6, 8),
            ("x[a", 1, 3, 3),
            ("(a(b)c)d", 0, 8, 7),
            (r"x(\)a)b", 1, 7, 6),
            (r"x(a\()b", 1, 7, 6),
            ("x([)]a)b", 1, 5, 7),
            ("x(a", 1, 3, 3),
        ] {
            let source: Vec<char> = text.chars().collect();
            assert_eq!((find_class_end(&source, at), find_group_end(&source, at)), (class, group), "{text}");
        }
    }

    #[test]
    fn look_around_is_removed() {
        assert_eq!(remove_look_around("^(?!aws:)[(?!)]+$").as_deref(), Some("^[(?!)]+$"));
        assert_eq!(remove_look_around("^(?=a(b)[)])c").as_deref(), Some("^c"));
        assert_eq!(remove_look_around(r"^\(?!a$"), None);
    }

    #[test]
    fn look_aheads_are_widened() {
        let wider = widen_look_ahead("^(?!aws:)[a-z:]+$");
        assert_eq!(wider, Some(["^(?!aws)[a-z:]+$".to_owned(), "^(?!.*aws:)[a-z:]+$".to_owned()]));
        assert!(widen_look_ahead("^(?!ab)x").is_some());
        for pattern in ["^[a-z]+$", "^(?!a)b", "^(?![ab]c)d", r"^\(?!ab)"] {
            assert_eq!(widen_look_ahead(pattern), None, "{pattern}");
        }
    }
}
