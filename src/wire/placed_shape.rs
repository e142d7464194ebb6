//! What the contract states about a value in its place: its shape, and its wire traits there.
//!
//! It never looks at the value itself.

use crate::contract::{Contract, Kind, Member, Shape, ShapeId, TimestampFormat, Traits};

/// A shape together with the wire traits of its place.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) contract: &'a Contract,
    pub(super) shape: &'a Shape,
    /// The traits of the place; they take precedence over those of the shape.
    pub(super) traits: &'a Traits,
}

impl<'a> Known<'a> {
    pub(super) fn new(contract: &'a Contract, id: &ShapeId, traits: &'a Traits) -> Self {
        Self { contract, shape: contract.shape(id), traits }
    }

    /// Returns a member of this structure or union, and the shape of its values.
    pub(super) fn member(self, name: &str) -> Option<(&'a Member, Self)> {
        let member = self.shape.kind.members()?.get(name)?;
        Some((member, Self::new(self.contract, &member.shape, &member.traits)))
    }

    /// Returns the shape of a list's items.
    pub(super) fn item(self) -> Option<Self> {
        match &self.shape.kind {
            Kind::List { member } => Some(Self::new(self.contract, member, &self.shape.parts.member)),
            _ => None,
        }
    }

    /// Returns the shapes of a map's keys and values.
    pub(super) fn entry(self) -> Option<(Self, Self)> {
        match &self.shape.kind {
            Kind::Map { key, value } => Some((
                Self::new(self.contract, key, &self.shape.parts.key),
                Self::new(self.contract, value, &self.shape.parts.value),
            )),
            _ => None,
        }
    }

    /// Returns the shape of a map's values.
    pub(super) fn values(self) -> Option<Self> {
        match &self.shape.kind {
            Kind::Map { value, .. } => Some(Self::new(self.contract, value, &self.shape.parts.value)),
            _ => None,
        }
    }

    pub(super) fn kind(self) -> &'a Kind {
        &self.shape.kind
    }

    /// Returns the format of timestamps here; `default` is the protocol's.
    pub(super) fn moment(self, default: TimestampFormat) -> TimestampFormat {
        self.traits.timestamp_format.or(self.shape.traits.timestamp_format).unwrap_or(default)
    }

    pub(super) fn flattened(self) -> bool {
        self.traits.flattened || self.shape.traits.flattened
    }

    /// Returns true if a header carries the text as base64.
    pub(super) fn json_value(self) -> bool {
        self.traits.json_value || self.shape.traits.json_value
    }
}
