//! Implements `overstep init`, which writes a scenario file to start from.
//!
//! It never replaces a file unless the user asks for it.

use super::diagnosis::run_diagnosis;
use super::init_sources::resolve_sources;
use crate::cli::{
    CommandError, InitFlags, NewScenarioJob, SchemaName, current_directory, endpoint_or_environment,
    job_without_scenario_file, messages,
};
use crate::session::ScenarioJob;
use overstep::contract::Operation;
use overstep::exit::ExitStatus;
use overstep::report::{
    ContractSummary, Diagnostic, EndpointDiagnosis, SCENARIO_SCHEMA_FILE, pluralize, scenario_text,
};
use overstep::scenario::Scenario;
use overstep::store;
use std::path::PathBuf;

/// Writes a scenario file to start from.
pub fn init_scenario(flags: &InitFlags) -> Result<ExitStatus, CommandError> {
    let flags = &InitFlags { endpoint: endpoint_or_environment(flags.endpoint.as_ref()), ..flags.clone() };
    if flags.source.is_empty() && flags.endpoint.is_none() {
        let problem = Diagnostic::error("missing `--source SOURCE` or `--endpoint URL`");
        let hint = format!(
            "name a document: `overstep init {0} --source openapi.yaml`, or a server that has one: `overstep init {0} -e URL`",
            flags.name
        );
        return Err(problem.with_hint(hint).into());
    }
    let path = scenario_path(flags)?;
    let sources = resolve_sources(flags, &path)?;
    let NewScenarioJob { mut job, diagnostics, variables, proposed_principal } = job_without_scenario_file(
        Scenario::with_name(&flags.name),
        &path,
        &sources,
        flags.endpoint.as_deref(),
        flags.allow_remote,
    )?;
    job.headers.extend(flags.header.iter().cloned());
    messages::print_warnings(&diagnostics, false)?;
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
        (&job.contract, proposed_principal.as_ref()),
        &job.inferred,
        found.as_ref(),
    );
    store::write_file(&path, text.as_bytes())?;
    store::write_file(&path.with_file_name(SCENARIO_SCHEMA_FILE), SchemaName::Scenario.text().as_bytes())?;
    print_summary(flags, &job, found.as_ref(), diagnostics.len());
    print_credentials(&job, &variables);
    print_next_command(flags);
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

fn print_summary(flags: &InitFlags, job: &ScenarioJob, found: Option<&EndpointDiagnosis>, warning_count: usize) {
    let summary = ContractSummary::new(&job.contract);
    messages::print_line(&format!(
        "wrote scenarios/{}.toml: {} of {}, {}",
        flags.name,
        pluralize(summary.operations as u64, "operation"),
        job.contract.service,
        pluralize(summary.members as u64, "member")
    ));
    messages::print_line(&format!("documented limits: {}", summary.describe_limits()));
    let is_fetched = |source: &String| source.starts_with("http");
    let sources: Vec<&str> = flags.source.iter().filter(|source| !is_fetched(source)).map(String::as_str).collect();
    let sources = if sources.is_empty() { format!("scenarios/{}.source.*", flags.name) } else { sources.join(" ") };
    let warnings = match warning_count {
        0 => "no warnings".to_owned(),
        count => format!("{}, see above", pluralize(count as u64, "warning")),
    };
    messages::print_line(&format!("{warnings}; details and notes: overstep ingest --format text {sources}"));
    if let Some(found) = found {
        let reach = found.operation_reach();
        messages::print_line(&format!("{}: {}", found.endpoint, reach.describe()));
        let doctor = format!("overstep doctor {}", flags.name);
        if let Some(text) = reach.describe_unreached(Some(&doctor)) {
            messages::print_line(&text);
        }
    }
}

/// Says which environment variables have the secrets of callers.
fn print_credentials(job: &ScenarioJob, variables: &[(String, bool)]) {
    let needs_some = |operation: &Operation| !operation.traits.anonymous;
    let count = job.contract.operations.iter().filter(|operation| needs_some(operation)).count();
    for (name, is_set) in variables {
        messages::print_line(&match is_set {
            true => format!("credentials: taken from the environment variable {name}"),
            false => {
                let operations = match count {
                    1 => "1 operation needs".to_owned(),
                    count => format!("{count} operations need"),
                };
                format!("credentials: {operations} them; set the environment variable {name}")
            }
        });
    }
}

fn print_next_command(flags: &InitFlags) {
    let endpoint = flags.endpoint.as_deref().map_or("-e URL".to_owned(), |endpoint| format!("-e {endpoint}"));
    // A header may be a secret.
    let headers: String = flags.header.iter().map(|(name, _)| format!(" -H '{name}: …'")).collect();
    messages::print_line(&format!("next: overstep doctor {} {endpoint}{headers}", flags.name));
}
