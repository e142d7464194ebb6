//! A shape together with the traits of the member that refers to it.
//!
//! Never sees a value.

use crate::contract::{Contract, Member, MemberLocation, Shape, ShapeId, ShapeKind, TimestampFormat, WireTraits};
use indexmap::IndexMap;
use std::collections::HashSet;

/// Traits of a reference that has none.
static NO_TRAITS: WireTraits = WireTraits {
    name: None,
    query_name: None,
    flattened: false,
    attribute: false,
    namespace: None,
    timestamp_format: None,
    json_value: false,
    host_label: false,
    idempotency_token: false,
    streaming: false,
    separator: None,
    prefix: None,
    requires_length: false,
    event_stream: false,
};

/// A reference to a shape, with the traits of this reference.
#[derive(Clone, Copy)]
pub(in crate::reference) struct ShapeRef<'a> {
    contract: &'a Contract,
    pub id: &'a ShapeId,
    shape: Option<&'a Shape>,
    /// The traits of this reference alone.
    pub traits: &'a WireTraits,
}

impl<'a> ShapeRef<'a> {
    pub(in crate::reference) fn new(contract: &'a Contract, id: &'a ShapeId) -> Self {
        Self::with_traits(contract, id, &NO_TRAITS)
    }

    pub(in crate::reference) fn with_traits(contract: &'a Contract, id: &'a ShapeId, traits: &'a WireTraits) -> Self {
        Self { contract, id, shape: contract.shapes.get(id), traits }
    }

    /// Returns the kind of the shape; it is a document if the contract has no such shape.
    pub(in crate::reference) fn kind(self) -> &'a ShapeKind {
        self.shape.map_or(&ShapeKind::Document, |shape| &shape.kind)
    }

    /// Returns the traits of the shape itself.
    pub(in crate::reference) fn shape_traits(self) -> &'a WireTraits {
        self.shape.map_or(&NO_TRAITS, |shape| &shape.traits)
    }

    /// Returns the members of a structure or union.
    pub(in crate::reference) fn members(self) -> Option<&'a IndexMap<String, Member>> {
        self.kind().members()
    }

    /// Returns the reference that a member holds.
    pub(in crate::reference) fn member(self, member: &'a Member) -> Self {
        Self::with_traits(self.contract, &member.shape, &member.traits)
    }

    /// Returns the member that is the whole body.
    pub(in crate::reference) fn payload(self) -> Option<(&'a String, &'a Member)> {
        self.members().into_iter().flatten().find(|(_, member)| member.location == MemberLocation::Payload)
    }

    /// Returns the reference to the items of a list.
    pub(in crate::reference) fn items(self) -> Option<Self> {
        match (self.shape, self.kind()) {
            (Some(shape), ShapeKind::List { member }) => {
                Some(Self::with_traits(self.contract, member, &shape.parts.member))
            }
            _ => None,
        }
    }

    /// Returns the references to the keys and the values of a map.
    pub(in crate::reference) fn entries(self) -> Option<(Self, Self)> {
        match (self.shape, self.kind()) {
            (Some(shape), ShapeKind::Map { key, value }) => Some((
                Self::with_traits(self.contract, key, &shape.parts.key),
                Self::with_traits(self.contract, value, &shape.parts.value),
            )),
            _ => None,
        }
    }

    pub(in crate::reference) fn is_flattened(self) -> bool {
        self.traits.flattened || self.shape_traits().flattened
    }

    /// Returns the separator of a list's items that are one text.
    pub(in crate::reference) fn separator(self) -> Option<&'a str> {
        self.traits.separator.as_deref()
    }

    /// Returns true if the string holds JSON, which headers carry as base64.
    pub(in crate::reference) fn is_json_string(self) -> bool {
        self.traits.json_value || self.shape_traits().json_value
    }

    /// Returns the timestamp format, which is `usual` unless the traits override it.
    pub(in crate::reference) fn timestamp_format(self, usual: TimestampFormat) -> TimestampFormat {
        self.traits.timestamp_format.or(self.shape_traits().timestamp_format).unwrap_or(usual)
    }

    /// Returns true if some nested value differs between JSON and the contract's form: a member has another name, or a
    /// timestamp may be a string.
    pub(in crate::reference) fn differs_in_json(self) -> bool {
        let mut seen: HashSet<&ShapeId> = HashSet::new();
        let mut open = vec![self];
        while let Some(shape) = open.pop() {
            if !seen.insert(shape.id) {
                continue;
            }
            let mut members = shape.members().into_iter().flatten();
            let renamed = |(name, member): (&String, &Member)| member.wire_name(name) != name;
            if matches!(shape.kind(), ShapeKind::Timestamp) || members.any(renamed) {
                return true;
            }
            open.extend(shape.members().into_iter().flatten().map(|(_, member)| shape.member(member)));
            open.extend(shape.items());
            open.extend(shape.entries().map(|(_, values)| values));
        }
        false
    }
}
