//! Breaks JSON text into lines, so that a line number says something.

/// Spaces per level.
const INDENT: usize = 2;
/// Maximum depth that is shown by indentation.
const MAX_INDENT_DEPTH: usize = 32;

/// Returns JSON text with each member and each item on a line of its own. Names, numbers and texts stay as they are,
/// byte for byte; what is not JSON is returned as it comes, with line breaks where JSON would have them.
pub fn break_json_into_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let (mut depth, mut is_in_text, mut is_escaped) = (0_usize, false, false);
    let break_line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', depth.min(MAX_INDENT_DEPTH) * INDENT));
    };
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        if is_in_text {
            out.push(char);
            is_in_text = is_escaped || char != '"';
            is_escaped = !is_escaped && char == '\\';
            continue;
        }
        match char {
            ' ' | '\t' | '\r' | '\n' => {}
            '{' | '[' => {
                out.push(char);
                while chars.next_if(|next| matches!(next, ' ' | '\t' | '\r' | '\n')).is_some() {}
                if let Some(end) = chars.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    break_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut out, depth);
                out.push(char);
            }
            ',' => {
                out.push(char);
                break_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            '"' => {
                out.push(char);
                is_in_text = true;
            }
            _ => out.push(char),
        }
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn members_and_items_stand_on_lines_of_their_own() {
        let text = r#"{"a":[1e400,{"b":"x, {\"y\": [\\"}, [ ],{}],"c":null}"#;
        let expected = "{\n  \"a\": [\n    1e400,\n    {\n      \"b\": \"x, {\\\"y\\\": [\\\\\"\n    },\n    [],\n    {}\n  ],\n  \"c\": null\n}\n";
        assert_eq!(break_json_into_lines(text), expected);
        assert_eq!(break_json_into_lines(expected), expected);
    }

    proptest! {
        #[test]
        fn the_value_stays_the_same(texts in prop::collection::vec(any::<String>(), 0..6), number in any::<f64>()) {
            let value = serde_json::json!({"texts": texts, "number": number, "empty": {}, "deep": [[["\\\""]]]});
            let broken = break_json_into_lines(&value.to_string());
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&broken).expect("JSON"), value);
        }
    }
}
