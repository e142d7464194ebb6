//! Writes the bodies of restJson1 and of plain JSON over HTTP.
//!
//! It never binds a member to any place other than the body. The rules follow
//! [AWS restJson1](https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html).

use super::rest::{Bound, Payload};
use super::{Body, EncodeError, json};
use crate::contract::Kind;
use crate::generate::Value;

const JSON: Option<&str> = Some("application/json");

/// Builds the body; returns it with its content type, if it has one.
pub(super) fn body(payload: &Payload<'_>) -> Result<(Body, Option<&'static str>), EncodeError> {
    let mut out = Vec::new();
    if !matches!(payload.input, Value::Map(_)) {
        // The case violates even the type of the input: the value itself is the document.
        json::write(&mut out, payload.input, None)?;
        return Ok((out.into(), JSON));
    }
    if let Some((body, content_type)) = payload.plain()? {
        return Ok((body, Some(content_type)));
    }
    if let Some(bound) = payload.member() {
        return match (bound.known().kind(), bound.value) {
            (Kind::Structure { .. }, None) => Ok((Body::from_static(b"{}"), JSON)),
            (_, None) => Ok((Body::new(), None)),
            (_, Some(value)) => {
                json::write(&mut out, value, Some(bound.known()))?;
                Ok((out.into(), JSON))
            }
        };
    }
    let sent = payload.members();
    if !payload.has_body && sent.is_empty() {
        return Ok((Body::new(), None));
    }
    out.push(b'{');
    for (index, (name, value, bound)) in sent.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::string(&mut out, bound.map_or(name, |bound| bound.member.wire_name(name)));
        out.push(b':');
        json::write(&mut out, value, bound.map(Bound::known))?;
    }
    out.push(b'}');
    Ok((out.into(), JSON))
}
