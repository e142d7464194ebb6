//! Writes files, either atomically as a whole or as a stream.
//!
//! A file that is written as a whole is never left half written: it holds the old content or the new content.

use super::StoreError;
use crate::report::SuiteBuffer;
use std::fs::TryLockError;
use std::io::{self, BufWriter, Seek as _, Write};
use std::path::{Path, PathBuf};

/// A destination for bytes.
pub enum OutputSink {
    /// A file that grows during the run.
    StreamedFile(BufWriter<std::fs::File>),
    /// A file that appears under its name once it is complete.
    AtomicFile(Box<BufWriter<tempfile::NamedTempFile>>, PathBuf),
    /// A stream that the caller owns, such as standard output.
    Writer(Box<dyn Write + Send>),
}

/// Completes an output.
pub trait FinishOutput {
    /// Flushes buffered bytes and moves an atomic file to its name.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    fn finish(self) -> Result<(), StoreError>;
}

/// Opens a file for writing and creates its directory if needed.
///
/// # Errors
/// Returns an error if the directory or the file cannot be created.
#[expect(clippy::disallowed_methods, reason = "this module writes files")]
pub fn open_sink(path: &Path, atomic: bool) -> Result<OutputSink, StoreError> {
    let to_store_error = |error: io::Error| StoreError::from_io("write", path, &error);
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory).map_err(to_store_error)?;
    if path.is_dir() {
        return Err(StoreError::from_io("write", path, &io::ErrorKind::IsADirectory.into()));
    }
    if atomic && !is_special(path) {
        let file = create_locked_file(directory).map_err(to_store_error)?;
        return Ok(OutputSink::AtomicFile(Box::new(BufWriter::with_capacity(1 << 16, file)), path.to_owned()));
    }
    let file = std::fs::File::create(path).map_err(to_store_error)?;
    Ok(OutputSink::StreamedFile(BufWriter::with_capacity(1 << 16, file)))
}

/// Returns true if the path exists and is not a regular file. A pipe or a device must be written to, not replaced.
fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file())
}

/// Prefix of the names of temporary files.
const TEMPORARY_PREFIX: &str = ".overstep-";

/// Creates a temporary file in a directory, and removes those that killed runs left there. The file is locked as long as
/// it is open, so that another run does not take it for a leftover.
fn create_locked_file(directory: &Path) -> io::Result<tempfile::NamedTempFile> {
    remove_leftovers(directory);
    loop {
        let file = tempfile::Builder::new().prefix(TEMPORARY_PREFIX).tempfile_in(directory)?;
        // Another run that found the file before it was locked holds the lock until it has removed the file. A file
        // system without locks does not prevent writing.
        let is_taken = matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock));
        if !is_taken && file.path().exists() {
            return Ok(file);
        }
    }
}

/// Removes the temporary files that killed runs left in a directory. Errors are ignored: leftovers do no harm.
pub fn remove_leftovers(directory: &Path) {
    for path in super::scenarios::list_folder(directory).unwrap_or_default() {
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(TEMPORARY_PREFIX)) && path.is_file() {
            remove_if_abandoned(&path);
        }
    }
}

/// Removes a temporary file unless a run that lives writes it: such a run has locked it.
#[expect(clippy::disallowed_methods, reason = "this module removes files")]
fn remove_if_abandoned(path: &Path) {
    let Ok(file) = std::fs::File::open(path) else { return };
    if file.try_lock().is_ok() {
        // The lock is held until the file is gone, so that its creator notices the loss.
        let _ = std::fs::remove_file(path);
    }
}

/// Gives a file another name, and replaces the file that has it.
#[expect(clippy::disallowed_methods, reason = "this module writes files")]
pub(super) fn rename_file(from: &Path, to: &Path) -> Result<(), StoreError> {
    std::fs::rename(from, to).map_err(|error| StoreError::from_io("replace", to, &error))
}

/// Removes a file, if it exists.
#[expect(clippy::disallowed_methods, reason = "this module removes files")]
pub(super) fn remove_file(path: &Path) {
    // A file that cannot be removed is one that nothing reads.
    let _ = std::fs::remove_file(path);
}

/// Writes a whole file atomically.
///
/// # Errors
/// Returns an error if the file cannot be written.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = open_sink(path, true)?;
    file.write_all(bytes).map_err(|error| StoreError::from_io("write", path, &error))?;
    file.finish()
}

/// Writes a whole file atomically, so that it survives a loss of power: the new content is on the disk before it
/// replaces the old one.
///
/// # Errors
/// Returns an error if the file cannot be written.
pub fn write_file_durably(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let to_store_error = |error: io::Error| StoreError::from_io("write", path, &error);
    let mut file = open_sink(path, true)?;
    file.write_all(bytes).and_then(|()| file.flush()).map_err(to_store_error)?;
    if let OutputSink::AtomicFile(file, _) = &file {
        file.get_ref().as_file().sync_all().map_err(to_store_error)?;
    }
    file.finish()?;
    sync_directory(path.parent().unwrap_or(Path::new("."))).map_err(to_store_error)
}

/// Writes the entries of a directory to the disk.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "this module writes files")]
fn sync_directory(directory: &Path) -> io::Result<()> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    match std::fs::File::open(directory)?.sync_all() {
        // Some file systems cannot sync a directory.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}

impl FinishOutput for OutputSink {
    fn finish(self) -> Result<(), StoreError> {
        match self {
            Self::StreamedFile(mut file) => {
                file.flush().map_err(|error| StoreError::new(format!("cannot write: {error}")))
            }
            Self::Writer(mut stream) => {
                stream.flush().map_err(|error| StoreError::new(format!("cannot write: {error}")))
            }
            Self::AtomicFile(file, path) => {
                let wrong = |error: &io::Error| StoreError::from_io("write", &path, error);
                let file = file.into_inner().map_err(|error| wrong(error.error()))?;
                open_to_readers(&file).map_err(|error| wrong(&error))?;
                file.persist(&path).map_err(|error| wrong(&error.error))?;
                Ok(())
            }
        }
    }
}

/// Makes a finished file readable by everyone: temporary files are created private, and reports must not stay so.
#[cfg(unix)]
fn open_to_readers(file: &tempfile::NamedTempFile) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn open_to_readers(_file: &tempfile::NamedTempFile) -> io::Result<()> {
    Ok(())
}

impl Write for OutputSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::StreamedFile(file) => file.write(bytes),
            Self::AtomicFile(file, _) => file.write(bytes),
            Self::Writer(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::StreamedFile(file) => file.flush(),
            Self::AtomicFile(file, _) => file.flush(),
            Self::Writer(stream) => stream.flush(),
        }
    }
}

/// Creates an unnamed temporary file that is deleted on drop.
///
/// # Errors
/// Returns an error if the system cannot create one.
pub fn create_temporary_file() -> Result<Box<dyn SuiteBuffer>, StoreError> {
    let file =
        tempfile::tempfile().map_err(|error| StoreError::new(format!("cannot create a temporary file: {error}")))?;
    Ok(Box::new(TemporaryFile(file)))
}

/// A temporary folder that is deleted on drop.
pub struct TemporaryFolder(tempfile::TempDir);

impl TemporaryFolder {
    /// Returns the folder's path.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Creates a temporary folder.
///
/// # Errors
/// Returns an error if the system cannot create one.
pub fn create_temporary_folder() -> Result<TemporaryFolder, StoreError> {
    let folder = tempfile::Builder::new().prefix("overstep-").tempdir();
    folder.map(TemporaryFolder).map_err(|error| StoreError::new(format!("cannot create a temporary folder: {error}")))
}

struct TemporaryFile(std::fs::File);

impl io::Read for TemporaryFile {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for TemporaryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl io::Seek for TemporaryFile {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl SuiteBuffer for TemporaryFile {
    fn truncate(&mut self) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.rewind()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_an_unfinished_atomic_file_keeps_the_old_content() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("deep/report.xml");
        write_file(&path, b"old").expect("written");
        let mut unfinished = open_sink(&path, true).expect("opened");
        unfinished.write_all(b"half").expect("writable");
        drop(unfinished);
        assert_eq!(super::super::read_text(&path).expect("read"), "old");
        write_file(&path, b"new").expect("written");
        assert_eq!(super::super::read_text(&path).expect("read"), "new");
        write_file_durably(&path, b"newer").expect("written");
        assert_eq!(super::super::read_text(&path).expect("read"), "newer");
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the test leaves a file behind")]
    fn leftovers_of_killed_runs_are_removed_and_files_in_use_are_not() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let leftover = directory.path().join(".overstep-abc123");
        std::fs::write(&leftover, "half").expect("written");
        let mut used = open_sink(&directory.path().join("report.xml"), true).expect("opened");
        used.write_all(b"whole").expect("writable");
        write_file(&directory.path().join("other.xml"), b"other").expect("written");
        assert!(!leftover.exists());
        used.finish().expect("the file in use still exists");
        let names = super::super::scenarios::list_folder(directory.path()).expect("listed");
        assert_eq!(names.len(), 2, "{names:?}");
    }

    #[test]
    fn runs_that_write_into_one_directory_keep_their_temporary_files() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let path = directory.path().join(format!("{thread}.xml"));
                scope.spawn(move || (0..200).for_each(|_| write_file(&path, b"whole").expect("written")));
            }
        });
    }
}
