//! A shape together with the traits of the member that refers to it.
//!
//! Never sees a value.

use crate::contract::{Contract, Kind, Location, Member, Shape, ShapeId, TimestampFormat, Traits};
use indexmap::IndexMap;

/// Traits of a reference that has none.
static NOTHING: Traits = Traits {
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
    requires_length: false,
    event_stream: false,
};

/// A reference to a shape, with the traits of this reference.
#[derive(Clone, Copy)]
pub(in crate::reference) struct Place<'a> {
    contract: &'a Contract,
    pub id: &'a ShapeId,
    shape: Option<&'a Shape>,
    /// The traits of this reference alone.
    pub own: &'a Traits,
}

impl<'a> Place<'a> {
    pub(in crate::reference) fn new(contract: &'a Contract, id: &'a ShapeId) -> Self {
        Self::with(contract, id, &NOTHING)
    }

    pub(in crate::reference) fn with(contract: &'a Contract, id: &'a ShapeId, own: &'a Traits) -> Self {
        Self { contract, id, shape: contract.shapes.get(id), own }
    }

    /// Returns the kind of the shape; it is a document if the contract has no such shape.
    pub(in crate::reference) fn kind(self) -> &'a Kind {
        self.shape.map_or(&Kind::Document, |shape| &shape.kind)
    }

    /// Returns the traits of the shape itself.
    pub(in crate::reference) fn common(self) -> &'a Traits {
        self.shape.map_or(&NOTHING, |shape| &shape.traits)
    }

    /// Returns the members of a structure or union.
    pub(in crate::reference) fn members(self) -> Option<&'a IndexMap<String, Member>> {
        self.kind().members()
    }

    /// Returns the reference that a member holds.
    pub(in crate::reference) fn of(self, member: &'a Member) -> Self {
        Self::with(self.contract, &member.shape, &member.traits)
    }

    /// Returns the member that is the whole body.
    pub(in crate::reference) fn payload(self) -> Option<(&'a String, &'a Member)> {
        self.members().into_iter().flatten().find(|(_, member)| member.location == Location::Payload)
    }

    /// Returns the reference to the items of a list.
    pub(in crate::reference) fn items(self) -> Option<Self> {
        match (self.shape, self.kind()) {
            (Some(shape), Kind::List { member }) => Some(Self::with(self.contract, member, &shape.parts.member)),
            _ => None,
        }
    }

    /// Returns the references to the keys and the values of a map.
    pub(in crate::reference) fn entries(self) -> Option<(Self, Self)> {
        match (self.shape, self.kind()) {
            (Some(shape), Kind::Map { key, value }) => Some((
                Self::with(self.contract, key, &shape.parts.key),
                Self::with(self.contract, value, &shape.parts.value),
            )),
            _ => None,
        }
    }

    pub(in crate::reference) fn is_flattened(self) -> bool {
        self.own.flattened || self.common().flattened
    }

    /// Returns true if the string holds JSON, which headers carry as base64.
    pub(in crate::reference) fn is_json_text(self) -> bool {
        self.own.json_value || self.common().json_value
    }

    /// Returns the timestamp format, which is `usual` unless the traits override it.
    pub(in crate::reference) fn moments(self, usual: TimestampFormat) -> TimestampFormat {
        self.own.timestamp_format.or(self.common().timestamp_format).unwrap_or(usual)
    }

    /// Returns true if some nested value differs between JSON and the contract's form: a member has another name, or a
    /// timestamp may be a string.
    pub(in crate::reference) fn has_other_json(self) -> bool {
        fn search<'a>(place: Place<'a>, seen: &mut Vec<&'a ShapeId>) -> bool {
            if seen.contains(&place.id) {
                return false;
            }
            seen.push(place.id);
            if let Kind::Timestamp = place.kind() {
                return true;
            }
            let renamed = |(name, member): (&String, &Member)| member.wire_name(name) != name;
            place.members().is_some_and(|members| members.iter().any(renamed))
                || place.members().into_iter().flatten().any(|(_, member)| search(place.of(member), seen))
                || place.items().is_some_and(|items| search(items, seen))
                || place.entries().is_some_and(|(_, values)| search(values, seen))
        }
        search(self, &mut Vec::new())
    }
}
