//! Reads and writes `snapshots/<profile>/<scenario>/<Operation>.osnap` and the pending `.osnap.new` beside it.
//!
//! An accepted file is never left half written, even if the process is killed.

use super::{StoreError, read_text, write_whole};
use std::path::{Path, PathBuf};

/// Extension of accepted snapshots.
const ENDING: &str = ".osnap";
/// Extension of pending snapshots, which wait for a review.
const WAITING: &str = ".osnap.new";

/// A directory of snapshots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshots {
    directory: PathBuf,
}

/// The snapshot file of one operation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotFile {
    /// The profile, usually the endpoint's name.
    pub profile: String,
    /// The scenario's name.
    pub scenario: String,
    /// The operation's name.
    pub operation: String,
    /// Path of the accepted snapshot, which may not exist.
    pub path: PathBuf,
}

impl SnapshotFile {
    /// Returns the path of the pending snapshot, which may not exist.
    pub fn waiting(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".new");
        name.into()
    }

    /// Returns the accepted text, or `None` if nothing is accepted.
    ///
    /// # Errors
    /// Returns an error if the file exists and cannot be read.
    pub fn accepted(&self) -> Result<Option<String>, StoreError> {
        if self.path.exists() { read_text(&self.path).map(Some) } else { Ok(None) }
    }

    /// Replaces the accepted text.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn accept(&self, text: &str) -> Result<(), StoreError> {
        write_whole(&self.path, text.as_bytes())
    }

    /// Writes the pending text beside the accepted one.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn wait(&self, text: &str) -> Result<(), StoreError> {
        write_whole(&self.waiting(), text.as_bytes())
    }

    /// Removes the pending snapshot if it exists.
    ///
    /// # Errors
    /// Returns an error if the file cannot be removed.
    pub fn forget(&self) -> Result<(), StoreError> {
        remove(&self.waiting())
    }

    /// Removes the accepted snapshot if it exists.
    ///
    /// # Errors
    /// Returns an error if the file cannot be removed.
    pub fn unaccept(&self) -> Result<(), StoreError> {
        remove(&self.path)
    }
}

#[expect(clippy::disallowed_methods, reason = "this module removes files")]
fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io("remove", path, &error)),
        _ => Ok(()),
    }
}

impl Snapshots {
    /// Creates a store in a directory, which does not have to exist.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Returns the directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the snapshot file of an operation.
    pub fn file(&self, profile: &str, scenario: &str, operation: &str) -> SnapshotFile {
        let folder = self.directory.join(safe(profile)).join(safe(scenario));
        SnapshotFile {
            profile: profile.to_owned(),
            scenario: scenario.to_owned(),
            operation: operation.to_owned(),
            path: folder.join(format!("{}{ENDING}", safe(operation))),
        }
    }

    /// Returns all files with a pending snapshot, sorted.
    ///
    /// # Errors
    /// Returns an error if a directory cannot be listed.
    pub fn waiting(&self) -> Result<Vec<SnapshotFile>, StoreError> {
        let mut found = Vec::new();
        for profile in folders(&self.directory)? {
            for scenario in folders(&profile)? {
                for path in super::scenarios::list(&scenario)? {
                    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
                    let Some(operation) = name(&path).and_then(|name| Some(name.strip_suffix(WAITING)?.to_owned()))
                    else {
                        continue;
                    };
                    found.push(SnapshotFile {
                        profile: name(&profile).map(|name| plain(&name)).unwrap_or_default(),
                        scenario: name(&scenario).map(|name| plain(&name)).unwrap_or_default(),
                        path: scenario.join(format!("{operation}{ENDING}")),
                        operation: plain(&operation),
                    });
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

fn folders(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    Ok(super::scenarios::list(directory)?.into_iter().filter(|path| path.is_dir()).collect())
}

/// Encodes a name as a single path component that cannot leave its directory: other characters become `%XX`.
fn safe(name: &str) -> String {
    let mut out = String::new();
    for (index, byte) in name.bytes().enumerate() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || (byte == b'.' && index > 0) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    if out.is_empty() { "%".to_owned() } else { out }
}

/// Decodes a path component that [`encode_path_component`] encoded.
fn plain(name: &str) -> String {
    percent_encoding::percent_decode_str(name.trim_end_matches('%')).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_names_stay_inside_the_directory_and_decode_to_themselves() {
        for name in ["TagContact", "../../etc", "..", ".hidden", "a/b", "a b%", "ü", "", "a.b"] {
            let safe = safe(name);
            assert!(!safe.contains('/') && !safe.starts_with('.') && !safe.is_empty(), "{safe}");
            assert_eq!(plain(&safe), name);
        }
    }

    #[test]
    fn pending_snapshots_are_listed_until_they_are_removed() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let all = Snapshots::new(directory.path().join("snapshots"));
        assert_eq!(all.waiting().expect("listed"), []);
        let file = all.file("my.server", "a b", "../Op");
        file.wait("text").expect("written");
        assert_eq!(file.accepted().expect("read"), None);
        assert_eq!(all.waiting().expect("listed"), std::slice::from_ref(&file));
        file.accept("text").expect("written");
        file.forget().expect("removed");
        file.forget().expect("nothing left to remove");
        assert_eq!(all.waiting().expect("listed"), []);
        assert_eq!(file.accepted().expect("read").as_deref(), Some("text"));
    }
}
