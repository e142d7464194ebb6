//! Reads the saved requests of earlier findings: those that `fuzz --save` wrote next to the scenario, and those of the
//! last fuzzing run.
//!
//! It never interprets the requests; `session` does.

use super::{CommandError, messages};
use crate::config::{error_diagnostic, warning_diagnostic};
use crate::session::SavedRegression;
use overstep::escape::file_name;
use overstep::report::Diagnostic;
use overstep::store::{self, FoundScenario};
use std::path::{Path, PathBuf};

/// Returns the folder of a scenario's saved requests: `NAME.saved` next to its file.
pub fn saved_folder(found: &FoundScenario, directory: &Path) -> PathBuf {
    let scenarios = found.directory.clone().unwrap_or_else(|| directory.join("scenarios"));
    scenarios.join(format!("{}.saved", found.name))
}

/// Returns the default folder for the findings of fuzzing.
pub fn artifacts_folder(scenario: &str, directory: &Path) -> PathBuf {
    directory.join(".overstep").join("fuzz").join(file_name(scenario))
}

/// Reads the saved requests of a scenario.
pub fn read_scenario_requests(found: &FoundScenario, directory: &Path) -> Result<Vec<SavedRegression>, CommandError> {
    read_requests(&saved_folder(found, directory), directory)
}

/// Reads all saved requests in a folder.
pub fn read_requests(folder: &Path, directory: &Path) -> Result<Vec<SavedRegression>, CommandError> {
    let mut all = Vec::new();
    for (path, bytes) in store::read_small_files(folder)? {
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let display_name = path.strip_prefix(directory).unwrap_or(&path).display().to_string();
        let text = String::from_utf8(bytes).map_err(|_| Diagnostic::error(format!("`{display_name}` is not UTF-8")))?;
        let (regression, odd) = overstep::scenario::read_regression(&text)
            .map_err(|error| error_diagnostic(&display_name, &text, error))?;
        let warnings: Vec<_> = odd.into_iter().map(|one| warning_diagnostic(&display_name, &text, one)).collect();
        messages::print_warnings(&warnings, false)?;
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        if name.contains('/') || name.contains('*') {
            return Err(Diagnostic::error(format!(
                "`{display_name}`: the file name is part of case ids and must not contain `*`"
            ))
            .into());
        }
        all.push(SavedRegression::new(&name, &display_name, &regression)?);
    }
    Ok(all)
}
