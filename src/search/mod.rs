//! Searches in which responses decide what is sent next: propose, run, judge, propose again.
//!
//! This module opens no sockets and no files: the caller runs what it proposes.

mod member_search;
mod guide;
mod culprit;
mod limit;
mod delta_debug;
mod minimize;

pub use member_search::{CandidateMember, MemberSearch};
pub use guide::{FuzzGuide, FuzzProposal};
pub use culprit::{Culprit, find_culprit};
pub use limit::{FoundLimit, find_limit};
pub use delta_debug::smallest_failing_part;
pub use minimize::minimize;
