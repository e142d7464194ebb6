//! Reads and writes every file that overstep uses.
//!
//! This module never decides what to read or write: its callers do.

mod blobs;
mod corpus;
mod error;
mod fingerprint;
mod last;
mod read;
mod scenarios;
mod snapshots;
mod sources;
mod write;

pub use blobs::{BlobFile, blob_path, find_blobs};
pub use corpus::{MAX_INPUT_BYTES, add_new_file, read_small_files};
pub use error::StoreError;
pub use fingerprint::fingerprint;
pub use last::{
    FORMAT as RUN_FORMAT, LastRun, RunRecord, ScenarioRecord, open_results, open_server_log, remove_server_log,
};
pub use read::{find_upwards, read_bytes, read_text, read_text_or_pipe};
pub use scenarios::{
    FoundScenario, find_all_scenarios, find_scenario, known_divergence_files, scenario_names, shipped_scenario_names,
};
pub use snapshots::{SnapshotFile, SnapshotStore};
pub use sources::{
    SourceDocument, SourceSearchPaths, find_site_packages, read_referenced_file, read_site_file, read_sources,
    read_unpacked_bytes,
};
pub use write::{
    FinishOutput, OutputSink, TemporaryFolder, create_temporary_file, create_temporary_folder, open_sink,
    remove_leftovers, write_file, write_file_durably,
};
