//! Identifiers that are similar to one that a service gave out, and that it did not give out.
//!
//! It returns nothing where a similar identifier may name something: numbers, and texts that count upwards.

use serde_json::Value as Json;

/// A number far above those that a service gives out during a run, inside 32 bits.
const FAR_NUMBER: u64 = 2_000_000_011;
/// A random UUID.
const UNKNOWN_UUID: &str = "7e57ab1e-0dd5-4a11-9c0d-5ca1ab1e0b0e";

/// Returns an identifier of this form that is similar to a captured one: `unknown`, `longer`, `shorter`, `other-case` or
/// `changed`. Returns `None` if there is none.
pub(super) fn similar_identifier(captured: &Json, form: &str) -> Option<Json> {
    if let Json::Number(number) = captured {
        return match form {
            "unknown" => Some(FAR_NUMBER.into()),
            "longer" => format!("{number}00000017").parse::<u64>().ok().map(Json::from),
            _ => None,
        };
    }
    let text = captured.as_str().filter(|text| !text.is_empty())?;
    let is_uuid = text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4;
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let similar = match form {
        "unknown" if is_uuid => UNKNOWN_UUID.to_owned(),
        "unknown" if is_number => FAR_NUMBER.to_string(),
        "unknown" => rotate(text),
        "longer" if is_number => format!("{text}00000017"),
        "longer" => format!("{text}x"),
        "shorter" if !is_number && text.chars().count() > 4 => text.chars().take(text.chars().count() - 2).collect(),
        // UUIDs and hexadecimal numbers are the same in either case.
        "other-case" if !is_uuid && !is_hex => swap_case(text),
        "changed" if is_uuid => change_last(text)?,
        _ => return None,
    };
    (similar != text).then_some(Json::String(similar))
}

/// Returns a text of the same form: the letters and digits behind its prefix are replaced by others.
fn rotate(text: &str) -> String {
    let start = text.find(['_', '-']).map_or(0, |at| at + 1);
    let rotated = text[start..].chars().map(|char| match char {
        '0'..='9' => char::from(b'0' + (char as u8 - b'0' + 7) % 10),
        'a'..='z' => char::from(b'a' + (char as u8 - b'a' + 7) % 26),
        'A'..='Z' => char::from(b'A' + (char as u8 - b'A' + 7) % 26),
        other => other,
    });
    text[..start].chars().chain(rotated).collect()
}

fn swap_case(text: &str) -> String {
    let swap =
        |char: char| if char.is_ascii_uppercase() { char.to_ascii_lowercase() } else { char.to_ascii_uppercase() };
    text.chars().map(swap).collect()
}

/// Returns the text with another last digit.
fn change_last(text: &str) -> Option<String> {
    let last = text.chars().last()?;
    let other = if last == 'f' { '0' } else { 'f' };
    Some(text[..text.len() - last.len_utf8()].to_owned() + &other.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn similar_identifiers_are_never_the_same() {
        for (captured, form, similar) in [
            (json!(5), "unknown", Some(json!(FAR_NUMBER))),
            (json!(5), "longer", Some(json!(500_000_017))),
            (json!(5), "shorter", None),
            (
                json!("123e4567-e89b-12d3-a456-426614174000"),
                "changed",
                Some(json!("123e4567-e89b-12d3-a456-42661417400f")),
            ),
            (json!("123e4567-e89b-12d3-a456-426614174000"), "other-case", None),
            (json!("tsk_000001ab"), "unknown", Some(json!("tsk_777778hi"))),
            (json!("tsk_000001ab"), "other-case", Some(json!("TSK_000001AB"))),
            (json!("tsk_000001ab"), "shorter", Some(json!("tsk_000001"))),
            (json!("tsk_000001ab"), "longer", Some(json!("tsk_000001abx"))),
            (json!("17"), "longer", Some(json!("1700000017"))),
            (json!("17"), "other-case", None),
        ] {
            assert_eq!(similar_identifier(&captured, form), similar, "{captured} {form}");
        }
    }
}
