//! Splits a run over several machines, and merges what they recorded into the results of one run.

mod blob_reader;
mod follow_up;
mod merge;
mod recorded_result;
mod selection;
mod shard_number;
mod split;

pub use blob_reader::{BlobError, BlobReader};
pub(super) use follow_up::{FollowUpContext, RecordedExplanations};
pub use merge::{MergeError, merge_scenario};
pub(super) use selection::{ShardSelection, select_cases};
pub use shard_number::{ShardNumber, ShardNumberError};
pub use split::{CaseOwner, CaseOwners, ShardSplit};
