//! The settings of `replay`, resolved once from flags, the recorded run and the environment.
//!
//! Nothing after this looks at a flag or at the record again.

use super::last_run::{find_case, group_by_scenario, rebuild_job};
use super::recorded_run_flags::ReplayFlags;
use super::run_settings::{endpoint_rate, rate_limit, read_client_identity};
use super::snapshot_folders;
use super::{CommandError, current_directory};
use crate::config::{Config, ResolvedEndpoint};
use crate::session::{IndexedCase, RecordedRunStart, RunOptions, ScenarioJob, SnapshotOptions, SnapshotUpdate};
use overstep::judge::Verdict;
use overstep::report::{Diagnostic, RecordedCase};
use overstep::run::{ProxyAddress, TransportOptions};
use overstep::session;
use overstep::store::{self, LastRun, RUN_FORMAT, RunRecord, ScenarioRecord};
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;
use std::time::Duration;

/// The cases to send again, with everything that decides how they are sent.
pub struct ReplaySettings {
    /// The scenarios with their options, in the order of the record; empty if there is nothing to send.
    pub scenarios: Vec<(ScenarioJob, RunOptions)>,
    /// The recorded results, by case id.
    pub recorded: HashMap<String, RecordedCase>,
    /// The id of the recorded run, the value of `{run}`.
    pub run_id: String,
}

impl ReplaySettings {
    /// Resolves the settings: one case, or all cases of a run that diverged or changed.
    pub fn new(flags: &ReplayFlags) -> Result<Self, CommandError> {
        let directory = current_directory()?;
        let selection = select_cases(flags, &directory)?;
        let mut scenarios = Vec::new();
        for (scenario, ids) in &selection.ids {
            let (job, endpoint) =
                rebuild_job(&flags.overrides, flags.allow_remote, &selection.record, scenario, ids, &directory)?;
            let mut options = run_options(flags, &selection.record, &endpoint, &directory)?;
            options.snapshots = snapshot_options(flags, &selection.record, scenario, &directory)?;
            scenarios.push((job, options));
        }
        Ok(Self { scenarios, recorded: selection.recorded, run_id: selection.record.run })
    }
}

/// The cases to send again, with their recorded results.
struct ReplaySelection {
    record: RunRecord,
    /// The ids of each scenario's cases, in the order of the record.
    ids: Vec<(ScenarioRecord, HashSet<String>)>,
    recorded: HashMap<String, RecordedCase>,
}

/// Returns the snapshot options for a scenario. A replay never writes snapshots.
fn snapshot_options(
    flags: &ReplayFlags,
    record: &RunRecord,
    scenario: &ScenarioRecord,
    directory: &Path,
) -> Result<Option<SnapshotOptions>, CommandError> {
    if flags.no_snapshots || (record.no_snapshots && flags.snapshots.is_none()) {
        return Ok(None);
    }
    let found = store::find_scenario(directory, &scenario.named)?;
    let folder = flags.snapshots.as_deref().or(record.snapshots.as_deref().map(Path::new));
    Ok(Some(snapshot_folders::snapshot_options(folder, &found, directory, SnapshotUpdate::No)))
}

/// Returns the cases that the argument selects.
fn select_cases(flags: &ReplayFlags, directory: &Path) -> Result<ReplaySelection, CommandError> {
    let what = flags.what.as_str();
    let path = directory.join(what);
    let is_file = path.is_file() || what.ends_with(".ndjson");
    let last = LastRun::load(directory);
    let (record, mut results) = if is_file {
        let mut results = store::open_results(&path)?;
        let began = session::index_results(&mut results).map_err(|problem| with_file_name(&problem, what))?.runs;
        let of_last = last.ok().map(|(record, _)| record);
        (record_of_file(&began, of_last, what, directory)?, results)
    } else {
        last?
    };
    io::Seek::rewind(&mut results)?;
    let index = session::index_results(&mut results).map_err(|problem| with_file_name(&problem, what))?;
    let chosen: Vec<IndexedCase> = if is_file || what == "last" {
        index.cases.iter().filter(|case| case.verdict == Verdict::Diverges || case.has_changed()).cloned().collect()
    } else {
        vec![find_case(what, &index, &record)?]
    };
    let all: HashSet<&str> = chosen.iter().map(|case| case.id.as_str()).collect();
    let then = session::read_recorded_cases(&mut results, &|id| all.contains(id))?;
    let ids = group_by_scenario(&chosen, &record);
    Ok(ReplaySelection { record, ids, recorded: then.into_iter().map(|then| (then.id.clone(), then)).collect() })
}

fn with_file_name(problem: &Diagnostic, what: &str) -> Diagnostic {
    Diagnostic { reason: format!("`{what}`: {}", problem.reason), ..problem.clone() }
}

/// Returns the record of the run in a results file: the stored record if it is the last run, otherwise one built from
/// the events in the file.
fn record_of_file(
    began: &[RecordedRunStart],
    last: Option<RunRecord>,
    what: &str,
    directory: &Path,
) -> Result<RunRecord, CommandError> {
    let Some(first) = began.first() else {
        let problem = Diagnostic::error(format!("no run in `{what}`"));
        return Err(problem.with_hint("use a file that `overstep check --report ndjson=PATH` wrote").into());
    };
    if let Some(last) = last.filter(|last| last.run == first.run) {
        return Ok(last);
    }
    let config = Config::load(directory)?;
    // A server that overstep started is started again, possibly on another port.
    let starts_server = |name: &str| config.settings.endpoints.get(name).is_some_and(|entry| !entry.start.is_empty());
    let by_name = |began: &RecordedRunStart| began.profile == "embedded" || starts_server(&began.profile);
    let scenario = |began: &RecordedRunStart| ScenarioRecord {
        scenario: began.scenario.clone(),
        named: began.scenario.clone(),
        endpoint: if by_name(began) { began.profile.clone() } else { began.endpoint.clone() },
        profile: began.profile.clone(),
        contract: began.contract.clone(),
        ..ScenarioRecord::default()
    };
    Ok(RunRecord {
        format: RUN_FORMAT.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        run: first.run.clone(),
        seed: first.seed,
        level: "full".to_owned(),
        scenarios: began.iter().map(scenario).collect(),
        ..RunRecord::default()
    })
}

/// Returns the options for sending the cases again.
fn run_options(
    flags: &ReplayFlags,
    record: &RunRecord,
    endpoint: &ResolvedEndpoint,
    directory: &Path,
) -> Result<RunOptions, CommandError> {
    // The cases are sent one after another, so that each response belongs to exactly one case.
    let mut settings = TransportOptions { workers: 1, ..TransportOptions::default() };
    let span = flags.request_timeout.map(|span| span.0).or(record.request_timeout.map(Duration::from_millis));
    if let Some(span) = span {
        settings.limits = settings.limits.with_timeout(span);
    }
    settings.rate_limit = endpoint_rate(endpoint)?.map(rate_limit);
    let insecure = flags.insecure || (record.insecure && flags.cacert.is_none());
    let ca = flags.cacert.clone().or_else(|| record.cacert.as_ref().filter(|_| !insecure).map(Into::into));
    let ca = ca.map(|file| directory.join(file)).or_else(|| endpoint.ca.clone());
    let recorded = || record.proxy.as_deref().map(ProxyAddress::parse).transpose();
    let proxy = match &flags.proxy {
        Some(proxy) => Some(proxy.clone()),
        None => recorded().map_err(|error| Diagnostic::error(error.to_string()))?,
    };
    if let Some(proxy) = &proxy {
        endpoint.check_proxy(proxy)?;
    }
    Ok(RunOptions {
        settings,
        ca_pem: ca.map(|file| store::read_bytes(&file)).transpose()?,
        client_identity: read_client_identity(endpoint)?,
        insecure,
        proxy,
        max_failures: None,
        snapshots: None,
        differential: None,
        strict: flags.strict || record.strict,
        shard: None,
        // The server log of the recorded run stays unchanged.
        log_directory: None,
    })
}
