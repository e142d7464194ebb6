//! Implements `overstep replay`, which sends recorded cases again with only the date and the signature renewed.
//!
//! It never replaces the record of the run that it repeats: `.overstep/last` stays unchanged.

use super::flags::{ReplayFlags, ReplayFormat};
use super::recorded::{by_id, by_scenario, job};
use super::{Stopped, runtime::Runtime, say};
use crate::config::{Config, Endpoint};
use overstep::exit::Exit;
use overstep::judge::Verdict;
use overstep::pipeline::{self, Began, Indexed, Job, Keeping, ReplayEnd, Sending, Target, Update};
use overstep::report::{Diagnostic, ReplayText, Replayed, Severity, Then, Width};
use overstep::run::{RateLimit, Settings, Stop};
use overstep::store::{self, LastRun, RUN_FORMAT, RunRecord, ScenarioRecord};
use std::collections::{HashMap, HashSet};
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

/// The cases to send again, with their recorded results.
struct Wanted {
    record: RunRecord,
    /// The ids of each scenario's cases, in the order of the record.
    ids: Vec<(ScenarioRecord, HashSet<String>)>,
    then: HashMap<String, Then>,
}

/// Sends one case again, or all cases of a run that diverged or changed.
pub fn replay(flags: &ReplayFlags) -> Result<Exit, Stopped> {
    let directory = super::current_directory()?;
    let wanted = wanted(flags, &directory)?;
    if wanted.ids.is_empty() {
        let problem = Diagnostic::error("no diverging or changed case in these results");
        say::problems(&[Diagnostic { severity: Severity::Warning, ..problem }]);
        return Ok(Exit::Nothing);
    }
    let mut ready = Vec::new();
    for (scenario, ids) in &wanted.ids {
        let (job, endpoint) = job(&flags.again, flags.allow_remote, &wanted.record, scenario, ids, &directory)?;
        let mut sending = sending(flags, &wanted.record, &endpoint, &directory)?;
        sending.keeping = keeping(flags, &wanted.record, scenario, &directory)?;
        ready.push((job, sending));
    }
    let runtime = Runtime::new()?;
    runtime.block_on(send(flags, &wanted, ready))
}

async fn send(flags: &ReplayFlags, wanted: &Wanted, ready: Vec<(Job, Sending)>) -> Result<Exit, Stopped> {
    let stop = Stop::default();
    tokio::spawn(super::check::stop_on_signal(stop.clone()));
    let width = terminal_size::terminal_size()
        .filter(|_| io::stdout().is_terminal())
        .map_or_else(Width::default, |(width, _)| Width::of_terminal(usize::from(width.0)));
    let width = flags.width.map_or(width, |columns| Width::of_terminal(usize::from(columns)));
    let mut text = ReplayText::new(anstream::stdout(), width);
    let mut lines = io::BufWriter::new(io::stdout());
    let is_text = flags.format == ReplayFormat::Text;
    let mut exit = Exit::Kept;
    let mut all = ReplayEnd::default();
    for (job, sending) in &ready {
        super::upkeep::announce(job);
        if is_text {
            let endpoint = match &job.target {
                Target::Embedded => "embedded",
                Target::Url(_) if job.upkeep.start.is_some() => &job.profile,
                Target::Url(url) => url,
            };
            text.begin(&job.scenario.name, endpoint, &wanted.record.run)?;
        }
        let emit = |one: &Replayed| {
            if is_text {
                text.case(one)
            } else {
                lines.write_all(&one.done.line)?;
                lines.write_all(b"\n")
            }
        };
        let then = |id: &str| wanted.then.get(id).cloned();
        let end = match pipeline::replay(job, sending, &wanted.record.run, &stop, then, emit).await {
            Ok(end) => end,
            // The reader of the output has gone away, which is not an error.
            Err(found) if found.is_empty() => return Ok(exit.and(Exit::Incomplete)),
            Err(found) => return Err(found.into()),
        };
        all.sent += end.sent;
        all.diverging += end.diverging;
        all.known += end.known;
        all.changed += end.changed;
        if end.findings > 0 {
            exit = exit.and(Exit::Findings);
        }
        if end.indeterminate > 0 {
            exit = exit.and(Exit::Incomplete);
        }
        if let Some(why) = end.incomplete {
            exit = exit.and(Exit::Incomplete);
            say::problems(&[Diagnostic::error(why)]);
            end.server_output.iter().for_each(|line| say::line(&format!("    server output    {line}")));
        }
        if let Some((_, id, why)) = end.left {
            let reason = format!("cleanup failed for `{id}`; its resources may remain: {why}");
            say::problems(&[Diagnostic { severity: Severity::Warning, ..Diagnostic::error(reason) }]);
        }
    }
    lines.flush()?;
    if is_text && all.sent > 0 {
        text.finish(&in_words(&all))?;
    }
    Ok(exit)
}

/// Describes the result of a replay: `2 cases sent again · 1 diverges now · 1 known`.
fn in_words(end: &ReplayEnd) -> String {
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
fn keeping(
    flags: &ReplayFlags,
    record: &RunRecord,
    scenario: &ScenarioRecord,
    directory: &Path,
) -> Result<Option<Keeping>, Stopped> {
    if flags.no_snapshots || (record.no_snapshots && flags.snapshots.is_none()) {
        return Ok(None);
    }
    let found = store::find_scenario(directory, &scenario.named)?;
    let folder = flags.snapshots.as_deref().or(record.snapshots.as_deref().map(Path::new));
    Ok(Some(super::snapshot::keeping(folder, &found, directory, Update::No)))
}

/// Returns the cases that the argument selects.
fn wanted(flags: &ReplayFlags, directory: &Path) -> Result<Wanted, Stopped> {
    let what = flags.what.as_str();
    let path = directory.join(what);
    let is_file = path.is_file() || what.ends_with(".ndjson");
    let last = LastRun::load(directory);
    let (record, mut results) = if is_file {
        let mut results = store::open_results(&path)?;
        let began = pipeline::index(&mut results).map_err(|problem| named(&problem, what))?.began;
        let of_last = last.ok().map(|(record, _)| record);
        (of_file(&began, of_last, what, directory)?, results)
    } else {
        last?
    };
    io::Seek::rewind(&mut results)?;
    let index = pipeline::index(&mut results).map_err(|problem| named(&problem, what))?;
    let chosen: Vec<Indexed> = if is_file || what == "last" {
        index.cases.iter().filter(|case| case.verdict == Verdict::Diverges || case.has_changed()).cloned().collect()
    } else {
        vec![by_id(what, &index, &record)?]
    };
    let all: HashSet<&str> = chosen.iter().map(|case| case.id.as_str()).collect();
    let then = pipeline::recorded(&mut results, &|id| all.contains(id))?;
    let ids = by_scenario(&chosen, &record);
    Ok(Wanted { record, ids, then: then.into_iter().map(|then| (then.id.clone(), then)).collect() })
}

fn named(problem: &Diagnostic, what: &str) -> Diagnostic {
    Diagnostic { reason: format!("`{what}`: {}", problem.reason), ..problem.clone() }
}

/// Returns the record of the run in a results file: the stored record if it is the last run, otherwise one built from
/// the events in the file.
fn of_file(began: &[Began], last: Option<RunRecord>, what: &str, directory: &Path) -> Result<RunRecord, Stopped> {
    let Some(first) = began.first() else {
        let problem = Diagnostic::error(format!("no run in `{what}`"));
        return Err(problem.with_hint("use a file that `overstep check --report ndjson=PATH` wrote").into());
    };
    if let Some(last) = last.filter(|last| last.run == first.run) {
        return Ok(last);
    }
    let config = Config::load(directory)?;
    // A server that overstep started is started again, possibly on another port.
    let starts = |name: &str| config.settings.endpoints.get(name).is_some_and(|entry| !entry.start.is_empty());
    let by_name = |began: &Began| began.profile == "embedded" || starts(&began.profile);
    let scenario = |began: &Began| ScenarioRecord {
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
fn sending(flags: &ReplayFlags, record: &RunRecord, endpoint: &Endpoint, directory: &Path) -> Result<Sending, Stopped> {
    // The cases are sent one after another, so that each response belongs to exactly one case.
    let mut settings = Settings { workers: 1, ..Settings::default() };
    let span = flags.request_timeout.map(|span| span.0).or(record.request_timeout.map(Duration::from_millis));
    if let Some(span) = span {
        settings.limits.total = span;
        settings.limits.idle = span;
    }
    let rate = endpoint.rate_limit.as_deref().map(super::values::rate).transpose();
    let rate =
        rate.map_err(|reason| Diagnostic::error(format!("`rate-limit` of endpoint `{}`: {reason}", endpoint.profile)))?;
    settings.rate = rate.map(|rate| RateLimit { interval: Duration::from_secs_f64(1.0 / rate.0) });
    let insecure = flags.insecure || (record.insecure && flags.cacert.is_none());
    let ca = flags.cacert.clone().or_else(|| record.cacert.as_ref().filter(|_| !insecure).map(Into::into));
    let ca = ca.map(|file| directory.join(file)).or_else(|| endpoint.ca.clone());
    Ok(Sending {
        settings,
        ca: ca.map(|file| store::read_bytes(&file)).transpose()?,
        insecure,
        proxy: flags.proxy.clone().or_else(|| record.proxy.clone()),
        max_failures: None,
        keeping: None,
        beside: None,
        strict: flags.strict || record.strict,
        // The server log of the recorded run stays unchanged.
        log: None,
    })
}
