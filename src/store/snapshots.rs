//! Reads and writes `snapshots/<profile>/<scenario>/<Operation>.osnap` and the pending `.osnap.new` beside it.
//!
//! An accepted file is never left half written, even if the process is killed.

use super::{StoreError, read_text, remove_leftovers, write_file, write_file_durably};
use crate::escape::{file_name, name_of_file, qualified_file_name};
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Extension of accepted snapshots.
const ACCEPTED_EXTENSION: &str = ".osnap";
/// Extension of pending snapshots, which wait for a review.
const PENDING_EXTENSION: &str = ".osnap.new";

/// A directory of snapshots.
#[derive(Clone, Debug)]
pub struct SnapshotStore {
    directory: PathBuf,
    names: Arc<Mutex<KnownNames>>,
}

/// The file names of each folder that exist or were returned, without extensions, by their lowercase form. On many file
/// systems, names that differ only in case are one file.
type KnownNames = HashMap<PathBuf, HashMap<String, HashSet<String>>>;

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
        write_file_durably(&self.path, text.as_bytes())
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
        Self { directory, names: Arc::default() }
    }

    /// Returns the directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the snapshot file of an operation. Two operations never get the same file, not even if their names differ
    /// only in case: the first one that the store knows keeps its name, which a file that exists always does.
    pub fn file_for(&self, profile: &str, scenario: &str, operation: &str) -> SnapshotFile {
        let mut folder = self.directory.join(self.choose_name(&self.directory, profile));
        folder.push(self.choose_name(&folder, scenario));
        let name = self.choose_name(&folder, operation);
        SnapshotFile {
            profile: profile.to_owned(),
            scenario: scenario.to_owned(),
            operation: operation.to_owned(),
            path: folder.join(format!("{name}{ACCEPTED_EXTENSION}")),
        }
    }

    /// Returns the file name of a name in a folder, without an extension.
    fn choose_name(&self, folder: &Path, name: &str) -> String {
        let mut folders = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let known = folders.entry(folder.to_owned()).or_insert_with(|| list_names(folder));
        let qualified = qualified_file_name(name);
        if known.contains_key(&qualified.to_ascii_lowercase()) {
            return qualified;
        }
        let plain = file_name(name);
        let others = known.entry(plain.to_ascii_lowercase()).or_default();
        if others.contains(&plain) {
            return plain;
        }
        if others.is_empty() {
            others.insert(plain.clone());
            return plain;
        }
        known.entry(qualified.to_ascii_lowercase()).or_default().insert(qualified.clone());
        qualified
    }

    /// Removes the temporary files that killed runs left in the folders of snapshots.
    pub fn remove_leftovers(&self) {
        for profile in list_subfolders(&self.directory).unwrap_or_default() {
            list_subfolders(&profile).unwrap_or_default().iter().for_each(|scenario| remove_leftovers(scenario));
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
                    let decode = |path: &Path| {
                        let name = name(path)?;
                        Some(name_of_file(&name).unwrap_or(name))
                    };
                    // A file whose name is cut says inside which operation it is about.
                    let named = name_of_file(&operation).or_else(|| read_operation_name(&path));
                    found.push(SnapshotFile {
                        profile: decode(&profile).unwrap_or_default(),
                        scenario: decode(&scenario).unwrap_or_default(),
                        path: scenario.join(format!("{operation}{ACCEPTED_EXTENSION}")),
                        operation: named.unwrap_or(operation),
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

/// Returns the names of a folder's files and folders, without the extensions of snapshots, by their lowercase form.
fn list_names(folder: &Path) -> HashMap<String, HashSet<String>> {
    let mut names: HashMap<String, HashSet<String>> = HashMap::new();
    for path in super::scenarios::list_folder(folder).unwrap_or_default() {
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        let name =
            [PENDING_EXTENSION, ACCEPTED_EXTENSION].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
        names.entry(name.to_ascii_lowercase()).or_default().insert(name.to_owned());
    }
    names
}

/// Returns the operation that the head of a snapshot names, as `expression: SCENARIO/OPERATION`.
fn read_operation_name(path: &Path) -> Option<String> {
    let text = read_text(path).ok()?;
    let line = text.lines().take(8).find_map(|line| line.strip_prefix("expression: "))?;
    let id = if line.starts_with('"') { serde_json::from_str(line).ok()? } else { line.to_owned() };
    id.split_once('/').map(|(_, operation)| operation.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_only_in_case_never_share_a_file() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = |store: &SnapshotStore, profile: &str, operation: &str| {
            let file = store.file_for(profile, "s", operation);
            let path = file.path.strip_prefix(directory.path()).expect("inside").to_string_lossy().into_owned();
            (file, path)
        };
        let store = SnapshotStore::new(directory.path().to_owned());
        let (file, first) = path(&store, "p", "GetNote");
        let (other, second) = path(&store, "p", "getnote");
        assert_eq!(first, "p/s/GetNote.osnap");
        assert!(second.starts_with("p/s/getnote~") && second.ends_with(".osnap"), "{second}");
        assert_eq!(path(&store, "p", "getnote").1, second);
        assert_ne!(path(&store, "P", "GetNote").1.to_lowercase(), first.to_lowercase());
        file.write_accepted("one").expect("written");
        other.write_pending("two").expect("written");
        // Another process that asks for them in another order gets the same files.
        let later = SnapshotStore::new(directory.path().to_owned());
        assert_eq!([path(&later, "p", "getnote").1, path(&later, "p", "GetNote").1], [second, first]);
        assert_eq!(later.pending_files().expect("listed")[0].operation, "getnote");
        // Files that exist keep their names, as on a file system that tells them apart.
        store.file_for("q", "s", "x").write_accepted("x").expect("written");
        write_file(&directory.path().join("q/s/X.osnap"), b"X").expect("written");
        let both = SnapshotStore::new(directory.path().to_owned());
        if both.file_for("q", "s", "x").read_accepted().expect("read").as_deref() == Some("x") {
            assert_eq!(both.file_for("q", "s", "X").read_accepted().expect("read").as_deref(), Some("X"));
        }
    }

    #[test]
    fn a_pending_snapshot_with_a_cut_name_says_its_operation() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let store = SnapshotStore::new(directory.path().to_owned());
        let operation = "Op".repeat(150);
        let text = format!("---\nsource: scenarios/s.toml\nexpression: s/{operation}\n---\n");
        store.file_for("p", "s", &operation).write_pending(&text).expect("written");
        assert_eq!(store.pending_files().expect("listed")[0].operation, operation);
    }

    #[test]
    fn accepted_snapshots_of_this_repository_keep_their_file_names() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
        let store = SnapshotStore::new(PathBuf::from("snapshots"));
        let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
        let mut files = 0;
        for profile in list_subfolders(&directory).expect("listed") {
            for scenario in list_subfolders(&profile).expect("listed") {
                for path in crate::store::scenarios::list_folder(&scenario).expect("listed") {
                    let file = name(&path);
                    let operation = file.strip_suffix(ACCEPTED_EXTENSION).expect("an accepted snapshot");
                    let expected = Path::new("snapshots").join(name(&profile)).join(name(&scenario)).join(&file);
                    assert_eq!(store.file_for(&name(&profile), &name(&scenario), operation).path, expected);
                    files += 1;
                }
            }
        }
        assert!(files > 0, "there are accepted snapshots");
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
