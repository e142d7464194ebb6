//! Implements `overstep doctor` and `overstep init`.
//!
//! They never report findings; they show what `check` would rely on.

use super::flags::{DoctorFlags, InitFlags, TextOrJson};
use super::jobs::{build_jobs, job_without_scenario_file};
use super::{CommandError, check::stop_on_signal, messages, runtime::CommandRuntime};
use crate::session::{RunOptions, ScenarioJob};
use indicatif::{ProgressBar, ProgressStyle};
use overstep::exit::ExitStatus;
use overstep::report::{ControlOutcome, Diagnostic, EndpointDiagnosis, write_diagnosis_json, write_diagnosis_text};
use overstep::run::CancelToken;
use overstep::session;
use overstep::store;
use std::io::Write as _;

/// Shows what was inferred, which operations accept their control, and why the others reject it.
pub fn diagnose_scenarios(flags: &DoctorFlags) -> Result<ExitStatus, CommandError> {
    let (jobs, _, _) = build_jobs(&flags.selection, flags.allow_remote, true)?;
    let mut exit = ExitStatus::Success;
    let mut out = anstream::stdout();
    for (index, job) in jobs.iter().enumerate() {
        super::lifecycle::announce_start(job);
        let diagnosis = run_diagnosis(job, flags.selection.run_id.clone(), !flags.no_progress)?;
        match flags.format {
            TextOrJson::Json => write_diagnosis_json(&mut out, &diagnosis)?,
            TextOrJson::Text => {
                if index > 0 {
                    writeln!(out)?;
                }
                write_diagnosis_text(&mut out, &diagnosis)?;
            }
        }
        let any_accepted = diagnosis.operations.iter().any(|row| row.outcome == ControlOutcome::Accepted);
        exit = exit.combine(if any_accepted { ExitStatus::Success } else { ExitStatus::Incomplete });
    }
    out.flush()?;
    Ok(exit)
}

/// Writes a scenario file to start from.
pub fn init_scenario(flags: &InitFlags) -> Result<ExitStatus, CommandError> {
    let directory = super::current_directory()?;
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
    let command = std::iter::once(format!("overstep init {}", flags.name))
        .chain(flags.source.iter().map(|source| format!("--source {source}")))
        .chain(flags.endpoint.iter().map(|endpoint| format!("-e {endpoint}")))
        .collect::<Vec<_>>()
        .join(" ");
    let text = session::scenario_text(
        &command,
        &sources,
        flags.endpoint.as_deref(),
        &job.contract,
        &job.inferred,
        found.as_ref(),
    );
    store::write_file(&path, text.as_bytes())?;
    messages::print_line(&format!(
        "wrote scenarios/{}.toml: {} operations of {}",
        flags.name,
        job.contract.operations.len(),
        job.contract.service
    ));
    if let Some(found) = &found {
        let accepted = found.operations.iter().filter(|row| row.outcome == ControlOutcome::Accepted).count();
        messages::print_line(&format!(
            "{accepted} of {} operations succeed on {}",
            found.operations.len(),
            found.endpoint
        ));
    }
    let endpoint = flags.endpoint.as_deref().map_or("-e URL".to_owned(), |endpoint| format!("-e {endpoint}"));
    messages::print_line(&format!("next: overstep doctor {} {endpoint}", flags.name));
    Ok(ExitStatus::Success)
}

fn run_diagnosis(job: &ScenarioJob, run_id: Option<String>, progress: bool) -> Result<EndpointDiagnosis, CommandError> {
    let runtime = CommandRuntime::new()?;
    let run_id = run_id.unwrap_or_else(session::new_run_id);
    let stop = CancelToken::default();
    let bar = if progress { ProgressBar::new(job.contract.operations.len() as u64) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}") {
        bar.set_style(style);
    }
    let mut step = |row: &overstep::report::OperationDiagnosis| {
        bar.inc(1);
        bar.set_message(row.operation.clone());
    };
    let diagnosis = runtime.block_on(async {
        tokio::spawn(stop_on_signal(stop.clone()));
        session::diagnose(job, &job.inferred, &RunOptions::default(), &run_id, &stop, &mut step).await
    });
    bar.finish_and_clear();
    Ok(diagnosis?)
}
