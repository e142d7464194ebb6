//! Searches in which responses decide what is sent next: propose, run, judge, propose again.
//!
//! This module opens no sockets and no files: the caller runs what it proposes.

mod grant;
mod guide;
mod guilty;
mod limit;
mod shrink;
mod simplest;

pub use grant::{Candidate, Grant};
pub use guide::{Guide, Proposal};
pub use guilty::{Guilt, first_guilty};
pub use limit::{Learnt, limit};
pub use shrink::smallest;
pub use simplest::simplest;
