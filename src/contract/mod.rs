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
mod plan;
mod role;
mod settle;
mod shape;
mod traits;

pub use amend::{AmendError, Amendment};
pub use drift::{Drift, DriftKind, Statement, drift};
pub use fact::{Fact, Provenance, Standing};
pub use format::{FORMAT, FormatError, digest, from_json, to_json};
pub use merge::{merge, merge_all};
pub use names::{ErrorName, OperationName, ShapeId};
pub use operation::{Auth, Contract, ErrorShape, Http, Operation, Protocol};
pub use path::{MemberPath, Segment};
pub use role::Role;
pub use shape::{ByteScope, Constraint, Kind, Length, Location, Member, Range, Rule, Shape};
pub use traits::{Namespace, OperationTraits, Parts, ServiceTraits, TimestampFormat, Traits};
