//! The contract: what an API promises, as plain values with their provenance.
//!
//! This module never reads a document, never touches a file and imports no other module.
//!
//! Start with [`Contract`]. A limit is a field of a [`Shape`]; a [`Fact`] next to it records where
//! the limit is written. The vocabulary is Smithy's: shape, member, and the constraint names
//! `required`, `type`, `length`, `range`, `pattern`, `enum`.

mod amend;
mod auth_scheme;
mod civil_date;
mod common_errors;
mod constraint;
mod decimal_step;
mod drift;
mod entry_members;
mod fact;
mod fact_field;
mod fact_resolution;
mod format;
mod merge;
mod merge_plan;
mod merge_shape;
mod names;
mod operation;
mod operation_defect;
mod path;
mod response_place;
mod role;
mod service_errors;
mod shape;
mod shape_rule;
mod traits;

pub use amend::{Amendment, AmendmentError};
pub use auth_scheme::AuthScheme;
pub(crate) use civil_date::{civil_from_days, days_from_civil};
pub(crate) use common_errors::add_common_errors;
pub use common_errors::switch_protocol;
pub use constraint::Constraint;
pub use decimal_step::DecimalStep;
pub use drift::{Drift, DriftKind, Statement, find_drift};
pub use entry_members::{EntryMembers, entry_members, holds_only_entries};
pub use fact::{Fact, FactOrigin, Provenance};
pub use fact_field::FactField;
pub use format::{ContractFormatError, FORMAT, digest, from_json, to_json};
pub use merge::{merge, merge_all};
pub use names::{ErrorName, OperationName, ShapeId, nearest_name, plain_name};
pub use operation::{Contract, ErrorShape, HttpBinding, Operation, Protocol};
pub use operation_defect::{OperationDefect, find_operation_defects, remove_invalid_statuses};
pub use path::{MemberPath, PathSegment};
pub use response_place::{UndocumentedPlace, find_documented_place};
pub use role::ErrorRole;
pub use shape::{LengthRange, Member, MemberLocation, NumberRange, Shape, ShapeKind};
pub use shape_rule::{ByteScope, ShapeRule};
pub use traits::{OperationTraits, PartTraits, ServiceTraits, TimestampFormat, WireTraits, XmlNamespace};
