//! Implements `overstep init`, which writes a scenario file to start from.
//!
//! It never replaces a file unless the user asks for it.

use super::diagnosis::run_diagnosis;
use crate::cli::{CommandError, InitFlags, current_directory, job_without_scenario_file, messages};
use crate::session::ScenarioJob;
use overstep::exit::ExitStatus;
use overstep::report::{ControlOutcome, Diagnostic, EndpointDiagnosis, scenario_text};
use overstep::store;
use std::path::PathBuf;

/// Writes a scenario file to start from.
pub fn init_scenario(flags: &InitFlags) -> Result<ExitStatus, CommandError> {
    let path = scenario_path(flags)?;
    // Paths in a scenario are relative to its file.
    let sources: Vec<String> = flags
        .source
        .iter()
        .map(
            |source| {
                if source.contains(':') || source.starts_with('/') { source.clone() } else { format!("../{source}") }
            },
        )
        .collect();
    let (job, loaded) =
        job_without_scenario_file(&flags.name, &path, &sources, flags.endpoint.as_deref(), flags.allow_remote)?;
    messages::print_warnings(&loaded, false)?;
    let found = match &flags.endpoint {
        Some(_) => Some(run_diagnosis(&job, None, !flags.no_progress)?),
        None => None,
    };
    if let Some(why) = found.as_ref().and_then(|found| found.failure_reason.as_ref()) {
        let problem = Diagnostic::error(format!("the endpoint could not be probed: {why}"));
        return Err(problem.with_hint("start it, or omit --endpoint and complete the file by hand").into());
    }
    let text = scenario_text(
        &command_line(flags),
        &sources,
        flags.endpoint.as_deref(),
        &job.contract,
        &job.inferred,
        found.as_ref(),
    );
    store::write_file(&path, text.as_bytes())?;
    print_summary(flags, &job, found.as_ref());
    Ok(ExitStatus::Success)
}

/// Returns the path of the file, which must not exist yet unless it is to be overwritten.
fn scenario_path(flags: &InitFlags) -> Result<PathBuf, CommandError> {
    let directory = current_directory()?;
    let is_name =
        !flags.name.is_empty() && flags.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if !is_name {
        let problem = Diagnostic::error(format!("invalid scenario name `{}`", flags.name));
        return Err(problem.with_hint("use letters, digits, `-` and `_`; the name becomes the file name").into());
    }
    let path = directory.join("scenarios").join(format!("{}.toml", flags.name));
    if path.exists() && !flags.force {
        let problem = Diagnostic::error(format!("`scenarios/{}.toml` already exists", flags.name));
        return Err(problem.with_hint("choose another name, or overwrite it with --force").into());
    }
    Ok(path)
}

/// Returns the command line that the file names.
fn command_line(flags: &InitFlags) -> String {
    std::iter::once(format!("overstep init {}", flags.name))
        .chain(flags.source.iter().map(|source| format!("--source {source}")))
        .chain(flags.endpoint.iter().map(|endpoint| format!("-e {endpoint}")))
        .collect::<Vec<_>>()
        .join(" ")
}

fn print_summary(flags: &InitFlags, job: &ScenarioJob, found: Option<&EndpointDiagnosis>) {
    messages::print_line(&format!(
        "wrote scenarios/{}.toml: {} operations of {}",
        flags.name,
        job.contract.operations.len(),
        job.contract.service
    ));
    if let Some(found) = found {
        let accepted = found.operations.iter().filter(|row| row.outcome == ControlOutcome::Accepted).count();
        messages::print_line(&format!(
            "{accepted} of {} operations succeed on {}",
            found.operations.len(),
            found.endpoint
        ));
    }
    let endpoint = flags.endpoint.as_deref().map_or("-e URL".to_owned(), |endpoint| format!("-e {endpoint}"));
    messages::print_line(&format!("next: overstep doctor {} {endpoint}", flags.name));
}
