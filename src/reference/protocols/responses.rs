//! Writes successes and errors as responses of the contract's protocol.
//!
//! Never decides a status or a code, and leaves the format of each body to its protocol's file.

use super::{ErrorContent, ShapeRef, aws_json, aws_query, bindings, ec2_query, json, rest_xml, rpcv2_cbor};
use crate::contract::{Contract, MemberLocation, Protocol, ShapeKind};
use crate::reference::operation::CompiledOperation;
use crate::reference::request::{DeliveryMode, ResponseHeader, ServerResponse};
use bytes::Bytes;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Returns the success response for an output whose members have the contract's names.
pub(in crate::reference) fn write_success(
    contract: &Contract,
    op: &CompiledOperation,
    output: &Value,
) -> ServerResponse {
    let shape = op.output.as_ref().map(|id| ShapeRef::new(contract, id));
    let mut headers: Vec<ResponseHeader> = Vec::new();
    let mut status = op.success_status;
    let (body, content_type) = match contract.protocol {
        None | Some(Protocol::RestJson | Protocol::RestJson1 | Protocol::RestXml) => {
            write_rest_success(contract, shape, output, &mut headers, &mut status)
        }
        Some(protocol @ (Protocol::AwsJson1_0 | Protocol::AwsJson1_1)) => {
            let document = shape.map_or_else(|| output.clone(), |shape| json::to_wire(shape, output));
            (document.to_string().into(), Some(aws_json::content_type(protocol)))
        }
        Some(Protocol::AwsQuery) => {
            (aws_query::write_success(&op.name, shape, output).into(), Some(aws_query::CONTENT_TYPE))
        }
        Some(Protocol::Ec2Query) => {
            (ec2_query::write_success(&op.name, shape, output).into(), Some(ec2_query::CONTENT_TYPE))
        }
        Some(Protocol::RpcV2Cbor) => {
            headers.push(rpcv2_cbor::PROTOCOL_HEADER);
            match shape {
                Some(shape) => (rpcv2_cbor::write_success(shape, output).into(), Some(rpcv2_cbor::CONTENT_TYPE)),
                None => (Bytes::new(), None),
            }
        }
    };
    finish_response(status, headers, body, content_type)
}

fn finish_response(
    status: u16,
    mut headers: Vec<ResponseHeader>,
    body: Bytes,
    content_type: Option<&'static str>,
) -> ServerResponse {
    if let Some(content_type) = content_type
        && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"))
    {
        headers.insert(0, (Cow::Borrowed("content-type"), Cow::Borrowed(content_type)));
    }
    let body = if status == 204 { Bytes::new() } else { body };
    ServerResponse { status, headers, body, delivery: DeliveryMode::Whole }
}

fn write_rest_success(
    contract: &Contract,
    shape: Option<ShapeRef<'_>>,
    output: &Value,
    headers: &mut Vec<ResponseHeader>,
    status: &mut u16,
) -> (Bytes, Option<&'static str>) {
    let is_xml = contract.protocol == Some(Protocol::RestXml);
    let (Some(shape), Value::Object(members)) = (shape, output) else {
        return if is_xml { (Bytes::new(), None) } else { (output.to_string().into(), Some(JSON_CONTENT_TYPE)) };
    };
    if let Some(bound) = bindings::write_headers(shape, members, headers) {
        *status = bound;
    }
    if let Some((name, member)) = shape.payload() {
        let (below, value) = (shape.member(member), members.get(name).unwrap_or(&Value::Null));
        return match (below.kind(), value) {
            (_, Value::Null) => (Bytes::new(), None),
            (ShapeKind::Blob, Value::String(text)) => {
                let bytes = data_encoding::BASE64.decode(text.as_bytes()).unwrap_or_default();
                (bytes.into(), Some("application/octet-stream"))
            }
            (ShapeKind::String | ShapeKind::Enum { .. }, Value::String(text)) => {
                (text.clone().into(), Some("text/plain"))
            }
            (_, value) if is_xml => {
                let document = rest_xml::write_payload_document(member.wire.as_deref(), below, value);
                (document.into(), Some(rest_xml::CONTENT_TYPE))
            }
            (_, value) => (json::to_wire(below, value).to_string().into(), Some(JSON_CONTENT_TYPE)),
        };
    }
    if is_xml {
        return match rest_xml::write_document(shape, members) {
            Some(document) => (document.into(), Some(rest_xml::CONTENT_TYPE)),
            None => (Bytes::new(), None),
        };
    }
    let known = shape.members();
    let in_header = |name: &String| {
        known.is_some_and(|known| known.get(name).is_some_and(|m| m.location == MemberLocation::Header))
    };
    let rest: Map<String, Value> = members
        .iter()
        .filter(|(name, _)| !in_header(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    (json::to_wire(shape, &Value::Object(rest)).to_string().into(), Some(JSON_CONTENT_TYPE))
}

const JSON_CONTENT_TYPE: &str = "application/json";

/// Returns the response for an error.
pub(in crate::reference) fn write_error(contract: &Contract, content: &ErrorContent<'_>) -> ServerResponse {
    let mut headers: Vec<ResponseHeader> = Vec::new();
    let query_error_code =
        contract.traits.query_compatible.then_some(content.code).flatten().filter(|code| Some(*code) != content.name);
    if let Some(code) = query_error_code {
        let side = if content.status < 500 { "Sender" } else { "Receiver" };
        headers.push((Cow::Borrowed("x-amzn-query-error"), Cow::Owned(format!("{code};{side}"))));
    }
    if let Some(shape) = content.shape
        && matches!(contract.protocol, Some(Protocol::RestJson1 | Protocol::RestXml))
    {
        bindings::write_headers(shape, &content.members, &mut headers);
    }
    let (body, content_type): (Bytes, _) = match contract.protocol {
        Some(protocol @ (Protocol::AwsJson1_0 | Protocol::AwsJson1_1)) => {
            (aws_json::write_error(content).into(), aws_json::content_type(protocol))
        }
        Some(Protocol::AwsQuery) => (aws_query::write_error(content).into(), aws_query::CONTENT_TYPE),
        Some(Protocol::Ec2Query) => (ec2_query::write_error(content).into(), ec2_query::CONTENT_TYPE),
        Some(Protocol::RestXml) => (rest_xml::write_error(&contract.service, content).into(), rest_xml::CONTENT_TYPE),
        Some(Protocol::RpcV2Cbor) => {
            headers.push(rpcv2_cbor::PROTOCOL_HEADER);
            (rpcv2_cbor::write_error(content).into(), rpcv2_cbor::CONTENT_TYPE)
        }
        None | Some(Protocol::RestJson | Protocol::RestJson1) => {
            if let Some(code) = content.code {
                headers.push((Cow::Borrowed("x-amzn-errortype"), Cow::Owned(code.to_owned())));
            }
            (content.to_json().to_string().into(), JSON_CONTENT_TYPE)
        }
    };
    finish_response(content.status, headers, body, Some(content_type))
}
