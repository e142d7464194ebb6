//! A small JSON Schema validator, the server's own. A named check can be switched off.

use serde_json::Value as Json;

/// Returns what is wrong with a value, as `place keyword`; `ignores` switches a check off.
pub fn problems(schema: &Json, value: &Json, place: &str, ignores: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, value, place, &mut found);
    found.retain(|problem| !ignores(problem));
    found
}

fn check(schema: &Json, value: &Json, place: &str, found: &mut Vec<String>) {
    let mut fail = |keyword: &str| found.push(format!("{place} {keyword}"));
    let types: Vec<&str> = match &schema["type"] {
        Json::String(one) => vec![one],
        Json::Array(many) => many.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    if !types.iter().any(|one| has_type(one, value)) {
        return fail("type");
    }
    let limit = |keyword: &str| schema[keyword].as_f64();
    match value {
        Json::String(text) => {
            let count = text.chars().count() as f64;
            for keyword in ["minLength", "maxLength"] {
                let breaks = |limit| if keyword == "minLength" { count < limit } else { count > limit };
                if limit(keyword).is_some_and(breaks) {
                    fail(keyword);
                }
            }
            if schema["enum"].as_array().is_some_and(|values| !values.contains(value)) {
                fail("enum");
            }
            if schema["pattern"].is_string() && !(text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit())) {
                fail("pattern");
            }
            if schema["format"].as_str().is_some_and(|format| !has_format(format, text)) {
                fail("format");
            }
        }
        Json::Number(number) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            if limit("minimum").is_some_and(|limit| number < limit) {
                fail("minimum");
            }
            if limit("maximum").is_some_and(|limit| number > limit) {
                fail("maximum");
            }
        }
        Json::Array(items) => {
            if limit("minItems").is_some_and(|limit| (items.len() as f64) < limit) {
                fail("minItems");
            }
            if limit("maxItems").is_some_and(|limit| items.len() as f64 > limit) {
                fail("maxItems");
            }
            if schema["uniqueItems"] == true && items.iter().enumerate().any(|(at, one)| items[..at].contains(one)) {
                fail("uniqueItems");
            }
            items.iter().for_each(|item| check(&schema["items"], item, &format!("{place}[]"), found));
        }
        Json::Object(members) => {
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str) {
                if !members.contains_key(name) {
                    found.push(format!("{place}.{name} required"));
                }
            }
            for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
                if let Some(member) = members.get(name) {
                    check(inner, member, &format!("{place}.{name}"), found);
                }
            }
        }
        _ => {}
    }
}

fn has_type(kind: &str, value: &Json) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => {
            value.is_i64() || value.as_f64().is_some_and(|number| number.fract() == 0.0 && number.abs() < 9.2e18)
        }
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => value.is_null(),
    }
}

fn has_format(format: &str, text: &str) -> bool {
    match format {
        "uuid" => {
            let lengths: Vec<usize> = text.split('-').map(str::len).collect();
            lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
        }
        "date" => {
            let parts: Vec<&str> = text.split('-').collect();
            let [year, month, day] = parts.as_slice() else { return false };
            let number = |text: &str, digits| {
                Some(text)
                    .filter(|text| text.len() == digits && text.bytes().all(|b| b.is_ascii_digit()))?
                    .parse::<u32>()
                    .ok()
            };
            let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
                return false;
            };
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let days = [31, 28 + u32::from(is_leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            (1..=12).contains(&month) && (1..=days[month as usize - 1]).contains(&day)
        }
        "date-time" => {
            let (date, clock) = text.split_once('T').unwrap_or_default();
            has_format("date", date) && clock.len() >= 9 && clock.as_bytes()[2] == b':'
        }
        "email" => {
            let halves: Vec<&str> = text.split('@').collect();
            halves.len() == 2 && halves.iter().all(|half| !half.is_empty() && !half.contains([' ', '"']))
        }
        _ => true,
    }
}
