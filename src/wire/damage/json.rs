//! Damage to the members and the syntax of a JSON document.
//!
//! It never handles JSON that overstep's own encoder does not write.

use crate::case::LenientSyntax;
use crate::wire::json;

/// Returns the object with this member repeated at its end; `None` if there is no such member.
pub(super) fn duplicate_member(body: &[u8], name: &str) -> Option<Vec<u8>> {
    let value = json::find_top_member(body, name)?;
    let end = body.iter().rposition(|byte| *byte == b'}')?;
    let mut out = body[..end].to_vec();
    out.push(b',');
    json::write_string(&mut out, name);
    out.push(b':');
    out.extend_from_slice(value);
    out.extend_from_slice(&body[end..]);
    Some(out)
}

/// Returns the document in a lenient syntax; `None` if it has nothing that the syntax would change.
pub(super) fn write_leniently(body: &[u8], syntax: LenientSyntax) -> Option<Vec<u8>> {
    let is_container = matches!(body, [b'{', .., b'}'] | [b'[', .., b']']);
    let is_empty = body.len() <= 2;
    if !is_container || is_empty {
        return None;
    }
    let (first, rest) = body.split_at(1);
    match syntax {
        LenientSyntax::SingleQuotes => rewrite_strings(body, |_, text| Some(single_quoted(text))),
        LenientSyntax::BareNames => {
            rewrite_strings(body, |is_name, text| (is_name && is_identifier(text)).then(|| text.to_vec()))
        }
        LenientSyntax::TrailingComma => {
            let (members, last) = body.split_at(body.len() - 1);
            Some([members, b",", last].concat())
        }
        LenientSyntax::BlockComment => Some([first, b"/* overstep */", rest].concat()),
        LenientSyntax::LineComment => Some([first, b"// overstep\n", rest].concat()),
    }
}

/// Replaces each string of a document for which `rewrite` returns something else. It gets whether the string is the name of
/// a member, and what is between the quotes. Returns `None` if nothing was replaced.
fn rewrite_strings(body: &[u8], rewrite: impl Fn(bool, &[u8]) -> Option<Vec<u8>>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    let mut has_changed = false;
    while let Some(start) = rest.iter().position(|byte| *byte == b'"') {
        let (before, quoted) = rest.split_at(start);
        let end = string_end(quoted)?;
        let (string, after) = quoted.split_at(end);
        out.extend_from_slice(before);
        match rewrite(after.first() == Some(&b':'), &string[1..end - 1]) {
            Some(text) => {
                has_changed = true;
                out.extend_from_slice(&text);
            }
            None => out.extend_from_slice(string),
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    has_changed.then_some(out)
}

/// Returns the index after the closing quote of a string that begins with its opening quote.
fn string_end(quoted: &[u8]) -> Option<usize> {
    let mut index = 1;
    while let Some(byte) = quoted.get(index) {
        match byte {
            b'"' => return Some(index + 1),
            b'\\' => index += 2,
            _ => index += 1,
        }
    }
    None
}

fn single_quoted(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'\''];
    for byte in text {
        if *byte == b'\'' {
            out.extend_from_slice(b"\\u0027");
        } else {
            out.push(*byte);
        }
    }
    out.push(b'\'');
    out
}

fn is_identifier(text: &[u8]) -> bool {
    text.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lenient_syntax_changes_the_document_and_nothing_else() {
        let body = br#"{"a":"it's \"b\":","c-d":[{"e":"\\"},1]}"#;
        for (syntax, expected) in [
            (LenientSyntax::SingleQuotes, r#"{'a':'it\u0027s \"b\":','c-d':[{'e':'\\'},1]}"#),
            (LenientSyntax::BareNames, r#"{a:"it's \"b\":","c-d":[{e:"\\"},1]}"#),
            (LenientSyntax::TrailingComma, r#"{"a":"it's \"b\":","c-d":[{"e":"\\"},1],}"#),
            (LenientSyntax::BlockComment, r#"{/* overstep */"a":"it's \"b\":","c-d":[{"e":"\\"},1]}"#),
            (LenientSyntax::LineComment, "{// overstep\n\"a\":\"it's \\\"b\\\":\",\"c-d\":[{\"e\":\"\\\\\"},1]}"),
        ] {
            let written = write_leniently(body, syntax).expect("it changes the document");
            assert_eq!(String::from_utf8(written).expect("text"), expected, "{syntax:?}");
        }
    }

    #[test]
    fn documents_without_members_have_no_lenient_syntax() {
        use LenientSyntax::{BareNames, BlockComment, LineComment, SingleQuotes, TrailingComma};
        for syntax in [SingleQuotes, BareNames, TrailingComma, BlockComment, LineComment] {
            for body in ["", "{}", "[]", "1", "\"a\"", "{\"a"] {
                assert_eq!(write_leniently(body.as_bytes(), syntax), None, "{syntax:?} {body}");
            }
        }
        assert_eq!(write_leniently(b"[1]", BareNames), None);
        assert_eq!(write_leniently(b"[1]", SingleQuotes), None);
    }
}
