//! Applies a damage to an encoded request.
//!
//! It never repairs anything: a damaged request may be one that no HTTP library would send.

use super::target::DamageTarget;
use super::{cbor, form, json, xml};
use crate::case::Damage;
use crate::contract::Protocol;
use crate::wire::{EncodeError, EncodedBody, EncodedRequest, rest};

/// Applies one damage. [`Damage::RawLabel`] was already applied while the path was built.
pub(in crate::wire) fn apply_damage(
    request: &mut EncodedRequest,
    damage: &Damage,
    target: &DamageTarget<'_>,
) -> Result<(), EncodeError> {
    match damage {
        Damage::Body(bytes) => request.body = EncodedBody::copy_from_slice(bytes),
        Damage::BodyTruncated(percent) => {
            let length = request.body.len();
            if length == 0 {
                return Err(inapplicable_damage("an empty body cannot be truncated"));
            }
            let new_length = (length * usize::from(*percent) / 100).max(1).min(length - 1);
            request.body.truncate(new_length);
        }
        Damage::BodyPrefixed(bytes) => request.body = [bytes.as_slice(), &request.body].concat().into(),
        Damage::BodySuffixed(bytes) => request.body = [&request.body, bytes.as_slice()].concat().into(),
        Damage::BodyReplaced(old, new) => request.body = replace_bytes(&request.body, old, new)?.into(),
        Damage::DuplicateMember(name) => {
            let duplicated = match target.contract.protocol {
                Some(Protocol::AwsQuery | Protocol::Ec2Query) => form::duplicate_member(&request.body, target, name),
                Some(Protocol::RestXml) => xml::duplicate_member(&request.body, &document_member_name(target, name)),
                Some(Protocol::RpcV2Cbor) => cbor::duplicate_member(&request.body, &document_member_name(target, name)),
                _ => json::duplicate_member(&request.body, &document_member_name(target, name)),
            };
            let missing = || EncodeError::InapplicableDamage(format!("the body has no member `{name}` to duplicate"));
            request.body = duplicated.ok_or_else(missing)?.into();
        }
        Damage::Field(name, value) => {
            let changed = form::set_field(&request.body, name, value.as_deref());
            let missing = || EncodeError::InapplicableDamage(format!("the form has no field `{name}`"));
            request.body = changed.ok_or_else(missing)?.into();
        }
        Damage::ListNumber(name, number) => {
            let changed = form::set_last_item_number(&request.body, target, name, number);
            request.body = changed.ok_or_else(|| missing_list(name))?.into();
        }
        Damage::ListWord(name, word) => {
            let changed = form::set_item_word(&request.body, target, name, word.as_deref());
            request.body = changed.ok_or_else(|| missing_list(name))?.into();
        }
        Damage::Root(name) => {
            let changed = xml::rename_root(&request.body, name);
            request.body = changed.ok_or_else(|| inapplicable_damage("the body has no root element"))?.into();
        }
        Damage::Indefinite => {
            let changed = cbor::make_indefinite(&request.body);
            request.body = changed.ok_or_else(|| inapplicable_damage("the body is not a CBOR map"))?.into();
        }
        Damage::LenientJson(syntax) => {
            let changed = json::write_leniently(&request.body, *syntax);
            request.body = changed.ok_or_else(|| inapplicable_damage("the body has no members"))?.into();
        }
        Damage::ContentType(Some(value)) => request.set_header("content-type", value.as_str()),
        Damage::ContentType(None) => request.remove_header("content-type"),
        Damage::Header(name, Some(value)) => request.set_header(name, value.as_str()),
        Damage::Header(name, None) => {
            if ["host", "content-length", "connection"].iter().any(|own| name.eq_ignore_ascii_case(own)) {
                return Err(EncodeError::InapplicableDamage(format!("`{name}` is always added by the connection")));
            }
            request.remove_header(name);
        }
        Damage::RawLabel(..) => {}
        Damage::RawTarget(characters) => request.target = format!("{}{characters}", target.base_path),
        Damage::Method(method) => request.method.clone_from(method),
    }
    Ok(())
}

fn inapplicable_damage(reason: &str) -> EncodeError {
    EncodeError::InapplicableDamage(reason.to_owned())
}

fn missing_list(name: &str) -> EncodeError {
    EncodeError::InapplicableDamage(format!("the form has no items of `{name}` to rename"))
}

/// Returns the wire name of a member of the body's document.
fn document_member_name(place: &DamageTarget<'_>, name: &str) -> String {
    // If a member is the whole body, the document's members are those of that member's shape.
    let members = rest::members(place.contract, place.operation);
    let payload =
        members.into_iter().flatten().find(|(_, member)| member.location == crate::contract::MemberLocation::Payload);
    let inner = payload.and_then(|(_, member)| place.contract.shape(&member.shape).kind.members());
    match inner.and_then(|inner| inner.get(name)) {
        Some(member) => member.wire_name(name).to_owned(),
        None => rest::wire_names(place.contract, place.operation)(name),
    }
}

fn replace_bytes(body: &[u8], old: &[u8], new: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    let find = |rest: &[u8]| rest.windows(old.len().max(1)).position(|window| window == old);
    if find(rest).is_none() {
        return Err(inapplicable_damage("the body does not contain the bytes to replace"));
    }
    while let Some(at) = find(rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(new);
        rest = &rest[at + old.len()..];
    }
    out.extend_from_slice(rest);
    Ok(out)
}
