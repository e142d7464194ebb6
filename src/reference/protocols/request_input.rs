//! Reads the input of a request: from its body, and from path, query and headers if members are bound there.
//!
//! Never decides which operation a request is for, and rejects only a request that cannot be parsed at all.

use super::form::Branch;
use super::json::{self, Moments};
use super::{Place, aws_query, bindings, ec2_query, form, moments, rest_xml, rpcv2_cbor};
use crate::contract::{Contract, Kind, Location, OperationTraits, Protocol, TimestampFormat};
use crate::reference::compile::Op;
use crate::reference::read::{self, Unread};
use crate::reference::request::Request;
use crate::reference::route::Labels;
use crate::reference::service::MOST_BODY;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::Read as _;

/// A request that is being converted to an operation's input.
pub(super) struct Sent<'a> {
    pub request: &'a Request<'a>,
    pub labels: Labels<'a>,
    pub query: &'a str,
    body: Cow<'a, [u8]>,
    /// Whether the client compressed the body.
    pub inflated: bool,
}

/// Reads the input of a request; the members have the contract's names.
pub(in crate::reference) fn input(
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

/// Returns the uncompressed body, and whether the client had compressed it.
fn inflated<'a>(op: &Op, request: &Request<'a>) -> Result<(Cow<'a, [u8]>, bool), Unread> {
    if !compresses(&op.traits) || !says_gzip(request) {
        return Ok((Cow::Borrowed(request.body), false));
    }
    inflate(request.body).map(|whole| (Cow::Owned(whole), true))
}

/// Returns true if clients may compress the request bodies of an operation.
pub(super) fn compresses(traits: &OperationTraits) -> bool {
    traits.compression.iter().any(|encoding| encoding == "gzip")
}

/// Returns true if gzip is the last content encoding of a request.
pub(super) fn says_gzip(request: &Request<'_>) -> bool {
    let said = request.header("content-encoding").and_then(|said| std::str::from_utf8(said).ok()).unwrap_or_default();
    said.rsplit(',').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("gzip"))
}

pub(super) fn inflate(body: &[u8]) -> Result<Vec<u8>, Unread> {
    let mut whole = Vec::new();
    let most = MOST_BODY as u64 + 1;
    match flate2::read::GzDecoder::new(body).take(most).read_to_end(&mut whole) {
        Ok(length) if length as u64 == most => Err(Unread::Malformed("the body is too large".to_owned())),
        Ok(_) => Ok(whole),
        Err(error) => Err(Unread::Malformed(format!("the body is not valid gzip: {error}"))),
    }
}

/// Adds the members bound to path, query and headers to those from the body.
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
    if let Some((name, member)) = place.payload() {
        let mut input = Map::new();
        let below = place.of(member);
        let value = match plain_payload(below, body)? {
            Some(value) => value,
            None if body.is_empty() => return Ok(input),
            None => json::named(below, read::document(body, op.tricks)?, Moments::Any)?,
        };
        // Clients send an empty structure if the member is not set.
        let nothing = body.is_empty() || !member.required && value == Value::Object(Map::new());
        if !nothing {
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
    let Some((name, member)) = place.payload() else { return rest_xml::members(place, body) };
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

/// Returns a payload of bytes or text, which every protocol sends verbatim.
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

/// Converts a text to a value of the shape's type, or keeps the text if it is not one, so that the check rejects it.
pub(super) fn scalar(place: Place<'_>, text: String, usual: TimestampFormat) -> Value {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::testing::gzip;

    fn spaces(length: usize) -> Vec<u8> {
        gzip(&vec![b' '; length])
    }

    #[test]
    fn size_limit_applies_to_the_uncompressed_body() {
        assert_eq!(inflate(&spaces(MOST_BODY)).map(|whole| whole.len()).ok(), Some(MOST_BODY));
        for length in [MOST_BODY + 1, MOST_BODY + 2, MOST_BODY * 3] {
            assert!(
                matches!(inflate(&spaces(length)), Err(Unread::Malformed(why)) if why.contains("too large")),
                "{length}"
            );
        }
        assert!(inflate(b"plain").is_err());
        let whole = spaces(100);
        assert!(inflate(&whole[..whole.len() - 9]).is_err());
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
            let request = Request { method: "POST", target: "/", headers: &headers, body: b"" };
            assert_eq!(says_gzip(&request), due, "{said:?}");
        }
        let traits = |all: &[&str]| OperationTraits {
            compression: all.iter().map(|one| (*one).to_owned()).collect(),
            ..OperationTraits::default()
        };
        assert!(compresses(&traits(&["br", "gzip"])) && !compresses(&traits(&["br"])) && !compresses(&traits(&[])));
    }
}
