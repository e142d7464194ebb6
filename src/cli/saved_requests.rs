//! Reads the saved requests of earlier findings: those that `fuzz --save` wrote next to the scenario, and those of the
//! last fuzzing run.
//!
//! It never interprets the requests; `pipeline` does.

use super::{Stopped, say};
use crate::config::{problem, warning};
use overstep::pipeline::Saved;
use overstep::report::Diagnostic;
use overstep::store::{self, Found};
use std::path::{Path, PathBuf};

/// Returns the folder of a scenario's saved requests: `NAME.saved` next to its file.
pub fn folder(found: &Found, directory: &Path) -> PathBuf {
    let beside = found.directory.clone().unwrap_or_else(|| directory.join("scenarios"));
    beside.join(format!("{}.saved", found.name))
}

/// Returns the default folder for the findings of fuzzing.
pub fn artifacts(scenario: &str, directory: &Path) -> PathBuf {
    directory.join(".overstep").join("fuzz").join(scenario)
}

/// Reads the saved requests of a scenario.
pub fn kept(found: &Found, directory: &Path) -> Result<Vec<Saved>, Stopped> {
    read(&folder(found, directory), directory)
}

/// Reads all saved requests in a folder.
pub fn read(folder: &Path, directory: &Path) -> Result<Vec<Saved>, Stopped> {
    let mut all = Vec::new();
    for (path, bytes) in store::small_files(folder)? {
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let shown = path.strip_prefix(directory).unwrap_or(&path).display().to_string();
        let text = String::from_utf8(bytes).map_err(|_| Diagnostic::error(format!("`{shown}` is not UTF-8")))?;
        let (regression, odd) =
            overstep::scenario::read_regression(&text).map_err(|error| problem(&shown, &text, error))?;
        let odd: Vec<_> = odd.into_iter().map(|one| warning(&shown, &text, one)).collect();
        say::warnings(&odd, false)?;
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if name.contains('/') || name.contains('*') {
            return Err(Diagnostic::error(format!(
                "`{shown}`: the file name is part of case ids and must not contain `*`"
            ))
            .into());
        }
        all.push(Saved::new(&name, &shown, &regression)?);
    }
    Ok(all)
}
