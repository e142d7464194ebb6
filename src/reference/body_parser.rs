//! Parses JSON bodies, and applies the faults that act on the bytes of a body.
//!
//! Never checks a constraint; only a body that cannot be parsed at all is rejected here.

use super::lenient_json::read_leniently;
use super::misbehavior::{Misbehavior, MisbehaviorSet};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Why a request was not parsed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ReadFailure {
    /// The body is not a valid document, or a string in the request is not valid text.
    Malformed(String),
    /// A faulty server crashes on it.
    Crash,
    /// A faulty server accepts it unread.
    AcceptedUnread,
}

/// Parses a body as a JSON object.
pub(super) fn parse_object(bytes: &[u8], misbehaviors: MisbehaviorSet) -> Result<Map<String, Value>, ReadFailure> {
    if bytes.is_empty() {
        return match () {
            () if misbehaviors.has(Misbehavior::EmptyBodyCrashes) => Err(ReadFailure::Crash),
            () if misbehaviors.has(Misbehavior::EmptyBodyAccepted) => Err(ReadFailure::AcceptedUnread),
            () => Ok(Map::new()),
        };
    }
    match parse_document(bytes, misbehaviors)? {
        Value::Object(members) => Ok(members),
        _ if misbehaviors.has(Misbehavior::NotObjectCrashes) => Err(ReadFailure::Crash),
        _ if misbehaviors.has(Misbehavior::NotObjectAccepted) => Err(ReadFailure::AcceptedUnread),
        _ => Err(ReadFailure::Malformed("the body is not a JSON object".to_owned())),
    }
}

/// Parses a body of another format with `read`, and applies the faults that are possible for any bytes.
pub(super) fn parse_with_faults<T>(
    bytes: &[u8],
    misbehaviors: MisbehaviorSet,
    read: impl FnOnce() -> Result<T, ReadFailure>,
) -> Result<T, ReadFailure> {
    if misbehaviors.is_empty() {
        return read();
    }
    if bytes.is_empty() && misbehaviors.has(Misbehavior::EmptyBodyCrashes) {
        return Err(ReadFailure::Crash);
    }
    if bytes.is_empty() && misbehaviors.has(Misbehavior::EmptyBodyAccepted) {
        return Err(ReadFailure::AcceptedUnread);
    }
    // Forms percent-encode these characters; in other formats nothing looks like an escape.
    let plain: Cow<'_, [u8]> = percent_encoding::percent_decode(bytes).into();
    let text = String::from_utf8_lossy(&plain);
    let crashes = misbehaviors.has(Misbehavior::InvalidUtf8Crashes) && std::str::from_utf8(&plain).is_err()
        || misbehaviors.has(Misbehavior::NulCrashes) && plain.contains(&0)
        || misbehaviors.has(Misbehavior::AstralCrashes) && text.chars().any(|c| c > '\u{ffff}')
        || misbehaviors.has(Misbehavior::NonAsciiCrashes) && text.chars().any(|c| !c.is_ascii() && c != '\u{fffd}');
    if crashes {
        return Err(ReadFailure::Crash);
    }
    match read() {
        Err(ReadFailure::Malformed(_)) if misbehaviors.has(Misbehavior::MalformedCrashes) => Err(ReadFailure::Crash),
        Err(ReadFailure::Malformed(_)) if misbehaviors.has(Misbehavior::MalformedAccepted) => {
            Err(ReadFailure::AcceptedUnread)
        }
        other => other,
    }
}

/// Parses a body as a JSON value.
pub(super) fn parse_document(bytes: &[u8], misbehaviors: MisbehaviorSet) -> Result<Value, ReadFailure> {
    let bytes = if misbehaviors.is_empty() { Cow::Borrowed(bytes) } else { apply_byte_faults(bytes, misbehaviors)? };
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(value) => {
            if misbehaviors.has(Misbehavior::NullCrashes) && any_value(&value, &|value| value.is_null())
                || misbehaviors.has(Misbehavior::HugeNumberCrashes) && any_value(&value, &is_huge)
            {
                return Err(ReadFailure::Crash);
            }
            Ok(value)
        }
        Err(error) => {
            let reason = error.to_string();
            let crashes = misbehaviors.has(Misbehavior::MalformedCrashes)
                || misbehaviors.has(Misbehavior::SurrogateCrashes)
                    && (reason.contains("surrogate") || reason.contains("hex escape"))
                || misbehaviors.has(Misbehavior::HugeNumberCrashes) && reason.contains("number out of range");
            match () {
                () if crashes => Err(ReadFailure::Crash),
                () if misbehaviors.has(Misbehavior::MalformedAccepted) => Err(ReadFailure::AcceptedUnread),
                () if misbehaviors.has(Misbehavior::TruncatedAccepted) && error.is_eof() => {
                    Err(ReadFailure::AcceptedUnread)
                }
                () => Err(ReadFailure::Malformed(format!("the body is not JSON: {reason}"))),
            }
        }
    }
}

fn is_huge(value: &Value) -> bool {
    value.as_f64().is_some_and(|number| number.abs() > f64::from(u32::MAX))
}

fn any_value(value: &Value, test: &impl Fn(&Value) -> bool) -> bool {
    test(value)
        || match value {
            Value::Array(items) => items.iter().any(|value| any_value(value, test)),
            Value::Object(members) => members.values().any(|value| any_value(value, test)),
            _ => false,
        }
}

/// Applies the faults that act on the bytes before they are parsed.
fn apply_byte_faults(bytes: &[u8], misbehaviors: MisbehaviorSet) -> Result<Cow<'_, [u8]>, ReadFailure> {
    let text = String::from_utf8_lossy(bytes);
    let invalid = std::str::from_utf8(bytes).is_err();
    let crashes = misbehaviors.has(Misbehavior::DeepCrashes) && nesting_depth(bytes) > 32
        || misbehaviors.has(Misbehavior::InvalidUtf8Crashes) && invalid
        || misbehaviors.has(Misbehavior::NulCrashes) && (text.contains("\\u0000") || bytes.contains(&0))
        || misbehaviors.has(Misbehavior::AstralCrashes) && text.chars().any(|c| c > '\u{ffff}')
        || misbehaviors.has(Misbehavior::NonAsciiCrashes) && !text.is_ascii();
    if crashes {
        return Err(ReadFailure::Crash);
    }
    if misbehaviors.has(Misbehavior::InvalidUtf8Accepted) && invalid {
        return Ok(Cow::Owned(text.into_owned().into_bytes()));
    }
    if misbehaviors.has(Misbehavior::TrailingBytes) {
        let mut stream = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
        if let Some(Ok(first)) = stream.next() {
            return Ok(Cow::Owned(first.to_string().into_bytes()));
        }
    }
    if let Some(strict) = read_leniently(bytes, misbehaviors) {
        return Ok(Cow::Owned(strict));
    }
    if misbehaviors.has(Misbehavior::NanAccepted) && (text.contains("NaN") || text.contains("Infinity")) {
        return Err(ReadFailure::AcceptedUnread);
    }
    Ok(Cow::Borrowed(bytes))
}

fn nesting_depth(bytes: &[u8]) -> usize {
    let (mut depth, mut max_depth, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                max_depth = max_depth.max(depth);
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    max_depth
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(misbehavior: Misbehavior) -> MisbehaviorSet {
        MisbehaviorSet::from_iter([misbehavior])
    }

    fn outcome_name<T>(read: Result<T, ReadFailure>) -> &'static str {
        match read {
            Ok(_) => "read",
            Err(ReadFailure::Malformed(_)) => "malformed",
            Err(ReadFailure::Crash) => "crash",
            Err(ReadFailure::AcceptedUnread) => "accepted",
        }
    }

    #[test]
    fn each_byte_fault_reacts_only_to_its_own_bytes_in_other_formats() {
        for (misbehavior, bytes, expected) in [
            (Misbehavior::EmptyBodyCrashes, &b""[..], "crash"),
            (Misbehavior::EmptyBodyCrashes, b"a", "read"),
            (Misbehavior::EmptyBodyAccepted, b"", "accepted"),
            (Misbehavior::EmptyBodyAccepted, b"a", "read"),
            (Misbehavior::InvalidUtf8Crashes, b"a=%FF", "crash"),
            (Misbehavior::InvalidUtf8Crashes, b"a=\xff", "crash"),
            (Misbehavior::InvalidUtf8Crashes, "a=\u{e9}\u{1f600}\0".as_bytes(), "read"),
            (Misbehavior::NulCrashes, b"a=%00", "crash"),
            (Misbehavior::NulCrashes, b"a=\0", "crash"),
            (Misbehavior::NulCrashes, "a=\u{e9}\u{1f600}".as_bytes(), "read"),
            (Misbehavior::NulCrashes, b"a=%FF", "read"),
            (Misbehavior::AstralCrashes, "a=\u{1f600}".as_bytes(), "crash"),
            (Misbehavior::AstralCrashes, b"a=%F0%9F%98%80", "crash"),
            (Misbehavior::AstralCrashes, "a=\u{e9}\u{ffff}\0".as_bytes(), "read"),
            (Misbehavior::AstralCrashes, b"a=%FF", "read"),
            (Misbehavior::NonAsciiCrashes, "a=\u{e9}".as_bytes(), "crash"),
            (Misbehavior::NonAsciiCrashes, "a=\u{1f600}".as_bytes(), "crash"),
            (Misbehavior::NonAsciiCrashes, b"a=b\0", "read"),
            // Bytes that are not UTF-8 belong to another fault.
            (Misbehavior::NonAsciiCrashes, b"a=%FF", "read"),
            (Misbehavior::MalformedCrashes, b"a", "read"),
            (Misbehavior::MalformedAccepted, b"a", "read"),
        ] {
            let read = parse_with_faults(bytes, with(misbehavior), || Ok::<_, ReadFailure>(()));
            assert_eq!(outcome_name(read), expected, "{misbehavior:?} {:?}", String::from_utf8_lossy(bytes));
        }
        for (misbehavior, expected) in [
            (Misbehavior::MalformedCrashes, "crash"),
            (Misbehavior::MalformedAccepted, "accepted"),
            (Misbehavior::EmptyBodyCrashes, "malformed"),
        ] {
            let read =
                parse_with_faults(b"a", with(misbehavior), || Err::<(), _>(ReadFailure::Malformed(String::new())));
            assert_eq!(outcome_name(read), expected, "{misbehavior:?}");
        }
        let read =
            parse_with_faults(b"", MisbehaviorSet::default(), || Err::<(), _>(ReadFailure::Malformed(String::new())));
        assert_eq!(outcome_name(read), "malformed");
    }

    #[test]
    fn each_byte_fault_reacts_only_to_its_own_bytes_in_json() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels)).into_bytes();
        for (misbehavior, bytes, expected) in [
            (Misbehavior::DeepCrashes, deep(33), "crash"),
            (Misbehavior::DeepCrashes, deep(32), "read"),
            (Misbehavior::InvalidUtf8Crashes, b"\"\xff\"".to_vec(), "crash"),
            (Misbehavior::InvalidUtf8Crashes, "\"\u{1f600}\\u0000\"".as_bytes().to_vec(), "read"),
            (Misbehavior::NulCrashes, b"\"\\u0000\"".to_vec(), "crash"),
            (Misbehavior::NulCrashes, b"\"\0\"".to_vec(), "crash"),
            (Misbehavior::NulCrashes, "\"\u{1f600}\"".as_bytes().to_vec(), "read"),
            (Misbehavior::AstralCrashes, "\"\u{1f600}\"".as_bytes().to_vec(), "crash"),
            (Misbehavior::AstralCrashes, "\"\u{ffff}\"".as_bytes().to_vec(), "read"),
            (Misbehavior::NonAsciiCrashes, "\"\u{e9}\"".as_bytes().to_vec(), "crash"),
            (Misbehavior::NonAsciiCrashes, b"\"a\"".to_vec(), "read"),
            (Misbehavior::NanAccepted, b"NaN".to_vec(), "accepted"),
            (Misbehavior::NanAccepted, b"-Infinity".to_vec(), "accepted"),
            (Misbehavior::NanAccepted, b"nan".to_vec(), "malformed"),
            (Misbehavior::DeepCrashes, b"\"NaN\"".to_vec(), "read"),
            (Misbehavior::TrailingBytes, b"{} x".to_vec(), "read"),
            (Misbehavior::TrailingBytes, b"x {}".to_vec(), "malformed"),
            (Misbehavior::InvalidUtf8Accepted, b"\"\xff\"".to_vec(), "read"),
            (Misbehavior::CommentsAccepted, b"[/* one */ 1, 2 // two\n]".to_vec(), "read"),
            (Misbehavior::CommentsAccepted, b"[1,]".to_vec(), "malformed"),
            (Misbehavior::CommentsAccepted, b"\"/* text */\"".to_vec(), "read"),
            (Misbehavior::TrailingCommaAccepted, b"{\"a\": [1,] , }".to_vec(), "read"),
            (Misbehavior::TrailingCommaAccepted, b"[1,,]".to_vec(), "malformed"),
            (Misbehavior::TrailingCommaAccepted, b"[/**/ 1]".to_vec(), "malformed"),
            (Misbehavior::SingleQuotesAccepted, b"{'a': 'b\\'\"c'}".to_vec(), "read"),
            (Misbehavior::SingleQuotesAccepted, b"{a: 'b'}".to_vec(), "malformed"),
            (Misbehavior::BareNamesAccepted, b"{a: true, b_1: null, \"c\": 1}".to_vec(), "read"),
            (Misbehavior::BareNamesAccepted, b"{a: word}".to_vec(), "malformed"),
            (Misbehavior::BareNamesAccepted, b"{'a': 1}".to_vec(), "malformed"),
            (Misbehavior::NullCrashes, b"[{\"a\": null}]".to_vec(), "crash"),
            (Misbehavior::NullCrashes, b"[4294967296]".to_vec(), "read"),
            (Misbehavior::HugeNumberCrashes, b"{\"a\": [4294967296]}".to_vec(), "crash"),
            (Misbehavior::HugeNumberCrashes, b"[4294967295, null]".to_vec(), "read"),
            (Misbehavior::HugeNumberCrashes, b"1e999".to_vec(), "crash"),
            (Misbehavior::HugeNumberCrashes, b"\"\\ud800\"".to_vec(), "malformed"),
            (Misbehavior::SurrogateCrashes, b"\"\\ud800\"".to_vec(), "crash"),
            (Misbehavior::SurrogateCrashes, b"\"\\ud800\\u0041\"".to_vec(), "crash"),
            (Misbehavior::SurrogateCrashes, b"1e999".to_vec(), "malformed"),
            (Misbehavior::SurrogateCrashes, b"{".to_vec(), "malformed"),
            (Misbehavior::TruncatedAccepted, b"{".to_vec(), "accepted"),
            (Misbehavior::TruncatedAccepted, b"}".to_vec(), "malformed"),
            (Misbehavior::MalformedAccepted, b"}".to_vec(), "accepted"),
            (Misbehavior::MalformedCrashes, b"}".to_vec(), "crash"),
        ] {
            assert_eq!(
                outcome_name(parse_document(&bytes, with(misbehavior))),
                expected,
                "{misbehavior:?} {:?}",
                String::from_utf8_lossy(&bytes)
            );
        }
        for (misbehavior, bytes, expected) in [
            (Misbehavior::NotObjectCrashes, "[]", "crash"),
            (Misbehavior::NotObjectCrashes, "{}", "read"),
            (Misbehavior::NotObjectAccepted, "1", "accepted"),
            (Misbehavior::EmptyBodyCrashes, "", "crash"),
            (Misbehavior::EmptyBodyAccepted, "", "accepted"),
            (Misbehavior::NotObjectCrashes, "", "read"),
            (Misbehavior::EmptyBodyCrashes, "[]", "malformed"),
        ] {
            assert_eq!(
                outcome_name(parse_object(bytes.as_bytes(), with(misbehavior))),
                expected,
                "{misbehavior:?} {bytes}"
            );
        }
    }

    #[test]
    fn depth_ignores_brackets_inside_strings() {
        for (text, levels) in [
            ("", 0),
            ("1", 0),
            ("[]", 1),
            ("{\"a\": [{}]}", 3),
            ("[][]", 1),
            ("[[],[[]]]", 3),
            ("[\"[[[\"]", 1),
            ("[\"\\\"[[\"]", 1),
            ("[\"\\\\\", [[]]]", 3),
            ("[\"]]]\", [[]]]", 3),
            ("[\\\"[[\"]", 1),
            ("]]][[", 2),
        ] {
            assert_eq!(nesting_depth(text.as_bytes()), levels, "{text}");
        }
    }
}
