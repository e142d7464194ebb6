//! Reads and writes every file that overstep uses.
//!
//! This module never decides what to read or write: its callers do.

mod corpus;
mod last;
mod scenarios;
mod snapshots;
mod sources;
mod write;

pub use corpus::{MOST_INPUT, add_file, small_files};
pub use last::{FORMAT as RUN_FORMAT, LastRun, RunRecord, ScenarioRecord, forget_server_log, open_results, server_log};
pub use scenarios::{Found, all_scenarios, find_scenario, shipped_names};
pub use snapshots::{SnapshotFile, Snapshots};
pub use sources::{Places, Source, site_packages, sources};
pub use write::{Finished, ScratchFolder, Sink, scratch, scratch_folder, sink, write_whole};

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

    fn hint(reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { reason: reason.into(), hint: Some(hint.into()) }
    }

    fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
            std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            std::io::ErrorKind::IsADirectory => "is a directory".to_owned(),
            std::io::ErrorKind::InvalidData => "not valid UTF-8".to_owned(),
            _ => error.to_string(),
        };
        Self::new(format!("cannot {doing} `{}`: {why}", path.display()))
    }
}

/// Reads a file as text.
///
/// # Errors
/// Returns an error if the file is missing, unreadable or not valid UTF-8.
#[expect(clippy::disallowed_methods, reason = "this module reads files")]
pub fn read_text(path: &Path) -> Result<String, StoreError> {
    std::fs::read_to_string(path).map_err(|error| StoreError::io("read", path, &error))
}

/// Reads a file as bytes.
///
/// # Errors
/// Returns an error if the file is missing or unreadable.
#[expect(clippy::disallowed_methods, reason = "this module reads files")]
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, StoreError> {
    std::fs::read(path).map_err(|error| StoreError::io("read", path, &error))
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
