//! Writes successes and errors as responses of the contract's protocol.
//!
//! Never decides a status or a code, and leaves the format of each body to its protocol's file.

use super::{Place, Words, aws_json, aws_query, bindings, ec2_query, json, rest_xml, rpcv2_cbor};
use crate::contract::{Contract, Kind, Location, Protocol};
use crate::reference::compile::Op;
use crate::reference::request::{Delivery, Header, Response};
use bytes::Bytes;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The request id of every response; it is constant, so that responses are reproducible.
pub(super) const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000000";

/// Returns a scalar value as text.
pub(super) fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Returns the success response for an output whose members have the contract's names.
pub(in crate::reference) fn success(contract: &Contract, op: &Op, output: &Value) -> Response {
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
    if let Some((name, member)) = place.payload() {
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

/// Returns the response for an error.
pub(in crate::reference) fn error(contract: &Contract, words: &Words<'_>) -> Response {
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
