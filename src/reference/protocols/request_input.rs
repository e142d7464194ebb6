//! Reads the input of a request: from its body, and from path, query and headers if members are bound there.
//!
//! Never decides which operation a request is for, and rejects only a request that cannot be parsed at all.

use super::form::FormNode;
use super::json::{self, TimestampStrictness};
use super::{ShapeRef, aws_query, bindings, ec2_query, form, rest_xml, rpcv2_cbor, timestamps};
use crate::contract::{Contract, MemberLocation, OperationTraits, Protocol, ShapeKind, TimestampFormat};
use crate::reference::body_parser::{self, ReadFailure};
use crate::reference::compile::CompiledOperation;
use crate::reference::request::ServerRequest;
use crate::reference::route::LabelValues;
use crate::reference::service::MAX_BODY_LENGTH;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::Read as _;

/// A request that is being converted to an operation's input.
pub(super) struct IncomingRequest<'a> {
    pub request: &'a ServerRequest<'a>,
    pub labels: LabelValues<'a>,
    pub query: &'a str,
    body: Cow<'a, [u8]>,
    /// Whether the client compressed the body.
    pub was_compressed: bool,
}

/// Reads the input of a request; the members have the contract's names.
pub(in crate::reference) fn read_input(
    contract: &Contract,
    op: &CompiledOperation,
    labels: LabelValues<'_>,
    query: &str,
    request: &ServerRequest<'_>,
) -> Result<Map<String, Value>, ReadFailure> {
    let Some(id) = &op.input else { return Ok(Map::new()) };
    let place = ShapeRef::with_traits(contract, id, &op.traits.input);
    let (body, inflated) = decompressed_body(op, request)?;
    let mut sent = IncomingRequest { request, labels, query, body, was_compressed: inflated };
    match contract.protocol {
        None | Some(Protocol::RestJson | Protocol::RestJson1) => {
            let input = read_json_body(op, place, &sent.body)?;
            read_bound_members(op, place, &mut sent, input)
        }
        Some(Protocol::RestXml) => {
            let input =
                body_parser::parse_with_faults(&sent.body, op.misbehaviors, || read_xml_body(place, &sent.body))?;
            read_bound_members(op, place, &mut sent, input)
        }
        Some(Protocol::AwsJson1_0 | Protocol::AwsJson1_1) => {
            let found = body_parser::parse_object(&sent.body, op.misbehaviors)?;
            json::members_from_wire(place, found, TimestampStrictness::Strict, |_| true)
        }
        Some(protocol @ (Protocol::AwsQuery | Protocol::Ec2Query)) => {
            let names: &dyn form::QueryNaming =
                if protocol == Protocol::AwsQuery { &aws_query::AwsQueryFields } else { &ec2_query::Ec2QueryFields };
            body_parser::parse_with_faults(&sent.body, op.misbehaviors, || {
                let in_query = sent.body.is_empty() || request.method == "GET";
                let form = if in_query { FormNode::parse(query.as_bytes()) } else { FormNode::parse(&sent.body) };
                form?.read_members(place, names)
            })
        }
        Some(Protocol::RpcV2Cbor) => body_parser::parse_with_faults(&sent.body, op.misbehaviors, || {
            let nothing = sent.body.is_empty();
            if nothing { Ok(Map::new()) } else { rpcv2_cbor::read_members(place, &sent.body) }
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

/// Returns true if clients may compress the request bodies of an operation.
pub(super) fn allows_compression(traits: &OperationTraits) -> bool {
    traits.compression.iter().any(|encoding| encoding == "gzip")
}

/// Returns true if gzip is the last content encoding of a request.
pub(super) fn is_gzip_encoded(request: &ServerRequest<'_>) -> bool {
    let said = request.header("content-encoding").and_then(|said| std::str::from_utf8(said).ok()).unwrap_or_default();
    said.rsplit(',').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("gzip"))
}

pub(super) fn decompress(body: &[u8]) -> Result<Vec<u8>, ReadFailure> {
    let mut whole = Vec::new();
    let most = MAX_BODY_LENGTH as u64 + 1;
    match flate2::read::GzDecoder::new(body).take(most).read_to_end(&mut whole) {
        Ok(length) if length as u64 == most => Err(ReadFailure::Malformed("the body is too large".to_owned())),
        Ok(_) => Ok(whole),
        Err(error) => Err(ReadFailure::Malformed(format!("the body is not valid gzip: {error}"))),
    }
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

/// Converts a text to a value of the shape's type, or keeps the text if it is not one, so that the check rejects it.
pub(super) fn parse_scalar(shape: ShapeRef<'_>, text: String, usual: TimestampFormat) -> Value {
    match shape.kind() {
        ShapeKind::Integer | ShapeKind::Long | ShapeKind::Float | ShapeKind::Double => {
            match text.parse::<serde_json::Number>() {
                Ok(number) => Value::Number(number),
                Err(_) => Value::String(text),
            }
        }
        ShapeKind::Boolean if text == "true" || text == "false" => Value::Bool(text == "true"),
        ShapeKind::Timestamp => timestamps::parse(&text, shape.timestamp_format(usual)).unwrap_or(Value::String(text)),
        _ => Value::String(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::testing::compress_gzip;

    fn spaces(length: usize) -> Vec<u8> {
        compress_gzip(&vec![b' '; length])
    }

    #[test]
    fn size_limit_applies_to_the_uncompressed_body() {
        assert_eq!(decompress(&spaces(MAX_BODY_LENGTH)).map(|whole| whole.len()).ok(), Some(MAX_BODY_LENGTH));
        for length in [MAX_BODY_LENGTH + 1, MAX_BODY_LENGTH + 2, MAX_BODY_LENGTH * 3] {
            assert!(
                matches!(decompress(&spaces(length)), Err(ReadFailure::Malformed(why)) if why.contains("too large")),
                "{length}"
            );
        }
        assert!(decompress(b"plain").is_err());
        let whole = spaces(100);
        assert!(decompress(&whole[..whole.len() - 9]).is_err());
    }

    #[test]
    fn only_the_last_content_encoding_counts() {
        for (said, due) in [
            (Some("gzip"), true),
            (Some("GZIP"), true),
            (Some("br, gzip"), true),
            (Some("gzip, br"), false),
            (Some("gzipped"), false),
            (Some(""), false),
            (None, false),
        ] {
            let headers: Vec<(&str, &[u8])> =
                said.into_iter().map(|one| ("Content-Encoding", one.as_bytes())).collect();
            let request = ServerRequest { method: "POST", target: "/", headers: &headers, body: b"" };
            assert_eq!(is_gzip_encoded(&request), due, "{said:?}");
        }
        let traits = |all: &[&str]| OperationTraits {
            compression: all.iter().map(|one| (*one).to_owned()).collect(),
            ..OperationTraits::default()
        };
        assert!(
            allows_compression(&traits(&["br", "gzip"]))
                && !allows_compression(&traits(&["br"]))
                && !allows_compression(&traits(&[]))
        );
    }
}
