//! The catalogue of faults: one file for each class of mistakes, each a table or an operator over the contract.
//!
//! Never skips a fault silently: if an operator cannot have an effect at a site, a comment at the operator gives the
//! reason; if an effect cannot be seen from outside, the fault is listed with a reason or as contradicting nothing.

mod auth;
mod bodies;
mod catalogue;
mod constraint_fault;
mod context;
mod delivery;
mod enums;
mod errors;
mod fault;
mod lengths;
mod limit_fault;
mod limits;
mod memory;
mod paths;
mod patterns;
mod requests;
mod required;
mod resources;
mod row;
mod rules;
mod successes;
mod types;

pub use catalogue::list_faults;
pub use fault::{Fault, FaultChange, FindingScope, UnknownFaultError};

pub(super) use fault::ErrorEdit;
