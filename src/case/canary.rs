//! The operation that cannot exist, whose response shows how an endpoint responds to unknown operations.
//!
//! It is never part of a contract.

/// Name of the operation that cannot exist.
pub const CANARY_OPERATION: &str = "OverstepCanary";
