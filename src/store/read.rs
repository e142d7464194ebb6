//! Reads files, and finds them in parent directories.
//!
//! It never interprets what it reads.

use super::StoreError;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Maximum size of a file that is read as a whole, in bytes.
pub(super) const MAX_FILE_BYTES: u64 = 256 << 20;

/// Reads a file as text.
///
/// # Errors
/// Returns an error if the file is missing, unreadable, not a regular file, too large or not valid UTF-8.
pub fn read_text(path: &Path) -> Result<String, StoreError> {
    String::from_utf8(read_bytes(path)?)
        .map_err(|_| StoreError::from_io("read", path, &io::ErrorKind::InvalidData.into()))
}

/// Reads a file as bytes.
///
/// # Errors
/// Returns an error if the file is missing, unreadable, not a regular file or too large.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, StoreError> {
    read_opened(path, open_regular_file(path)?)
}

/// Reads a file or a pipe as text, as in `--variables-file <(pass show api)`.
///
/// # Errors
/// Returns an error if the file is missing, unreadable, too large or not valid UTF-8, or if it is a device, a socket or
/// a directory.
#[expect(clippy::disallowed_methods, reason = "this module reads files")]
pub fn read_text_or_pipe(path: &Path) -> Result<String, StoreError> {
    let to_store_error = |error: io::Error| StoreError::from_io("read", path, &error);
    let kind = FileKind::of(&path.metadata().map_err(to_store_error)?);
    if kind != FileKind::Pipe {
        return read_text(path);
    }
    let bytes = read_opened(path, File::open(path).map_err(to_store_error)?)?;
    String::from_utf8(bytes).map_err(|_| to_store_error(io::ErrorKind::InvalidData.into()))
}

/// Opens a regular file for reading. Devices and pipes are rejected: reading them may never end.
///
/// # Errors
/// Returns an error if the file is missing, unreadable or not a regular file.
#[expect(clippy::disallowed_methods, reason = "this module reads files")]
pub(super) fn open_regular_file(path: &Path) -> Result<File, StoreError> {
    let to_store_error = |error: io::Error| StoreError::from_io("read", path, &error);
    match FileKind::of(&path.metadata().map_err(to_store_error)?) {
        FileKind::Regular => File::open(path).map_err(to_store_error),
        FileKind::Directory => Err(to_store_error(io::ErrorKind::IsADirectory.into())),
        kind => Err(StoreError::with_hint(
            format!("cannot read `{}`: it is {}", path.display(), kind.describe()),
            "a regular file is expected here",
        )),
    }
}

fn read_opened(path: &Path, file: File) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| StoreError::from_io("read", path, &error))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(StoreError::new(format!("`{}` is larger than {} MiB", path.display(), MAX_FILE_BYTES >> 20)));
    }
    Ok(bytes)
}

/// The kind of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FileKind {
    Regular,
    Directory,
    Pipe,
    Socket,
    Device,
}

impl FileKind {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::FileTypeExt as _;
        match metadata.file_type() {
            kind if kind.is_file() => Self::Regular,
            kind if kind.is_dir() => Self::Directory,
            kind if kind.is_fifo() => Self::Pipe,
            kind if kind.is_socket() => Self::Socket,
            _ => Self::Device,
        }
    }

    #[cfg(not(unix))]
    fn of(metadata: &Metadata) -> Self {
        match metadata.file_type() {
            kind if kind.is_file() => Self::Regular,
            kind if kind.is_dir() => Self::Directory,
            _ => Self::Device,
        }
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Regular => "a regular file",
            Self::Directory => "a directory",
            Self::Pipe => "a pipe",
            Self::Socket => "a socket",
            Self::Device => "a device",
        }
    }
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
