//! Where a run finds snapshots, and what it may write there.
//!
//! This module only holds values.

use crate::store::SnapshotStore;

/// What a run writes for responses that differ from the accepted ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SnapshotUpdate {
    /// Writes nothing.
    #[default]
    No,
    /// Writes pending snapshots, to be reviewed.
    New,
    /// Accepts all responses.
    All,
}

/// The location of snapshots, and what a run may write there.
#[derive(Clone, Debug)]
pub struct SnapshotOptions {
    /// The directory of snapshots.
    pub snapshots: SnapshotStore,
    /// What the run may write.
    pub update: SnapshotUpdate,
    /// The scenario's file, as named in the header of snapshots.
    pub source: String,
    /// The profile that snapshots belong to, if it is not the job's own.
    pub profile: Option<String>,
}
