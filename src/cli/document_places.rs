//! Finds the folders in which documents are searched for.
//!
//! It never reads a document.

use super::environment::environment_variable;
use overstep::store::{self, SourceSearchPaths};
use std::path::PathBuf;

/// Returns where botocore is searched for: the folder in `OVERSTEP_BOTOCORE`, or else the Python installations.
pub fn document_places(directory: Option<PathBuf>) -> SourceSearchPaths {
    if let Some(folder) = environment_variable("OVERSTEP_BOTOCORE").filter(|folder| !folder.is_empty()) {
        return SourceSearchPaths { directory, botocore: vec![PathBuf::from(folder)] };
    }
    let mut roots: Vec<PathBuf> = Vec::new();
    if let Some(active) = environment_variable("VIRTUAL_ENV") {
        roots.push(PathBuf::from(active));
    }
    if let Some(home) = environment_variable("HOME").map(PathBuf::from) {
        roots.push(home.join(".local"));
    }
    roots.extend(["/usr/local", "/usr"].map(PathBuf::from));
    SourceSearchPaths { directory, botocore: store::find_site_packages(&roots) }
}
