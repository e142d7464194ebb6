//! The bodies of restJson1 and of plain JSON over HTTP.
//!
//! It never binds a member to another place than the body. Rules after
//! [AWS restJson1](https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html).

use super::known::Known;
use super::rest::Payload;
use super::{Body, EncodeError, json};
use crate::contract::{Kind, Traits};
use crate::generate::Value;

const JSON: Option<&str> = Some("application/json");

/// The body, and its content type where it has one.
pub(super) fn body(payload: &Payload<'_>) -> Result<(Body, Option<&'static str>), EncodeError> {
    let mut out = Vec::new();
    if !matches!(payload.input, Value::Map(_)) {
        // The case breaks even the input's type: this is the document.
        json::write(&mut out, payload.input, None)?;
        return Ok((out.into(), JSON));
    }
    if let Some((body, content_type)) = payload.plain()? {
        return Ok((body, Some(content_type)));
    }
    if let Some(bound) = payload.member() {
        return match (bound.known.kind(), bound.value) {
            (Kind::Structure { .. }, None) => Ok((Body::from_static(b"{}"), JSON)),
            (_, None) => Ok((Body::new(), None)),
            (_, Some(value)) => {
                json::write(&mut out, value, Some(bound.known))?;
                Ok((out.into(), JSON))
            }
        };
    }
    let sent = payload.members();
    if !payload.has_body && sent.is_empty() {
        return Ok((Body::new(), None));
    }
    let none = Traits::default();
    let input = payload.operation.input.as_ref().map(|input| Known::new(payload.contract, input, &none));
    out.push(b'{');
    for (index, (name, value)) in sent.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let member = input.and_then(|input| input.member(name));
        json::string(&mut out, member.map_or(name, |(member, _)| member.wire_name(name)));
        out.push(b':');
        json::write(&mut out, value, member.map(|(_, known)| known))?;
    }
    out.push(b'}');
    Ok((out.into(), JSON))
}
