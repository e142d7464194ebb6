//! Compares what was sent with what is shown, whatever form a server gives to a number or a time.

use serde_json::Value as Json;
use std::cmp::Ordering;

/// Returns true if a value shows what was sent. A server may add members, leave out null, and write numbers as texts and
/// times in another form.
pub(super) fn shows(sent: &Json, shown: Option<&Json>) -> bool {
    let Some(shown) = shown else { return sent.is_null() };
    match (sent, shown) {
        (Json::Object(sent), Json::Object(shown)) => sent.iter().all(|(name, value)| shows(value, shown.get(name))),
        (Json::Array(sent), Json::Array(shown)) => {
            // A list may be a set, whose order means nothing.
            sent.len() == shown.len() && sent.iter().all(|one| shown.iter().any(|other| shows(one, Some(other))))
        }
        (Json::Number(one), Json::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Json::Number(number), Json::String(text)) | (Json::String(text), Json::Number(number)) => {
            text.parse::<f64>().ok() == number.as_f64()
        }
        (Json::String(one), Json::String(other)) => {
            one == other || is_same_time(one, other) || is_same_token(one, other)
        }
        (one, other) => one == other,
    }
}

/// Returns true if a value shows what was sent, apart from further items of lists, which are added to `surplus`.
pub(super) fn shows_with_surplus<'v>(sent: &Json, shown: Option<&'v Json>, surplus: &mut Vec<&'v Json>) -> bool {
    match (sent, shown) {
        (Json::Object(sent), Some(Json::Object(shown))) => {
            sent.iter().all(|(name, value)| shows_with_surplus(value, shown.get(name), surplus))
        }
        (Json::Array(sent), Some(Json::Array(shown))) => {
            let is_sent = |item: &Json| sent.iter().any(|one| shows(one, Some(item)));
            let further: Vec<&Json> = shown.iter().filter(|item| !is_sent(item)).collect();
            let is_complete = sent.iter().all(|one| shown.iter().any(|other| shows(one, Some(other))))
                && shown.len() == sent.len() + further.len();
            surplus.extend(further);
            is_complete
        }
        (sent, shown) => shows(sent, shown),
    }
}

/// Returns true if a document has this value anywhere.
pub(super) fn contains_value(document: &Json, value: &Json) -> bool {
    let is_inside = || match document {
        Json::Object(members) => members.values().any(|member| contains_value(member, value)),
        Json::Array(items) => items.iter().any(|item| contains_value(item, value)),
        _ => false,
    };
    shows(value, Some(document)) || is_inside()
}

/// Returns true if both texts are the same date or time in another form, or may be: only the day is compared.
fn is_same_time(one: &str, other: &str) -> bool {
    let is_time = |text: &str| text.len() > 10 && text.as_bytes()[4] == b'-' && text.as_bytes()[7] == b'-';
    let day = |text: &str| text.get(..10).map(str::to_owned);
    (is_time(one) || is_time(other)) && day(one).is_some() && day(one) == day(other)
}

/// Returns true if both texts are the same identifier or address in another letter case.
fn is_same_token(one: &str, other: &str) -> bool {
    let is_uuid = |text: &str| text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4;
    (one.contains('@') || is_uuid(one)) && one.eq_ignore_ascii_case(other)
}

/// Returns the order of two values. Returns `None` where servers may order them in different ways: texts with letters of
/// different cases, or with other characters than letters and digits in different places.
pub(super) fn compare_order(one: &Json, other: &Json) -> Option<Ordering> {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => one.as_f64()?.partial_cmp(&other.as_f64()?),
        (Json::String(one), Json::String(other)) => {
            let is_time = |text: &str| text.len() >= 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z');
            if is_time(one) && is_time(other) && one.len() == other.len() {
                return Some(one.cmp(other));
            }
            let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase());
            if !plain(one) || !plain(other) {
                return None;
            }
            let is_separator = |byte: u8| !byte.is_ascii_alphanumeric();
            let first = one.bytes().zip(other.bytes()).find(|(one, other)| one != other);
            match first {
                Some((one, other)) if is_separator(one) || is_separator(other) => None,
                Some((one, other)) if one.is_ascii_digit() != other.is_ascii_digit() => None,
                _ => Some(one.cmp(other)),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_may_be_shown_in_another_form() {
        for (sent, shown, same) in [
            (json!("a"), json!("a"), true),
            (json!("a"), json!("A"), false),
            (json!(1.5), json!("1.50"), true),
            (json!(0), json!(null), false),
            (json!(null), json!(null), true),
            (json!(false), json!(0), false),
            (json!(["a", "b"]), json!(["b", "a"]), true),
            (json!(["a", "b"]), json!(["a"]), false),
            (json!({"a": 1}), json!({"a": 1, "b": 2}), true),
            (json!({"a": {"b": 1}}), json!({"a": {}}), false),
            (json!("2026-11-30T10:00:00Z"), json!("2026-11-30T10:00:00.000+00:00"), true),
            (json!("2026-11-30"), json!("2026-12-01"), false),
            (json!("A@example.com"), json!("a@example.com"), true),
        ] {
            assert_eq!(shows(&sent, Some(&shown)), same, "{sent} {shown}");
        }
        assert!(shows(&json!(null), None) && !shows(&json!(""), None));
    }

    #[test]
    fn further_items_of_lists_are_told_from_other_differences() {
        for (sent, shown, expected) in [
            (json!({"write": ["a"]}), json!({"write": ["a", "me"]}), Some(vec![json!("me")])),
            (json!(["a"]), json!(["a"]), Some(Vec::new())),
            (json!(["a"]), json!(["a", "a"]), None),
            (json!(["a", "b"]), json!(["a", "c"]), None),
            (json!({"write": ["a"], "n": 1}), json!({"write": ["a", "me"], "n": 2}), None),
        ] {
            let mut surplus = Vec::new();
            let is_shown = shows_with_surplus(&sent, Some(&shown), &mut surplus);
            let found = is_shown.then(|| surplus.into_iter().cloned().collect::<Vec<_>>());
            assert_eq!(found, expected, "{sent} {shown}");
        }
    }

    #[test]
    fn a_value_is_found_at_any_depth() {
        let document = json!({"data": {"list": [{"id": 1}, "b"]}});
        assert!(contains_value(&document, &json!("b")) && contains_value(&document, &json!({"id": 1})));
        assert!(!contains_value(&document, &json!("c")));
    }

    #[test]
    fn order_is_only_known_for_plain_values() {
        for (one, other, order) in [
            (json!("a"), json!("b"), Some(Ordering::Less)),
            (json!("a-b"), json!("ab"), None),
            (json!("B"), json!("a"), None),
            (json!(2), json!(10), Some(Ordering::Less)),
            (json!("2026-11-30T10:00:00Z"), json!("2026-11-30T09:00:00Z"), Some(Ordering::Greater)),
        ] {
            assert_eq!(compare_order(&one, &other), order, "{one} {other}");
        }
    }
}
