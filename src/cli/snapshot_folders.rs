//! Finds the folders of snapshots.
//!
//! It never reads or writes a snapshot.

use crate::session::{SnapshotOptions, SnapshotUpdate};
use overstep::store::{FoundScenario, SnapshotStore};
use std::path::{Path, PathBuf};

/// Returns `snapshots/` next to the scenarios folder, or in the current directory.
fn default_folder(found: &FoundScenario, directory: &Path) -> PathBuf {
    let root = match &found.directory {
        Some(folder) if folder.ends_with("scenarios") => folder.parent().map(Path::to_owned),
        Some(folder) => Some(folder.clone()),
        None => None,
    };
    root.unwrap_or_else(|| directory.to_owned()).join("snapshots")
}

/// Returns the snapshot options for a scenario, with `folder` or else the default folder.
pub fn snapshot_options(
    folder: Option<&Path>,
    found: &FoundScenario,
    directory: &Path,
    update: SnapshotUpdate,
) -> SnapshotOptions {
    let folder = folder.map_or_else(|| default_folder(found, directory), |folder| directory.join(folder));
    SnapshotOptions {
        snapshots: SnapshotStore::new(folder),
        update,
        source: format!("scenarios/{}.toml", found.name),
        profile: None,
    }
}

/// Returns the nearest `snapshots/` in this directory or its parents, up to the repository root.
pub fn nearest_folder(directory: &Path) -> PathBuf {
    for above in directory.ancestors() {
        let candidate = above.join("snapshots");
        if candidate.is_dir() {
            return candidate;
        }
        if above.join(".git").exists() {
            break;
        }
    }
    directory.join("snapshots")
}
