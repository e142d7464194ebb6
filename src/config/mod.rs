//! Settings that do not come from flags: `overstep.toml` and the environment.
//!
//! This module never sends a request and never prints.

mod aws;
mod endpoint;

pub use aws::find_aws_credentials;
pub use endpoint::{EndpointKind, ResolvedEndpoint};

use overstep::report::{Diagnostic, Severity};
use overstep::scenario::{ProjectSettings, ScenarioError, ScenarioWarning, read_settings};
use overstep::store;
use std::path::{Path, PathBuf};

/// Looks up a variable of the environment.
pub type EnvironmentLookup<'a> = &'a dyn Fn(&str) -> Option<String>;

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
        let shown = path.strip_prefix(start).unwrap_or(&path).display().to_string();
        let (settings, warnings) =
            read_settings(&text).map_err(|error| Box::new(error_diagnostic(&shown, &text, error)))?;
        let warnings = warnings.into_iter().map(|one| warning_diagnostic(&shown, &text, one)).collect();
        let directory = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self { settings, directory, warnings })
    }
}

/// Converts an error in a TOML text into a diagnostic with its place.
pub fn error_diagnostic(shown: &str, text: &str, error: ScenarioError) -> Diagnostic {
    let problem = Diagnostic::error(error.reason).with_location(shown, text, error.span);
    Diagnostic { hint: error.hint, ..problem }
}

/// Converts a warning about a TOML text into a diagnostic with its place.
pub fn warning_diagnostic(shown: &str, text: &str, warning: ScenarioWarning) -> Diagnostic {
    let odd = Diagnostic::error(warning.reason).with_location(shown, text, warning.span);
    Diagnostic { severity: Severity::Warning, hint: warning.hint, ..odd }
}

/// Converts a file error into a diagnostic.
pub fn store_diagnostic(error: &store::StoreError) -> Diagnostic {
    Diagnostic { hint: error.hint.clone(), ..Diagnostic::error(error.reason.clone()) }
}

/// Replaces each `${NAME}` with the value of the environment variable; `$${` stands for a plain `${`.
pub fn substitute_variables(text: &str, environment: EnvironmentLookup<'_>) -> Result<String, Box<Diagnostic>> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        if rest[..start].ends_with('$') {
            out.push_str(&rest[..start]);
            out.push('{');
            rest = &rest[start + 2..];
            continue;
        }
        let Some(length) = rest[start..].find('}') else { break };
        out.push_str(&rest[..start]);
        let name = &rest[start + 2..start + length];
        let value = environment(name).ok_or_else(|| {
            let unset = Diagnostic::error(format!("environment variable `{name}`, used in overstep.toml, is not set"));
            Box::new(unset.with_hint(format!("set it: `export {name}=…`")))
        })?;
        out.push_str(&value);
        rest = &rest[start + length + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environment_variables_are_substituted() {
        let environment = |name: &str| (name == "KEY").then(|| "value".to_owned());
        let read = |text: &str| substitute_variables(text, &environment).ok();
        assert_eq!(read("a ${KEY} b ${KEY}").as_deref(), Some("a value b value"));
        assert_eq!(read("$${KEY} ${open").as_deref(), Some("${KEY} ${open"));
        assert_eq!(read("${NONE}"), None);
    }
}
