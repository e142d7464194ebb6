//! Names the files that decide what a run sends.
//!
//! It never looks at a file.

use super::run_settings::ScenarioRun;
use super::saved_requests::saved_folder;
use overstep::store;
use std::path::{Path, PathBuf};

/// Returns the scenario's file and its documents, known divergences and saved requests, and `overstep.toml`.
pub fn watched_files(run: &ScenarioRun, directory: &Path, root: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = store::find_upwards(directory, "overstep.toml").into_iter().collect();
    if let Some(folder) = &run.found.directory {
        files.push(folder.join(format!("{}.toml", run.found.name)));
        files.push(folder.join(format!("{}.known", run.found.name)));
        files.push(saved_folder(&run.found, directory));
    }
    files.extend(run.job.documents.values().map(|path| root.join(path)));
    files
}
