//! Finds scenarios in `scenarios/`, by path, or among those shipped with overstep.
//!
//! It never parses a scenario.

use super::{StoreError, read_text};
use crate::contract::nearest_name;
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
    /// Whether its name alone finds it.
    pub is_found_by_name: bool,
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
            is_found_by_name: true,
        }
    }
}

/// Returns all scenarios in the nearest `scenarios/` of a directory and its ancestors, or the shipped ones if there are
/// none.
///
/// # Errors
/// Returns an error if the directory or a file cannot be read.
pub fn find_all_scenarios(directory: &Path) -> Result<Vec<FoundScenario>, StoreError> {
    match nearest_scenarios(directory)? {
        Some(nearest) => nearest.files.iter().map(|file| nearest.read(file)).collect(),
        None => Ok(SHIPPED_SCENARIOS.iter().map(ShippedScenario::to_found_scenario).collect()),
    }
}

/// A `scenarios/` folder with scenarios.
struct ScenariosFolder {
    folder: PathBuf,
    /// The folder as messages show it: `scenarios`, `../scenarios` ….
    display_name: PathBuf,
    /// The paths of the scenarios, sorted.
    files: Vec<PathBuf>,
}

impl ScenariosFolder {
    fn read(&self, path: &Path) -> Result<FoundScenario, StoreError> {
        let shown = self.display_name.join(path.file_name().unwrap_or_default());
        let directory = Some(self.folder.clone());
        let display_name = shown.display().to_string();
        Ok(FoundScenario { display_name, directory, is_found_by_name: true, ..read_scenario_file(path, path)? })
    }
}

/// Returns the nearest `scenarios/` with a scenario, in a directory and its ancestors up to the root of the repository.
fn nearest_scenarios(directory: &Path) -> Result<Option<ScenariosFolder>, StoreError> {
    let mut display_name = PathBuf::from("scenarios");
    for above in directory.ancestors() {
        let folder = above.join("scenarios");
        let mut files = match list_folder(&folder) {
            // A folder above may belong to another user, and is none of this project's then.
            Err(_) if above != directory || !folder.is_dir() => Vec::new(),
            files => files?,
        };
        files.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        files.sort();
        if !files.is_empty() {
            return Ok(Some(ScenariosFolder { folder, display_name, files }));
        }
        if above.join(".git").exists() {
            break;
        }
        display_name = Path::new("..").join(display_name);
    }
    Ok(None)
}

/// Returns the names of the files of known divergences of a scenario, sorted: one for each endpoint.
pub fn known_divergence_files(scenario: &FoundScenario) -> Vec<String> {
    let Some(directory) = &scenario.directory else { return Vec::new() };
    let files = list_folder(&directory.join(format!("{}.known", scenario.name))).unwrap_or_default();
    let names = files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let mut names: Vec<String> =
        names.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())).collect();
    names.sort();
    names
}

/// Returns the names of the scenarios that a command finds by their names.
///
/// # Errors
/// Returns an error if `scenarios/` cannot be listed.
pub fn scenario_names(directory: &Path) -> Result<Vec<String>, StoreError> {
    let mut names: Vec<String> = SHIPPED_SCENARIOS.iter().map(|shipped| shipped.name.to_owned()).collect();
    let nearest = nearest_scenarios(directory)?;
    let stems = nearest.iter().flat_map(|nearest| &nearest.files).filter_map(|path| path.file_stem());
    names.extend(stems.map(|stem| stem.to_string_lossy().into_owned()));
    names.sort();
    names.dedup();
    Ok(names)
}

#[expect(clippy::disallowed_methods, reason = "this module reads directories")]
pub(super) fn list_folder(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let to_store_error = |error: std::io::Error| StoreError::from_io("list", folder, &error);
    std::fs::read_dir(folder)
        .map_err(to_store_error)?
        .map(|entry| entry.map(|entry| entry.path()).map_err(to_store_error))
        .collect()
}

/// Finds the scenario that a user names: a path to a TOML file, the name of a file in the nearest `scenarios/`, or a
/// shipped one.
///
/// # Errors
/// Returns an error that suggests the nearest name if there is no such scenario.
pub fn find_scenario(directory: &Path, name: &str) -> Result<FoundScenario, StoreError> {
    if name.contains("://") {
        // The URL may contain a password, so it is not shown.
        let hint = "name the scenario, and the endpoint with `--endpoint URL`";
        return Err(StoreError::with_hint("expected the name of a scenario, found a URL", hint));
    }
    let is_document = [".json", ".yaml", ".yml", ".mdx", ".md", ".smithy"].iter().any(|end| name.ends_with(end));
    if is_document && !directory.join("scenarios").join(format!("{name}.toml")).is_file() {
        let hint = format!("write a scenario for it: `overstep init NAME --source {name}`");
        return Err(StoreError::with_hint(format!("`{name}` is a document and not a scenario"), hint));
    }
    let is_path = name.ends_with(".toml") || name.contains(std::path::MAIN_SEPARATOR) || name.contains('/');
    if is_path {
        let path = directory.join(name);
        return read_scenario_file(&path, path.strip_prefix(directory).unwrap_or(&path));
    }
    let nearest = nearest_scenarios(directory)?;
    let stem = Some(std::ffi::OsStr::new(name));
    if let Some((nearest, path)) = nearest
        .as_ref()
        .and_then(|nearest| Some((nearest, nearest.files.iter().find(|path| path.file_stem() == stem)?)))
    {
        return nearest.read(path);
    }
    if let Some(shipped) = SHIPPED_SCENARIOS.iter().find(|shipped| shipped.name == name) {
        return Ok(shipped.to_found_scenario());
    }
    let known = scenario_names(directory)?;
    let hint = match nearest_name(name, known.iter().map(String::as_str), 2) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("expected one of {}, or the path of a scenario file", known.join(", ")),
    };
    Err(StoreError::with_hint(format!("unknown scenario `{name}`"), hint))
}

/// Reads the scenario at a path; `shown` is the path in messages.
fn read_scenario_file(path: &Path, shown: &Path) -> Result<FoundScenario, StoreError> {
    let text = read_text(path)?;
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let directory = Some(path.parent().map(Path::to_owned).unwrap_or_default());
    Ok(FoundScenario { name, display_name: shown.display().to_string(), text, directory, is_found_by_name: false })
}

/// Returns the text of a source that belongs to a shipped scenario.
pub(super) fn shipped_source_text(name: &str) -> Option<&'static str> {
    match name {
        "connect.contract.json" => Some(include_str!("../../scenarios/connect.contract.json")),
        "leadlex.contract.json" => Some(include_str!("../../scenarios/leadlex.contract.json")),
        _ => None,
    }
}
