//! The operation whose request is damaged.
//!
//! It never holds the request itself.

use crate::contract::{Contract, Operation};

/// The operation whose request is damaged, and its endpoint.
pub(in crate::wire) struct DamageTarget<'a> {
    pub contract: &'a Contract,
    pub operation: &'a Operation,
    /// The endpoint's path prefix.
    pub base_path: &'a str,
}
