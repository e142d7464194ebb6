//! Propose, run, judge, propose again: what is learnt from answers decides what is sent next.
//!
//! This room opens no socket and no file: whoever searches runs what it proposes.

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
