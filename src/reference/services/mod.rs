//! Services with behaviour of their own, beyond what a contract states.
//!
//! Everything generic is done elsewhere; a service here knows its own operations and no other.

pub(super) mod connect;
pub(super) mod leadlex;
