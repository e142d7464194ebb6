//! What the contract states about a value in its place: its shape, and its wire traits there.
//!
//! It never looks at the value itself.

use crate::contract::{Contract, Member, Shape, ShapeId, ShapeKind, TimestampFormat, WireTraits};

/// A shape together with the wire traits of its place.
#[derive(Clone, Copy)]
pub(super) struct PlacedShape<'a> {
    pub(super) contract: &'a Contract,
    pub(super) shape: &'a Shape,
    /// The traits of the place; they take precedence over those of the shape.
    pub(super) traits: &'a WireTraits,
}

impl<'a> PlacedShape<'a> {
    pub(super) fn new(contract: &'a Contract, id: &ShapeId, traits: &'a WireTraits) -> Self {
        Self { contract, shape: contract.shape(id), traits }
    }

    /// Returns a member of this structure or union, and the shape of its values.
    pub(super) fn member(self, name: &str) -> Option<(&'a Member, Self)> {
        let member = self.shape.kind.members()?.get(name)?;
        Some((member, Self::new(self.contract, &member.shape, &member.traits)))
    }

    /// Returns the shape of a list's items.
    pub(super) fn list_item(self) -> Option<Self> {
        match &self.shape.kind {
            ShapeKind::List { member } => Some(Self::new(self.contract, member, &self.shape.parts.member)),
            _ => None,
        }
    }

    /// Returns the shapes of a map's keys and values.
    pub(super) fn map_entry(self) -> Option<(Self, Self)> {
        match &self.shape.kind {
            ShapeKind::Map { key, value } => Some((
                Self::new(self.contract, key, &self.shape.parts.key),
                Self::new(self.contract, value, &self.shape.parts.value),
            )),
            _ => None,
        }
    }

    /// Returns the shape of a map's values.
    pub(super) fn map_values(self) -> Option<Self> {
        match &self.shape.kind {
            ShapeKind::Map { value, .. } => Some(Self::new(self.contract, value, &self.shape.parts.value)),
            _ => None,
        }
    }

    pub(super) fn kind(self) -> &'a ShapeKind {
        &self.shape.kind
    }

    /// Returns the format of timestamps here; `default` is the protocol's.
    pub(super) fn timestamp_format(self, default: TimestampFormat) -> TimestampFormat {
        self.traits.timestamp_format.or(self.shape.traits.timestamp_format).unwrap_or(default)
    }

    pub(super) fn is_flattened(self) -> bool {
        self.traits.flattened || self.shape.traits.flattened
    }

    /// Returns true if a header carries the text as base64.
    pub(super) fn is_json_value(self) -> bool {
        self.traits.json_value || self.shape.traits.json_value
    }
}
