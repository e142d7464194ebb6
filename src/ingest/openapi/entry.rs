//! An operation as a document lists it, and a member of its input before it has a shape.
//!
//! It never reads either.

use super::{FilePlace, Located};
use crate::contract::MemberLocation;

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
    /// Whether the schema describes one item of a list that is a single text on the wire.
    pub is_single_item: bool,
}
