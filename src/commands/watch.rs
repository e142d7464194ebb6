//! Implements `overstep watch`, which sends the failing cases again when files change or the endpoint is back.
//!
//! It never writes a snapshot, a report or the record of the last run.

use crate::cli::{
    CheckFlags, CommandError, CommandRuntime, RunSettings, ScenarioRun, UpdateFlag, WatchFlags, messages,
    repository_root, stop_on_signal, watched_files,
};
use crate::session::{
    ChangeDetector, EndpointTarget, FailingCases, ListChange, SessionError, WatchedChange, WatchedRun,
};
use overstep::escape::{ConsoleWriter, escape_text};
use overstep::exit::ExitStatus;
use overstep::report::{Diagnostic, pluralize};
use overstep::run::{self, CancelToken, Endpoint, Stopwatch};
use overstep::session;
use overstep::store;
use std::collections::HashSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// Time between two looks at the files and the port.
const POLL_INTERVAL: Duration = Duration::from_millis(200);
/// Maximum number of cases that are listed at a time; the rest is counted.
const MAX_LISTED: usize = 20;

/// Sends all cases once, and then those that fail whenever something changes, until none fails.
pub fn watch_scenarios(flags: &WatchFlags) -> Result<ExitStatus, CommandError> {
    if !flags.send.report.is_empty() {
        let problem = Diagnostic::error("`overstep watch` writes no reports");
        return Err(problem.with_hint("use `overstep check --report …`").into());
    }
    let check = check_flags(flags);
    let settings = RunSettings::for_check(&check)?;
    let runtime = CommandRuntime::new()?;
    runtime.block_on(async {
        let stop = CancelToken::default();
        tokio::spawn(stop_on_signal(stop.clone()));
        Watch { flags, check, settings, failing: Vec::new(), stop, clock: Stopwatch::start() }.run().await
    })
}

fn check_flags(flags: &WatchFlags) -> CheckFlags {
    CheckFlags {
        selection: flags.selection.clone(),
        send: flags.send.clone(),
        last_failed: false,
        snapshots: None,
        no_snapshots: false,
        against: None,
        update: UpdateFlag::No,
        shard: None,
        resume: None,
    }
}

/// Which cases are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SentCases {
    All,
    Failing,
}

struct Watch<'f> {
    flags: &'f WatchFlags,
    check: CheckFlags,
    settings: RunSettings,
    /// The failing cases of each scenario, in the order of the settings.
    failing: Vec<FailingCases>,
    stop: CancelToken,
    clock: Stopwatch,
}

impl Watch<'_> {
    async fn run(mut self) -> Result<ExitStatus, CommandError> {
        self.failing = vec![FailingCases::default(); self.settings.scenarios.len()];
        let mut next = SentCases::All;
        loop {
            // Changes that are made while cases are sent count as well.
            let fingerprint = store::fingerprint(&self.files());
            let complete = self.send(next).await?;
            if self.stop.is_cancelled() {
                return Ok(self.exit());
            }
            let left = self.count();
            match (complete, left, next) {
                (true, 0, SentCases::All) => {
                    print("no case fails")?;
                    return Ok(ExitStatus::Success);
                }
                (true, 0, SentCases::Failing) => {
                    // What was changed may have broken something else.
                    print("all of them are fixed; sending all cases")?;
                    next = SentCases::All;
                    continue;
                }
                (true, _, _) => print(&format!("{} · waiting for changes; Ctrl-C ends", fail(left)))?,
                (false, _, _) => print("the run is incomplete · waiting for the endpoint or for changes; Ctrl-C ends")?,
            }
            // A run that did not end says nothing about the other cases.
            let was_complete = complete || next == SentCases::Failing;
            match self.wait_for_change(fingerprint, !complete).await? {
                true => next = if was_complete { SentCases::Failing } else { SentCases::All },
                false => return Ok(self.exit()),
            }
        }
    }

    fn count(&self) -> usize {
        self.failing.iter().map(|failing| failing.ids.len()).sum()
    }

    fn exit(&self) -> ExitStatus {
        if self.count() == 0 { ExitStatus::Incomplete } else { ExitStatus::Findings }
    }

    /// Sends cases of all scenarios. Returns false if a run is incomplete.
    async fn send(&mut self, which: SentCases) -> Result<bool, CommandError> {
        let mut complete = true;
        for (scenario, failing) in self.settings.scenarios.iter_mut().zip(&mut self.failing) {
            scenario.job.case_ids = match which {
                SentCases::All => None,
                SentCases::Failing if failing.ids.is_empty() => continue,
                SentCases::Failing => Some(failing.ids.iter().cloned().collect::<HashSet<_>>()),
            };
            let ScenarioRun { job, options, .. } = &*scenario;
            let mut run = WatchedRun::default();
            match session::check(job, options, &self.settings.run_id, &self.stop, &mut run).await {
                Ok(_) => {}
                Err(SessionError::OutputClosed) => return Ok(false),
                Err(SessionError::Problems(problems)) => return Err(problems.into()),
            }
            let before = failing.ids.len();
            let change = failing.update(&run);
            print_change(&job.scenario.name, before, failing.ids.len(), &change)?;
            if let Some(why) = &run.incomplete {
                print(&format!("{}: {why}", job.scenario.name))?;
                complete = false;
            }
        }
        Ok(complete)
    }

    /// Waits until cases are to be sent again. Returns false if the user or the time ends the watch.
    ///
    /// `fingerprint` is that of the files before the last run.
    async fn wait_for_change(&mut self, fingerprint: u64, was_incomplete: bool) -> Result<bool, CommandError> {
        let files = self.files();
        let ports = self.ports();
        let is_down = |ports: &[(String, u16)]| ports.iter().any(|(host, port)| !run::is_port_in_use(host, *port));
        let observed_up = |ports: &[(String, u16)]| (!ports.is_empty()).then(|| !is_down(ports));
        let mut detector = ChangeDetector::new(fingerprint, was_incomplete && is_down(&ports));
        while !self.stop.is_cancelled() && self.clock.elapsed() < self.flags.max_time.0 {
            match detector.observe(store::fingerprint(&files), observed_up(&ports)) {
                None => {}
                Some(WatchedChange::EndpointDown) => print("the endpoint is down; waiting for it")?,
                Some(change) => {
                    let what =
                        if change == WatchedChange::Files { "files have changed" } else { "the endpoint is back" };
                    if self.reload() {
                        print(&format!("{what}; sending again"))?;
                        return Ok(true);
                    }
                }
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Ok(false)
    }

    /// Reads the scenarios, documents and settings again. Returns false, and prints why, if they cannot be used.
    fn reload(&mut self) -> bool {
        match RunSettings::for_check(&self.check) {
            Ok(settings) if settings.scenarios.len() == self.settings.scenarios.len() => {
                self.settings = settings;
                true
            }
            Ok(_) => {
                messages::print_line("there are other scenarios now; start `overstep watch` again");
                false
            }
            Err(error) => {
                messages::print_problems(&error.problems);
                false
            }
        }
    }

    /// Returns the files that a run reads, and those that the user named.
    fn files(&self) -> Vec<PathBuf> {
        let directory = &self.settings.directory;
        let root = repository_root(directory);
        let mut files: Vec<PathBuf> = self.flags.path.iter().map(|path| directory.join(path)).collect();
        files.extend(self.check.selection.data.variables_file.iter().map(|file| directory.join(file)));
        for scenario in &self.settings.scenarios {
            files.extend(watched_files(scenario, directory, &root));
        }
        files
    }

    /// Returns the ports of this machine that the endpoints listen on. Servers that overstep starts are not among them.
    fn ports(&self) -> Vec<(String, u16)> {
        let jobs = self.settings.scenarios.iter().map(|scenario| &scenario.job);
        let urls = jobs.filter(|job| job.lifecycle.start.is_none()).filter_map(|job| match &job.target {
            EndpointTarget::Url(url) => Some(url),
            EndpointTarget::Embedded => None,
        });
        let endpoints = urls.filter_map(|url| Endpoint::parse(url).ok());
        endpoints.filter(Endpoint::is_loopback).map(|endpoint| (endpoint.host, endpoint.port)).collect()
    }
}

fn print(line: &str) -> Result<(), CommandError> {
    let mut out = ConsoleWriter::new(anstream::stdout());
    writeln!(out, "{}", escape_text(line))?;
    Ok(out.flush()?)
}

/// Returns `1 case fails`, `2 cases fail`.
fn fail(count: usize) -> String {
    let verb = if count == 1 { "fails" } else { "fail" };
    format!("{} {verb}", pluralize(count as u64, "case"))
}

/// Prints which cases are fixed and which ones fail in addition, and how long the list is now.
fn print_change(scenario: &str, before: usize, now: usize, change: &ListChange) -> Result<(), CommandError> {
    for (word, ids) in [("fixed  ", &change.fixed), ("fails  ", &change.added)] {
        for id in ids.iter().take(MAX_LISTED) {
            print(&format!("  {word}{id}"))?;
        }
        if ids.len() > MAX_LISTED {
            print(&format!("  {word}and {} more", ids.len() - MAX_LISTED))?;
        }
    }
    match before {
        0 => print(&format!("{scenario}: {}", fail(now))),
        before => print(&format!("{scenario}: {before} → {}", fail(now))),
    }
}
