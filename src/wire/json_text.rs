//! Parses JSON texts of an endpoint as leniently as the grammar of JSON allows.

use serde_json::Value as Json;
use std::borrow::Cow;

/// Parses a JSON text. Lone surrogates, which the grammar allows and endpoints send back as they got them, become
/// U+FFFD.
///
/// # Errors
/// Returns the parser's error if the text is not JSON.
pub fn parse_json(body: &[u8]) -> Result<Json, serde_json::Error> {
    // serde_json rejects more than 128 levels instead of overflowing the stack.
    serde_json::from_slice(body).or_else(|error| match replace_lone_surrogates(body) {
        Cow::Owned(text) => serde_json::from_slice(&text),
        Cow::Borrowed(_) => Err(error),
    })
}

/// Returns the text with every escaped surrogate that has no partner replaced.
fn replace_lone_surrogates(body: &[u8]) -> Cow<'_, [u8]> {
    let unit = |at: usize| {
        let digits = body.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut out: Option<Vec<u8>> = None;
    let (mut at, mut copied) = (0, 0);
    while at < body.len() {
        if body[at] != b'\\' {
            at += 1;
            continue;
        }
        match unit(at) {
            Some(0xD800..=0xDBFF) if matches!(unit(at + 6), Some(0xDC00..=0xDFFF)) => at += 12,
            Some(0xD800..=0xDFFF) => {
                let text = out.get_or_insert_with(|| Vec::with_capacity(body.len()));
                text.extend_from_slice(&body[copied..at]);
                text.extend_from_slice(b"\\ufffd");
                at += 6;
                copied = at;
            }
            _ => at += 2,
        }
    }
    match out {
        Some(mut text) => {
            text.extend_from_slice(&body[copied..]);
            Cow::Owned(text)
        }
        None => Cow::Borrowed(body),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lone_surrogates_are_replaced_and_nothing_else() {
        for (text, value) in [
            (r#"["\ud800"]"#, Some(json!(["\u{fffd}"]))),
            (r#"["a\uDC00b", "\ud83d\ude00"]"#, Some(json!(["a\u{fffd}b", "\u{1f600}"]))),
            (r#"["\ud800\ud83d\ude00"]"#, Some(json!(["\u{fffd}\u{1f600}"]))),
            (r#"["\\ud800"]"#, Some(json!(["\\ud800"]))),
            (r#"["\ud800"#, None),
            (r#"["\ud80"]"#, None),
            ("[\\", None),
        ] {
            assert_eq!(parse_json(text.as_bytes()).ok(), value, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_serde_json_parses_is_parsed_alike(text in r#"(\[|\]|"|\\|,|u|d8|dc|00|[0-9a-f]| ){0,20}"#) {
            let body = text.into_bytes();
            if let Ok(strict) = serde_json::from_slice::<Json>(&body) {
                proptest::prop_assert_eq!(parse_json(&body).ok(), Some(strict));
            }
        }
    }
}
