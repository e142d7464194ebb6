//! Reads the input of a request: from its body, and from path, query and headers if members are bound there.
//!
//! Never decides which operation a request is for, and rejects only a request that cannot be parsed at all.

use super::compression::{allows_compression, decompress, is_gzip_encoded};
use super::form::FormNode;
use super::incoming_request::IncomingRequest;
use super::json::{self, TimestampStrictness};
use super::{ShapeRef, aws_query, bindings, ec2_query, form, form_fields, rest_xml, rpcv2_cbor};
use crate::contract::{Contract, MemberLocation, Protocol, ShapeKind};
use crate::reference::body_parser::{self, ReadFailure};
use crate::reference::operation::CompiledOperation;
use crate::reference::request::ServerRequest;
use crate::reference::route::LabelValues;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Reads the input of a request; the members have the contract's names.
pub(in crate::reference) fn read_input(
    contract: &Contract,
    op: &CompiledOperation,
    labels: LabelValues<'_>,
    query: &str,
    request: &ServerRequest<'_>,
) -> Result<Map<String, Value>, ReadFailure> {
    let Some(id) = &op.input else { return Ok(Map::new()) };
    let shape = ShapeRef::with_traits(contract, id, &op.traits.input);
    let (body, was_compressed) = decompressed_body(op, request)?;
    let mut incoming = IncomingRequest { request, labels, query, body, was_compressed };
    match contract.protocol {
        _ if op.has_form => {
            let input = form_fields::read_members(shape, op, &incoming)?;
            read_bound_members(op, shape, &mut incoming, input)
        }
        None | Some(Protocol::RestJson | Protocol::RestJson1) => {
            let input = read_json_body(op, shape, &incoming.body)?;
            read_bound_members(op, shape, &mut incoming, input)
        }
        Some(Protocol::RestXml) => {
            let input = body_parser::parse_with_faults(&incoming.body, op.misbehaviors, || {
                read_xml_body(shape, &incoming.body)
            })?;
            read_bound_members(op, shape, &mut incoming, input)
        }
        Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => {
            let found = body_parser::parse_object(&incoming.body, op.misbehaviors)?;
            json::members_from_wire(shape, found, TimestampStrictness::Strict, |_| true)
        }
        Some(protocol @ (Protocol::AwsQuery | Protocol::Ec2Query)) => {
            let names: &dyn form::QueryNaming =
                if protocol == Protocol::AwsQuery { &aws_query::AwsQueryFields } else { &ec2_query::Ec2QueryFields };
            body_parser::parse_with_faults(&incoming.body, op.misbehaviors, || {
                let in_query = incoming.body.is_empty() || request.method == "GET";
                let form = if in_query { FormNode::parse(query.as_bytes()) } else { FormNode::parse(&incoming.body) };
                form?.read_members(shape, names)
            })
        }
        Some(Protocol::RpcV2Cbor) => body_parser::parse_with_faults(&incoming.body, op.misbehaviors, || {
            if incoming.body.is_empty() { Ok(Map::new()) } else { rpcv2_cbor::read_members(shape, &incoming.body) }
        }),
    }
}

/// Returns the uncompressed body, and whether the client had compressed it.
fn decompressed_body<'a>(
    op: &CompiledOperation,
    request: &ServerRequest<'a>,
) -> Result<(Cow<'a, [u8]>, bool), ReadFailure> {
    if !allows_compression(&op.traits) || !is_gzip_encoded(request) {
        return Ok((Cow::Borrowed(request.body), false));
    }
    decompress(request.body).map(|whole| (Cow::Owned(whole), true))
}

/// Adds the members bound to path, query and headers to those from the body.
fn read_bound_members(
    op: &CompiledOperation,
    shape: ShapeRef<'_>,
    incoming: &mut IncomingRequest<'_>,
    mut input: Map<String, Value>,
) -> Result<Map<String, Value>, ReadFailure> {
    bindings::read_labels(shape, incoming, &mut input)?;
    if op.has_query {
        bindings::read_query(shape, incoming.query, op.misbehaviors, &mut input)?;
    }
    if op.has_headers {
        bindings::read_headers(shape, incoming, &mut input)?;
    }
    if op.has_cookies {
        bindings::read_cookies(shape, incoming, &mut input);
    }
    Ok(input)
}

fn read_json_body(op: &CompiledOperation, shape: ShapeRef<'_>, body: &[u8]) -> Result<Map<String, Value>, ReadFailure> {
    if let Some((name, member)) = shape.payload() {
        let mut input = Map::new();
        let below = shape.member(member);
        let value = match read_plain_payload(below, body)? {
            Some(value) => value,
            None if body.is_empty() => return Ok(input),
            None => json::from_wire(
                below,
                body_parser::parse_document(body, op.misbehaviors)?,
                TimestampStrictness::Lenient,
            )?,
        };
        // Clients send an empty structure if the member is not set.
        let nothing = body.is_empty() || !member.required && value == Value::Object(Map::new());
        if !nothing {
            input.insert(name.clone(), value);
        }
        return Ok(input);
    }
    if !op.has_body_members {
        return Ok(Map::new());
    }
    let mut input = body_parser::parse_object(body, op.misbehaviors)?;
    if op.needs_json_conversion {
        return json::members_from_wire(shape, input, TimestampStrictness::Lenient, |location| {
            location == MemberLocation::Body
        });
    }
    for (name, _) in shape.members().into_iter().flatten().filter(|(_, member)| member.location != MemberLocation::Body)
    {
        input.swap_remove(name);
    }
    Ok(input)
}

fn read_xml_body(shape: ShapeRef<'_>, body: &[u8]) -> Result<Map<String, Value>, ReadFailure> {
    let Some((name, member)) = shape.payload() else { return rest_xml::read_members(shape, body) };
    if body.is_empty() {
        return Ok(Map::new());
    }
    let below = shape.member(member);
    let value = match read_plain_payload(below, body)? {
        Some(value) => value,
        None => rest_xml::read_payload(member.wire.as_deref(), below, body)?,
    };
    Ok(Map::from_iter([(name.clone(), value)]))
}

/// Returns a payload of bytes or text, which every protocol sends verbatim.
fn read_plain_payload(shape: ShapeRef<'_>, body: &[u8]) -> Result<Option<Value>, ReadFailure> {
    Ok(match shape.kind() {
        ShapeKind::Blob => Some(Value::String(data_encoding::BASE64.encode(body))),
        ShapeKind::String | ShapeKind::Enum { .. } => match std::str::from_utf8(body) {
            Ok(text) => Some(Value::String(text.to_owned())),
            Err(_) => return Err(ReadFailure::Malformed("the body is not UTF-8".to_owned())),
        },
        _ => None,
    })
}
