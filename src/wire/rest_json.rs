//! Writes the bodies of restJson1 and of plain JSON over HTTP.
//!
//! It never binds a member to any place other than the body. The rules follow
//! [AWS restJson1](https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html).

use super::rest_payload::{BoundMember, RequestPayload};
use super::{EncodeError, EncodedBody, json};
use crate::case::Value;
use crate::contract::{Protocol, ShapeKind};

const JSON_CONTENT_TYPE: Option<&str> = Some("application/json");

/// Builds the body; returns it with its content type, if it has one.
pub(super) fn build_body(payload: &RequestPayload<'_>) -> Result<(EncodedBody, Option<&'static str>), EncodeError> {
    let mut out = Vec::new();
    if !matches!(payload.input, Value::Map(_)) {
        // The case violates even the type of the input: the value itself is the document.
        json::write_value(&mut out, payload.input, None)?;
        return Ok((out.into(), JSON_CONTENT_TYPE));
    }
    if let Some((body, content_type)) = payload.raw_body()? {
        return Ok((body, Some(content_type)));
    }
    if let Some(bound) = payload.payload_member() {
        return match (bound.placed_shape().kind(), bound.value) {
            // AWS sends an empty document for a structure that is not given; elsewhere, no body is no body.
            (ShapeKind::Structure { .. }, None) if payload.contract.protocol == Some(Protocol::RestJson1) => {
                Ok((EncodedBody::from_static(b"{}"), JSON_CONTENT_TYPE))
            }
            (_, None) => Ok((EncodedBody::new(), None)),
            (_, Some(value)) => {
                json::write_value(&mut out, value, Some(bound.placed_shape()))?;
                Ok((out.into(), JSON_CONTENT_TYPE))
            }
        };
    }
    let sent = payload.body_members();
    if !payload.has_body && sent.is_empty() {
        return Ok((EncodedBody::new(), None));
    }
    out.push(b'{');
    for (index, (name, value, bound)) in sent.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::write_string(&mut out, bound.map_or(name, |bound| bound.member.wire_name(name)));
        out.push(b':');
        json::write_value(&mut out, value, bound.map(BoundMember::placed_shape))?;
    }
    out.push(b'}');
    Ok((out.into(), JSON_CONTENT_TYPE))
}
