//! What a fixture creates, with the operations on it.
//!
//! It finds nothing: `web` reads the routes of web APIs, and `modelled` the names of modelled operations.

use crate::contract::Operation;
use crate::scenario::Fixture;

/// A label of an operation's path, or a member of its input, that names what a fixture creates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ResourceLabel {
    /// The name of the label or member.
    pub label: String,
    /// The fixture's name.
    pub fixture: String,
    /// The name of the fixture's captured or chosen identifier.
    pub capture: String,
}

impl ResourceLabel {
    /// Returns the name of the placeholder: `project.id`.
    pub fn placeholder(&self) -> String {
        format!("{}.{}", self.fixture, self.capture)
    }
}

/// What a fixture creates, with the operations on it.
pub(crate) struct FixtureResource<'p> {
    pub label: ResourceLabel,
    pub fixture: &'p Fixture,
    /// The operation that creates it.
    pub creator: &'p Operation,
    /// Whether the caller chooses the identifier.
    pub is_named_by_caller: bool,
    /// The operation that reads it.
    pub reader: Option<&'p Operation>,
    /// The operation that deletes it.
    pub deleter: Option<&'p Operation>,
    /// The operation that lists it.
    pub list: Option<&'p Operation>,
}
