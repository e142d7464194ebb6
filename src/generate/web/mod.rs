//! Laws of web APIs that the routes and the documents show without a line in a scenario: what exists and what does not,
//! doing something twice, stored members, lists and pages.
//!
//! It infers no fixture: those of the scenario say what creates and deletes a resource.

pub(super) mod batches;
pub(super) mod duplicates;
pub(super) mod existence;
pub(super) mod list_laws;
pub(super) mod list_names;
pub(super) mod list_shape;
pub(super) mod member_values;
pub(super) mod pages;
pub(super) mod resource;
pub(super) mod shown_members;
pub(super) mod stored;
pub(super) mod updates;
