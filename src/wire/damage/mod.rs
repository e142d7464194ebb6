//! What is done to an encoded request on purpose, to the byte.
//!
//! It never repairs: a damaged message may be one that no HTTP library would send.

use super::{Body, EncodeError, Message, json};
use crate::generate::Damage;

/// Applies one damage; `wire_name` knows the members' names in the body.
///
/// [`Damage::RawLabel`] has been applied while the path was made.
pub(super) fn apply(
    message: &mut Message,
    damage: &Damage,
    base_path: &str,
    wire_name: &dyn Fn(&str) -> String,
) -> Result<(), EncodeError> {
    match damage {
        Damage::Body(bytes) => message.body = Body::copy_from_slice(bytes),
        Damage::BodyTruncated(percent) => {
            let length = message.body.len();
            if length == 0 {
                return Err(EncodeError::Damage("an empty body cannot be truncated".to_owned()));
            }
            let kept = (length * usize::from(*percent) / 100).max(1).min(length - 1);
            message.body.truncate(kept);
        }
        Damage::BodyPrefixed(bytes) => message.body = [bytes.as_slice(), &message.body].concat().into(),
        Damage::BodySuffixed(bytes) => message.body = [&message.body, bytes.as_slice()].concat().into(),
        Damage::BodyReplaced(old, new) => message.body = replaced(&message.body, old, new)?.into(),
        Damage::DuplicateMember(name) => {
            let name = wire_name(name);
            let missing = || EncodeError::Damage(format!("the body has no member `{name}` to say twice"));
            let value = json::top_member(&message.body, &name).ok_or_else(missing)?;
            let end = message.body.iter().rposition(|byte| *byte == b'}').ok_or_else(missing)?;
            let mut body = message.body[..end].to_vec();
            body.push(b',');
            json::string(&mut body, &name);
            body.push(b':');
            body.extend_from_slice(value);
            body.extend_from_slice(&message.body[end..]);
            message.body = body.into();
        }
        Damage::ContentType(Some(value)) => message.set_header("content-type", value.as_str()),
        Damage::ContentType(None) => message.remove_header("content-type"),
        Damage::Header(name, Some(value)) => message.set_header(name, value.as_str()),
        Damage::Header(name, None) => {
            if ["host", "content-length", "connection"].iter().any(|own| name.eq_ignore_ascii_case(own)) {
                return Err(EncodeError::Damage(format!("the connection itself adds `{name}`")));
            }
            message.remove_header(name);
        }
        Damage::RawLabel(..) => {}
        Damage::RawTarget(characters) => message.target = format!("{base_path}{characters}"),
        Damage::Method(method) => message.method.clone_from(method),
    }
    Ok(())
}

fn replaced(body: &[u8], old: &[u8], new: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    let find = |rest: &[u8]| rest.windows(old.len().max(1)).position(|window| window == old);
    if find(rest).is_none() {
        return Err(EncodeError::Damage("the body does not hold the bytes to replace".to_owned()));
    }
    while let Some(at) = find(rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    Ok(out)
}
