//! Implements `overstep fuzz`: prepares the jobs, fuzzes, and writes findings to files that can be sent again.
//!
//! It never decides what is sent; that is the work of `session`.

use super::check::{exit_of_summary, exit_without_cases, prepare_jobs, run_record, stop_on_signal};
use super::flags::FuzzFlags;
use super::outputs::RunOutputs;
use super::{CommandError, messages, runtime::CommandRuntime, saved_requests};
use crate::session::{EndpointTarget, FuzzFinding, FuzzObserver, FuzzOptions, SessionError};
use indicatif::{ProgressBar, ProgressStyle};
use overstep::exit::ExitStatus;
use overstep::report::{Diagnostic, Severity};
use overstep::run::CancelToken;
use overstep::session;
use overstep::store;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

/// Time between two lines of progress in a log.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);

/// Fuzzes the endpoint of each selected scenario.
pub fn fuzz_scenarios(flags: &FuzzFlags) -> Result<ExitStatus, CommandError> {
    let as_check = flags.to_check_flags();
    let (mut jobs, sendings, chosen) = prepare_jobs(&as_check)?;
    let run_id = flags.selection.run_id.clone().unwrap_or_else(session::new_run_id);
    let runtime = CommandRuntime::new()?;
    let corpus = match &flags.corpus {
        Some(folder) => store::read_small_files(&chosen.directory.join(folder))?,
        None => Vec::new(),
    };
    let fuzzing = FuzzOptions {
        max_time: Some(flags.max_time.0),
        max_cases: flags.max_cases,
        corpus: corpus.into_iter().map(|(_, bytes)| bytes).collect(),
    };
    let mut outputs = RunOutputs::open(&as_check, &chosen.directory)?;
    let mut record = run_record(&as_check, &jobs, &chosen, &run_id)?;
    record.artifacts = flags.artifacts.as_ref().map(|folder| folder.display().to_string());
    outputs.set_record(record);
    if jobs.iter().any(|job| job.target == EndpointTarget::Embedded) {
        outputs.print_embedded_notice(flags.send.report.iter().any(|(_, path)| path == std::path::Path::new("-")))?;
    }
    let mut exit = ExitStatus::Success;
    let mut problems = Vec::new();
    runtime.block_on(async {
        let stop = CancelToken::default();
        tokio::spawn(stop_on_signal(stop.clone()));
        for ((job, sending), (found, _)) in jobs.iter_mut().zip(&sendings).zip(&chosen.scenarios) {
            if stop.is_cancelled() {
                break;
            }
            super::lifecycle::announce_start(job);
            let artifacts = match &flags.artifacts {
                Some(folder) => chosen.directory.join(folder),
                None => saved_requests::artifacts_folder(&job.scenario.name, &chosen.directory),
            };
            let mut writer = FindingWriter {
                corpus: flags.corpus.as_ref().map(|folder| chosen.directory.join(folder)),
                artifacts,
                regressions: flags.save.then(|| saved_requests::saved_folder(found, &chosen.directory)),
                saved_files: Vec::new(),
                bar: new_spinner(flags.send.no_progress),
                last_progress: Duration::ZERO,
                quiet: flags.send.no_progress,
            };
            let result = session::fuzz(job, sending, &fuzzing, &run_id, &stop, &mut outputs, &mut writer).await;
            writer.bar.finish_and_clear();
            match result {
                Ok((summary, never_succeeded)) => {
                    exit = exit.combine(exit_of_summary(&summary));
                    for file in &writer.saved_files {
                        messages::print_line(&format!(
                            "saved: {}",
                            file.strip_prefix(&chosen.directory).unwrap_or(file).display()
                        ));
                    }
                    if !never_succeeded.is_empty() {
                        let reason = format!(
                            "no request succeeded, so rejected requests show nothing about {}",
                            never_succeeded.join(", ")
                        );
                        let problem = Diagnostic::error(reason).with_hint("`overstep doctor` shows what they need");
                        messages::print_problems(&[Diagnostic { severity: Severity::Warning, ..problem }]);
                        exit = exit.combine(ExitStatus::NothingRan);
                    } else if summary.counts.total() == 0 && summary.incomplete_reason.is_none() {
                        exit = exit.combine(exit_without_cases(flags.selection.no_cases));
                    }
                }
                Err(SessionError::OutputClosed) => {
                    exit = exit.combine(ExitStatus::Incomplete);
                    break;
                }
                Err(SessionError::Problems(found)) => {
                    exit = exit.combine(ExitStatus::Usage);
                    problems.extend(found);
                }
            }
        }
    });
    outputs.finish_all()?;
    messages::print_problems(&problems);
    Ok(exit)
}

fn new_spinner(hidden: bool) -> ProgressBar {
    if hidden || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("the template is a constant of known parts"));
    bar
}

/// Writes corpus inputs and findings to files, and prints progress.
struct FindingWriter {
    corpus: Option<PathBuf>,
    artifacts: PathBuf,
    regressions: Option<PathBuf>,
    saved_files: Vec<PathBuf>,
    bar: ProgressBar,
    last_progress: Duration,
    quiet: bool,
}

impl FuzzObserver for FindingWriter {
    fn save_input(&mut self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let Some(folder) = &self.corpus else { return Ok(()) };
        store::add_new_file(folder, name, bytes).map(drop).map_err(|error| error.to_string())
    }

    fn save_finding(&mut self, found: &FuzzFinding) -> Result<(), String> {
        let file = format!("{}.toml", found.name);
        for folder in std::iter::once(&self.artifacts).chain(&self.regressions) {
            let is_new =
                store::add_new_file(folder, &file, found.text.as_bytes()).map_err(|error| error.to_string())?;
            if is_new && Some(folder) == self.regressions.as_ref() {
                self.saved_files.push(folder.join(&file));
            }
        }
        let line = format!("found: {} returned {}", found.id, found.observed);
        if !self.quiet {
            self.bar.suspend(|| messages::print_line(&line));
        }
        Ok(())
    }

    fn report_progress(&mut self, sent: u64, kinds: usize, kept: usize, findings: u64, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        let rate = if seconds > 0.0 { sent as f64 / seconds } else { 0.0 };
        let line = format!(
            "{seconds:.0} s · {sent} sequences ({rate:.0}/s) · {kinds} kinds of responses · {kept} inputs kept · {findings} findings"
        );
        if !self.bar.is_hidden() {
            self.bar.set_message(line);
            self.bar.tick();
        } else if !self.quiet && elapsed >= self.last_progress + PROGRESS_INTERVAL {
            self.last_progress = elapsed;
            messages::print_line(&format!("… {line}"));
        }
    }
}
