//! Reads the selected scenarios and sets their variables from flags, files and the environment.
//!
//! It never reads a document.

use super::run_flags::SelectionFlags;
use super::{CommandError, current_directory, environment_variable, messages};
use crate::config::{Config, error_diagnostic, substitute_variables, warning_diagnostic};
use overstep::contract::nearest_name;
use overstep::report::Diagnostic;
use overstep::scenario::{Scenario, Variable};
use overstep::store::{self, FoundScenario};
use std::path::{Path, PathBuf};

/// The selected scenarios, with variables set and the principals of `overstep.toml` added.
pub struct SelectedScenarios {
    /// The scenarios and their files, in the order of the command line.
    pub scenarios: Vec<(FoundScenario, Scenario)>,
    /// The settings in `overstep.toml`.
    pub config: Config,
    /// The directory in which the command was started.
    pub directory: PathBuf,
}

/// Reads scenarios. Warnings are printed, or returned as errors with `strict`.
pub fn read_scenarios(
    names: &[String],
    variables: &VariableFlags<'_>,
    strict: bool,
) -> Result<SelectedScenarios, CommandError> {
    let directory = current_directory()?;
    let config = Config::load(&directory)?;
    messages::print_warnings(&config.warnings, strict)?;
    let found = if names.is_empty() {
        store::find_all_scenarios(&directory)?
    } else {
        names.iter().map(|name| store::find_scenario(&directory, name)).collect::<Result<_, _>>()?
    };
    let mut scenarios = Vec::new();
    for found in found {
        if scenarios.iter().any(|(other, _): &(FoundScenario, Scenario)| other.name == found.name) {
            return Err(Diagnostic::error(format!("more than one scenario is named `{}`", found.name)).into());
        }
        let (mut scenario, odd) = overstep::scenario::read_scenario(&found.name, &found.text)
            .map_err(|error| error_diagnostic(&found.display_name, &found.text, error))?;
        let warnings: Vec<_> =
            odd.into_iter().map(|one| warning_diagnostic(&found.display_name, &found.text, one)).collect();
        messages::print_warnings(&warnings, strict)?;
        for (name, principal) in &config.settings.principals {
            scenario.principals.insert(name.clone(), principal.clone());
        }
        scenarios.push((found, scenario));
    }
    variables.apply(&mut scenarios, &directory)?;
    for (_, scenario) in &mut scenarios {
        match variables.principals {
            Some(principals) => fill_without_secrets(scenario, principals)?,
            None => fill_from_environment(scenario)?,
        }
    }
    Ok(SelectedScenarios { scenarios, config, directory })
}

/// The values that flags give to variables.
pub struct VariableFlags<'a> {
    /// Values of `--variable`.
    pub plain: &'a [(String, String)],
    /// Values of `--secret`.
    pub secret: &'a [(String, String)],
    /// The file given with `--variables-file`.
    pub file: Option<&'a Path>,
    /// The principals of a recorded run, which need no credentials any more; `None` reads them from the environment.
    pub principals: Option<&'a [String]>,
}

impl<'a> VariableFlags<'a> {
    /// Takes the values from flags, and credentials from the environment.
    pub fn new(selection: &'a SelectionFlags) -> Self {
        Self {
            plain: &selection.data.variable,
            secret: &selection.data.secret,
            file: selection.data.variables_file.as_deref(),
            principals: None,
        }
    }

    fn apply(&self, scenarios: &mut [(FoundScenario, Scenario)], directory: &Path) -> Result<(), CommandError> {
        if let Some(file) = self.file {
            for (name, value) in read_variables_file(file, directory)? {
                set_variable(scenarios, &name, &value, false)?;
            }
        }
        for (name, value) in self.plain {
            set_variable(scenarios, name, value, false)?;
        }
        for (name, value) in self.secret {
            set_variable(scenarios, name, value, true)?;
        }
        Ok(())
    }
}

/// Returns the variables in a file, in order.
pub fn read_variables_file(file: &Path, directory: &Path) -> Result<Vec<(String, String)>, CommandError> {
    let text = store::read_text_or_pipe(&directory.join(file))?;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let pair = super::flag_values::parse_assignment(line).map_err(|reason| Diagnostic {
            line: u32::try_from(number + 1).ok(),
            ..Diagnostic::error(reason).with_location(&file.display().to_string(), "", None)
        })?;
        found.push(pair);
    }
    Ok(found)
}

fn set_variable(
    scenarios: &mut [(FoundScenario, Scenario)],
    name: &str,
    value: &str,
    secret: bool,
) -> Result<(), CommandError> {
    let mut known = false;
    for (_, scenario) in scenarios.iter_mut() {
        if let Some(variable) = scenario.variables.get_mut(name) {
            known = true;
            *variable = Variable { value: value.to_owned(), secret: secret || variable.secret };
        }
    }
    if known {
        return Ok(());
    }
    let names: Vec<&str> =
        scenarios.iter().flat_map(|(_, scenario)| scenario.variables.keys()).map(String::as_str).collect();
    let hint = match nearest_name(name, names.iter().copied(), 3) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "the scenario has no variables".to_owned(),
        None => format!("known variables: {}", names.join(", ")),
    };
    Err(Diagnostic::error(format!("no scenario has a variable `{name}`")).with_hint(hint).into())
}

/// Turns each `${NAME}` in a principal's credentials into a secret variable with that environment variable's value.
pub fn fill_from_environment(scenario: &mut Scenario) -> Result<(), CommandError> {
    let mut secrets: Vec<(String, String)> = Vec::new();
    let default = scenario.principal.clone();
    let mut unset = Vec::new();
    for (name, principal) in &mut scenario.principals {
        for text in principal.secret_texts_mut() {
            match extract_environment_names(text, &environment_variable) {
                Ok(found) => secrets.extend(found),
                Err(problem) if default.as_deref() == Some(name.as_str()) => return Err(problem.into()),
                Err(_) => unset.push(name.clone()),
            }
        }
    }
    // A principal that is not the default is dropped if its environment variable is unset.
    scenario.principals.retain(|name, _| !unset.contains(name));
    for (name, value) in secrets {
        let value = value.replace('{', "{{").replace('}', "}}");
        scenario.variables.insert(name, Variable { value, secret: true });
    }
    Ok(())
}

/// Keeps the principals of a recorded run, with empty values in place of their secrets.
fn fill_without_secrets(scenario: &mut Scenario, principals: &[String]) -> Result<(), CommandError> {
    scenario.principals.retain(|name, _| principals.contains(name));
    for principal in scenario.principals.values_mut() {
        for text in principal.secret_texts_mut() {
            for (name, value) in extract_environment_names(text, &|_| Some(String::new()))? {
                scenario.variables.insert(name, Variable { value, secret: true });
            }
        }
    }
    Ok(())
}

/// Replaces each `${NAME}` in a text by the placeholder `{NAME}`, and returns the names with their values.
fn extract_environment_names(
    text: &mut String,
    environment: crate::config::EnvironmentLookup<'_>,
) -> Result<Vec<(String, String)>, Box<Diagnostic>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(start) = text[from..].find("${").map(|at| from + at) {
        let Some(length) = text[start..].find('}') else { break };
        let name = text[start + 2..start + length].to_owned();
        let value = substitute_variables(&text[start..=start + length], environment)?;
        text.remove(start);
        from = start + length;
        found.push((name, value));
    }
    Ok(found)
}
