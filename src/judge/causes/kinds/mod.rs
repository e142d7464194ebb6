//! The kinds of causes, one file each. [`CAUSE_KINDS`] is the table of all.

mod broken_law;
mod damaged_body;
mod ignored_member;
mod member_constraint;
mod response_change;
mod same_failure;
mod same_violation;
mod shared_member;
mod shared_shape;
mod table;
mod unchecked_constraint;
mod unchecked_credentials;
mod unchecked_existence;
mod unchecked_operation;
mod unchecked_structure;
mod undocumented_error;
mod wrong_form;
mod wrong_status;

pub(super) use table::CAUSE_KINDS;
