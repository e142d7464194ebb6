//! Implements `overstep check`.
//!
//! It never sends a request before all scenarios, documents and settings have been read.

use super::differential::ComparisonEndpoint;
use super::flags::{CheckFlags, NoCasesPolicy, UpdateFlag};
use super::outputs::RunOutputs;
use super::{CommandError, jobs::build_jobs, messages, runtime::CommandRuntime};
use crate::session::{
    DifferentialMode, EndpointTarget, RunOptions, ScenarioJob, SessionError, SnapshotOptions, SnapshotUpdate,
};
use overstep::exit::ExitStatus;
use overstep::report::{Diagnostic, RunSummary, Severity};
use overstep::run::{CancelToken, RateLimit, TransportOptions};
use overstep::session;
use overstep::store::{self, RunRecord};

/// Sends every case and compares the responses with the documentation.
pub fn check_scenarios(flags: &CheckFlags) -> Result<ExitStatus, CommandError> {
    let (jobs, mut sendings, chosen) = prepare_jobs(flags)?;
    let runtime = CommandRuntime::new()?;
    let against = flags.against.as_deref().map(|other| ComparisonEndpoint::new(flags, other)).transpose()?;
    for (sending, (found, _)) in sendings.iter_mut().zip(&chosen.scenarios) {
        if let Some(against) = &against {
            sending.snapshots = Some(against.snapshot_options(found, SnapshotUpdate::No));
            sending.differential = Some(DifferentialMode::Compare(against.responses.clone()));
        }
    }
    runtime.block_on(run_jobs(flags, jobs, &sendings, &chosen, against.as_ref()))
}

/// Prepares all jobs, the options for sending each of them, and the scenarios that they come from.
pub fn prepare_jobs(
    flags: &CheckFlags,
) -> Result<(Vec<ScenarioJob>, Vec<RunOptions>, super::jobs::SelectedScenarios), CommandError> {
    // The ids are read first, because this run will replace the record of the last one.
    let failed =
        if flags.last_failed { Some(super::last_run::last_failed_ids(&super::current_directory()?)?) } else { None };
    let (mut jobs, endpoints, chosen) = build_jobs(&flags.selection, flags.send.allow_remote, true)?;
    for job in &mut jobs {
        job.case_ids.clone_from(&failed);
    }
    if flags.send.insecure && flags.send.cacert.is_some() {
        return Err(Diagnostic::error("`--cacert` has no effect together with `--insecure`").into());
    }
    let ca = flags.send.cacert.as_ref().map(|file| store::read_bytes(&chosen.directory.join(file))).transpose()?;
    let mut sendings = Vec::new();
    for (endpoint, (found, _)) in endpoints.iter().zip(&chosen.scenarios) {
        let endpoint_rate = endpoint.rate_limit.as_deref().map(super::flag_values::parse_rate).transpose();
        let written = endpoint_rate.map_err(|reason| {
            Diagnostic::error(format!("`rate-limit` of endpoint `{}`: {reason}", endpoint.profile))
        })?;
        let mut settings = TransportOptions::default();
        if let Some(span) = flags.send.request_timeout {
            settings.limits.total_timeout = span.0;
            settings.limits.idle_timeout = span.0;
        }
        // The server's output is searched for `not-implemented` texts; one worker ties the output to its request.
        if !endpoint.entry.not_implemented.is_empty() {
            settings.workers = 1;
        }
        if let Some(workers) = flags.send.workers {
            settings.workers = usize::from(workers);
        }
        settings.rate_limit = flags
            .send
            .rate_limit
            .or(written)
            .map(|rate| RateLimit { interval: std::time::Duration::from_secs_f64(1.0 / rate.0) });
        let endpoint_ca = match &endpoint.ca {
            Some(file) if ca.is_none() => Some(store::read_bytes(file)?),
            _ => ca.clone(),
        };
        sendings.push(RunOptions {
            settings,
            ca_pem: endpoint_ca,
            insecure: flags.send.insecure,
            proxy: flags.send.proxy.clone(),
            max_failures: flags.send.max_failures,
            snapshots: snapshot_options(flags, found, &chosen.directory),
            differential: None,
            strict: flags.selection.strict,
            log_directory: Some(chosen.directory.clone()),
        });
    }
    Ok((jobs, sendings, chosen))
}

/// Returns where a scenario's snapshots are stored and what may be written there, or `None` with `--no-snapshots`.
fn snapshot_options(
    flags: &CheckFlags,
    found: &store::FoundScenario,
    directory: &std::path::Path,
) -> Option<SnapshotOptions> {
    let update = match flags.update {
        UpdateFlag::Auto if super::environment_variable("CI").is_some_and(|set| !set.is_empty() && set != "false") => {
            SnapshotUpdate::No
        }
        UpdateFlag::Auto | UpdateFlag::New => SnapshotUpdate::New,
        UpdateFlag::No => SnapshotUpdate::No,
        UpdateFlag::All => SnapshotUpdate::All,
    };
    let folder = flags.snapshots.as_deref();
    (!flags.no_snapshots).then(|| super::snapshot::snapshot_options(folder, found, directory, update))
}

async fn run_jobs(
    flags: &CheckFlags,
    jobs: Vec<ScenarioJob>,
    sendings: &[RunOptions],
    chosen: &super::jobs::SelectedScenarios,
    against: Option<&ComparisonEndpoint>,
) -> Result<ExitStatus, CommandError> {
    let stop = CancelToken::default();
    tokio::spawn(stop_on_signal(stop.clone()));
    let run_id = flags.selection.run_id.clone().unwrap_or_else(session::new_run_id);
    if let Some(against) = against {
        let comparison_exit = against.record_responses(flags, sendings, &chosen.scenarios, &run_id, &stop).await?;
        if comparison_exit != ExitStatus::Success {
            return Ok(comparison_exit);
        }
    }
    let mut outputs = RunOutputs::open(flags, &chosen.directory)?;
    outputs.set_record(run_record(flags, &jobs, chosen, &run_id)?);
    if jobs.iter().any(|job| job.target == EndpointTarget::Embedded) {
        outputs.print_embedded_notice(flags.send.report.iter().any(|(_, path)| path == std::path::Path::new("-")))?;
    }
    if jobs.iter().any(|job| job.lifecycle.start.is_some()) {
        store::remove_server_log(&chosen.directory);
    }
    let mut exit = ExitStatus::Success;
    let (mut cases, mut problems) = (0, Vec::new());
    for (job, sending) in jobs.iter().zip(sendings) {
        if stop.is_cancelled() {
            exit = exit.combine(ExitStatus::Incomplete);
            break;
        }
        super::lifecycle::announce_start(job);
        match session::check(job, sending, &run_id, &stop, &mut outputs).await {
            Ok(None) => {}
            Ok(Some(summary)) => {
                cases += summary.counts.total();
                exit = exit.combine(exit_of_summary(&summary));
            }
            // The reader of the output has gone away, which is not an error.
            Err(SessionError::OutputClosed) => {
                // The run is stored so that the findings shown by `… | head` can be replayed.
                outputs.store_last_run();
                return Ok(exit.combine(ExitStatus::Incomplete));
            }
            Err(SessionError::Problems(found)) => {
                exit = exit.combine(ExitStatus::Usage);
                problems.extend(found);
            }
        }
    }
    outputs.finish_all()?;
    messages::print_problems(&problems);
    if cases == 0 && exit == ExitStatus::Success {
        exit = exit_without_cases(flags.selection.no_cases);
    }
    Ok(exit)
}

/// Returns the record that a replay needs: everything that decides the bytes sent, without secrets.
pub fn run_record(
    flags: &CheckFlags,
    jobs: &[ScenarioJob],
    chosen: &super::jobs::SelectedScenarios,
    run_id: &str,
) -> Result<RunRecord, CommandError> {
    let mut scenarios = Vec::new();
    for (job, (found, _)) in jobs.iter().zip(&chosen.scenarios) {
        let endpoint = match &job.target {
            EndpointTarget::Embedded => "embedded",
            // A named endpoint also has headers, limits and certificates.
            EndpointTarget::Url(_) if job.profile != "default" => &job.profile,
            EndpointTarget::Url(url) => url,
        };
        let (original, _) = overstep::scenario::read_scenario(&found.name, &found.text)
            .map_err(|error| crate::config::error_diagnostic(&found.display_name, &found.text, error))?;
        let mut record = session::build_record(job, &super::jobs::scenario_argument(found), endpoint, &original);
        (record.headers, record.secret_headers) = session::split_headers(&flags.selection.header);
        record.variables_file = flags.selection.variables_file.as_ref().map(|file| file.display().to_string());
        scenarios.push(record);
    }
    Ok(RunRecord {
        format: store::RUN_FORMAT.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        run: run_id.to_owned(),
        seed: flags.selection.seed,
        level: format!("{:?}", flags.selection.level).to_lowercase(),
        filter: flags.selection.filter.clone(),
        request_timeout: flags.send.request_timeout.and_then(|span| u64::try_from(span.0.as_millis()).ok()),
        cacert: flags.send.cacert.as_ref().map(|file| file.display().to_string()),
        insecure: flags.send.insecure,
        proxy: flags.send.proxy.clone().filter(|proxy| !proxy.contains('@')),
        snapshots: flags.snapshots.as_ref().map(|folder| folder.display().to_string()),
        no_snapshots: flags.no_snapshots,
        strict: flags.selection.strict,
        artifacts: None,
        scenarios,
    })
}

/// Returns the exit code for the summary of one scenario.
pub fn exit_of_summary(summary: &RunSummary) -> ExitStatus {
    let findings = if summary.findings.is_empty() { ExitStatus::Success } else { ExitStatus::Findings };
    findings.combine(if summary.incomplete_reason.is_some() { ExitStatus::Incomplete } else { ExitStatus::Success })
}

/// Reports that no case ran, and returns the exit code that `--no-cases` selects.
pub fn exit_without_cases(choice: NoCasesPolicy) -> ExitStatus {
    let problem = Diagnostic::error("no case matches").with_hint("check the filter; `overstep cases` lists all cases");
    match choice {
        NoCasesPolicy::Fail => {
            messages::print_problems(&[problem]);
            ExitStatus::NothingRan
        }
        NoCasesPolicy::Warn => {
            messages::print_problems(&[Diagnostic { severity: Severity::Warning, ..problem }]);
            ExitStatus::Success
        }
        NoCasesPolicy::Pass => ExitStatus::Success,
    }
}

/// Stops the run cleanly on the first Ctrl-C, SIGTERM or SIGHUP, and exits immediately on the second.
pub async fn stop_on_signal(stop: CancelToken) {
    wait_for_interrupt().await;
    messages::print_line("stopping; press Ctrl-C again to exit immediately");
    stop.cancel();
    wait_for_interrupt().await;
    overstep::run::kill_all_started();
    std::process::exit(i32::from(ExitStatus::Incomplete.code()));
}

/// Waits for Ctrl-C, SIGTERM or SIGHUP.
pub async fn wait_for_interrupt() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        // Closing the terminal also stops the run, so that servers started by overstep do not outlive it.
        if let (Ok(mut terminated), Ok(mut closed)) = (signal(SignalKind::terminate()), signal(SignalKind::hangup())) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminated.recv() => {}
                _ = closed.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
