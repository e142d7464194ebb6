//! Parses JSON bodies, and applies the faults that act on the bytes of a body.
//!
//! Never checks a constraint; only a body that cannot be parsed at all is rejected here.

use super::misbehavior::{Trick, MisbehaviorSet};
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
            () if misbehaviors.has(Trick::EmptyBodyCrashes) => Err(ReadFailure::Crash),
            () if misbehaviors.has(Trick::EmptyBodyAccepted) => Err(ReadFailure::AcceptedUnread),
            () => Ok(Map::new()),
        };
    }
    match parse_document(bytes, misbehaviors)? {
        Value::Object(members) => Ok(members),
        _ if misbehaviors.has(Trick::NotObjectCrashes) => Err(ReadFailure::Crash),
        _ if misbehaviors.has(Trick::NotObjectAccepted) => Err(ReadFailure::AcceptedUnread),
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
    if bytes.is_empty() && misbehaviors.has(Trick::EmptyBodyCrashes) {
        return Err(ReadFailure::Crash);
    }
    if bytes.is_empty() && misbehaviors.has(Trick::EmptyBodyAccepted) {
        return Err(ReadFailure::AcceptedUnread);
    }
    // Forms percent-encode these characters; in other formats nothing looks like an escape.
    let plain: Cow<'_, [u8]> = percent_encoding::percent_decode(bytes).into();
    let text = String::from_utf8_lossy(&plain);
    let crashes = misbehaviors.has(Trick::InvalidUtf8Crashes) && std::str::from_utf8(&plain).is_err()
        || misbehaviors.has(Trick::NulCrashes) && plain.contains(&0)
        || misbehaviors.has(Trick::AstralCrashes) && text.chars().any(|c| c > '\u{ffff}')
        || misbehaviors.has(Trick::NonAsciiCrashes) && text.chars().any(|c| !c.is_ascii() && c != '\u{fffd}');
    if crashes {
        return Err(ReadFailure::Crash);
    }
    match read() {
        Err(ReadFailure::Malformed(_)) if misbehaviors.has(Trick::MalformedCrashes) => Err(ReadFailure::Crash),
        Err(ReadFailure::Malformed(_)) if misbehaviors.has(Trick::MalformedAccepted) => Err(ReadFailure::AcceptedUnread),
        other => other,
    }
}

/// Parses a body as a JSON value.
pub(super) fn parse_document(bytes: &[u8], misbehaviors: MisbehaviorSet) -> Result<Value, ReadFailure> {
    let bytes = if misbehaviors.is_empty() { Cow::Borrowed(bytes) } else { apply_byte_faults(bytes, misbehaviors)? };
    match serde_json::from_slice::<Value>(&bytes) {
        Ok(value) => {
            if misbehaviors.has(Trick::NullCrashes) && any_value(&value, &|value| value.is_null())
                || misbehaviors.has(Trick::HugeNumberCrashes) && any_value(&value, &is_huge)
            {
                return Err(ReadFailure::Crash);
            }
            Ok(value)
        }
        Err(error) => {
            let reason = error.to_string();
            let crashes = misbehaviors.has(Trick::MalformedCrashes)
                || misbehaviors.has(Trick::SurrogateCrashes)
                    && (reason.contains("surrogate") || reason.contains("hex escape"))
                || misbehaviors.has(Trick::HugeNumberCrashes) && reason.contains("number out of range");
            match () {
                () if crashes => Err(ReadFailure::Crash),
                () if misbehaviors.has(Trick::MalformedAccepted) => Err(ReadFailure::AcceptedUnread),
                () if misbehaviors.has(Trick::TruncatedAccepted) && error.is_eof() => Err(ReadFailure::AcceptedUnread),
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
    let crashes = misbehaviors.has(Trick::DeepCrashes) && nesting_depth(bytes) > 32
        || misbehaviors.has(Trick::InvalidUtf8Crashes) && invalid
        || misbehaviors.has(Trick::NulCrashes) && (text.contains("\\u0000") || bytes.contains(&0))
        || misbehaviors.has(Trick::AstralCrashes) && text.chars().any(|c| c > '\u{ffff}')
        || misbehaviors.has(Trick::NonAsciiCrashes) && !text.is_ascii();
    if crashes {
        return Err(ReadFailure::Crash);
    }
    if misbehaviors.has(Trick::InvalidUtf8Accepted) && invalid {
        return Ok(Cow::Owned(text.into_owned().into_bytes()));
    }
    if misbehaviors.has(Trick::TrailingBytes) {
        let mut stream = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>();
        if let Some(Ok(first)) = stream.next() {
            return Ok(Cow::Owned(first.to_string().into_bytes()));
        }
    }
    if misbehaviors.has(Trick::NanAccepted) && (text.contains("NaN") || text.contains("Infinity")) {
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

    fn with(trick: Trick) -> MisbehaviorSet {
        MisbehaviorSet::from_iter([trick])
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
        for (trick, bytes, due) in [
            (Trick::EmptyBodyCrashes, &b""[..], "crash"),
            (Trick::EmptyBodyCrashes, b"a", "read"),
            (Trick::EmptyBodyAccepted, b"", "accepted"),
            (Trick::EmptyBodyAccepted, b"a", "read"),
            (Trick::InvalidUtf8Crashes, b"a=%FF", "crash"),
            (Trick::InvalidUtf8Crashes, b"a=\xff", "crash"),
            (Trick::InvalidUtf8Crashes, "a=\u{e9}\u{1f600}\0".as_bytes(), "read"),
            (Trick::NulCrashes, b"a=%00", "crash"),
            (Trick::NulCrashes, b"a=\0", "crash"),
            (Trick::NulCrashes, "a=\u{e9}\u{1f600}".as_bytes(), "read"),
            (Trick::NulCrashes, b"a=%FF", "read"),
            (Trick::AstralCrashes, "a=\u{1f600}".as_bytes(), "crash"),
            (Trick::AstralCrashes, b"a=%F0%9F%98%80", "crash"),
            (Trick::AstralCrashes, "a=\u{e9}\u{ffff}\0".as_bytes(), "read"),
            (Trick::AstralCrashes, b"a=%FF", "read"),
            (Trick::NonAsciiCrashes, "a=\u{e9}".as_bytes(), "crash"),
            (Trick::NonAsciiCrashes, "a=\u{1f600}".as_bytes(), "crash"),
            (Trick::NonAsciiCrashes, b"a=b\0", "read"),
            // Bytes that are not UTF-8 belong to another fault.
            (Trick::NonAsciiCrashes, b"a=%FF", "read"),
            (Trick::MalformedCrashes, b"a", "read"),
            (Trick::MalformedAccepted, b"a", "read"),
        ] {
            let read = parse_with_faults(bytes, with(trick), || Ok::<_, ReadFailure>(()));
            assert_eq!(outcome_name(read), due, "{trick:?} {:?}", String::from_utf8_lossy(bytes));
        }
        for (trick, due) in [
            (Trick::MalformedCrashes, "crash"),
            (Trick::MalformedAccepted, "accepted"),
            (Trick::EmptyBodyCrashes, "malformed"),
        ] {
            let read = parse_with_faults(b"a", with(trick), || Err::<(), _>(ReadFailure::Malformed(String::new())));
            assert_eq!(outcome_name(read), due, "{trick:?}");
        }
        let read = parse_with_faults(b"", MisbehaviorSet::default(), || Err::<(), _>(ReadFailure::Malformed(String::new())));
        assert_eq!(outcome_name(read), "malformed");
    }

    #[test]
    fn each_byte_fault_reacts_only_to_its_own_bytes_in_json() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels)).into_bytes();
        for (trick, bytes, due) in [
            (Trick::DeepCrashes, deep(33), "crash"),
            (Trick::DeepCrashes, deep(32), "read"),
            (Trick::InvalidUtf8Crashes, b"\"\xff\"".to_vec(), "crash"),
            (Trick::InvalidUtf8Crashes, "\"\u{1f600}\\u0000\"".as_bytes().to_vec(), "read"),
            (Trick::NulCrashes, b"\"\\u0000\"".to_vec(), "crash"),
            (Trick::NulCrashes, b"\"\0\"".to_vec(), "crash"),
            (Trick::NulCrashes, "\"\u{1f600}\"".as_bytes().to_vec(), "read"),
            (Trick::AstralCrashes, "\"\u{1f600}\"".as_bytes().to_vec(), "crash"),
            (Trick::AstralCrashes, "\"\u{ffff}\"".as_bytes().to_vec(), "read"),
            (Trick::NonAsciiCrashes, "\"\u{e9}\"".as_bytes().to_vec(), "crash"),
            (Trick::NonAsciiCrashes, b"\"a\"".to_vec(), "read"),
            (Trick::NanAccepted, b"NaN".to_vec(), "accepted"),
            (Trick::NanAccepted, b"-Infinity".to_vec(), "accepted"),
            (Trick::NanAccepted, b"nan".to_vec(), "malformed"),
            (Trick::DeepCrashes, b"\"NaN\"".to_vec(), "read"),
            (Trick::TrailingBytes, b"{} x".to_vec(), "read"),
            (Trick::TrailingBytes, b"x {}".to_vec(), "malformed"),
            (Trick::InvalidUtf8Accepted, b"\"\xff\"".to_vec(), "read"),
            (Trick::NullCrashes, b"[{\"a\": null}]".to_vec(), "crash"),
            (Trick::NullCrashes, b"[4294967296]".to_vec(), "read"),
            (Trick::HugeNumberCrashes, b"{\"a\": [4294967296]}".to_vec(), "crash"),
            (Trick::HugeNumberCrashes, b"[4294967295, null]".to_vec(), "read"),
            (Trick::HugeNumberCrashes, b"1e999".to_vec(), "crash"),
            (Trick::HugeNumberCrashes, b"\"\\ud800\"".to_vec(), "malformed"),
            (Trick::SurrogateCrashes, b"\"\\ud800\"".to_vec(), "crash"),
            (Trick::SurrogateCrashes, b"\"\\ud800\\u0041\"".to_vec(), "crash"),
            (Trick::SurrogateCrashes, b"1e999".to_vec(), "malformed"),
            (Trick::SurrogateCrashes, b"{".to_vec(), "malformed"),
            (Trick::TruncatedAccepted, b"{".to_vec(), "accepted"),
            (Trick::TruncatedAccepted, b"}".to_vec(), "malformed"),
            (Trick::MalformedAccepted, b"}".to_vec(), "accepted"),
            (Trick::MalformedCrashes, b"}".to_vec(), "crash"),
        ] {
            assert_eq!(outcome_name(parse_document(&bytes, with(trick))), due, "{trick:?} {:?}", String::from_utf8_lossy(&bytes));
        }
        for (trick, bytes, due) in [
            (Trick::NotObjectCrashes, "[]", "crash"),
            (Trick::NotObjectCrashes, "{}", "read"),
            (Trick::NotObjectAccepted, "1", "accepted"),
            (Trick::EmptyBodyCrashes, "", "crash"),
            (Trick::EmptyBodyAccepted, "", "accepted"),
            (Trick::NotObjectCrashes, "", "read"),
            (Trick::EmptyBodyCrashes, "[]", "malformed"),
        ] {
            assert_eq!(outcome_name(parse_object(bytes.as_bytes(), with(trick))), due, "{trick:?} {bytes}");
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
