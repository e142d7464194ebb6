//! Finds a member of a JSON object in its text, without parsing the document.
//!
//! For the detection of formats only: the text may be cut short or invalid.

/// Returns the text that follows `"key":` among the members of the outermost object; members further inside do not count.
pub(super) fn top_member<'t>(text: &'t str, key: &str) -> Option<&'t str> {
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[', '}', ']', '"']) {
        let (found, after) = rest[at..].split_at(1);
        rest = after;
        match found {
            "{" | "[" => depth += 1,
            "}" | "]" => depth = depth.saturating_sub(1),
            _ => {
                let end = string_end(after)?;
                rest = &after[end + 1..];
                let value = rest.trim_start().strip_prefix(':');
                if depth == 1 && after[..end] == *key && value.is_some() {
                    return value;
                }
            }
        }
    }
    None
}

/// Returns the index of the closing quote of a string.
fn string_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    text.bytes().position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_members_of_the_outermost_object_are_found() {
        let text = r#"{"a": {"smithy": 1, "b": "\"smithy\": 2"}, "c": ["smithy", {"smithy": 3}], "smithy" : "2.0"}"#;
        assert_eq!(top_member(text, "smithy"), Some(" \"2.0\"}"));
        assert_eq!(top_member(text, "b"), None);
        assert_eq!(top_member(text, "a").map(|value| &value[..3]), Some(" {\""));
        assert_eq!(top_member(r#"{"a": "smithy", "b": 1}"#, "smithy"), None);
        assert_eq!(top_member(r#"{"a\"": 1, "b"#, "b"), None);
        assert_eq!(top_member("", "a"), None);
    }
}
