//! Reads `overstep.toml`.
//!
//! It never reads the environment.

use super::diagnostics::{error_diagnostic, store_diagnostic, warning_diagnostic};
use overstep::report::Diagnostic;
use overstep::scenario::{ProjectSettings, read_settings};
use overstep::store;
use std::path::{Path, PathBuf};

/// The settings of a project.
#[derive(Debug, Default)]
pub struct Config {
    /// The content of the file.
    pub settings: ProjectSettings,
    /// The directory of the file; paths in the file are relative to it.
    pub directory: PathBuf,
    /// Warnings about the file.
    pub warnings: Vec<Diagnostic>,
}

impl Config {
    /// Reads `overstep.toml` from this directory or the nearest parent that has one.
    pub fn load(start: &Path) -> Result<Self, Box<Diagnostic>> {
        let Some(path) = store::find_upwards(start, "overstep.toml") else {
            return Ok(Self { directory: start.to_owned(), ..Self::default() });
        };
        let text = store::read_text(&path).map_err(|error| Box::new(store_diagnostic(&error)))?;
        let file_name = path.strip_prefix(start).unwrap_or(&path).display().to_string();
        let (settings, warnings) =
            read_settings(&text).map_err(|error| Box::new(error_diagnostic(&file_name, &text, error)))?;
        let warnings = warnings.into_iter().map(|one| warning_diagnostic(&file_name, &text, one)).collect();
        let directory = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self { settings, directory, warnings })
    }
}
