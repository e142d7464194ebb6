//! Implements `overstep check`.
//!
//! It never sends a request before all scenarios, documents and settings have been read.

use super::against::Against;
use super::flags::{CheckFlags, NoCases, UpdateFlag};
use super::outputs::Outputs;
use super::{Stopped, jobs::jobs, runtime::Runtime, say};
use overstep::exit::Exit;
use overstep::pipeline::{self, Beside, Job, Keeping, Sending, Target, Update};
use overstep::report::{Diagnostic, Severity, Summary};
use overstep::run::{RateLimit, Settings, Stop};
use overstep::store::{self, RunRecord};

/// Sends every case and compares the responses with the documentation.
pub fn check(flags: &CheckFlags) -> Result<Exit, Stopped> {
    let (jobs, mut sendings, chosen) = prepare(flags)?;
    let runtime = Runtime::new()?;
    let against = flags.against.as_deref().map(|other| Against::new(flags, other)).transpose()?;
    for (sending, (found, _)) in sendings.iter_mut().zip(&chosen.scenarios) {
        if let Some(against) = &against {
            sending.keeping = Some(against.keeping(found, Update::No));
            sending.beside = Some(Beside::Compare(against.answers.clone()));
        }
    }
    runtime.block_on(run(flags, jobs, &sendings, &chosen, against.as_ref()))
}

/// Prepares all jobs, the options for sending each of them, and the scenarios that they come from.
pub fn prepare(flags: &CheckFlags) -> Result<(Vec<Job>, Vec<Sending>, super::jobs::Chosen), Stopped> {
    // The ids are read first, because this run will replace the record of the last one.
    let failed =
        if flags.last_failed { Some(super::recorded::last_failed(&super::current_directory()?)?) } else { None };
    let (mut jobs, endpoints, chosen) = jobs(&flags.choose, flags.send.allow_remote, true)?;
    for job in &mut jobs {
        job.ids.clone_from(&failed);
    }
    if flags.send.insecure && flags.send.cacert.is_some() {
        return Err(Diagnostic::error("`--cacert` has no effect together with `--insecure`").into());
    }
    let ca = flags.send.cacert.as_ref().map(|file| store::read_bytes(&chosen.directory.join(file))).transpose()?;
    let mut sendings = Vec::new();
    for (endpoint, (found, _)) in endpoints.iter().zip(&chosen.scenarios) {
        let written = endpoint.rate_limit.as_deref().map(super::values::rate).transpose();
        let written = written.map_err(|reason| {
            Diagnostic::error(format!("`rate-limit` of endpoint `{}`: {reason}", endpoint.profile))
        })?;
        let mut settings = Settings::default();
        if let Some(span) = flags.send.request_timeout {
            settings.limits.total = span.0;
            settings.limits.idle = span.0;
        }
        // The server's output is searched for `not-implemented` texts; one worker ties the output to its request.
        if !endpoint.entry.not_implemented.is_empty() {
            settings.workers = 1;
        }
        if let Some(workers) = flags.send.workers {
            settings.workers = usize::from(workers);
        }
        settings.rate = flags
            .send
            .rate_limit
            .or(written)
            .map(|rate| RateLimit { interval: std::time::Duration::from_secs_f64(1.0 / rate.0) });
        let own = match &endpoint.ca {
            Some(file) if ca.is_none() => Some(store::read_bytes(file)?),
            _ => ca.clone(),
        };
        sendings.push(Sending {
            settings,
            ca: own,
            insecure: flags.send.insecure,
            proxy: flags.send.proxy.clone(),
            max_failures: flags.send.max_failures,
            keeping: keeping(flags, found, &chosen.directory),
            beside: None,
            strict: flags.choose.strict,
            log: Some(chosen.directory.clone()),
        });
    }
    Ok((jobs, sendings, chosen))
}

/// Returns where a scenario's snapshots are stored and what may be written there, or `None` with `--no-snapshots`.
fn keeping(flags: &CheckFlags, found: &store::Found, directory: &std::path::Path) -> Option<Keeping> {
    let update = match flags.update {
        UpdateFlag::Auto if super::environment("CI").is_some_and(|set| !set.is_empty() && set != "false") => Update::No,
        UpdateFlag::Auto | UpdateFlag::New => Update::New,
        UpdateFlag::No => Update::No,
        UpdateFlag::All => Update::All,
    };
    let folder = flags.snapshots.as_deref();
    (!flags.no_snapshots).then(|| super::snapshot::keeping(folder, found, directory, update))
}

async fn run(
    flags: &CheckFlags,
    jobs: Vec<Job>,
    sendings: &[Sending],
    chosen: &super::jobs::Chosen,
    against: Option<&Against>,
) -> Result<Exit, Stopped> {
    let stop = Stop::default();
    tokio::spawn(stop_on_signal(stop.clone()));
    let run_id = flags.choose.run_id.clone().unwrap_or_else(pipeline::fresh_run_id);
    if let Some(against) = against {
        let all = against.answers(flags, sendings, &chosen.scenarios, &run_id, &stop).await?;
        if all != Exit::Kept {
            return Ok(all);
        }
    }
    let mut outputs = Outputs::open(flags, &chosen.directory)?;
    outputs.describe(description(flags, &jobs, chosen, &run_id)?);
    if jobs.iter().any(|job| job.target == Target::Embedded) {
        outputs.embedded(flags.send.report.iter().any(|(_, path)| path == std::path::Path::new("-")))?;
    }
    if jobs.iter().any(|job| job.upkeep.start.is_some()) {
        store::forget_server_log(&chosen.directory);
    }
    let mut exit = Exit::Kept;
    let (mut cases, mut problems) = (0, Vec::new());
    for (job, sending) in jobs.iter().zip(sendings) {
        if stop.is_stopped() {
            exit = exit.and(Exit::Incomplete);
            break;
        }
        super::upkeep::announce(job);
        match pipeline::check(job, sending, &run_id, &stop, &mut outputs).await {
            Ok(None) => {}
            Ok(Some(summary)) => {
                cases += summary.counts.total();
                exit = exit.and(of(&summary));
            }
            // The reader of the output has gone away, which is not an error.
            Err(found) if found.is_empty() => {
                // The run is stored so that the findings shown by `… | head` can be replayed.
                outputs.keep();
                return Ok(exit.and(Exit::Incomplete));
            }
            Err(found) => {
                exit = exit.and(Exit::Usage);
                problems.extend(found);
            }
        }
    }
    outputs.close()?;
    say::problems(&problems);
    if cases == 0 && exit == Exit::Kept {
        exit = nothing_ran(flags.choose.no_cases);
    }
    Ok(exit)
}

/// Returns the record that a replay needs: everything that decides the bytes sent, without secrets.
pub fn description(
    flags: &CheckFlags,
    jobs: &[Job],
    chosen: &super::jobs::Chosen,
    run_id: &str,
) -> Result<RunRecord, Stopped> {
    let mut scenarios = Vec::new();
    for (job, (found, _)) in jobs.iter().zip(&chosen.scenarios) {
        let endpoint = match &job.target {
            Target::Embedded => "embedded",
            // A named endpoint also has headers, limits and certificates.
            Target::Url(_) if job.profile != "default" => &job.profile,
            Target::Url(url) => url,
        };
        let (original, _) = overstep::scenario::read(&found.name, &found.text)
            .map_err(|error| crate::config::problem(&found.shown, &found.text, error))?;
        let mut record = pipeline::record(job, &super::jobs::named_again(found), endpoint, &original);
        (record.headers, record.secret_headers) = pipeline::split_headers(&flags.choose.header);
        record.variables_file = flags.choose.variables_file.as_ref().map(|file| file.display().to_string());
        scenarios.push(record);
    }
    Ok(RunRecord {
        format: store::RUN_FORMAT.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        run: run_id.to_owned(),
        seed: flags.choose.seed,
        level: format!("{:?}", flags.choose.level).to_lowercase(),
        filter: flags.choose.filter.clone(),
        request_timeout: flags.send.request_timeout.and_then(|span| u64::try_from(span.0.as_millis()).ok()),
        cacert: flags.send.cacert.as_ref().map(|file| file.display().to_string()),
        insecure: flags.send.insecure,
        proxy: flags.send.proxy.clone().filter(|proxy| !proxy.contains('@')),
        snapshots: flags.snapshots.as_ref().map(|folder| folder.display().to_string()),
        no_snapshots: flags.no_snapshots,
        strict: flags.choose.strict,
        artifacts: None,
        scenarios,
    })
}

/// Returns the exit code for the summary of one scenario.
pub fn of(summary: &Summary) -> Exit {
    let findings = if summary.findings.is_empty() { Exit::Kept } else { Exit::Findings };
    findings.and(if summary.incomplete.is_some() { Exit::Incomplete } else { Exit::Kept })
}

/// Reports that no case ran, and returns the exit code that `--no-cases` selects.
pub fn nothing_ran(choice: NoCases) -> Exit {
    let problem = Diagnostic::error("no case matches").with_hint("check the filter; `overstep cases` lists all cases");
    match choice {
        NoCases::Fail => {
            say::problems(&[problem]);
            Exit::Nothing
        }
        NoCases::Warn => {
            say::problems(&[Diagnostic { severity: Severity::Warning, ..problem }]);
            Exit::Kept
        }
        NoCases::Pass => Exit::Kept,
    }
}

/// Stops the run cleanly on the first Ctrl-C, SIGTERM or SIGHUP, and exits immediately on the second.
pub async fn stop_on_signal(stop: Stop) {
    interrupted().await;
    say::line("stopping; press Ctrl-C again to exit immediately");
    stop.stop();
    interrupted().await;
    overstep::run::kill_started();
    std::process::exit(i32::from(Exit::Incomplete.code()));
}

/// Waits for Ctrl-C, SIGTERM or SIGHUP.
pub async fn interrupted() {
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
