//! Describes the form of a response: content type, location of the error type, and member paths with their JSON types.
//!
//! It never includes data: the entries of documented lists and maps are left out, and so is every name that could be a
//! value.

use super::ObservedOutcome;
use crate::contract::{Contract, ShapeId, ShapeKind};
use crate::run::HttpResponse;
use crate::snapshot::ResponseForm;
use crate::wire;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Maximum number of member paths in a form.
const MAX_PATHS: usize = 80;
/// Maximum number of characters in a media type.
const MAX_MEDIA_TYPE_CHARS: usize = 200;

/// Returns the form of a response to an operation with this output shape.
pub(super) fn response_form(
    contract: &Contract,
    output: Option<&ShapeId>,
    answer: &HttpResponse,
    observed: &ObservedOutcome,
) -> ResponseForm {
    let mut facts = Vec::new();
    let mut fact = |name: &str, value: &str| facts.push((name.to_owned(), value.to_owned()));
    if let Some(stated) = answer.header("content-type") {
        fact("content-type", &media_type(stated));
    }
    if let Some(place) = &observed.place {
        fact("error-type", place);
    }
    if answer.body.trim_ascii().is_empty() {
        fact("body", "none");
        return ResponseForm(facts);
    }
    let read = if answer.status < 300 {
        wire::decode_output(contract, output, &answer.body)
    } else {
        wire::decode_document(contract.protocol, &answer.body, None)
    };
    // A JSON body is described as such, whatever the protocol.
    let Some(document) = read.ok().or_else(|| wire::parse_json(&answer.body).ok()) else {
        fact("body", if std::str::from_utf8(&answer.body).is_ok() { "text" } else { "bytes" });
        return ResponseForm(facts);
    };
    let mut paths = BTreeMap::new();
    let output = output.filter(|_| answer.status < 300);
    collect_paths(contract, output, &document, "body", &mut paths);
    for (path, types) in paths {
        facts.push((path, types.joined_names()));
    }
    ResponseForm(facts)
}

/// Returns media type and charset. Other parameters may vary between responses.
fn media_type(stated: &str) -> String {
    let short = |part: &str| part.trim().chars().take(MAX_MEDIA_TYPE_CHARS).collect::<String>().to_ascii_lowercase();
    let mut parts = stated.split(';').map(short);
    let media = parts.next().unwrap_or_default();
    match parts.find(|part| part.starts_with("charset=")) {
        Some(charset) => format!("{media};{}", charset.replace('"', "")),
        None => media,
    }
}

/// Set of JSON types seen at a path.
#[derive(Clone, Copy, Default)]
struct JsonTypeSet(u8);

impl JsonTypeSet {
    /// Names in the order in which they are listed.
    const NAMES: [&str; 6] = ["array", "boolean", "null", "number", "object", "string"];

    fn add(&mut self, value: &Json) {
        self.0 |= 1
            << match value {
                Json::Array(_) => 0,
                Json::Bool(_) => 1,
                Json::Null => 2,
                Json::Number(_) => 3,
                Json::Object(_) => 4,
                Json::String(_) => 5,
            };
    }

    fn joined_names(self) -> String {
        let mut words = String::new();
        for (_, name) in Self::NAMES.into_iter().enumerate().filter(|(at, _)| self.0 & (1 << at) != 0) {
            if !words.is_empty() {
                words.push('|');
            }
            words.push_str(name);
        }
        words
    }
}

fn collect_paths(
    contract: &Contract,
    shape: Option<&ShapeId>,
    value: &Json,
    path: &str,
    out: &mut BTreeMap<String, JsonTypeSet>,
) {
    if out.len() >= MAX_PATHS {
        return;
    }
    out.entry(path.to_owned()).or_default().add(value);
    let kind = shape.map(|id| &contract.shape(id).kind);
    match (value, kind) {
        (Json::Array(items), Some(ShapeKind::List { member })) => {
            // Whether a list of scalars is empty depends on state, and its item type is documented.
            for item in items.iter().filter(|item| item.is_object() || item.is_array()) {
                collect_paths(contract, Some(member), item, &format!("{path}[]"), out);
            }
        }
        (Json::Array(items), _) => {
            for item in items {
                collect_paths(contract, None, item, &format!("{path}[]"), out);
            }
        }
        (Json::Object(_), Some(ShapeKind::Map { .. })) => {}
        (Json::Object(members), kind) => {
            for (name, inner) in members {
                let documented = kind.and_then(ShapeKind::members).and_then(|members| {
                    members
                        .iter()
                        .find(|(member, about)| about.wire_name(member) == name)
                        .map(|(_, about)| &about.shape)
                });
                if documented.is_some() || is_identifier_like(name) {
                    collect_paths(contract, documented, inner, &format!("{path}.{name}"), out);
                } else {
                    collect_paths(contract, None, inner, &format!("{path}{{value}}"), out);
                }
            }
        }
        _ => {}
    }
}

/// Returns true if a key looks like an identifier chosen by a developer rather than a value that a client sent.
pub(super) fn is_identifier_like(key: &str) -> bool {
    let digits = key.bytes().filter(u8::is_ascii_digit).count();
    let starts = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '@' || c == '$');
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '@' | '$');
    starts && key.len() <= 48 && digits <= 3 && key.chars().all(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::BodyFraming;

    fn format_form(content_type: &str, body: &str, place: Option<&str>) -> String {
        let answer = HttpResponse {
            status: 400,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.to_owned().into(),
            framing: BodyFraming::Complete,
        };
        let observed = ObservedOutcome { place: place.map(str::to_owned), ..ObservedOutcome::default() };
        let form = response_form(&Contract::new("t"), None, &answer, &observed);
        form.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn form_lists_content_type_error_location_and_paths() {
        assert_eq!(
            format_form(
                "Application/JSON; charset=UTF-8; x=1",
                r#"{"error":{"code":"a","n":1},"l":[1,"x"]}"#,
                Some("error.code")
            ),
            "content-type=application/json;charset=utf-8 error-type=error.code body=object body.error=object \
             body.error.code=string body.error.n=number body.l=array body.l[]=number|string"
        );
        assert_eq!(format_form("text/html", "<p>", None), "content-type=text/html body=text");
        assert_eq!(format_form("text/html", " \n", None), "content-type=text/html body=none");
    }

    #[test]
    fn form_excludes_volatile_parts() {
        let one = format_form("multipart/mixed; boundary=1", r#"{"8d3f-1": {"x": 1}, "id": "a"}"#, None);
        let other = format_form("multipart/mixed; boundary=2", r#"{"id": "b", "77aa-2": {"x": 9}}"#, None);
        assert_eq!(one, other);
    }
}
