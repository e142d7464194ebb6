//! Finds the message of a response: what the endpoint says about a rejection or a failure.
//!
//! It knows where common protocols and frameworks put messages, and nothing about any particular server.

use crate::run::CaseOutcome;
use crate::wire;
use serde_json::Value as Json;

/// Maximum number of characters of a message.
const MAX_MESSAGE: usize = 300;

/// Maximum depth of the search.
const MAX_DEPTH: usize = 3;
/// Members of JSON bodies that hold a message, the most specific one first. Names are compared without case.
const MEMBERS: [&str; 8] =
    ["message", "errormessage", "error_message", "detail", "description", "error_description", "title", "msg"];
/// Members that contain the error of which a message tells.
const CONTAINERS: [&str; 3] = ["error", "errors", "detail"];

/// Returns the message of the judged response, which may say what a rejected control needs.
pub fn response_message(outcome: &CaseOutcome) -> Option<String> {
    let exchange = outcome.exchanges.get(outcome.case.judged.shown_step())?.as_ref()?;
    let body = &exchange.response.as_ref().ok()?.body;
    let message = match wire::parse_json(body) {
        Ok(document) => json_message(&document, 0),
        Err(_) => xml_message(&String::from_utf8_lossy(body)),
    };
    let message = message.filter(|text| !text.trim().is_empty())?;
    Some(message.chars().take(MAX_MESSAGE).collect())
}

fn json_message(document: &Json, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH {
        return None;
    }
    match document {
        Json::Array(items) => json_message(items.first()?, depth + 1),
        Json::Object(members) => {
            let named = |wanted: &str| members.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            let text = MEMBERS.iter().find_map(|name| named(name)?.1.as_str());
            let inner = || CONTAINERS.iter().find_map(|name| json_message(named(name)?.1, depth + 1));
            let plain = || named("error")?.1.as_str().map(str::to_owned);
            text.map(str::to_owned).or_else(inner).or_else(plain).or_else(|| member_message(members, depth))
        }
        _ => None,
    }
}

/// Returns the first sentence of a map from members to sentences, with its member: Django REST, Rails, Laravel.
fn member_message(members: &serde_json::Map<String, Json>, depth: usize) -> Option<String> {
    members.iter().find_map(|(name, value)| {
        let inner = value.as_object().filter(|_| depth < MAX_DEPTH);
        if let Some(inner) = inner.and_then(|inner| member_message(inner, depth + 1)) {
            return Some(inner);
        }
        let sentence = value.as_array()?.first()?.as_str()?;
        let is_sentence = sentence.contains(' ');
        is_sentence.then(|| format!("{name}: {sentence}"))
    })
}

fn xml_message(body: &str) -> Option<String> {
    ["Message", "message"].iter().find_map(|name| {
        let after = body.split_once(&format!("<{name}>"))?.1;
        Some(after.split_once(&format!("</{name}>"))?.0.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_common_forms_are_found() {
        for (body, expected) in [
            (r#"{"__type": "X", "Message": "no queue"}"#, Some("no queue")),
            (r#"{"error": {"code": 7, "message": "bad name"}}"#, Some("bad name")),
            (r#"{"error": "bad name"}"#, Some("bad name")),
            (r#"{"detail": [{"loc": ["body"], "msg": "field required"}]}"#, Some("field required")),
            (r#"{"type": "about:blank", "title": "Bad", "detail": "no tag"}"#, Some("no tag")),
            (r#"{"errors": [{"message": "no tag"}]}"#, Some("no tag")),
            (
                r#"{"isbn": ["Enter a valid value."], "title": ["May not be blank."]}"#,
                Some("isbn: Enter a valid value."),
            ),
            (r#"{"errors": {"name": ["can't be blank"]}}"#, Some("name: can't be blank")),
            (
                r#"{"code": 422, "errors": {"json": {"ends_at": ["Must be after starts_at."]}}}"#,
                Some("ends_at: Must be after starts_at."),
            ),
            (r#"{"tags": ["red"]}"#, None),
            (r#"{"status": 400}"#, None),
        ] {
            let document = serde_json::from_str(body).expect("it is JSON");
            assert_eq!(json_message(&document, 0).as_deref(), expected, "{body}");
        }
        assert_eq!(xml_message("<Error><Message>no key</Message></Error>").as_deref(), Some("no key"));
    }
}
