//! Files that are written: whole and atomically, or as a stream.
//!
//! A file that is written whole is either the old one or the new one, never half of it.

use super::StoreError;
use crate::report::Scratch;
use std::io::{self, BufWriter, Seek as _, Write};
use std::path::{Path, PathBuf};

/// Something that bytes go to.
pub enum Sink {
    /// A file that grows as the run goes.
    Stream(BufWriter<std::fs::File>),
    /// A file that appears under its name when it is finished.
    Atomic(Box<BufWriter<tempfile::NamedTempFile>>, PathBuf),
    /// Somebody else's stream, such as standard output.
    Borrowed(Box<dyn Write + Send>),
}

/// Ends a sink's life well.
pub trait Finished {
    /// Writes out what waits, and gives an atomic file its name.
    ///
    /// # Errors
    /// Where the file cannot be written.
    fn finished(self) -> Result<(), StoreError>;
}

/// Opens a file for writing; its directory is made where it is missing.
///
/// # Errors
/// Where that is not possible.
#[expect(clippy::disallowed_methods, reason = "this room writes files")]
pub fn sink(path: &Path, atomic: bool) -> Result<Sink, StoreError> {
    let wrong = |error: io::Error| StoreError::io("write", path, &error);
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(directory).map_err(wrong)?;
    if path.is_dir() {
        return Err(StoreError::io("write", path, &io::ErrorKind::IsADirectory.into()));
    }
    if atomic && !is_special(path) {
        let file = tempfile::Builder::new().prefix(".overstep-").tempfile_in(directory).map_err(wrong)?;
        return Ok(Sink::Atomic(Box::new(BufWriter::with_capacity(1 << 16, file)), path.to_owned()));
    }
    let file = std::fs::File::create(path).map_err(wrong)?;
    Ok(Sink::Stream(BufWriter::with_capacity(1 << 16, file)))
}

/// Whether a path is there and no plain file: a pipe or a device must be written to, not replaced.
fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_file())
}

/// Writes a whole file, atomically.
///
/// # Errors
/// Where that is not possible.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = sink(path, true)?;
    file.write_all(bytes).map_err(|error| StoreError::io("write", path, &error))?;
    file.finished()
}

impl Finished for Sink {
    fn finished(self) -> Result<(), StoreError> {
        match self {
            Self::Stream(mut file) => file.flush().map_err(|error| StoreError::new(format!("cannot write: {error}"))),
            Self::Borrowed(mut stream) => {
                stream.flush().map_err(|error| StoreError::new(format!("cannot write: {error}")))
            }
            Self::Atomic(file, path) => {
                let wrong = |error: &io::Error| StoreError::io("write", &path, error);
                let file = file.into_inner().map_err(|error| wrong(error.error()))?;
                open_to_readers(&file).map_err(|error| wrong(&error))?;
                file.persist(&path).map_err(|error| wrong(&error.error))?;
                Ok(())
            }
        }
    }
}

/// Temporary files are private; a report is as readable as any file its directory gets.
#[cfg(unix)]
fn open_to_readers(file: &tempfile::NamedTempFile) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn open_to_readers(_file: &tempfile::NamedTempFile) -> io::Result<()> {
    Ok(())
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream(file) => file.write(bytes),
            Self::Atomic(file, _) => file.write(bytes),
            Self::Borrowed(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stream(file) => file.flush(),
            Self::Atomic(file, _) => file.flush(),
            Self::Borrowed(stream) => stream.flush(),
        }
    }
}

/// A file without a name, gone when it is dropped.
///
/// # Errors
/// Where the system has no place for one.
pub fn scratch() -> Result<Box<dyn Scratch>, StoreError> {
    let file = tempfile::tempfile().map_err(|error| StoreError::new(format!("no temporary file: {error}")))?;
    Ok(Box::new(ScratchFile(file)))
}

/// A folder that is gone when it is dropped.
pub struct ScratchFolder(tempfile::TempDir);

impl ScratchFolder {
    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// A folder of one's own.
///
/// # Errors
/// Where the system has no place for one.
pub fn scratch_folder() -> Result<ScratchFolder, StoreError> {
    let folder = tempfile::Builder::new().prefix("overstep-").tempdir();
    folder.map(ScratchFolder).map_err(|error| StoreError::new(format!("no temporary folder: {error}")))
}

struct ScratchFile(std::fs::File);

impl io::Read for ScratchFile {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for ScratchFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl io::Seek for ScratchFile {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

impl Scratch for ScratchFile {
    fn empty(&mut self) -> io::Result<()> {
        self.0.set_len(0)?;
        self.0.rewind()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_file_leaves_the_old_one() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("deep/report.xml");
        write_whole(&path, b"old").expect("written");
        let mut unfinished = sink(&path, true).expect("opened");
        unfinished.write_all(b"half").expect("taken");
        drop(unfinished);
        assert_eq!(super::super::read_text(&path).expect("read"), "old");
        write_whole(&path, b"new").expect("written");
        assert_eq!(super::super::read_text(&path).expect("read"), "new");
    }
}
