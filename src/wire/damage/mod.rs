//! Damages an encoded request deliberately, to the byte.
//!
//! It never repairs anything: a damaged request may be one that no HTTP library would send.

mod cbor;
mod form;
mod json;
mod xml;

use super::{Body, EncodeError, Message, rest};
use crate::contract::{Contract, Operation, Protocol};
use crate::generate::Damage;

/// The operation whose request is damaged, and its endpoint.
pub(super) struct Place<'a> {
    pub contract: &'a Contract,
    pub operation: &'a Operation,
    /// The endpoint's path prefix.
    pub base_path: &'a str,
}

/// Applies one damage. [`Damage::RawLabel`] was already applied while the path was built.
pub(super) fn apply(message: &mut Message, damage: &Damage, place: &Place<'_>) -> Result<(), EncodeError> {
    match damage {
        Damage::Body(bytes) => message.body = Body::copy_from_slice(bytes),
        Damage::BodyTruncated(percent) => {
            let length = message.body.len();
            if length == 0 {
                return Err(inapplicable("an empty body cannot be truncated"));
            }
            let kept = (length * usize::from(*percent) / 100).max(1).min(length - 1);
            message.body.truncate(kept);
        }
        Damage::BodyPrefixed(bytes) => message.body = [bytes.as_slice(), &message.body].concat().into(),
        Damage::BodySuffixed(bytes) => message.body = [&message.body, bytes.as_slice()].concat().into(),
        Damage::BodyReplaced(old, new) => message.body = replaced(&message.body, old, new)?.into(),
        Damage::DuplicateMember(name) => {
            let twice = match place.contract.protocol {
                Some(Protocol::AwsQuery | Protocol::Ec2Query) => form::twice(&message.body, place, name),
                Some(Protocol::RestXml) => xml::twice(&message.body, &wire_name(place, name)),
                Some(Protocol::RpcV2Cbor) => cbor::twice(&message.body, &wire_name(place, name)),
                _ => json::twice(&message.body, &wire_name(place, name)),
            };
            let missing = || EncodeError::Damage(format!("the body has no member `{name}` to duplicate"));
            message.body = twice.ok_or_else(missing)?.into();
        }
        Damage::Field(name, value) => {
            let changed = form::with_field(&message.body, name, value.as_deref());
            let missing = || EncodeError::Damage(format!("the form has no field `{name}`"));
            message.body = changed.ok_or_else(missing)?.into();
        }
        Damage::ListNumber(name, number) => {
            let changed = form::with_number(&message.body, place, name, number);
            message.body = changed.ok_or_else(|| no_list(name))?.into();
        }
        Damage::ListWord(name, word) => {
            let changed = form::with_word(&message.body, place, name, word.as_deref());
            message.body = changed.ok_or_else(|| no_list(name))?.into();
        }
        Damage::Root(name) => {
            let changed = xml::with_root(&message.body, name);
            message.body = changed.ok_or_else(|| inapplicable("the body has no root element"))?.into();
        }
        Damage::Indefinite => {
            let changed = cbor::indefinite(&message.body);
            message.body = changed.ok_or_else(|| inapplicable("the body is not a CBOR map"))?.into();
        }
        Damage::ContentType(Some(value)) => message.set_header("content-type", value.as_str()),
        Damage::ContentType(None) => message.remove_header("content-type"),
        Damage::Header(name, Some(value)) => message.set_header(name, value.as_str()),
        Damage::Header(name, None) => {
            if ["host", "content-length", "connection"].iter().any(|own| name.eq_ignore_ascii_case(own)) {
                return Err(EncodeError::Damage(format!("`{name}` is always added by the connection")));
            }
            message.remove_header(name);
        }
        Damage::RawLabel(..) => {}
        Damage::RawTarget(characters) => message.target = format!("{}{characters}", place.base_path),
        Damage::Method(method) => message.method.clone_from(method),
    }
    Ok(())
}

fn inapplicable(reason: &str) -> EncodeError {
    EncodeError::Damage(reason.to_owned())
}

fn no_list(name: &str) -> EncodeError {
    EncodeError::Damage(format!("the form has no items of `{name}` to rename"))
}

/// Returns the wire name of a member of the body's document.
fn wire_name(place: &Place<'_>, name: &str) -> String {
    // If a member is the whole body, the document's members are those of that member's shape.
    let members = rest::members(place.contract, place.operation);
    let payload =
        members.into_iter().flatten().find(|(_, member)| member.location == crate::contract::Location::Payload);
    let inner = payload.and_then(|(_, member)| place.contract.shape(&member.shape).kind.members());
    match inner.and_then(|inner| inner.get(name)) {
        Some(member) => member.wire_name(name).to_owned(),
        None => rest::wire_names(place.contract, place.operation)(name),
    }
}

fn replaced(body: &[u8], old: &[u8], new: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    let find = |rest: &[u8]| rest.windows(old.len().max(1)).position(|window| window == old);
    if find(rest).is_none() {
        return Err(inapplicable("the body does not contain the bytes to replace"));
    }
    while let Some(at) = find(rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    Ok(out)
}
