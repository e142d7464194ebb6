//! Values that a member plausibly needs, from its name and from what a rejection says about it.
//!
//! It sends nothing and knows no API: the rows are formats that many APIs use.

use crate::case::UniqueText;
use crate::contract::{Shape, ShapeKind};
use crate::infer::unique_template;
use crate::pattern::DocumentedPattern;
use serde_json::{Value as Json, json};

/// A row of the table: words, and the values of the format that they name.
type FormatRow = (&'static [&'static str], &'static [&'static str]);

/// Formats by the words that name them, the most specific first.
const FORMATS: [FormatRow; 20] = [
    (&["email", "e-mail"], &["ovs-{run}-{case}@example.com", "o{run}{case}@example.com"]),
    (&["uuid", "guid"], &["00000000-0000-4000-8000-000000000000"]),
    (&["date-time", "datetime", "timestamp", "iso 8601", "iso8601", "rfc 3339", "rfc3339"], &["2030-01-02T03:04:05Z"]),
    (&["birth", "past"], &["2000-01-02", "2000-01-02T03:04:05Z"]),
    (&["date", "future", "yyyy-mm-dd"], &["2030-01-02", "2030-01-02T03:04:05Z"]),
    (&["currency", "iso 4217", "iso4217"], &["USD", "usd", "EUR"]),
    (&["country", "iso 3166", "nation"], &["US", "us", "USA"]),
    (&["locale"], &["en-US", "en_US", "en"]),
    (&["language", "lang", "iso 639"], &["en", "en-US"]),
    (&["timezone", "time zone", "time_zone", "tz"], &["Europe/Berlin", "UTC"]),
    (&["phone", "mobile", "msisdn", "e.164"], &["+14155550123", "4155550123"]),
    (
        &["url", "uri", "webhook", "website", "callback", "link", "href"],
        &["https://example.com/", "https://example.com/ovs"],
    ),
    (&["zip", "postal", "postcode"], &["94105", "10115"]),
    (&["color", "colour"], &["#336699", "336699", "blue"]),
    (&["ipv6"], &["2001:db8::1"]),
    (&["ip", "ipv4", "ip address"], &["192.0.2.1"]),
    (&["hostname", "domain"], &["ovs-{run}-{case}.example.com", "example.com"]),
    (&["password", "secret", "passphrase"], &["Ovs-9f2c!Aa-2030"]),
    (&["slug", "lowercase", "lower case", "alphanumeric", "handle", "username"], &["o{run}{case}", "ovs-{run}-{case}"]),
    (&["time"], &["03:04", "03:04:05"]),
];
/// Words before a list of the values that are allowed.
const LIST_WORDS: [&str; 9] = [
    "one of",
    "allowed values",
    "permitted values",
    "valid values",
    "valid options",
    "available options",
    "expected values",
    "accepted values",
    "choices",
];
/// Words of a rejection because a value is in use already.
const TAKEN_WORDS: [&str; 5] = ["already", "taken", "unique", "in use", "duplicate"];
/// Maximum number of values for one member.
const MAX_VALUES: usize = 6;

/// Returns values to try for a member, the most likely first. None violates what the shape documents.
pub(super) fn plausible_values(member: &str, shape: &Shape, sentence: &str) -> Vec<Json> {
    let lower = sentence.to_lowercase();
    let mut values = listed_values(sentence);
    if matches!(shape.kind, ShapeKind::Timestamp) {
        return times(&lower);
    }
    values.extend(bounded_values(shape, &lower));
    if TAKEN_WORDS.iter().any(|word| lower.contains(word)) {
        values.extend(["ovs-{run}-{case}", "o{run}{case}", "ovs-{run}-{case}@example.com"].map(|text| json!(text)));
        values.extend(unique_template(shape).map(|text| json!(text)));
    }
    let name = words_of(member);
    // What the sentence says counts more than the name.
    for text in [format!(" {} ", words_of(&lower)), format!(" {name} ")] {
        for (words, formats) in FORMATS {
            if words.iter().any(|word| text.contains(&format!(" {} ", words_of(word)))) {
                values.extend(formats.iter().map(|format| json!(format)));
            }
        }
    }
    let mut out: Vec<Json> = Vec::new();
    for value in values.into_iter().filter_map(|value| convert(value, shape)) {
        if !out.contains(&value) && is_within(&value, shape) {
            out.push(value);
        }
    }
    out.truncate(MAX_VALUES);
    out
}

/// Returns points in time, as seconds since 1970, on the side that a sentence asks for.
fn times(lower: &str) -> Vec<Json> {
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let (late, early) = (json!(4_102_444_800_i64), json!(946_684_800_i64));
    match () {
        () if says(&["after", "later", "future", "greater", "expired", "not be before"]) => vec![late, early],
        () if says(&["before", "earlier", "past", "less", "already"]) => vec![early, late],
        () => Vec::new(),
    }
}

/// Returns the words of a text in lower case, separated by single spaces.
fn words_of(text: &str) -> String {
    let mut spaced = String::new();
    let mut was_lower = false;
    for char in text.chars() {
        if char.is_uppercase() && was_lower {
            spaced.push(' ');
        }
        was_lower = char.is_lowercase();
        spaced.extend(if char.is_alphanumeric() { char.to_lowercase().next() } else { Some(' ') });
    }
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the values that a sentence lists: `must be one of [a, b]`, `expected 'a' | 'b'`.
fn listed_values(sentence: &str) -> Vec<Json> {
    let lower = sentence.to_lowercase();
    let start = LIST_WORDS.iter().filter_map(|words| Some(lower.find(words)? + words.len())).min();
    let from = start.or_else(|| lower.find("expected '").map(|at| at + "expected ".len()));
    let Some(rest) = from.and_then(|from| sentence.get(from..)) else { return Vec::new() };
    let rest = rest.trim_start_matches([':', ' ', '[', '(', '{', '=']);
    let end = rest.find([']', ')', '}', ';']).unwrap_or(rest.len());
    let items = rest[..end].split([',', '|']).flat_map(|item| item.split(" or ")).flat_map(|item| item.split(" and "));
    items
        .map(|item| item.trim().trim_matches(['\'', '"', '`', '.', '&', '“', '”', '‘', '’', ' ']))
        .filter(|item| !item.is_empty() && item.len() <= 60 && item.split_whitespace().count() <= 3)
        .map(|item| json!(item))
        .collect()
}

/// Returns values on the right side of the limits that a sentence states.
fn bounded_values(shape: &Shape, lower: &str) -> Vec<Json> {
    let number_after = |words: &[&str]| {
        let at = words.iter().filter_map(|word| Some(lower.find(word)? + word.len())).min()?;
        let digits: String = lower[at..]
            .chars()
            .skip_while(|c| !c.is_ascii_digit() && *c != '-')
            .take_while(|c| c.is_ascii_digit() || *c == '-')
            .collect();
        digits.parse::<i64>().ok()
    };
    let least =
        number_after(&["at least", "greater than or equal", "minimum", "min ", ">=", "longer than", "less than min"]);
    let above = number_after(&["greater than", "more than", "larger than", "exceed ", " > "]);
    let most =
        number_after(&["at most", "less than or equal", "maximum", "max ", "<=", "no more than", "shorter than"]);
    // Text that is a number, such as a decimal: the limit is that of its value.
    let is_number_text = lower.contains("value") || lower.contains("number");
    let is_numeric = is_number_text && is_within(&json!("1"), shape) && !is_within(&json!("o"), shape);
    let is_text = shape.kind.is_text() && !is_numeric;
    let mut values = Vec::new();
    if let Some(least) = least.or(above.map(|above| above.saturating_add(1))) {
        values.push(if is_text {
            json!("o".repeat(usize::try_from(least.clamp(0, 500)).unwrap_or(1)))
        } else {
            json!(least)
        });
    } else if let Some(most) = most {
        values.push(if is_text {
            json!("o".repeat(usize::try_from(most.clamp(0, 500)).unwrap_or(1)))
        } else {
            json!(most)
        });
    } else if lower.contains("positive") || (is_numeric && above.is_none()) {
        values.push(json!(1));
    }
    values
}

/// Converts a value to the type of a shape; `None` if that is not possible.
fn convert(value: Json, shape: &Shape) -> Option<Json> {
    match (&shape.kind, &value) {
        (ShapeKind::Integer | ShapeKind::Long, Json::String(text)) => {
            text.parse::<i64>().ok().map(|number| json!(number))
        }
        (ShapeKind::Float | ShapeKind::Double, Json::String(text)) => {
            text.parse::<f64>().ok().map(|number| json!(number))
        }
        (ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double, Json::Number(_)) => Some(value),
        (ShapeKind::String | ShapeKind::Enum { .. }, Json::String(_)) => Some(value),
        (ShapeKind::String, Json::Number(number)) => Some(json!(number.to_string())),
        _ => None,
    }
}

/// Returns true if a value is within the documented limits of a shape.
fn is_within(value: &Json, shape: &Shape) -> bool {
    let Some(text) = value.as_str() else { return true };
    let [filled, ..] = UniqueText::sample_texts(text);
    let (length, count) = (shape.length(), filled.chars().count() as u64);
    let is_listed = match &shape.kind {
        ShapeKind::Enum { values } => values.contains(&filled),
        _ => true,
    };
    is_listed
        && count >= length.min.unwrap_or(0)
        && count <= length.max.unwrap_or(u64::MAX)
        && shape
            .pattern
            .as_ref()
            .is_none_or(|pattern| DocumentedPattern::new(pattern).is_ok_and(|it| it.matches(&filled)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(member: &str, kind: ShapeKind, sentence: &str) -> Json {
        plausible_values(member, &Shape::new(kind), sentence).into_iter().next().unwrap_or(Json::Null)
    }

    #[test]
    fn sentences_and_names_lead_to_values() {
        for (member, sentence, value) in [
            ("status", "Input should be 'open' or 'closed', one of: 'open', 'closed'", "open"),
            ("kind", "must be one of [small, large]", "small"),
            ("unit", "Invalid enum value. Expected 'kg' | 'lb', received 'x'", "kg"),
            ("contact", "must be a well-formed email address", "ovs-{run}-{case}@example.com"),
            ("currency", "Invalid value", "USD"),
            ("countryCode", "is invalid", "US"),
            ("startsAt", "must be an ISO 8601 timestamp", "2030-01-02T03:04:05Z"),
            ("code", "has already been taken", "ovs-{run}-{case}"),
            ("pin", "must be at least 6 characters", "oooooo"),
        ] {
            assert_eq!(first(member, ShapeKind::String, sentence), json!(value), "{member}: {sentence}");
        }
        assert_eq!(first("age", ShapeKind::Integer, "must be greater than or equal to 18"), json!(18));
        assert_eq!(first("amount", ShapeKind::Double, "must be greater than 0"), json!(1));
        assert_eq!(first("note", ShapeKind::String, "is wrong"), Json::Null);
    }

    #[test]
    fn numbers_in_texts_get_values_within_the_limits() {
        let mut price = Shape::new(ShapeKind::String);
        price.pattern = Some(r"^-?\d{0,6}(?:\.\d{0,2})?$".to_owned());
        let sentence = "Ensure this value is greater than or equal to 5.";
        assert_eq!(plausible_values("price", &price, sentence).first(), Some(&json!("5")));
        price.pattern = Some(r"^\d{13}$".to_owned());
        assert_eq!(plausible_values("isbn", &price, "already exists").first(), Some(&json!("{digits:13}")));
    }

    #[test]
    fn times_are_on_the_side_that_is_asked_for() {
        let first = |sentence: &str| first("endsAt", ShapeKind::Timestamp, sentence);
        assert_eq!(first("Must be after starts_at."), json!(4_102_444_800_i64));
        assert_eq!(first("must be in the past"), json!(946_684_800_i64));
        assert_eq!(first("is wrong"), Json::Null);
    }

    #[test]
    fn documented_limits_are_kept() {
        let values = vec!["EUR".to_owned(), "GBP".to_owned()];
        assert_eq!(first("currency", ShapeKind::Enum { values }, "Invalid value"), json!("EUR"));
        let mut short = Shape::new(ShapeKind::String);
        short.length = Some(crate::contract::LengthRange { min: None, max: Some(3) });
        assert_eq!(plausible_values("country", &short, "is invalid"), [json!("US"), json!("us"), json!("USA")]);
    }
}
