//! Implements `overstep replay`, which sends recorded cases again with only the date and the signature renewed.
//!
//! It never replaces the record of the run that it repeats: `.overstep/last` stays unchanged.

use super::flags::{ReplayFlags, ReplayFormat};
use super::last_run::{find_case, group_by_scenario, rebuild_job};
use super::{CommandError, messages, runtime::CommandRuntime};
use crate::config::{Config, ResolvedEndpoint};
use crate::session::{
    EndpointTarget, IndexedCase, RecordedRunStart, ReplaySummary, RunOptions, ScenarioJob, SessionError,
    SnapshotOptions, SnapshotUpdate,
};
use overstep::exit::ExitStatus;
use overstep::judge::Verdict;
use overstep::report::{Diagnostic, RecordedCase, ReplayReporter, ReplayedCase, Severity, TextWidth};
use overstep::run::{CancelToken, RateLimit, TransportOptions};
use overstep::session;
use overstep::store::{self, LastRun, RUN_FORMAT, RunRecord, ScenarioRecord};
use std::collections::{HashMap, HashSet};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

/// The cases to send again, with their recorded results.
struct ReplaySelection {
    record: RunRecord,
    /// The ids of each scenario's cases, in the order of the record.
    ids: Vec<(ScenarioRecord, HashSet<String>)>,
    recorded: HashMap<String, RecordedCase>,
}

/// Sends one case again, or all cases of a run that diverged or changed.
pub fn replay_cases(flags: &ReplayFlags) -> Result<ExitStatus, CommandError> {
    let directory = super::current_directory()?;
    let selection = select_cases(flags, &directory)?;
    if selection.ids.is_empty() {
        let problem = Diagnostic::error("no diverging or changed case in these results");
        messages::print_problems(&[Diagnostic { severity: Severity::Warning, ..problem }]);
        return Ok(ExitStatus::NothingRan);
    }
    let mut prepared = Vec::new();
    for (scenario, ids) in &selection.ids {
        let (job, endpoint) =
            rebuild_job(&flags.overrides, flags.allow_remote, &selection.record, scenario, ids, &directory)?;
        let mut sending = run_options(flags, &selection.record, &endpoint, &directory)?;
        sending.snapshots = snapshot_options(flags, &selection.record, scenario, &directory)?;
        prepared.push((job, sending));
    }
    let runtime = CommandRuntime::new()?;
    runtime.block_on(send_cases(flags, &selection, prepared))
}

async fn send_cases(
    flags: &ReplayFlags,
    selection: &ReplaySelection,
    prepared: Vec<(ScenarioJob, RunOptions)>,
) -> Result<ExitStatus, CommandError> {
    let stop = CancelToken::default();
    tokio::spawn(super::check::stop_on_signal(stop.clone()));
    let width = terminal_size::terminal_size()
        .filter(|_| io::stdout().is_terminal())
        .map_or_else(TextWidth::default, |(width, _)| TextWidth::from_terminal_columns(usize::from(width.0)));
    let width = flags.width.map_or(width, |columns| TextWidth::from_terminal_columns(usize::from(columns)));
    let mut text = ReplayReporter::new(anstream::stdout(), width);
    let mut lines = io::BufWriter::new(io::stdout());
    let is_text = flags.format == ReplayFormat::Text;
    let mut exit = ExitStatus::Success;
    let mut all = ReplaySummary::default();
    for (job, sending) in &prepared {
        super::lifecycle::announce_start(job);
        if is_text {
            let endpoint = match &job.target {
                EndpointTarget::Embedded => "embedded",
                EndpointTarget::Url(_) if job.lifecycle.start.is_some() => &job.profile,
                EndpointTarget::Url(url) => url,
            };
            text.begin_scenario(&job.scenario.name, endpoint, &selection.record.run)?;
        }
        let emit = |one: &ReplayedCase| {
            if is_text {
                text.write_case(one)
            } else {
                lines.write_all(&one.result.results_line)?;
                lines.write_all(b"\n")
            }
        };
        let then = |id: &str| selection.recorded.get(id).cloned();
        let end = match session::replay_cases(job, sending, &selection.record.run, &stop, then, emit).await {
            Ok(end) => end,
            // The reader of the output has gone away, which is not an error.
            Err(SessionError::OutputClosed) => return Ok(exit.combine(ExitStatus::Incomplete)),
            Err(found) => return Err(found.into()),
        };
        all.sent += end.sent;
        all.diverging += end.diverging;
        all.known += end.known;
        all.changed += end.changed;
        if end.findings > 0 {
            exit = exit.combine(ExitStatus::Findings);
        }
        if end.indeterminate > 0 {
            exit = exit.combine(ExitStatus::Incomplete);
        }
        if let Some(why) = end.incomplete_reason {
            exit = exit.combine(ExitStatus::Incomplete);
            messages::print_problems(&[Diagnostic::error(why)]);
            end.server_output.iter().for_each(|line| messages::print_line(&format!("    server output    {line}")));
        }
        if let Some((_, id, why)) = end.leaked_fixtures {
            let reason = format!("cleanup failed for `{id}`; its resources may remain: {why}");
            messages::print_problems(&[Diagnostic { severity: Severity::Warning, ..Diagnostic::error(reason) }]);
        }
    }
    lines.flush()?;
    if is_text && all.sent > 0 {
        text.finish(&describe_end(&all))?;
    }
    Ok(exit)
}

/// Describes the result of a replay: `2 cases sent again · 1 diverges now · 1 known`.
fn describe_end(end: &ReplaySummary) -> String {
    let of = if end.sent == 1 { "1 case".to_owned() } else { format!("{} cases", end.sent) };
    let diverge = if end.diverging == 1 { "1 diverges".to_owned() } else { format!("{} diverge", end.diverging) };
    let mut words = format!("{of} sent again · {diverge} now");
    for (count, what) in [(end.known, "known"), (end.changed, "changed from the accepted response")] {
        if count > 0 {
            words.push_str(&format!(" · {count} {what}"));
        }
    }
    words
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
    Ok(Some(super::snapshot::snapshot_options(folder, &found, directory, SnapshotUpdate::No)))
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
        settings.limits.total_timeout = span;
        settings.limits.idle_timeout = span;
    }
    let rate = endpoint.rate_limit.as_deref().map(super::flag_values::parse_rate).transpose();
    let rate =
        rate.map_err(|reason| Diagnostic::error(format!("`rate-limit` of endpoint `{}`: {reason}", endpoint.profile)))?;
    settings.rate_limit = rate.map(|rate| RateLimit { interval: Duration::from_secs_f64(1.0 / rate.0) });
    let insecure = flags.insecure || (record.insecure && flags.cacert.is_none());
    let ca = flags.cacert.clone().or_else(|| record.cacert.as_ref().filter(|_| !insecure).map(Into::into));
    let ca = ca.map(|file| directory.join(file)).or_else(|| endpoint.ca.clone());
    Ok(RunOptions {
        settings,
        ca_pem: ca.map(|file| store::read_bytes(&file)).transpose()?,
        insecure,
        proxy: flags.proxy.clone().or_else(|| record.proxy.clone()),
        max_failures: None,
        snapshots: None,
        differential: None,
        strict: flags.strict || record.strict,
        // The server log of the recorded run stays unchanged.
        log_directory: None,
    })
}
