//! Every file that overstep reads or writes.
//!
//! This room decides nothing: what to read and what to write is said by others.

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
    /// What is wrong, with the file's name in it.
    pub reason: String,
    /// What to do about it.
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
            std::io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
            std::io::ErrorKind::InvalidData => "it is not UTF-8".to_owned(),
            _ => error.to_string(),
        };
        Self::new(format!("cannot {doing} `{}`: {why}", path.display()))
    }
}

/// Reads a text.
///
/// # Errors
/// Where the file is missing, unreadable or not UTF-8.
#[expect(clippy::disallowed_methods, reason = "this room reads files")]
pub fn read_text(path: &Path) -> Result<String, StoreError> {
    std::fs::read_to_string(path).map_err(|error| StoreError::io("read", path, &error))
}

/// Reads bytes.
///
/// # Errors
/// Where the file is missing or unreadable.
#[expect(clippy::disallowed_methods, reason = "this room reads files")]
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, StoreError> {
    std::fs::read(path).map_err(|error| StoreError::io("read", path, &error))
}

/// Looks for a file in a directory and those above it, no further than a repository's root.
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
