//! The state of a server: what was written to which resource, and which resources exist.
//!
//! Never sees HTTP, and checks no constraint.

mod generic_members;
mod merge;
mod output_path;
mod resource_effects;
mod resource_registry;
mod resource_store;
mod tag_members;
mod web_list;
mod web_model;
mod web_output;
mod web_store;

pub(super) use generic_members::{MemberWrite, read_members, write_members};
pub(super) use merge::{mangle_value, member_object_mut, merge_entries};
pub(super) use output_path::apply_output_texts;
pub(super) use resource_effects::ResourceEffects;
pub(super) use resource_registry::ResourceRegistry;
pub(super) use resource_store::ResourceStore;
pub(super) use web_model::WebModel;
pub(super) use web_store::{StateProblem, WebRequest, WebStore};
