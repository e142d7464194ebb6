//! What the contract says of a value at its place: its shape, and how it looks there.
//!
//! It never looks at the value itself.

use crate::contract::{Contract, Kind, Member, Shape, ShapeId, TimestampFormat, Traits};

/// A shape in its place.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) contract: &'a Contract,
    pub(super) shape: &'a Shape,
    /// What is said of the place, before what is said of the shape.
    pub(super) traits: &'a Traits,
}

impl<'a> Known<'a> {
    pub(super) fn new(contract: &'a Contract, id: &ShapeId, traits: &'a Traits) -> Self {
        Self { contract, shape: contract.shape(id), traits }
    }

    /// A member of this structure or union: the member itself, and what is known of its values.
    pub(super) fn member(self, name: &str) -> Option<(&'a Member, Self)> {
        let member = self.shape.kind.members()?.get(name)?;
        Some((member, Self::new(self.contract, &member.shape, &member.traits)))
    }

    /// The items of a list.
    pub(super) fn item(self) -> Option<Self> {
        match &self.shape.kind {
            Kind::List { member } => Some(Self::new(self.contract, member, &self.shape.parts.member)),
            _ => None,
        }
    }

    /// The keys and the values of a map.
    pub(super) fn entry(self) -> Option<(Self, Self)> {
        match &self.shape.kind {
            Kind::Map { key, value } => Some((
                Self::new(self.contract, key, &self.shape.parts.key),
                Self::new(self.contract, value, &self.shape.parts.value),
            )),
            _ => None,
        }
    }

    pub(super) fn kind(self) -> &'a Kind {
        &self.shape.kind
    }

    /// How moments are written here; `default` is the protocol's.
    pub(super) fn moment(self, default: TimestampFormat) -> TimestampFormat {
        self.traits.timestamp_format.or(self.shape.traits.timestamp_format).unwrap_or(default)
    }

    pub(super) fn flattened(self) -> bool {
        self.traits.flattened || self.shape.traits.flattened
    }

    /// Whether a header carries the text as base64.
    pub(super) fn json_value(self) -> bool {
        self.traits.json_value || self.shape.traits.json_value
    }
}
