//! Reads and writes `snapshots/<profile>/<scenario>/<Operation>.osnap` and the pending `.osnap.new` beside it.
//!
//! An accepted file is never left half written, even if the process is killed.

use super::{StoreError, read_text, write_file};
use std::path::{Path, PathBuf};

/// Extension of accepted snapshots.
const ACCEPTED_EXTENSION: &str = ".osnap";
/// Extension of pending snapshots, which wait for a review.
const PENDING_EXTENSION: &str = ".osnap.new";

/// A directory of snapshots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotStore {
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
    pub fn pending_path(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".new");
        name.into()
    }

    /// Returns the accepted text, or `None` if nothing is accepted.
    ///
    /// # Errors
    /// Returns an error if the file exists and cannot be read.
    pub fn read_accepted(&self) -> Result<Option<String>, StoreError> {
        if self.path.exists() { read_text(&self.path).map(Some) } else { Ok(None) }
    }

    /// Replaces the accepted text.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn write_accepted(&self, text: &str) -> Result<(), StoreError> {
        write_file(&self.path, text.as_bytes())
    }

    /// Writes the pending text beside the accepted one.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub fn write_pending(&self, text: &str) -> Result<(), StoreError> {
        write_file(&self.pending_path(), text.as_bytes())
    }

    /// Removes the pending snapshot if it exists.
    ///
    /// # Errors
    /// Returns an error if the file cannot be removed.
    pub fn remove_pending(&self) -> Result<(), StoreError> {
        remove_if_exists(&self.pending_path())
    }

    /// Removes the accepted snapshot if it exists.
    ///
    /// # Errors
    /// Returns an error if the file cannot be removed.
    pub fn remove_accepted(&self) -> Result<(), StoreError> {
        remove_if_exists(&self.path)
    }
}

#[expect(clippy::disallowed_methods, reason = "this module removes files")]
fn remove_if_exists(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::from_io("remove", path, &error)),
        _ => Ok(()),
    }
}

impl SnapshotStore {
    /// Creates a store in a directory, which does not have to exist.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Returns the directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the snapshot file of an operation.
    pub fn file_for(&self, profile: &str, scenario: &str, operation: &str) -> SnapshotFile {
        let folder = self.directory.join(encode_path_component(profile)).join(encode_path_component(scenario));
        SnapshotFile {
            profile: profile.to_owned(),
            scenario: scenario.to_owned(),
            operation: operation.to_owned(),
            path: folder.join(format!("{}{ACCEPTED_EXTENSION}", encode_path_component(operation))),
        }
    }

    /// Returns all files with a pending snapshot, sorted.
    ///
    /// # Errors
    /// Returns an error if a directory cannot be listed.
    pub fn pending_files(&self) -> Result<Vec<SnapshotFile>, StoreError> {
        let mut found = Vec::new();
        for profile in list_subfolders(&self.directory)? {
            for scenario in list_subfolders(&profile)? {
                for path in super::scenarios::list_folder(&scenario)? {
                    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
                    let Some(operation) =
                        name(&path).and_then(|name| Some(name.strip_suffix(PENDING_EXTENSION)?.to_owned()))
                    else {
                        continue;
                    };
                    found.push(SnapshotFile {
                        profile: name(&profile).map(|name| decode_path_component(&name)).unwrap_or_default(),
                        scenario: name(&scenario).map(|name| decode_path_component(&name)).unwrap_or_default(),
                        path: scenario.join(format!("{operation}{ACCEPTED_EXTENSION}")),
                        operation: decode_path_component(&operation),
                    });
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

fn list_subfolders(directory: &Path) -> Result<Vec<PathBuf>, StoreError> {
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    Ok(super::scenarios::list_folder(directory)?.into_iter().filter(|path| path.is_dir()).collect())
}

/// Encodes a name as a single path component that cannot leave its directory: other characters become `%XX`.
fn encode_path_component(name: &str) -> String {
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
fn decode_path_component(name: &str) -> String {
    percent_encoding::percent_decode_str(name.trim_end_matches('%')).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_names_stay_inside_the_directory_and_decode_to_themselves() {
        for name in ["TagContact", "../../etc", "..", ".hidden", "a/b", "a b%", "ü", "", "a.b"] {
            let safe = encode_path_component(name);
            assert!(!safe.contains('/') && !safe.starts_with('.') && !safe.is_empty(), "{safe}");
            assert_eq!(decode_path_component(&safe), name);
        }
    }

    #[test]
    fn pending_snapshots_are_listed_until_they_are_removed() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let all = SnapshotStore::new(directory.path().join("snapshots"));
        assert_eq!(all.pending_files().expect("listed"), []);
        let file = all.file_for("my.server", "a b", "../Op");
        file.write_pending("text").expect("written");
        assert_eq!(file.read_accepted().expect("read"), None);
        assert_eq!(all.pending_files().expect("listed"), std::slice::from_ref(&file));
        file.write_accepted("text").expect("written");
        file.remove_pending().expect("removed");
        file.remove_pending().expect("nothing left to remove");
        assert_eq!(all.pending_files().expect("listed"), []);
        assert_eq!(file.read_accepted().expect("read").as_deref(), Some("text"));
    }
}
