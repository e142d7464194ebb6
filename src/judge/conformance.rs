//! Checks a response's body and content type against the contract.
//!
//! It never looks at the status or the error type.

use super::Observed;
use super::state::cut;
use crate::contract::{Contract, Kind, Location, MemberPath, Protocol, Segment, ShapeId};
use crate::run::Answer;
use crate::wire;
use serde_json::Value as Json;

/// How a response deviates from the contract although its status and error type are right.
pub(super) struct Flaw {
    /// Short, stable description; part of the observed outcome.
    pub note: String,
    /// Full sentence.
    pub why: String,
}

impl Flaw {
    fn new(note: impl Into<String>, why: impl Into<String>) -> Option<Self> {
        Some(Self { note: note.into(), why: why.into() })
    }
}

/// Returns the format of a protocol's documents.
fn format(protocol: Option<Protocol>) -> &'static str {
    match protocol {
        None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => "JSON",
        Some(Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml) => "XML",
        Some(Protocol::RpcV2Cbor) => "CBOR",
    }
}

/// Returns true if a content type declares the format: `application/json`, `application/problem+json`,
/// `application/x-amz-json-1.1`, `text/xml`, `application/cbor`.
fn says(format: &str, content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    let (kind, name) = media.split_once('/').unwrap_or_default();
    let is = |text: &str, due: &str| text.eq_ignore_ascii_case(due);
    let begins = |due: &str| name.get(..due.len()).is_some_and(|start| is(start, due));
    let suffix = media.rsplit_once('+').map_or("", |(_, suffix)| suffix);
    let application = is(kind, "application");
    application && is(name, format)
        || is(suffix, format)
        || format == "JSON" && application && begins("x-amz-json")
        || format == "XML" && is(media, "text/xml")
}

fn is_blank(body: &[u8]) -> bool {
    body.iter().all(u8::is_ascii_whitespace)
}

/// Returns the mismatch in the body of a successful response, if there is one.
pub(super) fn success_flaw(contract: &Contract, output: Option<&ShapeId>, answer: &Answer) -> Option<Flaw> {
    let id = output?;
    let members = contract.shape(id).kind.members()?;
    // A payload member is the whole body, not part of a document.
    let format = format(contract.protocol);
    if members.values().any(|member| member.location == Location::Payload) {
        return None;
    }
    let in_body = members.values().filter(|member| member.location == Location::Body).count();
    let content_type = answer.header("content-type");
    if is_blank(&answer.body) {
        return (in_body > 0 && plain_rest(contract))
            .then(|| Flaw::new("empty body", "the response has no body, but a result is documented"))
            .flatten();
    }
    match content_type {
        Some(stated) if !says(format, stated) => {
            return Flaw::new(
                format!("content type not {format}"),
                format!("the body is documented as {format}, but its content type is `{}`", cut(stated)),
            );
        }
        None if in_body > 0 => {
            let why = format!("the body is documented as {format}, but the response has no content type");
            return Flaw::new("no content type", why);
        }
        _ => {}
    }
    let document = match wire::output_document(contract, output, &answer.body) {
        Ok(document) => document,
        Err(reason) => {
            return Flaw::new(format!("body not {format}"), format!("the body is documented as {format}: {reason}"));
        }
    };
    // XML always has a root element that holds the request ID.
    if in_body == 0 && format == "XML" {
        return None;
    }
    let Json::Object(found) = &document else {
        return Flaw::new("body not an object", "the documented result is an object");
    };
    if in_body == 0 {
        return found.keys().next().and_then(|name| {
            Flaw::new(
                "members in an empty result",
                format!("the documented result is empty, but the response contains `{name}`"),
            )
        });
    }
    conforms(contract, id, &document, &MemberPath::root(), 0)
}

/// Returns true if the protocol cannot represent an empty value of this shape.
fn unseen(contract: &Contract, id: &ShapeId) -> bool {
    format(contract.protocol) == "XML" && matches!(contract.shape(id).kind, Kind::List { .. } | Kind::Map { .. })
}

/// Returns true for plain REST APIs, whose documentation lists all members of a response; AWS services omit empty ones.
fn plain_rest(contract: &Contract) -> bool {
    matches!(contract.protocol, None | Some(Protocol::RestJson))
}

fn conforms(contract: &Contract, id: &ShapeId, value: &Json, path: &MemberPath, depth: usize) -> Option<Flaw> {
    let shape = contract.shape(id);
    let wrong = |due: &str| {
        let place = if path.0.is_empty() { "the result".to_owned() } else { format!("`{path}`") };
        Flaw::new(format!("{place} not {due}"), format!("{place} is documented as {due}"))
    };
    match (&shape.kind, value) {
        (Kind::Document, _) => None,
        (Kind::String | Kind::Enum { .. } | Kind::Blob, Json::String(_)) | (Kind::Boolean, Json::Bool(_)) => None,
        (Kind::String | Kind::Enum { .. }, _) => wrong("a string"),
        (Kind::Blob, _) => wrong("bytes as base64"),
        (Kind::Boolean, _) => wrong("a boolean"),
        (Kind::Integer | Kind::Long, Json::Number(number)) => {
            let whole = number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|float| float.fract() == 0.0);
            if whole { None } else { wrong("a whole number") }
        }
        (Kind::Integer | Kind::Long, _) => wrong("a whole number"),
        (Kind::Float | Kind::Double, Json::Number(_) | Json::String(_)) => None,
        (Kind::Float | Kind::Double, _) => wrong("a number"),
        (Kind::Timestamp, Json::Number(_) | Json::String(_)) => None,
        (Kind::Timestamp, _) => wrong("a timestamp"),
        (Kind::List { member }, Json::Array(items)) => {
            let place = path.then(Segment::Item);
            items
                .iter()
                .filter(|item| !item.is_null())
                .find_map(|item| conforms(contract, member, item, &place, depth + 1))
        }
        (Kind::List { .. }, _) => wrong("a list"),
        (Kind::Map { value: entry, .. }, Json::Object(entries)) => {
            let place = path.then(Segment::Value);
            entries
                .values()
                .filter(|item| !item.is_null())
                .find_map(|item| conforms(contract, entry, item, &place, depth + 1))
        }
        (Kind::Map { .. }, _) => wrong("a map"),
        (Kind::Structure { members } | Kind::Union { members }, Json::Object(found)) => {
            let mut seen = 0;
            for (name, member) in members.iter().filter(|(_, member)| depth > 0 || member.location == Location::Body) {
                match found.get(member.wire_name(name)) {
                    // An empty list or map leaves no trace in XML.
                    None if unseen(contract, &member.shape) => {}
                    None | Some(Json::Null) if member.required => {
                        let place = path.member(name);
                        return Flaw::new(
                            format!("`{place}` missing"),
                            format!("`{place}` is documented as always present"),
                        );
                    }
                    None | Some(Json::Null) => {}
                    Some(inner) => {
                        seen += 1;
                        let flaw = conforms(contract, &member.shape, inner, &path.member(name), depth + 1);
                        if flaw.is_some() {
                            return flaw;
                        }
                    }
                }
            }
            if seen == 0 && !members.is_empty() && plain_rest(contract) {
                let place = if path.0.is_empty() { "the result".to_owned() } else { format!("`{path}`") };
                return Flaw::new(
                    format!("nothing documented in {place}"),
                    format!("{place} has none of its documented members"),
                );
            }
            None
        }
        (Kind::Structure { .. } | Kind::Union { .. }, _) => wrong("an object"),
    }
}

/// Returns the mismatch in the body of a documented error, if there is one.
pub(super) fn error_flaw(contract: &Contract, answer: &Answer, observed: &Observed) -> Option<Flaw> {
    if is_blank(&answer.body) {
        return None;
    }
    let format = format(contract.protocol);
    let content_type = answer.header("content-type");
    if let Some(stated) = content_type.filter(|stated| !says(format, stated)) {
        let why = format!("errors are documented as {format}, but the content type is `{}`", cut(stated));
        return Flaw::new(format!("content type not {format}"), why);
    }
    match wire::document(contract.protocol, &answer.body, content_type) {
        Ok(Json::Object(_)) => None,
        Ok(_) => Flaw::new("error body not an object", "the body of an error must be an object"),
        Err(reason) => {
            let place = observed.place.as_deref().unwrap_or("the header");
            Flaw::new(
                format!("error body not {format}"),
                format!("the error type is in {place}, but the body is malformed: {reason}"),
            )
        }
    }
}
