//! Patterns for the texts of a case, such as its id.
//!
//! Only `*` is special: `{}` and `[]` are parts of ids.

/// Returns true if a pattern, in which `*` matches any characters, matches the whole text.
pub fn matches_glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn star_matches_any_characters() {
        assert!(matches_glob("s/*/Tags{key}/*", "s/Op/Tags{key}/length/at-max"));
        assert!(matches_glob("exact", "exact") && !matches_glob("exact", "exactly"));
        assert!(!matches_glob("a*a", "a"));
    }
}
