//! Reads files, and finds them in parent directories.
//!
//! It never interprets what it reads.

use super::StoreError;
use std::path::{Path, PathBuf};

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
