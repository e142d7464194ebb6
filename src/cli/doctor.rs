//! Implements `overstep doctor` and `overstep init`.
//!
//! They never report findings; they show what `check` would rely on.

use super::flags::{DoctorFlags, InitFlags, TextOrJson};
use super::jobs::{alone, jobs};
use super::{Stopped, check::stop_on_signal, runtime::Runtime, say};
use indicatif::{ProgressBar, ProgressStyle};
use overstep::exit::Exit;
use overstep::pipeline::{self, Job, Sending};
use overstep::report::{Diagnosis, Diagnostic, Stands, diagnosis_json, diagnosis_text};
use overstep::run::Stop;
use overstep::store;
use std::io::Write as _;

/// Shows what was inferred, which operations accept their control, and why the others reject it.
pub fn doctor(flags: &DoctorFlags) -> Result<Exit, Stopped> {
    let (jobs, _, _) = jobs(&flags.choose, flags.allow_remote, true)?;
    let mut exit = Exit::Kept;
    let mut out = anstream::stdout();
    for (index, job) in jobs.iter().enumerate() {
        super::upkeep::announce(job);
        let found = diagnosed(job, flags.choose.run_id.clone(), !flags.no_progress)?;
        match flags.format {
            TextOrJson::Json => diagnosis_json(&mut out, &found)?,
            TextOrJson::Text => {
                if index > 0 {
                    writeln!(out)?;
                }
                diagnosis_text(&mut out, &found)?;
            }
        }
        let learnt = found.operations.iter().any(|row| row.stands == Stands::Granted);
        exit = exit.and(if learnt { Exit::Kept } else { Exit::Incomplete });
    }
    out.flush()?;
    Ok(exit)
}

/// Writes a scenario file to start from.
pub fn init(flags: &InitFlags) -> Result<Exit, Stopped> {
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
    let (job, loaded) = alone(&flags.name, &path, &sources, flags.endpoint.as_deref(), flags.allow_remote)?;
    say::warnings(&loaded, false)?;
    let found = match &flags.endpoint {
        Some(_) => Some(diagnosed(&job, None, !flags.no_progress)?),
        None => None,
    };
    if let Some(why) = found.as_ref().and_then(|found| found.unreachable.as_ref()) {
        let problem = Diagnostic::error(format!("the endpoint could not be probed: {why}"));
        return Err(problem.with_hint("start it, or omit --endpoint and complete the file by hand").into());
    }
    let command = std::iter::once(format!("overstep init {}", flags.name))
        .chain(flags.source.iter().map(|source| format!("--source {source}")))
        .chain(flags.endpoint.iter().map(|endpoint| format!("-e {endpoint}")))
        .collect::<Vec<_>>()
        .join(" ");
    let text = pipeline::scenario_text(
        &command,
        &sources,
        flags.endpoint.as_deref(),
        &job.contract,
        &job.inferred,
        found.as_ref(),
    );
    store::write_whole(&path, text.as_bytes())?;
    say::line(&format!(
        "wrote scenarios/{}.toml: {} operations of {}",
        flags.name,
        job.contract.operations.len(),
        job.contract.service
    ));
    if let Some(found) = &found {
        let granted = found.operations.iter().filter(|row| row.stands == Stands::Granted).count();
        say::line(&format!("{granted} of {} operations succeed on {}", found.operations.len(), found.endpoint));
    }
    let endpoint = flags.endpoint.as_deref().map_or("-e URL".to_owned(), |endpoint| format!("-e {endpoint}"));
    say::line(&format!("next: overstep doctor {} {endpoint}", flags.name));
    Ok(Exit::Kept)
}

fn diagnosed(job: &Job, run_id: Option<String>, progress: bool) -> Result<Diagnosis, Stopped> {
    let runtime = Runtime::new()?;
    let run_id = run_id.unwrap_or_else(pipeline::fresh_run_id);
    let stop = Stop::default();
    let bar = if progress { ProgressBar::new(job.contract.operations.len() as u64) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}") {
        bar.set_style(style);
    }
    let mut step = |row: &overstep::report::DiagnosedOperation| {
        bar.inc(1);
        bar.set_message(row.operation.clone());
    };
    let found = runtime.block_on(async {
        tokio::spawn(stop_on_signal(stop.clone()));
        pipeline::doctor(job, &job.inferred, &Sending::default(), &run_id, &stop, &mut step).await
    });
    bar.finish_and_clear();
    Ok(found?)
}
