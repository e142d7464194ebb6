//! Searches in which responses decide what is sent next: propose, run, judge, propose again.
//!
//! This module opens no sockets and no files: the caller runs what it proposes.

mod culprit;
mod delta_debug;
mod guide;
mod limit;
mod member_search;
mod minimize;
mod plausible_values;
mod refusal_search;

pub use culprit::{Culprit, find_culprit};
pub use delta_debug::smallest_failing_part;
pub use guide::{FuzzGuide, FuzzProposal};
pub use limit::{FoundLimit, find_limit};
pub use member_search::{CandidateMember, MemberSearch};
pub use minimize::minimize;
pub use refusal_search::{KnownReferences, ProposedValue, RefusalSearch};
