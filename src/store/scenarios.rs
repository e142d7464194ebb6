//! Finding scenarios: in `scenarios/`, by path, or among the shipped ones.
//!
//! This file never reads what is inside.

use super::{StoreError, read_text};
use std::path::{Path, PathBuf};

/// A scenario's text and where its sources are relative to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The file's stem.
    pub name: String,
    /// As it is shown in messages.
    pub shown: String,
    /// The text.
    pub text: String,
    /// The directory of its sources; absent for a shipped scenario, whose sources are shipped too.
    pub directory: Option<PathBuf>,
}

struct Shipped {
    name: &'static str,
    text: &'static str,
}

const SHIPPED: &[Shipped] = &[
    Shipped { name: "connect", text: include_str!("../../scenarios/connect.toml") },
    Shipped { name: "leadlex", text: include_str!("../../scenarios/leadlex.toml") },
];

/// The names of the scenarios inside the binary.
pub fn shipped_names() -> Vec<&'static str> {
    SHIPPED.iter().map(|shipped| shipped.name).collect()
}

impl Shipped {
    fn found(&self) -> Found {
        Found {
            name: self.name.to_owned(),
            shown: format!("{}.toml (shipped)", self.name),
            text: self.text.to_owned(),
            directory: None,
        }
    }
}

/// All scenarios of `scenarios/` below this directory; the shipped ones where there is none.
///
/// # Errors
/// Where the directory or a file cannot be read.
pub fn all_scenarios(directory: &Path) -> Result<Vec<Found>, StoreError> {
    let folder = directory.join("scenarios");
    let mut paths: Vec<PathBuf> = if folder.is_dir() { list(&folder)? } else { Vec::new() };
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    if paths.is_empty() {
        return Ok(SHIPPED.iter().map(Shipped::found).collect());
    }
    paths.iter().map(|path| from_file(directory, path)).collect()
}

#[expect(clippy::disallowed_methods, reason = "this room reads directories")]
pub(super) fn list(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let wrong = |error: std::io::Error| StoreError::io("list", folder, &error);
    std::fs::read_dir(folder).map_err(wrong)?.map(|entry| entry.map(|entry| entry.path()).map_err(wrong)).collect()
}

/// The scenario that a user names: a path to a TOML file, the name of one in `scenarios/`, or a shipped one.
///
/// # Errors
/// Where there is none, with the nearest name.
pub fn find_scenario(directory: &Path, name: &str) -> Result<Found, StoreError> {
    let is_path = name.ends_with(".toml") || name.contains(std::path::MAIN_SEPARATOR) || name.contains('/');
    if is_path {
        return from_file(directory, &directory.join(name));
    }
    let path = directory.join("scenarios").join(format!("{name}.toml"));
    if path.is_file() {
        return from_file(directory, &path);
    }
    if let Some(shipped) = SHIPPED.iter().find(|shipped| shipped.name == name) {
        return Ok(shipped.found());
    }
    let mut known: Vec<String> = SHIPPED.iter().map(|shipped| shipped.name.to_owned()).collect();
    known.extend(list(&directory.join("scenarios")).unwrap_or_default().iter().filter_map(|path| {
        let is_scenario = path.extension().is_some_and(|extension| extension == "toml");
        is_scenario.then(|| path.file_stem().map(|stem| stem.to_string_lossy().into_owned())).flatten()
    }));
    known.sort();
    known.dedup();
    let near = known.iter().min_by_key(|known| strsim::damerau_levenshtein(name, known));
    let hint = match near.filter(|near| strsim::damerau_levenshtein(name, near) <= 2) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}; a file of your own is given by its path", known.join(", ")),
    };
    Err(StoreError::hint(format!("no scenario is called `{name}`"), hint))
}

fn from_file(directory: &Path, path: &Path) -> Result<Found, StoreError> {
    let text = read_text(path)?;
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let shown = path.strip_prefix(directory).unwrap_or(path).display().to_string();
    let parent = path.parent().map(Path::to_owned).unwrap_or_default();
    Ok(Found { name, shown, text, directory: Some(parent) })
}

/// The text of a source that is shipped beside a shipped scenario.
pub(super) fn shipped_source(name: &str) -> Option<&'static str> {
    match name {
        "connect.contract.json" => Some(include_str!("../../scenarios/connect.contract.json")),
        "leadlex.contract.json" => Some(include_str!("../../scenarios/leadlex.contract.json")),
        _ => None,
    }
}
