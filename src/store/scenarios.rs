//! Finds scenarios in `scenarios/`, by path, or among those shipped with overstep.
//!
//! It never parses a scenario.

use super::{StoreError, read_text};
use std::path::{Path, PathBuf};

/// A scenario's text and the directory that its sources are relative to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundScenario {
    /// The file name without its extension.
    pub name: String,
    /// The path or name that messages show.
    pub display_name: String,
    /// The scenario's text.
    pub text: String,
    /// The directory that sources are relative to, or `None` for a shipped scenario, whose sources are shipped too.
    pub directory: Option<PathBuf>,
}

struct ShippedScenario {
    name: &'static str,
    text: &'static str,
}

const SHIPPED_SCENARIOS: &[ShippedScenario] = &[
    ShippedScenario { name: "connect", text: include_str!("../../scenarios/connect.toml") },
    ShippedScenario { name: "leadlex", text: include_str!("../../scenarios/leadlex.toml") },
];

/// Returns the names of the scenarios that are part of the binary.
pub fn shipped_scenario_names() -> Vec<&'static str> {
    SHIPPED_SCENARIOS.iter().map(|shipped| shipped.name).collect()
}

impl ShippedScenario {
    fn to_found_scenario(&self) -> FoundScenario {
        FoundScenario {
            name: self.name.to_owned(),
            display_name: format!("{}.toml (shipped)", self.name),
            text: self.text.to_owned(),
            directory: None,
        }
    }
}

/// Returns all scenarios in `scenarios/` below a directory, or the shipped ones if there are none.
///
/// # Errors
/// Returns an error if the directory or a file cannot be read.
pub fn find_all_scenarios(directory: &Path) -> Result<Vec<FoundScenario>, StoreError> {
    let folder = directory.join("scenarios");
    let mut paths: Vec<PathBuf> = if folder.is_dir() { list_folder(&folder)? } else { Vec::new() };
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    if paths.is_empty() {
        return Ok(SHIPPED_SCENARIOS.iter().map(ShippedScenario::to_found_scenario).collect());
    }
    paths.iter().map(|path| read_scenario_file(directory, path)).collect()
}

#[expect(clippy::disallowed_methods, reason = "this module reads directories")]
pub(super) fn list_folder(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let to_store_error = |error: std::io::Error| StoreError::from_io("list", folder, &error);
    std::fs::read_dir(folder)
        .map_err(to_store_error)?
        .map(|entry| entry.map(|entry| entry.path()).map_err(to_store_error))
        .collect()
}

/// Finds the scenario that a user names: a path to a TOML file, the name of a file in `scenarios/`, or a shipped one.
///
/// # Errors
/// Returns an error that suggests the nearest name if there is no such scenario.
pub fn find_scenario(directory: &Path, name: &str) -> Result<FoundScenario, StoreError> {
    let is_path = name.ends_with(".toml") || name.contains(std::path::MAIN_SEPARATOR) || name.contains('/');
    if is_path {
        return read_scenario_file(directory, &directory.join(name));
    }
    let path = directory.join("scenarios").join(format!("{name}.toml"));
    if path.is_file() {
        return read_scenario_file(directory, &path);
    }
    if let Some(shipped) = SHIPPED_SCENARIOS.iter().find(|shipped| shipped.name == name) {
        return Ok(shipped.to_found_scenario());
    }
    let mut known: Vec<String> = SHIPPED_SCENARIOS.iter().map(|shipped| shipped.name.to_owned()).collect();
    known.extend(list_folder(&directory.join("scenarios")).unwrap_or_default().iter().filter_map(|path| {
        let is_scenario = path.extension().is_some_and(|extension| extension == "toml");
        is_scenario.then(|| path.file_stem().map(|stem| stem.to_string_lossy().into_owned())).flatten()
    }));
    known.sort();
    known.dedup();
    let near = known.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
    let hint = match near.filter(|near| strsim::damerau_levenshtein(name, near) <= 2) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("expected one of {}, or the path of a scenario file", known.join(", ")),
    };
    Err(StoreError::with_hint(format!("unknown scenario `{name}`"), hint))
}

fn read_scenario_file(directory: &Path, path: &Path) -> Result<FoundScenario, StoreError> {
    let text = read_text(path)?;
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let shown = path.strip_prefix(directory).unwrap_or(path).display().to_string();
    let parent = path.parent().map(Path::to_owned).unwrap_or_default();
    Ok(FoundScenario { name, display_name: shown, text, directory: Some(parent) })
}

/// Returns the text of a source that belongs to a shipped scenario.
pub(super) fn shipped_source_text(name: &str) -> Option<&'static str> {
    match name {
        "connect.contract.json" => Some(include_str!("../../scenarios/connect.contract.json")),
        "leadlex.contract.json" => Some(include_str!("../../scenarios/leadlex.contract.json")),
        _ => None,
    }
}
