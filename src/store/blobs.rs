//! Finds the files of blobs, and replaces them when a stopped run goes on.
//!
//! It never reads a blob.

use super::scenarios::list_folder;
use super::write::{remove_file, rename_file};
use super::{OutputSink, StoreError, open_sink};
use std::path::{Path, PathBuf};

/// Maximum depth of the folders in which blobs are searched: an artifact of CI is a folder of its own.
const MAX_DEPTH: usize = 2;

/// Returns the path of a shard's blob in a folder. Shards are counted from 1.
pub fn blob_path(folder: &Path, number: u32, count: u32) -> PathBuf {
    folder.join(format!("shard-{number}-of-{count}.ndjson"))
}

/// Returns the blobs in a folder and in the folders in it, in the order of their paths. A file is a blob itself.
///
/// # Errors
/// Returns an error if the folder is missing or unreadable.
pub fn find_blobs(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    if folder.is_file() {
        return Ok(vec![folder.to_owned()]);
    }
    let mut found = Vec::new();
    collect_blobs(folder, MAX_DEPTH, &mut found)?;
    found.sort();
    Ok(found)
}

fn collect_blobs(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), StoreError> {
    for path in list_folder(folder)? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            if depth > 1 && !name.starts_with('.') {
                collect_blobs(&path, depth - 1, found)?;
            }
        } else if name.starts_with("shard-") && name.ends_with(".ndjson") {
            found.push(path);
        }
    }
    Ok(())
}

/// The file of a blob while it is written.
pub struct BlobFile {
    path: PathBuf,
    /// The file that is written until it holds everything that the earlier one does.
    temporary: Option<PathBuf>,
}

impl BlobFile {
    /// Opens the file of a blob for writing. If it continues an earlier one, that one stays until
    /// [`BlobFile::replace_earlier`].
    ///
    /// # Errors
    /// Returns an error if the file or its folder cannot be created.
    pub fn create(path: &Path, continues_earlier: bool) -> Result<(Self, OutputSink), StoreError> {
        let temporary = continues_earlier.then(|| path.with_extension("ndjson.resumed"));
        let sink = open_sink(temporary.as_deref().unwrap_or(path), false)?;
        Ok((Self { path: path.to_owned(), temporary }, sink))
    }

    /// Keeps the earlier file, if there is one that was not replaced, and removes what was written.
    pub fn abandon(self) {
        self.temporary.iter().for_each(|temporary| remove_file(temporary));
    }

    /// Replaces the earlier file, if there is one. Writing goes on.
    ///
    /// # Errors
    /// Returns an error if the file cannot be renamed.
    pub fn replace_earlier(&mut self) -> Result<(), StoreError> {
        self.temporary.take().map_or(Ok(()), |temporary| rename_file(&temporary, &self.path))
    }
}
