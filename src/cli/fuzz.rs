//! Implements `overstep fuzz`: prepares the jobs, fuzzes, and writes findings to files that can be sent again.
//!
//! It never decides what is sent; that is the work of `pipeline`.

use super::check::{description, nothing_ran, of, prepare, stop_on_signal};
use super::flags::FuzzFlags;
use super::outputs::Outputs;
use super::{Stopped, runtime::Runtime, saved, say};
use indicatif::{ProgressBar, ProgressStyle};
use overstep::exit::Exit;
use overstep::pipeline::{self, Found, Fuzzing, Keep, Target};
use overstep::report::{Diagnostic, Severity};
use overstep::run::Stop;
use overstep::store;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

/// Time between two lines of progress in a log.
const EVERY: Duration = Duration::from_secs(10);

/// Fuzzes the endpoint of each selected scenario.
pub fn fuzz(flags: &FuzzFlags) -> Result<Exit, Stopped> {
    let as_check = flags.as_check();
    let (mut jobs, sendings, chosen) = prepare(&as_check)?;
    let run_id = flags.choose.run_id.clone().unwrap_or_else(pipeline::fresh_run_id);
    let runtime = Runtime::new()?;
    let corpus = match &flags.corpus {
        Some(folder) => store::small_files(&chosen.directory.join(folder))?,
        None => Vec::new(),
    };
    let fuzzing = Fuzzing {
        max_time: Some(flags.max_time.0),
        max_cases: flags.max_cases,
        corpus: corpus.into_iter().map(|(_, bytes)| bytes).collect(),
    };
    let mut outputs = Outputs::open(&as_check, &chosen.directory)?;
    let mut record = description(&as_check, &jobs, &chosen, &run_id)?;
    record.artifacts = flags.artifacts.as_ref().map(|folder| folder.display().to_string());
    outputs.describe(record);
    if jobs.iter().any(|job| job.target == Target::Embedded) {
        outputs.embedded(flags.send.report.iter().any(|(_, path)| path == std::path::Path::new("-")))?;
    }
    let mut exit = Exit::Kept;
    let mut problems = Vec::new();
    runtime.block_on(async {
        let stop = Stop::default();
        tokio::spawn(stop_on_signal(stop.clone()));
        for ((job, sending), (found, _)) in jobs.iter_mut().zip(&sendings).zip(&chosen.scenarios) {
            if stop.is_stopped() {
                break;
            }
            super::upkeep::announce(job);
            let artifacts = match &flags.artifacts {
                Some(folder) => chosen.directory.join(folder),
                None => saved::artifacts(&job.scenario.name, &chosen.directory),
            };
            let mut keeper = Keeper {
                corpus: flags.corpus.as_ref().map(|folder| chosen.directory.join(folder)),
                artifacts,
                regressions: flags.save.then(|| saved::folder(found, &chosen.directory)),
                written: Vec::new(),
                bar: bar(flags.send.no_progress),
                said: Duration::ZERO,
                quiet: flags.send.no_progress,
            };
            let ended = pipeline::fuzz(job, sending, &fuzzing, &run_id, &stop, &mut outputs, &mut keeper).await;
            keeper.bar.finish_and_clear();
            match ended {
                Ok((summary, vacuous)) => {
                    exit = exit.and(of(&summary));
                    for file in &keeper.written {
                        say::line(&format!(
                            "saved: {}",
                            file.strip_prefix(&chosen.directory).unwrap_or(file).display()
                        ));
                    }
                    if !vacuous.is_empty() {
                        let reason = format!(
                            "no request succeeded, so rejected requests show nothing about {}",
                            vacuous.join(", ")
                        );
                        let problem = Diagnostic::error(reason).with_hint("`overstep doctor` shows what they need");
                        say::problems(&[Diagnostic { severity: Severity::Warning, ..problem }]);
                        exit = exit.and(Exit::Nothing);
                    } else if summary.counts.total() == 0 && summary.incomplete.is_none() {
                        exit = exit.and(nothing_ran(flags.choose.no_cases));
                    }
                }
                Err(found) if found.is_empty() => {
                    exit = exit.and(Exit::Incomplete);
                    break;
                }
                Err(found) => {
                    exit = exit.and(Exit::Usage);
                    problems.extend(found);
                }
            }
        }
    });
    outputs.close()?;
    say::problems(&problems);
    Ok(exit)
}

fn bar(hidden: bool) -> ProgressBar {
    if hidden || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("the template is a constant of known parts"));
    bar
}

/// Writes corpus inputs and findings to files, and prints progress.
struct Keeper {
    corpus: Option<PathBuf>,
    artifacts: PathBuf,
    regressions: Option<PathBuf>,
    written: Vec<PathBuf>,
    bar: ProgressBar,
    said: Duration,
    quiet: bool,
}

impl Keep for Keeper {
    fn input(&mut self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let Some(folder) = &self.corpus else { return Ok(()) };
        store::add_file(folder, name, bytes).map(drop).map_err(|error| error.to_string())
    }

    fn found(&mut self, found: &Found) -> Result<(), String> {
        let file = format!("{}.toml", found.name);
        for folder in std::iter::once(&self.artifacts).chain(&self.regressions) {
            let is_new = store::add_file(folder, &file, found.text.as_bytes()).map_err(|error| error.to_string())?;
            if is_new && Some(folder) == self.regressions.as_ref() {
                self.written.push(folder.join(&file));
            }
        }
        let line = format!("found: {} returned {}", found.id, found.observed);
        if !self.quiet {
            self.bar.suspend(|| say::line(&line));
        }
        Ok(())
    }

    fn progress(&mut self, sent: u64, kinds: usize, kept: usize, findings: u64, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        let rate = if seconds > 0.0 { sent as f64 / seconds } else { 0.0 };
        let line = format!(
            "{seconds:.0} s · {sent} sequences ({rate:.0}/s) · {kinds} kinds of responses · {kept} inputs kept · {findings} findings"
        );
        if !self.bar.is_hidden() {
            self.bar.set_message(line);
            self.bar.tick();
        } else if !self.quiet && elapsed >= self.said + EVERY {
            self.said = elapsed;
            say::line(&format!("… {line}"));
        }
    }
}
