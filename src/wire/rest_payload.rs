//! The members of an operation's input as the contract binds them to parts of a request.
//!
//! It never writes a document.

use super::encode_error::{EncodeError, filled_template};
use super::encoded_request::EncodedBody;
use super::placed_shape::PlacedShape;
use super::text::{percent_encode, scalar_text};
use crate::case::Value;
use crate::contract::{Contract, Member, MemberLocation, Operation, ShapeKind, TimestampFormat};
use std::borrow::Cow;

/// A body with its content type, if it has one.
pub(super) type TypedBody<'a> = (EncodedBody, Option<Cow<'a, str>>);

/// A member of the operation's input with its name, shape and given value.
pub(super) struct BoundMember<'a> {
    pub(super) name: &'a str,
    pub(super) member: &'a Member,
    contract: &'a Contract,
    pub(super) value: Option<&'a Value>,
}

impl<'a> BoundMember<'a> {
    pub(super) fn new(contract: &'a Contract, name: &'a str, member: &'a Member, input: &'a Value) -> Self {
        Self { name, member, contract, value: input.member(name) }
    }

    pub(super) fn placed_shape(&self) -> PlacedShape<'a> {
        PlacedShape::new(self.contract, &self.member.shape, &self.member.traits)
    }

    /// Returns the shape of each value, if the member holds several.
    pub(super) fn item_shape(&self) -> PlacedShape<'a> {
        self.placed_shape().list_item().unwrap_or(self.placed_shape())
    }
}

/// Everything needed to build the body of a request.
pub(super) struct RequestPayload<'a> {
    pub(super) contract: &'a Contract,
    pub(super) operation: &'a Operation,
    pub(super) input: &'a Value,
    pub(super) bound: &'a [BoundMember<'a>],
    /// Whether the contract binds any member to the body.
    pub(super) has_body: bool,
    /// Whether undocumented members were sent in the query.
    pub(super) unknown_in_query: bool,
}

impl<'a> RequestPayload<'a> {
    /// Returns the given members that belong to the body's document, with what the contract states about each.
    pub(super) fn body_members(&self) -> Vec<(&'a str, &'a Value, Option<&'a BoundMember<'a>>)> {
        let Value::Map(members) = self.input else { return Vec::new() };
        let described =
            members.iter().map(|(name, value)| (name.as_str(), value, self.bound.iter().find(|one| one.name == name)));
        described
            .filter(|(_, _, bound)| match bound {
                Some(one) => one.member.location == MemberLocation::Body,
                None => !self.unknown_in_query,
            })
            .collect()
    }

    /// Returns the given members that belong to a form, with what the contract states about each.
    pub(super) fn form_members(&self) -> Vec<(&'a str, &'a Value, Option<&'a BoundMember<'a>>)> {
        let Value::Map(members) = self.input else { return Vec::new() };
        let described =
            members.iter().map(|(name, value)| (name.as_str(), value, self.bound.iter().find(|one| one.name == name)));
        described.filter(|(_, _, bound)| bound.is_none_or(|one| one.member.location == MemberLocation::Form)).collect()
    }

    /// Returns the member that is the whole body.
    pub(super) fn payload_member(&self) -> Option<&'a BoundMember<'a>> {
        self.bound.iter().find(|one| one.member.location == MemberLocation::Payload)
    }

    /// Returns a body of bytes or text, which every protocol sends unchanged.
    pub(super) fn raw_body(&self) -> Result<Option<(EncodedBody, &'static str)>, EncodeError> {
        let Some(payload) = self.payload_member() else { return Ok(None) };
        Ok(match (payload.placed_shape().kind(), payload.value) {
            (ShapeKind::Blob, Some(Value::Text(text))) => {
                Some((EncodedBody::copy_from_slice(text.as_bytes()), "application/octet-stream"))
            }
            (_, Some(Value::Blob(bytes))) => Some((EncodedBody::copy_from_slice(bytes), "application/octet-stream")),
            (ShapeKind::String | ShapeKind::Enum { .. }, Some(Value::Text(text))) => {
                Some((EncodedBody::copy_from_slice(text.as_bytes()), "text/plain"))
            }
            (ShapeKind::String | ShapeKind::Enum { .. }, Some(Value::Template(text))) => {
                Some((EncodedBody::copy_from_slice(filled_template(text)?.as_bytes()), "text/plain"))
            }
            _ => None,
        })
    }
}

/// Writes items as one percent-encoded text. Items that contain the separator are split where they are read.
pub(super) fn join_items(
    items: &[Value],
    item: PlacedShape<'_>,
    separator: &str,
    keep: &[u8],
) -> Result<String, EncodeError> {
    let texts: Vec<String> = items
        .iter()
        .map(|value| {
            let text = scalar_text(value, Some(item.kind()), item.timestamp_format(TimestampFormat::DateTime))?;
            Ok(percent_encode(&text, keep))
        })
        .collect::<Result<_, EncodeError>>()?;
    Ok(texts.join(&percent_encode(separator, b",;=.")))
}
