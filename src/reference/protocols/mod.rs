//! How requests of each protocol are read and its answers written: one file for each.
//!
//! Decides no status, checks no constraint, and shares nothing with the client's side but the contract.

mod aws_json;
mod aws_query;
mod bindings;
mod cbor;
mod ec2_query;
mod form;
mod json;
mod moments;
mod place;
mod rest_xml;
mod rpcv2_cbor;
mod words;
mod xml;

use super::compile::Op;
use super::read::{self, Unread};
use super::request::{Delivery, Header, Request, Response};
use super::route::Labels;
use super::service::MOST_BODY;
use super::trick::Trick;
use crate::contract::{Contract, Kind, Location, Member, Protocol, TimestampFormat};
use bytes::Bytes;
use form::Branch;
use json::Moments;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::Read as _;

pub(super) use place::Place;
pub(super) use words::Words;

/// The id of every request: answers are the same each time.
const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000000";

/// How a request says which operation it is for.
#[derive(Debug, PartialEq)]
pub(super) enum Named<'a> {
    /// By method and path.
    ByRoute,
    /// By its name, somewhere else.
    Operation(Cow<'a, str>),
    /// It should say a name, and says none, or one of another service.
    Nothing,
}

/// Which operation a request is for.
pub(super) fn named<'a>(contract: &Contract, request: &Request<'a>, path: &'a str, query: &str) -> Named<'a> {
    let known = |service: &str| contract.traits.target_prefix.as_deref().is_none_or(|prefix| prefix == service);
    let of = |found: Option<(&'a str, &'a str)>| match found {
        Some((service, operation)) if known(service) => Named::Operation(Cow::Borrowed(operation)),
        _ => Named::Nothing,
    };
    match contract.protocol {
        None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::RestXml) => Named::ByRoute,
        Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => of(aws_json::named(request)),
        Some(Protocol::RpcV2Cbor) => of(rpcv2_cbor::named(path)),
        Some(Protocol::AwsQuery | Protocol::Ec2Query) => {
            let said = |bytes: &[u8], name: &str| {
                let form = Branch::read(bytes).ok()?;
                form.text(name).map(str::to_owned)
            };
            let said = |name: &str| said(request.body, name).or_else(|| said(query.as_bytes(), name));
            let fits = match (&contract.traits.version, said("Version")) {
                (Some(due), Some(version)) => *due == version,
                _ => true,
            };
            match said("Action") {
                Some(action) if fits => Named::Operation(Cow::Owned(action)),
                _ => Named::Nothing,
            }
        }
    }
}

/// The route of an operation that no source gives one, where its protocol has one for all.
pub(super) fn usual_route(contract: &Contract, operation: &str) -> Option<(&'static str, String)> {
    match contract.protocol? {
        Protocol::AwsJson1_0 | Protocol::AwsJson1_1 | Protocol::AwsQuery | Protocol::Ec2Query => {
            Some(("POST", "/".to_owned()))
        }
        Protocol::RpcV2Cbor => {
            let service = contract.traits.target_prefix.as_deref().unwrap_or("{service}");
            Some(("POST", format!("/service/{service}/operation/{operation}")))
        }
        Protocol::RestJson | Protocol::RestJson1 | Protocol::RestXml => None,
    }
}

/// Whether operations are told apart by their names alone, so that models give all of them one route.
pub(super) fn is_named(protocol: Option<Protocol>) -> bool {
    !matches!(protocol, None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::RestXml))
}

/// A request on its way to an operation's input.
pub(super) struct Sent<'a> {
    pub request: &'a Request<'a>,
    pub labels: Labels<'a>,
    pub query: &'a str,
    body: Cow<'a, [u8]>,
    /// Whether the client had compressed the body.
    inflated: bool,
}

/// The input of a request: the members under the contract's names.
pub(super) fn input(
    contract: &Contract,
    op: &Op,
    labels: Labels<'_>,
    query: &str,
    request: &Request<'_>,
) -> Result<Map<String, Value>, Unread> {
    let Some(id) = &op.input else { return Ok(Map::new()) };
    let place = Place::with(contract, id, &op.traits.input);
    let (body, inflated) = inflated(op, request)?;
    let mut sent = Sent { request, labels, query, body, inflated };
    match contract.protocol {
        None | Some(Protocol::RestJson | Protocol::RestJson1) => {
            let input = json_body(op, place, &sent.body)?;
            bound(op, place, &mut sent, input)
        }
        Some(Protocol::RestXml) => {
            let input = read::distorted(&sent.body, op.tricks, || xml_body(place, &sent.body))?;
            bound(op, place, &mut sent, input)
        }
        Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => {
            let found = read::body(&sent.body, op.tricks)?;
            json::members(place, found, Moments::Exact, |_| true)
        }
        Some(protocol @ (Protocol::AwsQuery | Protocol::Ec2Query)) => {
            let names: &dyn form::Names =
                if protocol == Protocol::AwsQuery { &aws_query::AwsQuery } else { &ec2_query::Ec2Query };
            read::distorted(&sent.body, op.tricks, || {
                let in_query = sent.body.is_empty() || request.method == "GET";
                let form = if in_query { Branch::read(query.as_bytes()) } else { Branch::read(&sent.body) };
                form?.members(place, names)
            })
        }
        Some(Protocol::RpcV2Cbor) => read::distorted(&sent.body, op.tricks, || {
            let nothing = sent.body.is_empty();
            if nothing { Ok(Map::new()) } else { rpcv2_cbor::members(place, &sent.body) }
        }),
    }
}

/// The body, as it was before the client compressed it.
fn inflated<'a>(op: &Op, request: &Request<'a>) -> Result<(Cow<'a, [u8]>, bool), Unread> {
    let plain = (Cow::Borrowed(request.body), false);
    let compresses = op.traits.compression.iter().any(|encoding| encoding == "gzip");
    let said =
        request.header("content-encoding").filter(|_| compresses).and_then(|said| std::str::from_utf8(said).ok());
    let last = said.and_then(|said| said.rsplit(',').next()).unwrap_or_default();
    if last.trim() != "gzip" {
        return Ok(plain);
    }
    let mut whole = Vec::new();
    let most = MOST_BODY as u64 + 1;
    match flate2::read::GzDecoder::new(request.body).take(most).read_to_end(&mut whole) {
        Ok(length) if length as u64 == most => Err(Unread::Malformed("the body is too large".to_owned())),
        Ok(_) => Ok((Cow::Owned(whole), true)),
        Err(error) => Err(Unread::Malformed(format!("the body is not compressed as it says: {error}"))),
    }
}

fn payload(place: Place<'_>) -> Option<(&String, &Member)> {
    place.members().into_iter().flatten().find(|(_, member)| member.location == Location::Payload)
}

/// What stands in path, query and headers, beside what stood in the body.
fn bound(
    op: &Op,
    place: Place<'_>,
    sent: &mut Sent<'_>,
    mut input: Map<String, Value>,
) -> Result<Map<String, Value>, Unread> {
    bindings::labels(place, sent, &mut input)?;
    if op.has_query {
        bindings::query(place, sent.query, op.tricks, &mut input)?;
    }
    if op.has_headers {
        bindings::headers(place, sent, &mut input)?;
    }
    Ok(input)
}

fn json_body(op: &Op, place: Place<'_>, body: &[u8]) -> Result<Map<String, Value>, Unread> {
    if let Some((name, member)) = payload(place) {
        let mut input = Map::new();
        let below = place.of(member);
        let value = match plain_payload(below, body)? {
            Some(value) => value,
            None if body.is_empty() => return Ok(input),
            None => json::named(below, read::document(body, op.tricks)?, Moments::Any)?,
        };
        if !body.is_empty() {
            input.insert(name.clone(), value);
        }
        return Ok(input);
    }
    if !op.reads_body {
        return Ok(Map::new());
    }
    let mut input = read::body(body, op.tricks)?;
    if op.renames {
        return json::members(place, input, Moments::Any, |location| location == Location::Body);
    }
    for (name, _) in place.members().into_iter().flatten().filter(|(_, member)| member.location != Location::Body) {
        input.swap_remove(name);
    }
    Ok(input)
}

fn xml_body(place: Place<'_>, body: &[u8]) -> Result<Map<String, Value>, Unread> {
    let Some((name, member)) = payload(place) else { return rest_xml::members(place, body) };
    if body.is_empty() {
        return Ok(Map::new());
    }
    let below = place.of(member);
    let value = match plain_payload(below, body)? {
        Some(value) => value,
        None => rest_xml::payload(member.wire.as_deref(), below, body)?,
    };
    Ok(Map::from_iter([(name.clone(), value)]))
}

/// A body of bytes or text, which no protocol has a form of its own for.
fn plain_payload(place: Place<'_>, body: &[u8]) -> Result<Option<Value>, Unread> {
    Ok(match place.kind() {
        Kind::Blob => Some(Value::String(data_encoding::BASE64.encode(body))),
        Kind::String | Kind::Enum { .. } => match std::str::from_utf8(body) {
            Ok(text) => Some(Value::String(text.to_owned())),
            Err(_) => return Err(Unread::Malformed("the body is not UTF-8".to_owned())),
        },
        _ => None,
    })
}

/// A text as a value of its place's type; itself where it is none, so that the check refuses it.
fn scalar(place: Place<'_>, text: String, usual: TimestampFormat) -> Value {
    match place.kind() {
        Kind::Integer | Kind::Long | Kind::Float | Kind::Double => match text.parse::<serde_json::Number>() {
            Ok(number) => Value::Number(number),
            Err(_) => Value::String(text),
        },
        Kind::Boolean if text == "true" || text == "false" => Value::Bool(text == "true"),
        Kind::Timestamp => moments::read(&text, place.moments(usual)).unwrap_or(Value::String(text)),
        _ => Value::String(text),
    }
}

/// A plain value as text.
fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A success with this output, whose members have the contract's names.
pub(super) fn success(contract: &Contract, op: &Op, output: &Value) -> Response {
    let place = op.output.as_ref().map(|id| Place::new(contract, id));
    let mut headers: Vec<Header> = Vec::new();
    let mut status = op.success;
    let (body, content_type) = match contract.protocol {
        None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::RestXml) => {
            rest_success(contract, place, output, &mut headers, &mut status)
        }
        Some(protocol @ (Protocol::AwsJson1_0 | Protocol::AwsJson1_1)) => {
            let document = place.map_or_else(|| output.clone(), |place| json::written(place, output));
            (document.to_string().into(), Some(aws_json::content_type(protocol)))
        }
        Some(Protocol::AwsQuery) => (aws_query::success(&op.name, place, output).into(), Some(aws_query::CONTENT_TYPE)),
        Some(Protocol::Ec2Query) => (ec2_query::success(&op.name, place, output).into(), Some(ec2_query::CONTENT_TYPE)),
        Some(Protocol::RpcV2Cbor) => {
            headers.push(rpcv2_cbor::MARK);
            match place {
                Some(place) => (rpcv2_cbor::success(place, output).into(), Some(rpcv2_cbor::CONTENT_TYPE)),
                None => (Bytes::new(), None),
            }
        }
    };
    finished(status, headers, body, content_type)
}

fn finished(status: u16, mut headers: Vec<Header>, body: Bytes, content_type: Option<&'static str>) -> Response {
    if let Some(content_type) = content_type
        && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
    {
        headers.insert(0, (Cow::Borrowed("content-type"), Cow::Borrowed(content_type)));
    }
    let body = if status == 204 { Bytes::new() } else { body };
    Response { status, headers, body, delivery: Delivery::Whole }
}

fn rest_success(
    contract: &Contract,
    place: Option<Place<'_>>,
    output: &Value,
    headers: &mut Vec<Header>,
    status: &mut u16,
) -> (Bytes, Option<&'static str>) {
    let is_xml = contract.protocol == Some(Protocol::RestXml);
    let (Some(place), Value::Object(members)) = (place, output) else {
        return if is_xml { (Bytes::new(), None) } else { (output.to_string().into(), Some(JSON)) };
    };
    if let Some(said) = bindings::written(place, members, headers) {
        *status = said;
    }
    if let Some((name, member)) = payload(place) {
        let (below, value) = (place.of(member), members.get(name).unwrap_or(&Value::Null));
        return match (below.kind(), value) {
            (_, Value::Null) => (Bytes::new(), None),
            (Kind::Blob, Value::String(text)) => {
                let bytes = data_encoding::BASE64.decode(text.as_bytes()).unwrap_or_default();
                (bytes.into(), Some("application/octet-stream"))
            }
            (Kind::String | Kind::Enum { .. }, Value::String(text)) => (text.clone().into(), Some("text/plain")),
            (_, value) if is_xml => {
                let document = rest_xml::payload_document(member.wire.as_deref(), below, value);
                (document.into(), Some(rest_xml::CONTENT_TYPE))
            }
            (_, value) => (json::written(below, value).to_string().into(), Some(JSON)),
        };
    }
    if is_xml {
        return match rest_xml::document(place, members) {
            Some(document) => (document.into(), Some(rest_xml::CONTENT_TYPE)),
            None => (Bytes::new(), None),
        };
    }
    let known = place.members();
    let in_header =
        |name: &String| known.is_some_and(|known| known.get(name).is_some_and(|m| m.location == Location::Header));
    let rest: Map<String, Value> = members
        .iter()
        .filter(|(name, _)| !in_header(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    (json::written(place, &Value::Object(rest)).to_string().into(), Some(JSON))
}

const JSON: &str = "application/json";

/// The headers of an error, and its body.
pub(super) fn error(contract: &Contract, words: &Words<'_>) -> Response {
    let mut headers: Vec<Header> = Vec::new();
    let old = contract.traits.query_compatible.then_some(words.code).flatten().filter(|code| Some(*code) != words.name);
    if let Some(code) = old {
        let side = if words.status < 500 { "Sender" } else { "Receiver" };
        headers.push((Cow::Borrowed("x-amzn-query-error"), Cow::Owned(format!("{code};{side}"))));
    }
    if let Some(place) = words.place
        && matches!(contract.protocol, Some(Protocol::RestJson1 | Protocol::RestXml))
    {
        bindings::written(place, &words.members, &mut headers);
    }
    let (body, content_type): (Bytes, _) = match contract.protocol {
        Some(protocol @ (Protocol::AwsJson1_0 | Protocol::AwsJson1_1)) => {
            (aws_json::error(words).into(), aws_json::content_type(protocol))
        }
        Some(Protocol::AwsQuery) => (aws_query::error(words).into(), aws_query::CONTENT_TYPE),
        Some(Protocol::Ec2Query) => (ec2_query::error(words).into(), ec2_query::CONTENT_TYPE),
        Some(Protocol::RestXml) => (rest_xml::error(&contract.service, words).into(), rest_xml::CONTENT_TYPE),
        Some(Protocol::RpcV2Cbor) => {
            headers.push(rpcv2_cbor::MARK);
            (rpcv2_cbor::error(words).into(), rpcv2_cbor::CONTENT_TYPE)
        }
        None | Some(Protocol::RestJson | Protocol::RestJson1) => {
            if let Some(code) = words.code {
                headers.push((Cow::Borrowed("x-amzn-errortype"), Cow::Owned(code.to_owned())));
            }
            (words.written_json().to_string().into(), JSON)
        }
    };
    finished(words.status, headers, body, Some(content_type))
}

/// What is answered where no operation is meant: status and code.
pub(super) fn no_operation(contract: &Contract, is_aws: bool, named: bool, other_method: bool) -> (u16, &'static str) {
    let status = if other_method { 405 } else { 404 };
    match contract.protocol {
        Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1) if named => (400, "UnknownOperationException"),
        Some(Protocol::AwsQuery | Protocol::Ec2Query) if named => (400, "InvalidAction"),
        Some(Protocol::AwsQuery | Protocol::Ec2Query) => (400, "MissingAction"),
        Some(Protocol::RestXml) if other_method => (405, "MethodNotAllowed"),
        Some(Protocol::RestXml) => (404, "UnknownOperationException"),
        _ if is_aws => (status, "UnknownOperationException"),
        _ if other_method => (405, "method_not_allowed"),
        _ => (404, "route_not_found"),
    }
}

/// Whether the protocol's documents are JSON.
pub(super) fn speaks_json(protocol: Option<Protocol>) -> bool {
    match protocol {
        None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => true,
        Some(Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml | Protocol::RpcV2Cbor) => false,
    }
}

/// Whether all values travel as texts, so that nobody can mistake a number for one.
pub(super) fn has_only_texts(protocol: Option<Protocol>) -> bool {
    matches!(protocol, Some(Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml))
}

/// Whether a trick shows in the protocol at all.
pub(super) fn has(protocol: Option<Protocol>, trick: Trick) -> bool {
    let format = match protocol {
        None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => {
            return true;
        }
        Some(Protocol::RestXml) => "XML",
        Some(Protocol::AwsQuery | Protocol::Ec2Query) => "form",
        Some(Protocol::RpcV2Cbor) => "CBOR",
    };
    match trick {
        // These are words of JSON, or what a reader of JSON can do alone.
        Trick::DeepCrashes
        | Trick::SurrogateCrashes
        | Trick::HugeNumberCrashes
        | Trick::NullCrashes
        | Trick::TrailingBytes
        | Trick::NanAccepted
        | Trick::InvalidUtf8Accepted
        | Trick::NotObjectCrashes
        | Trick::NotObjectAccepted
        | Trick::TruncatedAccepted
        | Trick::SuccessNull
        | Trick::SuccessArray
        | Trick::SuccessWrapped => false,
        Trick::NulCrashes => format != "XML",
        // A form is never empty: it names the operation. Almost any bytes are one.
        Trick::EmptyBodyCrashes | Trick::EmptyBodyAccepted => format != "form",
        // In CBOR no text stands beside what makes it one.
        Trick::InvalidUtf8Crashes => format != "CBOR",
        _ => true,
    }
}
