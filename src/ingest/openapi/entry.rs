//! An operation as a document lists it, and a member of its input before it has a shape.
//!
//! It never reads either.

use super::{FilePlace, Located};
use crate::contract::{MemberLocation, WireTraits};

/// An operation of a path.
pub(super) struct OperationEntry<'d> {
    pub path: &'d str,
    pub method: &'d str,
    pub place: FilePlace,
    pub item: Located<'d>,
    /// The parameters of the path, which hold for all its operations.
    pub shared_parameters: Vec<Located<'d>>,
}

/// A member of an operation's input.
pub(super) struct InputMember<'d> {
    pub name: String,
    /// Its name on the wire.
    pub wire: String,
    pub location: MemberLocation,
    pub schemas: Vec<Located<'d>>,
    pub required: Option<FilePlace>,
    pub place: FilePlace,
    /// Whether the value has a form on the wire that a contract does not describe, so that other values may be valid.
    pub is_open: bool,
    /// A pattern of texts that are valid, of a value that the contract describes as a text.
    pub text_pattern: Option<&'static str>,
    /// How the value is written, if it is a list or has a prefix.
    pub traits: WireTraits,
    /// The values that the document gives as examples.
    pub examples: Vec<Located<'d>>,
    /// The object whose description describes the member beside its schema.
    pub described: Option<Located<'d>>,
}

impl<'d> InputMember<'d> {
    /// Creates an optional member whose name on the wire is its own.
    pub fn new(name: &str, location: MemberLocation, schemas: Vec<Located<'d>>, place: FilePlace) -> Self {
        Self {
            name: name.to_owned(),
            wire: name.to_owned(),
            location,
            schemas,
            required: None,
            place,
            is_open: false,
            text_pattern: None,
            traits: WireTraits::default(),
            examples: Vec::new(),
            described: None,
        }
    }
}
