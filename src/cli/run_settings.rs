//! The settings of `check` and `fuzz`, resolved once from flags, `overstep.toml`, scenarios and the environment.
//!
//! Nothing after this looks at a flag, a settings file or the environment again.

use super::flag_values::{ReportFormat, RequestRate, parse_rate};
use super::flags::{CheckFlags, FuzzFlags, UpdateFlag};
use super::jobs::{ResolvedJob, ResolvedJobs, build_jobs, scenario_argument};
use super::last_run::last_failed_ids;
use super::run_flags::{NoCasesPolicy, SelectionFlags, SendFlags};
use super::saved_requests::{artifacts_folder, saved_folder};
use super::shard::resolve_shard;
use super::snapshot_folders::snapshot_options;
use super::{CommandError, current_directory, environment_variable, messages};
use crate::config::{EndpointKind, ResolvedEndpoint, find_environment_proxy};
use crate::session::{EndpointTarget, FuzzOptions, RunOptions, ScenarioJob, ShardNumber, SnapshotUpdate};
use overstep::report::Diagnostic;
use overstep::run::{ProxyAddress, RateLimit, TlsIdentity, TransportOptions};
use overstep::session;
use overstep::store::{self, FoundScenario, RunRecord, ScenarioRecord};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The settings of a run.
pub struct RunSettings {
    /// The scenarios to run, in the order of the command line.
    pub scenarios: Vec<ScenarioRun>,
    /// The same scenarios at a second endpoint, whose responses replace the accepted ones.
    pub against: Option<Vec<ScenarioRun>>,
    /// The directory in which the command was started.
    pub directory: PathBuf,
    /// The run's id, the value of `{run}`.
    pub run_id: String,
    /// What to do if no case runs.
    pub no_cases: NoCasesPolicy,
    /// Which outputs are written.
    pub output: OutputSettings,
    /// The record that a replay needs: everything that decides the bytes sent, without secrets.
    pub record: RunRecord,
    /// The part of the cases that is sent; all if absent.
    pub shard: Option<ShardNumber>,
    /// The blob of an earlier run that was stopped, if this one continues it.
    pub resumed: Option<PathBuf>,
}

/// A scenario with everything that decides what is sent, and how.
pub struct ScenarioRun {
    /// The scenario's file.
    pub found: FoundScenario,
    /// What is sent.
    pub job: ScenarioJob,
    /// How it is sent.
    pub options: RunOptions,
}

/// Which outputs a run writes.
pub struct OutputSettings {
    /// Reports and their files; `-` is standard output.
    pub reports: Vec<(ReportFormat, PathBuf)>,
    /// Whether progress is shown.
    pub shows_progress: bool,
}

impl OutputSettings {
    /// Returns the folders of blobs.
    pub fn blob_folders(&self) -> impl Iterator<Item = &Path> {
        self.reports.iter().filter(|(format, _)| *format == ReportFormat::Blob).map(|(_, path)| path.as_path())
    }

    /// Returns the number of reports that are written to standard output.
    pub fn stdout_reports(&self) -> usize {
        self.reports.iter().filter(|(_, path)| path == Path::new("-")).count()
    }
}

/// The settings of `fuzz`.
pub struct FuzzSettings {
    /// The settings that it shares with `check`.
    pub run: RunSettings,
    /// Limits and initial inputs.
    pub fuzzing: FuzzOptions,
    /// Folder for new inputs.
    pub corpus: Option<PathBuf>,
    /// Folder for the requests of findings, if it is not that of the scenario.
    artifacts: Option<PathBuf>,
    /// Whether the requests of findings are also saved next to the scenario.
    saves: bool,
    /// Whether progress is shown.
    pub shows_progress: bool,
}

/// Where the snapshots of a run are stored, and what is written there.
struct SnapshotChoice<'f> {
    folder: Option<&'f Path>,
    /// What is written; nothing is compared if absent.
    update: Option<SnapshotUpdate>,
}

impl RunSettings {
    /// Resolves the settings of `check`.
    pub fn for_check(flags: &CheckFlags) -> Result<Self, CommandError> {
        // The ids are read first, because this run will replace the record of the last one.
        let failed = if flags.last_failed { Some(last_failed_ids(&current_directory()?)?) } else { None };
        let shard = resolve_shard(flags.shard.as_deref(), &environment_variable)?;
        let mut update = snapshot_update(flags.update);
        if shard.is_some_and(ShardNumber::is_part) {
            // A part of the cases is not the behaviour of an operation.
            update = SnapshotUpdate::No;
        }
        let choice =
            SnapshotChoice { folder: flags.snapshots.as_deref(), update: (!flags.no_snapshots).then_some(update) };
        let mut settings = Self::resolve(&flags.selection, &flags.send, &choice)?;
        settings.choose_part(flags, shard)?;
        for run in &mut settings.scenarios {
            run.job.case_ids.clone_from(&failed);
        }
        if let Some(other) = &flags.against {
            settings.against = Some(settings.resolve_against(&flags.selection, &flags.send, other)?);
        }
        Ok(settings)
    }

    /// Chooses the part of the cases that is sent, and where what a merge needs is written.
    fn choose_part(&mut self, flags: &CheckFlags, shard: Option<ShardNumber>) -> Result<(), CommandError> {
        if let Some(folder) = &flags.resume {
            self.output.reports.retain(|(format, path)| *format != ReportFormat::Blob || path != folder);
            self.output.reports.push((ReportFormat::Blob, folder.clone()));
        }
        let blobs: Vec<PathBuf> = self.output.blob_folders().map(Path::to_owned).collect();
        let problem = match (shard, &blobs[..]) {
            (_, [_, _, ..]) => Some("only one blob can be written"),
            (_, [_]) if flags.against.is_some() => Some("`--against` writes no blob"),
            (Some(_), _) if flags.last_failed => {
                Some("`--last-failed` depends on the last run of this machine and cannot be split")
            }
            (Some(shard), _) if shard.is_part() && matches!(flags.update, UpdateFlag::New | UpdateFlag::All) => {
                Some("a shard writes no snapshots; `overstep merge --update` does")
            }
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(Diagnostic::error(problem).into());
        }
        self.shard = shard;
        if let (Some(_), [folder]) = (&flags.resume, &blobs[..]) {
            let shard = shard.unwrap_or(ShardNumber::WHOLE);
            let path = store::blob_path(&self.directory.join(folder), shard.number(), shard.count());
            self.resumed = Some(path).filter(|path| path.is_file());
        }
        for run in &mut self.scenarios {
            run.options.shard = shard.or((!blobs.is_empty()).then_some(ShardNumber::WHOLE));
        }
        Ok(())
    }

    /// Resolves what `check` and `fuzz` have in common.
    fn resolve(
        selection: &SelectionFlags,
        send: &SendFlags,
        snapshots: &SnapshotChoice<'_>,
    ) -> Result<Self, CommandError> {
        Self::for_jobs(build_jobs(selection, send.allow_remote, true)?, selection, send, snapshots)
    }

    /// Resolves the settings of `fit` for jobs with one endpoint. Divergences count even if they are accepted, because
    /// another application accepted them.
    pub fn for_fit(resolved: ResolvedJobs, selection: &SelectionFlags, send: &SendFlags) -> Result<Self, CommandError> {
        let mut settings = Self::for_jobs(resolved, selection, send, &NO_SNAPSHOTS)?;
        settings.scenarios.iter_mut().for_each(|run| run.options.strict = true);
        Ok(settings)
    }

    /// Resolves how the cases of jobs are sent.
    fn for_jobs(
        resolved: ResolvedJobs,
        selection: &SelectionFlags,
        send: &SendFlags,
        snapshots: &SnapshotChoice<'_>,
    ) -> Result<Self, CommandError> {
        let directory = resolved.directory;
        messages::warn_of_short_secrets(resolved.jobs.iter().map(|one| &one.job), selection.strict)?;
        if send.insecure && send.cacert.is_some() {
            return Err(Diagnostic::error("`--cacert` has no effect together with `--insecure`").into());
        }
        let ca = send.cacert.as_ref().map(|file| store::read_bytes(&directory.join(file))).transpose()?;
        let (mut scenarios, mut records) = (Vec::new(), Vec::new());
        for ResolvedJob { job, found, endpoint } in resolved.jobs {
            records.push(scenario_record(&job, &found, endpoint.name.as_deref(), selection)?);
            let mut options = run_options(send, &endpoint, ca.as_deref())?;
            options.strict = selection.strict;
            options.log_directory = Some(directory.clone());
            options.snapshots =
                snapshots.update.map(|update| snapshot_options(snapshots.folder, &found, &directory, update));
            scenarios.push(ScenarioRun { found, job, options });
        }
        let run_id = selection.run_id.clone().unwrap_or_else(session::new_run_id);
        Ok(Self {
            scenarios,
            against: None,
            directory,
            no_cases: selection.no_cases,
            output: OutputSettings { reports: send.report.clone(), shows_progress: !send.no_progress },
            record: RunRecord { scenarios: records, ..run_record(selection, send, snapshots, &run_id) },
            run_id,
            shard: None,
            resumed: None,
        })
    }

    /// Returns the same scenarios at a second endpoint, which are sent in the same way.
    fn resolve_against(
        &self,
        selection: &SelectionFlags,
        send: &SendFlags,
        other: &str,
    ) -> Result<Vec<ScenarioRun>, CommandError> {
        let selection = SelectionFlags { endpoint: Some(other.to_owned()), profile: None, ..selection.clone() };
        let resolved = build_jobs(&selection, send.allow_remote, true)?;
        let with_options = |(one, run): (ResolvedJob, &ScenarioRun)| {
            let mut options = RunOptions { max_failures: None, ..run.options.clone() };
            options.proxy = choose_proxy(send, &one.endpoint)?;
            if send.workers.is_none() && !one.job.lifecycle.not_implemented_texts.is_empty() {
                options.settings.workers = 1;
            }
            Ok(ScenarioRun { found: one.found, job: one.job, options })
        };
        resolved.jobs.into_iter().zip(&self.scenarios).map(with_options).collect()
    }

    /// Returns true if any scenario is sent to the embedded server.
    pub fn uses_embedded_server(&self) -> bool {
        self.scenarios.iter().any(|run| run.job.target == EndpointTarget::Embedded)
    }
}

impl FuzzSettings {
    /// Resolves the settings of `fuzz`.
    pub fn new(flags: &FuzzFlags) -> Result<Self, CommandError> {
        let mut run = RunSettings::resolve(&flags.selection, &flags.send, &NO_SNAPSHOTS)?;
        if run.output.blob_folders().next().is_some() {
            return Err(Diagnostic::error("`fuzz` writes no blob").into());
        }
        // Fuzzing shows progress of its own.
        run.output.shows_progress = false;
        run.record.artifacts = flags.artifacts.as_ref().map(|folder| folder.display().to_string());
        let corpus = flags.corpus.as_ref().map(|folder| run.directory.join(folder));
        let inputs = corpus.as_ref().map(|folder| store::read_small_files(folder)).transpose()?.unwrap_or_default();
        Ok(Self {
            fuzzing: FuzzOptions {
                max_time: Some(flags.max_time.0),
                max_cases: flags.max_cases,
                corpus: inputs.into_iter().map(|(_, bytes)| bytes).collect(),
            },
            corpus,
            artifacts: flags.artifacts.as_ref().map(|folder| run.directory.join(folder)),
            saves: flags.save,
            shows_progress: !flags.send.no_progress,
            run,
        })
    }

    /// Resolves the settings of a libFuzzer target, which takes limits and folders from libFuzzer.
    pub fn for_libfuzzer(flags: &FuzzFlags) -> Result<RunSettings, CommandError> {
        RunSettings::resolve(&flags.selection, &flags.send, &NO_SNAPSHOTS)
    }

    /// Returns the folder for the requests of a scenario's findings.
    pub fn artifacts_folder(&self, run: &ScenarioRun) -> PathBuf {
        self.artifacts.clone().unwrap_or_else(|| artifacts_folder(&run.job.scenario.name, &self.run.directory))
    }

    /// Returns the folder next to the scenario in which the requests of findings are also saved.
    pub fn saved_folder(&self, run: &ScenarioRun) -> Option<PathBuf> {
        self.saves.then(|| saved_folder(&run.found, &self.run.directory))
    }
}

/// Returns what is written for responses that differ from the accepted ones.
pub(super) fn snapshot_update(flag: UpdateFlag) -> SnapshotUpdate {
    match flag {
        UpdateFlag::Auto if environment_variable("CI").is_some_and(|set| !set.is_empty() && set != "false") => {
            SnapshotUpdate::No
        }
        UpdateFlag::Auto | UpdateFlag::New => SnapshotUpdate::New,
        UpdateFlag::No => SnapshotUpdate::No,
        UpdateFlag::All => SnapshotUpdate::All,
    }
}

const NO_SNAPSHOTS: SnapshotChoice<'static> = SnapshotChoice { folder: None, update: None };

/// Returns how requests are sent to an endpoint.
fn run_options(send: &SendFlags, endpoint: &ResolvedEndpoint, ca: Option<&[u8]>) -> Result<RunOptions, CommandError> {
    let mut settings = TransportOptions::default();
    let endpoint_rate = endpoint_rate(endpoint)?;
    if let Some(span) = send.request_timeout {
        settings.limits = settings.limits.with_timeout(span.0);
    }
    // The server's output is searched for `not-implemented` texts; one worker ties the output to its request.
    if !endpoint.entry.not_implemented.is_empty() {
        settings.workers = 1;
    }
    if let Some(workers) = send.workers {
        settings.workers = usize::from(workers);
    }
    settings.rate_limit = send.rate_limit.or(endpoint_rate).map(rate_limit);
    let ca_pem = match (ca, &endpoint.ca) {
        (None, Some(file)) => Some(store::read_bytes(file)?),
        (ca, _) => ca.map(<[u8]>::to_vec),
    };
    let proxy = choose_proxy(send, endpoint)?;
    Ok(RunOptions {
        settings,
        ca_pem,
        client_identity: read_client_identity(endpoint)?,
        insecure: send.insecure,
        proxy,
        max_failures: send.max_failures,
        ..RunOptions::default()
    })
}

/// Returns the proxy of the flags, or the one that the environment names for an endpoint on another machine.
fn choose_proxy(send: &SendFlags, endpoint: &ResolvedEndpoint) -> Result<Option<ProxyAddress>, CommandError> {
    let proxy = match (&send.proxy, &endpoint.kind) {
        (Some(proxy), _) => Some(proxy.clone()),
        (None, EndpointKind::Url(url)) if !endpoint.loopback => find_environment_proxy(url, &environment_variable)?,
        (None, _) => None,
    };
    if let Some(proxy) = &proxy {
        endpoint.check_proxy(proxy)?;
    }
    Ok(proxy)
}

/// Reads the client's certificate and its key, if the endpoint's entry names them.
pub(super) fn read_client_identity(endpoint: &ResolvedEndpoint) -> Result<Option<TlsIdentity>, CommandError> {
    let Some((cert, key)) = &endpoint.client_certificate else { return Ok(None) };
    Ok(Some(TlsIdentity { certificate_pem: store::read_bytes(cert)?, key_pem: store::read_bytes(key)? }))
}

/// Returns the rate limit of an endpoint's entry.
pub(super) fn endpoint_rate(endpoint: &ResolvedEndpoint) -> Result<Option<RequestRate>, CommandError> {
    let rate = endpoint.rate_limit.as_deref().map(parse_rate).transpose();
    rate.map_err(|reason| {
        Diagnostic::error(format!("`rate-limit` of endpoint `{}`: {reason}", endpoint.profile)).into()
    })
}

/// Returns the limit for a rate.
pub(super) fn rate_limit(rate: RequestRate) -> RateLimit {
    RateLimit { interval: Duration::from_secs_f64(1.0 / rate.0) }
}

/// Returns the record of a run, without its scenarios.
fn run_record(selection: &SelectionFlags, send: &SendFlags, snapshots: &SnapshotChoice<'_>, run_id: &str) -> RunRecord {
    RunRecord {
        format: store::RUN_FORMAT.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        run: run_id.to_owned(),
        seed: selection.data.seed,
        level: format!("{:?}", selection.data.level).to_lowercase(),
        filter: selection.filter.clone(),
        request_timeout: send.request_timeout.and_then(|span| u64::try_from(span.0.as_millis()).ok()),
        cacert: send.cacert.as_ref().map(|file| file.display().to_string()),
        insecure: send.insecure,
        proxy: send.proxy.as_ref().filter(|proxy| proxy.user_info.is_none()).map(ToString::to_string),
        snapshots: snapshots.folder.map(|folder| folder.display().to_string()),
        no_snapshots: snapshots.update.is_none(),
        strict: selection.strict,
        ..RunRecord::default()
    }
}

/// Returns the record of one scenario.
fn scenario_record(
    job: &ScenarioJob,
    found: &FoundScenario,
    endpoint_name: Option<&str>,
    selection: &SelectionFlags,
) -> Result<ScenarioRecord, CommandError> {
    let endpoint = match &job.target {
        EndpointTarget::Embedded => "embedded",
        // A named endpoint also has headers, limits and certificates.
        EndpointTarget::Url(url) => endpoint_name.unwrap_or(url),
    };
    let (original, _) = overstep::scenario::read_scenario(&found.name, &found.text)
        .map_err(|error| crate::config::error_diagnostic(&found.display_name, &found.text, error))?;
    let mut record = session::build_record(job, &scenario_argument(found), endpoint, &original);
    (record.headers, record.secret_headers) = session::split_headers(&selection.data.header);
    record.variables_file = selection.data.variables_file.as_ref().map(|file| file.display().to_string());
    Ok(record)
}
