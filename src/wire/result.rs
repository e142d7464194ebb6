//! Decodes a response into a document with the contract's names, wherever its members were sent.
//!
//! It never judges: missing members stay missing, and values of another type stay as they are.

use super::document::{DecodeError, parse_body, parse_root_element};
use super::placed_shape::PlacedShape;
use super::timestamp::parse_timestamp;
use super::xml::ResponseXmlElement;
use super::xml_value;
use crate::contract::{
    Contract, MemberLocation, Operation, Protocol, Shape, ShapeId, ShapeKind, TimestampFormat, WireTraits,
};
use serde_json::{Map, Number, Value as Json};

/// Decodes the document in the body of a success with the help of the operation's output shape. Members have their
/// wire names, and numbers and booleans that XML writes as text become numbers and booleans.
///
/// # Errors
/// Returns an error if the body contains no document of the protocol's format.
pub fn decode_output(contract: &Contract, output: Option<&ShapeId>, body: &[u8]) -> Result<Json, DecodeError> {
    let none = WireTraits::default();
    let known = output.map(|id| PlacedShape::new(contract, id, &none));
    match contract.protocol {
        Some(Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml) => {
            let root = parse_root_element(body)?;
            let start = result_element(contract, &root);
            Ok(known.map_or_else(
                || xml_value::undocumented_to_json(start),
                |known| xml_value::structure_to_json(start, payload_shape(known)),
            ))
        }
        protocol => parse_body(protocol, body),
    }
}

/// Returns the element with the result: awsQuery wraps it in an element that is named like the root.
fn result_element<'a>(contract: &Contract, root: &'a ResponseXmlElement) -> &'a ResponseXmlElement {
    if contract.protocol != Some(Protocol::AwsQuery) {
        return root;
    }
    let like_root = root.name.strip_suffix("Response").and_then(|name| root.child(&format!("{name}Result")));
    like_root.or_else(|| root.children.iter().find(|child| child.name.ends_with("Result"))).unwrap_or(root)
}

/// Decodes the whole result of a success: status, headers and body.
///
/// # Errors
/// Returns an error if the body contains no document of the protocol's format.
pub fn decode_result(
    contract: &Contract,
    operation: &Operation,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<Json, DecodeError> {
    let Some(id) = &operation.output else { return Ok(Json::Object(Map::new())) };
    let none = WireTraits::default();
    let known = PlacedShape::new(contract, id, &none);
    let mut out = header_members(known, status, headers);
    if !insert_raw_payload(known, body, &mut out) && !body.trim_ascii().is_empty() {
        merge_document(known, &decode_output(contract, Some(id), body)?, &mut out);
    }
    Ok(Json::Object(out))
}

/// Decodes an error of this shape, without its code.
///
/// # Errors
/// Returns an error if the body contains no document of the protocol's format.
pub fn decode_error_result(
    contract: &Contract,
    shape: &ShapeId,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> Result<Json, DecodeError> {
    let none = WireTraits::default();
    let known = PlacedShape::new(contract, shape, &none);
    let mut out = header_members(known, status, headers);
    if !insert_raw_payload(known, body, &mut out) && !body.trim_ascii().is_empty() {
        let document = match contract.protocol {
            Some(Protocol::AwsQuery | Protocol::Ec2Query | Protocol::RestXml) => {
                let root = parse_root_element(body)?;
                xml_value::structure_to_json(
                    error_element(&root).map_or(&root, |(element, _)| element),
                    payload_shape(known),
                )
            }
            protocol => parse_body(protocol, body)?,
        };
        merge_document(known, &document, &mut out);
    }
    Ok(Json::Object(out))
}

/// Returns the element that contains the error's code, and the path to it.
pub(super) fn error_element(root: &ResponseXmlElement) -> Option<(&ResponseXmlElement, String)> {
    let inner = |path: &[&str]| {
        let mut at = root;
        for name in path {
            at = at.child(name)?;
        }
        Some((at, std::iter::once(root.name.as_str()).chain(path.iter().copied()).collect::<Vec<_>>().join(".")))
    };
    match root.name.as_str() {
        "Error" => inner(&[]),
        "ErrorResponse" => inner(&["Error"]),
        "Response" => inner(&["Errors", "Error"]),
        _ => None,
    }
}

/// Returns the shape of the body's document: that of the payload member, or the structure itself.
fn payload_shape(known: PlacedShape<'_>) -> PlacedShape<'_> {
    payload_member(known.shape).and_then(|(name, _)| known.member(name)).map_or(known, |(_, payload)| payload)
}

fn payload_member(shape: &Shape) -> Option<(&str, &crate::contract::Member)> {
    let members = shape.kind.members()?;
    members
        .iter()
        .find(|(_, member)| member.location == MemberLocation::Payload)
        .map(|(name, member)| (name.as_str(), member))
}

/// Inserts a payload of bytes or text into `out`; returns true if the shape has one.
fn insert_raw_payload(known: PlacedShape<'_>, body: &[u8], out: &mut Map<String, Json>) -> bool {
    let Some((name, _)) = payload_member(known.shape) else { return false };
    let Some((_, payload)) = known.member(name) else { return false };
    let value: Json = match payload.kind() {
        ShapeKind::Blob => data_encoding::BASE64.encode(body).into(),
        ShapeKind::String | ShapeKind::Enum { .. } => String::from_utf8_lossy(body).into_owned().into(),
        _ => return false,
    };
    if !body.is_empty() {
        out.insert(name.to_owned(), value);
    }
    true
}

fn merge_document(known: PlacedShape<'_>, document: &Json, out: &mut Map<String, Json>) {
    match payload_member(known.shape) {
        Some((name, _)) => {
            if let Some((_, below)) = known.member(name) {
                out.insert(name.to_owned(), rename_members(below, document));
            }
        }
        None => {
            if let Json::Object(members) = rename_members(known, document) {
                out.extend(members);
            }
        }
    }
}

/// Returns the members that are sent in the status and in headers.
fn header_members(known: PlacedShape<'_>, status: u16, headers: &[(String, String)]) -> Map<String, Json> {
    let mut out = Map::new();
    for (name, member) in known.kind().members().into_iter().flatten() {
        let Some((_, below)) = known.member(name) else { continue };
        if member.location != MemberLocation::Header {
            continue;
        }
        let wire = member.wire_name(name);
        if wire == ":status" {
            out.insert(name.clone(), status.into());
        } else if let ShapeKind::Map { .. } = below.kind() {
            let prefix = member.wire.as_deref().unwrap_or_default();
            let entries: Map<String, Json> = headers
                .iter()
                .filter_map(|(header, value)| {
                    let start = header.get(..prefix.len())?;
                    start
                        .eq_ignore_ascii_case(prefix)
                        .then(|| (header[prefix.len()..].to_owned(), value.as_str().into()))
                })
                .collect();
            out.insert(name.clone(), Json::Object(entries));
        } else if let Some((_, value)) = headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(wire)) {
            out.insert(name.clone(), parse_header(value, below));
        }
    }
    out
}

fn parse_header(value: &str, known: PlacedShape<'_>) -> Json {
    if let Some(item) = known.list_item() {
        let http_date = *item.kind() == ShapeKind::Timestamp
            && item.timestamp_format(TimestampFormat::HttpDate) == TimestampFormat::HttpDate;
        return Json::Array(split_header_values(value, http_date).iter().map(|one| parse_header(one, item)).collect());
    }
    if known.is_json_value() {
        let decoded = data_encoding::BASE64.decode(value.as_bytes()).ok();
        return decoded.and_then(|bytes| String::from_utf8(bytes).ok()).map_or_else(|| value.into(), Json::String);
    }
    match known.kind() {
        ShapeKind::Boolean if value == "true" => Json::Bool(true),
        ShapeKind::Boolean if value == "false" => Json::Bool(false),
        ShapeKind::Integer | ShapeKind::Long => value.parse::<i64>().map_or_else(|_| value.into(), Into::into),
        ShapeKind::Float | ShapeKind::Double => parse_float(value),
        ShapeKind::Timestamp => timestamp_to_json(value),
        _ => value.into(),
    }
}

/// Splits a header into its values. Commas in quotes do not separate, and each date contains one comma.
fn split_header_values(value: &str, dates: bool) -> Vec<String> {
    let (mut out, mut one, mut quoted, mut escaped, mut was_quoted) = (Vec::new(), String::new(), false, false, false);
    let mut commas = 0;
    for character in value.chars() {
        match character {
            _ if escaped => {
                one.push(character);
                escaped = false;
            }
            '\\' if quoted => escaped = true,
            '"' if quoted || one.trim().is_empty() => {
                quoted = !quoted;
                was_quoted = true;
                if quoted {
                    one.clear();
                }
            }
            ',' if !quoted => {
                commas += 1;
                if dates && commas % 2 == 1 {
                    one.push(',');
                } else {
                    out.push(if was_quoted { std::mem::take(&mut one) } else { one.trim().to_owned() });
                    one.clear();
                    was_quoted = false;
                }
            }
            ' ' | '\t' if was_quoted && !quoted => {}
            other => one.push(other),
        }
    }
    out.push(if was_quoted { one } else { one.trim().to_owned() });
    out
}

/// Returns the document with the contract's names, without nulls and without undocumented members.
fn rename_members(known: PlacedShape<'_>, value: &Json) -> Json {
    match (known.kind(), value) {
        (ShapeKind::Structure { members } | ShapeKind::Union { members }, Json::Object(found)) => members
            .iter()
            // Labels and queries only apply to requests; in a response such a member is like any other.
            .filter(|(_, member)| member.location != MemberLocation::Header)
            .filter_map(|(name, member)| {
                let value = found.get(member.wire_name(name)).filter(|value| !value.is_null())?;
                let (_, below) = known.member(name)?;
                Some((name.clone(), rename_members(below, value)))
            })
            .collect::<Map<_, _>>()
            .into(),
        (ShapeKind::List { .. }, Json::Array(items)) => match known.list_item() {
            Some(item) => items.iter().map(|one| rename_members(item, one)).collect(),
            None => value.clone(),
        },
        (ShapeKind::Map { .. }, Json::Object(entries)) => match known.map_entry() {
            Some((_, values)) => {
                let present = entries.iter().filter(|(_, one)| !one.is_null());
                present.map(|(key, one)| (key.clone(), rename_members(values, one))).collect::<Map<_, _>>().into()
            }
            None => value.clone(),
        },
        (ShapeKind::Timestamp, Json::String(text)) => timestamp_to_json(text),
        (ShapeKind::Timestamp, Json::Number(number)) => seconds_to_json(number.as_f64().unwrap_or(0.0)),
        (ShapeKind::Float | ShapeKind::Double, Json::String(text)) => parse_float(text),
        (_, value) => value.clone(),
    }
}

fn parse_float(text: &str) -> Json {
    text.trim().parse::<f64>().ok().and_then(Number::from_f64).map_or_else(|| text.into(), Json::Number)
}

fn seconds_to_json(value: f64) -> Json {
    if value.fract() == 0.0 && value.abs() < 9.0e15 { (value as i64).into() } else { value.into() }
}

/// Converts a timestamp in any of the three formats to seconds since 1970; any other text stays as it is.
fn timestamp_to_json(text: &str) -> Json {
    let text = text.trim();
    let seconds = text.parse::<f64>().ok().filter(|seconds| seconds.is_finite()).or_else(|| parse_timestamp(text));
    seconds.map_or_else(|| text.into(), seconds_to_json)
}
