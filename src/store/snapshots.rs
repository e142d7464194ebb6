//! `snapshots/<profile>/<scenario>/<Operation>.osnap`, and beside it `.osnap.new`, which waits for a person.
//!
//! An accepted file is replaced whole or not at all, whenever the process may end.

use super::{StoreError, read_text, write_whole};
use std::path::{Path, PathBuf};

/// How accepted files end.
const ENDING: &str = ".osnap";
/// How waiting files end.
const WAITING: &str = ".osnap.new";

/// A directory of snapshots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshots {
    directory: PathBuf,
}

/// One operation's file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnapshotFile {
    /// The endpoint's name.
    pub profile: String,
    /// The scenario.
    pub scenario: String,
    /// The operation.
    pub operation: String,
    /// Where its accepted behaviour is, or would be.
    pub path: PathBuf,
}

impl SnapshotFile {
    /// Where its waiting behaviour is, or would be.
    pub fn waiting(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".new");
        name.into()
    }

    /// The accepted text; `None` where nothing is accepted.
    ///
    /// # Errors
    /// Where there is a file that cannot be read.
    pub fn accepted(&self) -> Result<Option<String>, StoreError> {
        if self.path.exists() { read_text(&self.path).map(Some) } else { Ok(None) }
    }

    /// Replaces the accepted text.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn accept(&self, text: &str) -> Result<(), StoreError> {
        write_whole(&self.path, text.as_bytes())
    }

    /// Puts a text beside the accepted one.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn wait(&self, text: &str) -> Result<(), StoreError> {
        write_whole(&self.waiting(), text.as_bytes())
    }

    /// Takes the waiting text away, if there is one.
    ///
    /// # Errors
    /// Where the file cannot be removed.
    pub fn forget(&self) -> Result<(), StoreError> {
        remove(&self.waiting())
    }

    /// Takes the accepted text away, if there is one.
    ///
    /// # Errors
    /// Where the file cannot be removed.
    pub fn unaccept(&self) -> Result<(), StoreError> {
        remove(&self.path)
    }
}

#[expect(clippy::disallowed_methods, reason = "this room removes files")]
fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io("remove", path, &error)),
        _ => Ok(()),
    }
}

impl Snapshots {
    /// In this directory, which need not be there.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    /// Where this is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The file of an operation.
    pub fn file(&self, profile: &str, scenario: &str, operation: &str) -> SnapshotFile {
        let folder = self.directory.join(safe(profile)).join(safe(scenario));
        SnapshotFile {
            profile: profile.to_owned(),
            scenario: scenario.to_owned(),
            operation: operation.to_owned(),
            path: folder.join(format!("{}{ENDING}", safe(operation))),
        }
    }

    /// All files that wait, sorted.
    ///
    /// # Errors
    /// Where a directory cannot be listed.
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

/// A name as part of a path that stays where it is put: other characters as `%XX`.
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

fn plain(name: &str) -> String {
    percent_encoding::percent_decode_str(name.trim_end_matches('%')).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_directory() {
        for name in ["TagContact", "../../etc", "..", ".hidden", "a/b", "a b%", "ü", "", "a.b"] {
            let safe = safe(name);
            assert!(!safe.contains('/') && !safe.starts_with('.') && !safe.is_empty(), "{safe}");
            assert_eq!(plain(&safe), name);
        }
    }

    #[test]
    fn files_that_wait_are_found_by_their_names() {
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
