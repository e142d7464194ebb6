//! Folders of many small files: a corpus, saved requests.
//!
//! What is there is never replaced: files are named by what is in them, or left alone.

use super::scenarios::list;
use super::{StoreError, read_bytes, write_whole};
use std::path::{Path, PathBuf};

/// Files of more bytes than this are no inputs of a fuzzer; libFuzzer takes no more either.
pub const MOST_INPUT: u64 = 1 << 20;

/// The files of a folder by their names, sorted; nothing where there is no such folder. Files that are too large, and
/// those whose names begin with a dot, are passed over.
///
/// # Errors
/// Where the folder or a file cannot be read.
pub fn small_files(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, StoreError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut paths = list(folder)?;
    paths.retain(|path| {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        !hidden && path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MOST_INPUT)
    });
    paths.sort();
    paths.into_iter().map(|path| read_bytes(&path).map(|bytes| (path, bytes))).collect()
}

/// Writes a file into a folder unless one of this name is there; true where it was written.
///
/// # Errors
/// Where that is not possible.
pub fn add_file(folder: &Path, name: &str, bytes: &[u8]) -> Result<bool, StoreError> {
    let path = folder.join(name);
    if path.exists() {
        return Ok(false);
    }
    write_whole(&path, bytes).map(|()| true)
}
