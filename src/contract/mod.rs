//! The contract: what an API promises, as plain values with their provenance.
//!
//! This module never reads a document, never touches a file and imports no other module.
//!
//! Start with [`Contract`]. A limit is a field of a [`Shape`]; a [`Fact`] next to it records where
//! the limit is written. The vocabulary is Smithy's: shape, member, and the constraint names
//! `required`, `type`, `length`, `range`, `pattern`, `enum`.

mod amend;
mod drift;
mod fact;
mod format;
mod merge;
mod names;
mod operation;
mod path;
mod merge_plan;
mod role;
mod fact_resolution;
mod shape;
mod traits;

pub use amend::{AmendmentError, Amendment};
pub use drift::{Drift, DriftKind, Statement, find_drift};
pub use fact::{Fact, Provenance, FactOrigin};
pub use format::{FORMAT, ContractFormatError, digest, from_json, to_json};
pub use merge::{merge, merge_all};
pub use names::{ErrorName, OperationName, ShapeId};
pub use operation::{AuthScheme, Contract, ErrorShape, HttpBinding, Operation, Protocol};
pub use path::{MemberPath, PathSegment};
pub use role::ErrorRole;
pub use shape::{ByteScope, Constraint, ShapeKind, LengthRange, MemberLocation, Member, NumberRange, ShapeRule, Shape};
pub use traits::{XmlNamespace, OperationTraits, PartTraits, ServiceTraits, TimestampFormat, WireTraits};
