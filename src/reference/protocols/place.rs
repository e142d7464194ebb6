//! What the contract says of a value where it stands: its shape, and how it looks there.
//!
//! Never looks at a value.

use crate::contract::{Contract, Kind, Location, Member, Shape, ShapeId, TimestampFormat, Traits};
use indexmap::IndexMap;

/// Where nothing is said.
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

/// A shape at one of its places.
#[derive(Clone, Copy)]
pub(in crate::reference) struct Place<'a> {
    contract: &'a Contract,
    pub id: &'a ShapeId,
    shape: Option<&'a Shape>,
    /// What is said of this place alone.
    pub own: &'a Traits,
}

impl<'a> Place<'a> {
    pub(in crate::reference) fn new(contract: &'a Contract, id: &'a ShapeId) -> Self {
        Self::with(contract, id, &NOTHING)
    }

    pub(in crate::reference) fn with(contract: &'a Contract, id: &'a ShapeId, own: &'a Traits) -> Self {
        Self { contract, id, shape: contract.shapes.get(id), own }
    }

    /// What stands here; anything at all where the contract has no such shape.
    pub(in crate::reference) fn kind(self) -> &'a Kind {
        self.shape.map_or(&Kind::Document, |shape| &shape.kind)
    }

    /// What is said of the shape wherever it stands.
    pub(in crate::reference) fn common(self) -> &'a Traits {
        self.shape.map_or(&NOTHING, |shape| &shape.traits)
    }

    /// The members of a structure or union.
    pub(in crate::reference) fn members(self) -> Option<&'a IndexMap<String, Member>> {
        self.kind().members()
    }

    /// Where a member's values stand.
    pub(in crate::reference) fn of(self, member: &'a Member) -> Self {
        Self::with(self.contract, &member.shape, &member.traits)
    }

    /// The member that is the whole body.
    pub(in crate::reference) fn payload(self) -> Option<(&'a String, &'a Member)> {
        self.members().into_iter().flatten().find(|(_, member)| member.location == Location::Payload)
    }

    /// Where a list's items stand.
    pub(in crate::reference) fn items(self) -> Option<Self> {
        match (self.shape, self.kind()) {
            (Some(shape), Kind::List { member }) => Some(Self::with(self.contract, member, &shape.parts.member)),
            _ => None,
        }
    }

    /// Where a map's keys and values stand.
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

    /// Whether headers carry the text as base64.
    pub(in crate::reference) fn is_json_text(self) -> bool {
        self.own.json_value || self.common().json_value
    }

    /// How moments are written here, where the protocol writes them in `usual`.
    pub(in crate::reference) fn moments(self, usual: TimestampFormat) -> TimestampFormat {
        self.own.timestamp_format.or(self.common().timestamp_format).unwrap_or(usual)
    }

    /// Whether some value below looks otherwise in JSON than it does in the contract's terms: a member has another
    /// name, or a moment may be a text.
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
