//! Reads which members a rejection names, and what it says about each, in the forms of common web frameworks.
//!
//! It knows forms, not servers: FastAPI and pydantic (`loc`), Zod (`path`), express-validator (`param`), Spring
//! (`field`), problem details (`invalid-params`, `pointer`), Rails, Django REST, Laravel and .NET (maps of messages),
//! and sentences that begin with the name of a member.

use crate::run::CaseOutcome;
use crate::wire;
use serde_json::Value as Json;

/// What a rejection says about a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedMember {
    /// The names on the way to the member; items of lists are left out. Empty if the sentence itself must name it.
    pub path: Vec<String>,
    /// The kind of problem.
    pub problem: MemberProblem,
    /// The sentence.
    pub message: String,
}

/// The kind of problem that a rejection has with a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberProblem {
    /// The member is absent or empty.
    Missing,
    /// The endpoint does not know the member.
    Unknown,
    /// The value is wrong.
    Invalid,
}

/// Members that say where the problem is.
const PLACES: [&str; 12] = [
    "loc",
    "path",
    "param",
    "field",
    "fieldname",
    "pointer",
    "propertypath",
    "property",
    "instancepath",
    "attribute",
    "parameter",
    "name",
];
/// Members that say what the problem is.
const MESSAGES: [&str; 9] =
    ["msg", "message", "defaultmessage", "reason", "detail", "description", "error", "title", "messages"];
/// First parts of a place that name a part of the request, or an envelope around its members.
const REQUEST_PARTS: [&str; 12] =
    ["body", "query", "path", "header", "headers", "params", "json", "cookie", "data", "attributes", "form", "#"];
/// Maximum depth of the search.
const MAX_DEPTH: usize = 5;
/// Maximum number of members that are read from one rejection.
const MAX_MEMBERS: usize = 24;
/// Maximum number of characters of a sentence.
const MAX_SENTENCE: usize = 200;

const MISSING_WORDS: [&str; 10] = [
    "required",
    "missing",
    "blank",
    "empty",
    "undefined",
    "must not be null",
    "cannot be null",
    "can't be null",
    "must be present",
    "must be provided",
];
const UNKNOWN_WORDS: [&str; 12] = [
    "unknown field",
    "unknown parameter",
    "unknown property",
    "unknown key",
    "unexpected field",
    "unexpected parameter",
    "unexpected property",
    "unrecognized",
    "not permitted",
    "should not exist",
    "additional propert",
    "extra_forbidden",
];

/// Returns the members that the judged response of a case rejects, in the order of the response.
pub fn rejected_members(outcome: &CaseOutcome) -> Vec<RejectedMember> {
    let exchange = outcome.exchanges.get(outcome.case.judged.shown_step()).and_then(Option::as_ref);
    let response = exchange.and_then(|exchange| exchange.response.as_ref().ok());
    let Some(response) = response.filter(|response| (400..500).contains(&response.status)) else { return Vec::new() };
    wire::parse_json(&response.body).map(|document| read_document(&document)).unwrap_or_default()
}

fn read_document(document: &Json) -> Vec<RejectedMember> {
    let mut found = Vec::new();
    collect(document, &[], true, 0, &mut found);
    found.truncate(MAX_MEMBERS);
    found
}

/// Collects problems below a part of a response. `place` is the way to the part if its keys are names of members.
fn collect(part: &Json, place: &[String], is_map_of_members: bool, depth: usize, found: &mut Vec<RejectedMember>) {
    if depth > MAX_DEPTH || found.len() >= MAX_MEMBERS {
        return;
    }
    match part {
        Json::Array(items) => items.iter().for_each(|item| match item {
            Json::String(sentence) => found.extend(read_sentence(sentence)),
            item => collect(item, place, is_map_of_members, depth + 1, found),
        }),
        Json::Object(members) => {
            if let Some(problem) = read_problem(members) {
                found.push(problem);
                return;
            }
            for (name, value) in members {
                let lower = name.to_ascii_lowercase();
                if is_map_of_members && is_list_of_sentences(value) && !is_envelope(&lower) {
                    let path = place.iter().cloned().chain(parse_place(name)).collect();
                    let sentence = first_sentence(value).unwrap_or_default();
                    found.push(new_problem(path, &sentence, ""));
                } else if let (Json::String(sentence), true) = (value, MESSAGES.contains(&lower.as_str())) {
                    found.extend(read_sentence(sentence));
                } else if is_envelope(&lower) {
                    collect_envelope(&lower, value, depth, found);
                } else if is_map_of_members && depth > 0 || matches!(value, Json::Array(_)) {
                    let path: Vec<String> = place.iter().cloned().chain(parse_place(name)).collect();
                    collect(value, &path, true, depth + 1, found);
                } else if value.is_object() {
                    collect(value, place, false, depth + 1, found);
                }
            }
        }
        _ => {}
    }
}

/// Collects from a member that contains problems rather than one of the request.
fn collect_envelope(name: &str, value: &Json, depth: usize, found: &mut Vec<RejectedMember>) {
    let is_map = name != "error" || value.as_object().is_some_and(|members| members.values().all(is_list_of_sentences));
    match value {
        // `{"errors": {"email": "is taken"}}`
        Json::Object(members) if is_map && members.values().all(Json::is_string) && read_problem(members).is_none() => {
            for (member, sentence) in members {
                found.push(new_problem(parse_place(member).collect(), sentence.as_str().unwrap_or_default(), ""));
            }
        }
        Json::String(sentence) => found.extend(read_sentence(sentence)),
        value => collect(value, &[], is_map, depth + 1, found),
    }
}

/// Returns true for members whose content is problems.
fn is_envelope(lower: &str) -> bool {
    matches!(
        lower,
        "errors"
            | "error"
            | "detail"
            | "details"
            | "issues"
            | "violations"
            | "invalid-params"
            | "invalid_params"
            | "invalidparams"
            | "fields"
            | "fielderrors"
            | "field_errors"
            | "validationerrors"
            | "validation_errors"
            | "message"
            | "messages"
            | "non_field_errors"
            | "causes"
            | "subErrors"
            | "suberrors"
            | "validation"
    )
}

fn is_list_of_sentences(value: &Json) -> bool {
    value.as_array().is_some_and(|items| !items.is_empty() && items.iter().all(Json::is_string))
}

fn first_sentence(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Array(items) => items.iter().find_map(first_sentence),
        _ => None,
    }
}

/// Reads an object that has a place and a sentence.
fn read_problem(members: &serde_json::Map<String, Json>) -> Option<RejectedMember> {
    let named = |wanted: &str| members.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, it)| it);
    let source = named("source").and_then(|source| source.get("pointer").or_else(|| source.get("parameter")));
    let place = source.or_else(|| PLACES.iter().find_map(|name| named(name)))?;
    // An error's own `name` or `path` is no member of the request: `{"name": "ZodError", "path": "/v1/users"}`.
    let mut path: Vec<String> = match place {
        Json::String(text)
            if text.starts_with('/')
                && source.is_none()
                && named("pointer").is_none()
                && named("instancepath").is_none() =>
        {
            return None;
        }
        Json::String(text) => parse_place(text).collect(),
        Json::Array(parts) => parts.iter().filter_map(Json::as_str).flat_map(parse_place).collect(),
        _ => return None,
    };
    while path.len() > 1 && REQUEST_PARTS.contains(&path[0].to_ascii_lowercase().as_str()) {
        path.remove(0);
    }
    let sentence = MESSAGES.iter().find_map(|name| named(name).and_then(first_sentence))?;
    let code = ["type", "code", "keyword", "rule"].iter().find_map(|name| named(name)?.as_str()).unwrap_or_default();
    let received = named("received").and_then(Json::as_str).unwrap_or_default();
    if path.is_empty() {
        return read_sentence(&sentence);
    }
    Some(new_problem(path, &sentence, &format!("{code} {received}")))
}

fn new_problem(path: Vec<String>, sentence: &str, code: &str) -> RejectedMember {
    let text = format!("{sentence} {code}").to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let problem = match () {
        () if says(&UNKNOWN_WORDS) => MemberProblem::Unknown,
        () if says(&MISSING_WORDS) => MemberProblem::Missing,
        () => MemberProblem::Invalid,
    };
    RejectedMember { path, problem, message: sentence.chars().take(MAX_SENTENCE).collect() }
}

/// Splits a place into names: `/items/0/sku`, `items[0].sku`, `#/sku`, `body/email`.
fn parse_place(text: &str) -> impl Iterator<Item = String> {
    let names = text.split(['/', '.', '[', ']', '#', '\'', '"']);
    let names = names.filter(|name| !name.is_empty() && *name != "$" && !name.chars().all(|c| c.is_ascii_digit()));
    names.map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// Reads a sentence. The member is the quoted name in it, or its first word; only the caller knows whether there is such
/// a member.
fn read_sentence(sentence: &str) -> Option<RejectedMember> {
    let quoted = ['\'', '"', '`'].iter().find_map(|quote| {
        let inner = sentence.split(*quote).nth(1)?;
        (!inner.is_empty() && !inner.contains(' ')).then_some(inner)
    });
    let first = sentence.split_whitespace().next()?.trim_end_matches([':', ',']);
    // `Missing required parameter: currency` names it last.
    let last =
        sentence.rsplit_once(": ").map(|(_, last)| last.trim_end_matches('.')).filter(|last| !last.contains(' '));
    let place = quoted.or(last).unwrap_or(first);
    let mut path: Vec<String> = parse_place(place).collect();
    while path.len() > 1 && REQUEST_PARTS.contains(&path[0].to_ascii_lowercase().as_str()) {
        path.remove(0);
    }
    (!path.is_empty()).then(|| new_problem(path, sentence, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_from_the_rejections_of_common_frameworks() {
        use MemberProblem::{Invalid, Missing, Unknown};
        for (framework, body, expected) in [
            (
                "FastAPI",
                r#"{"detail": [{"type": "missing", "loc": ["body", "items", 0, "sku"], "msg": "Field required"}]}"#,
                vec![("items.sku", Missing)],
            ),
            (
                "Spring",
                r#"{"status": 400, "error": "Bad Request", "errors": [{"codes": ["NotBlank"], "defaultMessage": "must not be blank", "field": "email"}], "path": "/users"}"#,
                vec![("email", Missing)],
            ),
            (
                "Rails",
                r#"{"errors": {"email": ["can't be blank"], "age": ["is not a number"]}}"#,
                vec![("email", Missing), ("age", Invalid)],
            ),
            ("Rails without an envelope", r#"{"email": ["has already been taken"]}"#, vec![("email", Invalid)]),
            (
                "Django REST",
                r#"{"title": ["This field is required."], "lines": [{"sku": ["Not a valid string."]}]}"#,
                vec![("title", Missing), ("lines.sku", Invalid)],
            ),
            (
                "express-validator",
                r#"{"errors": [{"type": "field", "value": "x", "msg": "Invalid value", "path": "email", "location": "body"}]}"#,
                vec![("email", Invalid)],
            ),
            (
                "Zod",
                r#"{"success": false, "error": {"issues": [{"code": "invalid_type", "received": "undefined", "path": ["user", "name"], "message": "Required"}], "name": "ZodError"}}"#,
                vec![("user.name", Missing)],
            ),
            (
                "Zod in strict mode",
                r#"{"issues": [{"code": "unrecognized_keys", "path": ["extra"], "message": "Unrecognized key(s) in object"}]}"#,
                vec![("extra", Unknown)],
            ),
            (
                "problem details",
                r#"{"type": "https://example.net/validation", "title": "Your request is not valid.", "invalid-params": [{"name": "age", "reason": "must be a positive integer"}]}"#,
                vec![("age", Invalid)],
            ),
            (
                "problem details with pointers",
                r##"{"title": "Invalid", "errors": [{"detail": "must be one of a, b", "pointer": "#/kind"}]}"##,
                vec![("kind", Invalid)],
            ),
            (
                "JSON:API",
                r#"{"errors": [{"status": "422", "source": {"pointer": "/data/attributes/title"}, "detail": "is missing"}]}"#,
                vec![("title", Missing)],
            ),
            (
                "NestJS",
                r#"{"message": ["email must be an email"], "error": "Bad Request", "statusCode": 400}"#,
                vec![("email", Invalid)],
            ),
            ("Fastify", r#"{"message": "body must have required property 'name'"}"#, vec![("name", Missing)]),
            (
                "a plain sentence",
                r#"{"error": {"message": "Missing required parameter: currency."}}"#,
                vec![("currency", Missing)],
            ),
            (
                "a named parameter",
                r#"{"error": {"param": "currency", "message": "Invalid currency: xyz"}}"#,
                vec![("currency", Invalid)],
            ),
        ] {
            let document = serde_json::from_str(body).expect("it is JSON");
            let found: Vec<(String, MemberProblem)> =
                read_document(&document).into_iter().map(|one| (one.path.join("."), one.problem)).collect();
            for (path, problem) in expected {
                assert!(found.contains(&(path.to_owned(), problem)), "{framework}: {found:?}");
            }
        }
    }
}
