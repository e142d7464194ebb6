//! Reads and writes every file that overstep uses.
//!
//! This module never decides what to read or write: its callers do.

mod corpus;
mod last;
mod scenarios;
mod snapshots;
mod sources;
mod write;

pub use corpus::{MAX_INPUT_BYTES, add_new_file, read_small_files};
pub use last::{
    FORMAT as RUN_FORMAT, LastRun, RunRecord, ScenarioRecord, open_results, open_server_log, remove_server_log,
};
pub use scenarios::{FoundScenario, find_all_scenarios, find_scenario, shipped_scenario_names};
pub use snapshots::{SnapshotFile, SnapshotStore};
pub use sources::{SourceDocument, SourceSearchPaths, find_site_packages, read_sources};
pub use write::{
    FinishOutput, OutputSink, TemporaryFolder, create_temporary_file, create_temporary_folder, open_sink, write_file,
};

use std::path::{Path, PathBuf};

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{reason}")]
pub struct StoreError {
    /// The problem, including the file's name.
    pub reason: String,
    /// How to fix it.
    pub hint: Option<String>,
}

impl StoreError {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: None }
    }

    fn with_hint(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: Some(hint.into()) }
    }

    fn from_io(action: &str, path: &Path, error: &std::io::Error) -> Self {
        let cause = match error.kind() {
            std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            std::io::ErrorKind::IsADirectory => "is a directory".to_owned(),
            std::io::ErrorKind::InvalidData => "not valid UTF-8".to_owned(),
            _ => error.to_string(),
        };
        Self::new(format!("cannot {action} `{}`: {cause}", path.display()))
    }
}

/// Reads a file as text.
///
/// # Errors
/// Returns an error if the file is missing, unreadable or not valid UTF-8.
#[expect(clippy::disallowed_methods, reason = "this module reads files")]
pub fn read_text(path: &Path) -> Result<String, StoreError> {
    std::fs::read_to_string(path).map_err(|error| StoreError::from_io("read", path, &error))
}

/// Reads a file as bytes.
///
/// # Errors
/// Returns an error if the file is missing or unreadable.
#[expect(clippy::disallowed_methods, reason = "this module reads files")]
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, StoreError> {
    std::fs::read(path).map_err(|error| StoreError::from_io("read", path, &error))
}

/// Searches for a file in a directory and its ancestors, stopping at the root of a repository.
pub fn find_upwards(start: &Path, name: &str) -> Option<PathBuf> {
    for directory in start.ancestors() {
        let candidate = directory.join(name);
        if candidate.is_file() {
            return Some(candidate);
        }
        if directory.join(".git").exists() {
            return None;
        }
    }
    None
}
