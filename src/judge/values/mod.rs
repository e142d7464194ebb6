//! Compares the values of a response with those of another endpoint's response to the same request, apart from values
//! that differ by nature.
//!
//! Timestamps, hosts, regions, accounts and identifiers assigned by an endpoint are replaced by their kind; equal
//! identifiers stay equal. This module never decides which endpoint is right, and a deviation that may be legitimate is
//! not a difference.

mod difference;
mod response_values;
mod transcript;
mod tree;
mod value_kind;
mod volatile;

pub use difference::ValueDifference;
pub use response_values::ResponseValues;
