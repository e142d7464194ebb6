//! Checks a response's body and content type against the contract.
//!
//! It never looks at the status or the error type.

use super::ObservedOutcome;
use super::state::truncate_text;
use crate::contract::{
    Contract, FactField, Member, MemberLocation, MemberPath, PathSegment, Protocol, Shape, ShapeId, ShapeKind,
};
use crate::run::HttpResponse;
use crate::wire;
use serde_json::Value as Json;

/// How a response deviates from the contract although its status and error type are right.
pub(super) struct ResponseMismatch {
    /// Short, stable description; part of the observed outcome.
    pub note: String,
    /// Full sentence.
    pub why: String,
}

impl ResponseMismatch {
    fn new(note: impl Into<String>, why: impl Into<String>) -> Option<Self> {
        Some(Self { note: note.into(), why: why.into() })
    }
}

/// Returns the format of a protocol's documents.
fn document_format(protocol: Option<Protocol>) -> &'static str {
    match protocol {
        None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => "JSON",
        Some(Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml) => "XML",
        Some(Protocol::RpcV2Cbor) => "CBOR",
    }
}

/// Returns true if a content type declares the format: `application/json`, `application/problem+json`,
/// `application/x-amz-json-1.1`, `text/xml`, `application/cbor`.
fn declares_format(format: &str, content_type: &str) -> bool {
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

fn is_blank_body(body: &[u8]) -> bool {
    body.iter().all(u8::is_ascii_whitespace)
}

/// Returns the mismatch in the body of a successful response, if there is one.
pub(super) fn success_mismatch(
    contract: &Contract,
    output: Option<&ShapeId>,
    answer: &HttpResponse,
) -> Option<ResponseMismatch> {
    let id = output?;
    if contract.shape(id).open {
        return None;
    }
    let members = contract.shape(id).kind.members()?;
    // A stream of events is no document.
    let streams = |member: &Member| member.traits.event_stream || contract.shape(&member.shape).traits.event_stream;
    if members.values().any(streams) {
        return None;
    }
    // A payload member is the whole body, not part of a document.
    let format = document_format(contract.protocol);
    if let Some(member) = members.values().find(|member| member.location == MemberLocation::Payload) {
        return payload_mismatch(contract, member, answer);
    }
    let in_body = members.values().filter(|member| member.location == MemberLocation::Body).count();
    let content_type = answer.header("content-type");
    if is_blank_body(&answer.body) {
        return (in_body > 0 && is_plain_rest(contract))
            .then(|| ResponseMismatch::new("empty body", "the response has no body, but a result is documented"))
            .flatten();
    }
    match content_type {
        Some(stated) if !declares_format(format, stated) => {
            return ResponseMismatch::new(
                format!("content type not {format}"),
                format!("the body is documented as {format}, but its content type is `{}`", truncate_text(stated)),
            );
        }
        None if in_body > 0 => {
            let why = format!("the body is documented as {format}, but the response has no content type");
            return ResponseMismatch::new("no content type", why);
        }
        _ => {}
    }
    let document = match wire::decode_output(contract, output, &answer.body) {
        Ok(document) => document,
        Err(reason) => {
            return ResponseMismatch::new(
                format!("body not {format}"),
                format!("the body is documented as {format}: {reason}"),
            );
        }
    };
    // XML always has a root element that holds the request ID.
    if in_body == 0 && format == "XML" {
        return None;
    }
    let Json::Object(found) = &document else {
        return ResponseMismatch::new("body not an object", "the documented result is an object");
    };
    if in_body == 0 {
        return found.keys().next().and_then(|name| {
            ResponseMismatch::new(
                "members in an empty result",
                format!("the documented result is empty, but the response contains `{name}`"),
            )
        });
    }
    find_mismatch(contract, id, &document, &MemberPath::root(), 0)
}

/// Returns the mismatch in a result that is one value instead of a structure of members. Only plain REST APIs send a list
/// or a map as a whole document; a text or bytes may be anything.
fn payload_mismatch(contract: &Contract, member: &Member, answer: &HttpResponse) -> Option<ResponseMismatch> {
    let shape = contract.shape(&member.shape);
    let is_document = matches!(
        shape.kind,
        ShapeKind::List { .. } | ShapeKind::Map { .. } | ShapeKind::Structure { .. } | ShapeKind::Union { .. }
    );
    if !is_plain_rest(contract) || !is_document || shape.open || shape.nullable {
        return None;
    }
    if is_blank_body(&answer.body) {
        return ResponseMismatch::new("empty body", "the response has no body, but a result is documented");
    }
    let content_type = answer.header("content-type");
    if let Some(stated) = content_type.filter(|stated| !declares_format("JSON", stated)) {
        let why = format!("the body is documented as JSON, but its content type is `{}`", truncate_text(stated));
        return ResponseMismatch::new("content type not JSON", why);
    }
    match wire::decode_document(contract.protocol, &answer.body, content_type) {
        Ok(document) => find_mismatch(contract, &member.shape, &document, &MemberPath::root(), 1),
        Err(reason) => ResponseMismatch::new("body not JSON", format!("the body is documented as JSON: {reason}")),
    }
}

/// Returns true if the protocol cannot represent an empty value of this shape.
fn is_invisible_when_empty(contract: &Contract, id: &ShapeId) -> bool {
    document_format(contract.protocol) == "XML"
        && matches!(contract.shape(id).kind, ShapeKind::List { .. } | ShapeKind::Map { .. })
}

/// Returns true if services leave out a member although their models call it required: lists and maps that are empty,
/// and the marker of a page that is the first or the last one. A page that documents the member promises it.
fn is_omitted_by_services(contract: &Contract, name: &str, id: &ShapeId) -> bool {
    let is_marker = ["marker", "nexttoken", "token"].iter().any(|end| name.to_lowercase().ends_with(end));
    let is_collection = matches!(contract.shape(id).kind, ShapeKind::List { .. } | ShapeKind::Map { .. });
    contract.is_model_only() && (is_marker || is_collection)
}

/// Returns true for plain REST APIs, whose documentation lists all members of a response; AWS services omit empty ones.
fn is_plain_rest(contract: &Contract) -> bool {
    matches!(contract.protocol, None | Some(Protocol::RestJson))
}

fn find_mismatch(
    contract: &Contract,
    id: &ShapeId,
    value: &Json,
    path: &MemberPath,
    depth: usize,
) -> Option<ResponseMismatch> {
    let shape = contract.shape(id);
    if shape.open {
        return None;
    }
    let wrong = |due: &str| {
        let place = if path.0.is_empty() { "the result".to_owned() } else { format!("`{path}`") };
        ResponseMismatch::new(format!("{place} not {due}"), format!("{place} is documented as {due}"))
    };
    match (&shape.kind, value) {
        (ShapeKind::Document, _) => None,
        (ShapeKind::String | ShapeKind::Enum { .. } | ShapeKind::Blob, Json::String(_))
        | (ShapeKind::Boolean, Json::Bool(_)) => None,
        (ShapeKind::String | ShapeKind::Enum { .. }, _) => wrong("a string"),
        (ShapeKind::Blob, _) => wrong("bytes as base64"),
        (ShapeKind::Boolean, _) => wrong("a boolean"),
        (ShapeKind::Integer | ShapeKind::Long, Json::Number(number)) => {
            let whole = number.is_i64() || number.is_u64() || number.as_f64().is_some_and(|float| float.fract() == 0.0);
            if whole { None } else { wrong("a whole number") }
        }
        (ShapeKind::Integer | ShapeKind::Long, _) => wrong("a whole number"),
        (ShapeKind::Float | ShapeKind::Double, Json::Number(_) | Json::String(_)) => None,
        (ShapeKind::Float | ShapeKind::Double, _) => wrong("a number"),
        (ShapeKind::Timestamp, Json::Number(_) | Json::String(_)) => None,
        (ShapeKind::Timestamp, _) => wrong("a timestamp"),
        (ShapeKind::List { member }, Json::Array(items)) => {
            let place = path.join(PathSegment::Item);
            items
                .iter()
                .filter(|item| !item.is_null())
                .find_map(|item| find_mismatch(contract, member, item, &place, depth + 1))
        }
        (ShapeKind::List { .. }, _) => wrong("a list"),
        (ShapeKind::Map { value: entry, .. }, Json::Object(entries)) => {
            let place = path.join(PathSegment::Value);
            entries
                .values()
                .filter(|item| !item.is_null())
                .find_map(|item| find_mismatch(contract, entry, item, &place, depth + 1))
        }
        (ShapeKind::Map { .. }, _) => wrong("a map"),
        (ShapeKind::Structure { members } | ShapeKind::Union { members }, Json::Object(found)) => {
            let mut seen = 0;
            for (name, member) in
                members.iter().filter(|(_, member)| depth > 0 || member.location == MemberLocation::Body)
            {
                match found.get(member.wire_name(name)) {
                    // An empty list or map leaves no trace in XML.
                    None if is_invisible_when_empty(contract, &member.shape) => {}
                    Some(Json::Null) if contract.shape(&member.shape).nullable => seen += 1,
                    None if is_omitted_by_services(contract, name, &member.shape) => {}
                    None | Some(Json::Null) if member.required => {
                        let place = path.join_member(name);
                        return ResponseMismatch::new(
                            format!("`{place}` missing"),
                            format!("`{place}` is documented as always present"),
                        );
                    }
                    None | Some(Json::Null) => {}
                    Some(inner) => {
                        seen += 1;
                        let flaw = find_mismatch(contract, &member.shape, inner, &path.join_member(name), depth + 1);
                        if flaw.is_some() {
                            return flaw;
                        }
                    }
                }
            }
            // A member that is an object may be empty, as it was sent; the result itself may not.
            let is_empty_member = depth > 0 && found.is_empty();
            let shows_nothing = seen == 0 && !members.is_empty() && !is_empty_member;
            if shows_nothing && is_plain_rest(contract) && !states_optional_members(shape) {
                let place = if path.0.is_empty() { "the result".to_owned() } else { format!("`{path}`") };
                return ResponseMismatch::new(
                    format!("nothing documented in {place}"),
                    format!("{place} has none of its documented members"),
                );
            }
            None
        }
        (ShapeKind::Structure { .. } | ShapeKind::Union { .. }, _) => wrong("an object"),
    }
}

/// Returns true if a source says of a member that it may be missing, so that an object without members is right.
fn states_optional_members(shape: &Shape) -> bool {
    shape.facts.iter().any(|fact| matches!(fact.field, FactField::MemberRequired(_)) && fact.value == false)
}

/// Returns how the body of an error deviates from its documented structure, if it does.
pub(super) fn error_body_mismatch(
    contract: &Contract,
    body: &ShapeId,
    answer: &HttpResponse,
) -> Option<ResponseMismatch> {
    if !is_plain_rest(contract) || contract.shape(body).open {
        return None;
    }
    if is_blank_body(&answer.body) {
        return ResponseMismatch::new("empty error body", "the error has no body, but one is documented");
    }
    if let Some(stated) = answer.header("content-type").filter(|stated| !declares_format("JSON", stated)) {
        let why = format!("the error is documented as JSON, but its content type is `{}`", truncate_text(stated));
        return ResponseMismatch::new("error content type not JSON", why);
    }
    match wire::decode_document(contract.protocol, &answer.body, None) {
        Ok(document) => {
            let found = find_mismatch(contract, body, &document, &MemberPath::root(), 0)?;
            ResponseMismatch::new(format!("error body: {}", found.note), format!("in the error, {}", found.why))
        }
        Err(reason) => {
            ResponseMismatch::new("error body not JSON", format!("the error is documented as JSON: {reason}"))
        }
    }
}

/// Returns the mismatch in the body of a documented error, if there is one.
pub(super) fn error_mismatch(
    contract: &Contract,
    answer: &HttpResponse,
    observed: &ObservedOutcome,
) -> Option<ResponseMismatch> {
    if is_blank_body(&answer.body) {
        return None;
    }
    let format = document_format(contract.protocol);
    let content_type = answer.header("content-type");
    if let Some(stated) = content_type.filter(|stated| !declares_format(format, stated)) {
        let why = format!("errors are documented as {format}, but the content type is `{}`", truncate_text(stated));
        return ResponseMismatch::new(format!("content type not {format}"), why);
    }
    match wire::decode_document(contract.protocol, &answer.body, content_type) {
        Ok(Json::Object(_)) => None,
        Ok(_) => ResponseMismatch::new("error body not an object", "the body of an error must be an object"),
        Err(reason) => {
            let place = observed.place.as_deref().unwrap_or("the header");
            ResponseMismatch::new(
                format!("error body not {format}"),
                format!("the error type is in {place}, but the body is malformed: {reason}"),
            )
        }
    }
}
