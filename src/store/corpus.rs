//! Reads and extends folders of many small files, such as a corpus or saved requests.
//!
//! It never replaces an existing file.

use super::scenarios::list_folder;
use super::{StoreError, read_bytes, write_file};
use std::path::{Path, PathBuf};

/// Maximum size of a fuzzer input in bytes. libFuzzer has the same limit; larger files are ignored.
pub const MAX_INPUT_BYTES: u64 = 1 << 20;

/// Returns the files of a folder, sorted by name, or nothing if the folder does not exist. Files larger than
/// [`MAX_INPUT_BYTES`] and files whose names begin with a dot are skipped.
///
/// # Errors
/// Returns an error if the folder or a file cannot be read.
pub fn read_small_files(folder: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, StoreError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut paths = list_folder(folder)?;
    paths.retain(|path| {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        !hidden && path.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_INPUT_BYTES)
    });
    paths.sort();
    paths.into_iter().map(|path| read_bytes(&path).map(|bytes| (path, bytes))).collect()
}

/// Writes a file into a folder unless a file of that name exists. Returns true if the file was written.
///
/// # Errors
/// Returns an error if the file cannot be written.
pub fn add_new_file(folder: &Path, name: &str, bytes: &[u8]) -> Result<bool, StoreError> {
    let path = folder.join(name);
    if path.exists() {
        return Ok(false);
    }
    write_file(&path, bytes).map(|()| true)
}
