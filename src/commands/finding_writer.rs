//! Writes the findings and inputs of fuzzing to files, and prints progress.
//!
//! It never replaces a file.

use crate::cli::{FuzzSettings, ScenarioRun, messages};
use crate::session::{FuzzFinding, FuzzObserver};
use indicatif::{ProgressBar, ProgressStyle};
use overstep::report::pluralize;
use overstep::store;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

/// Time between two lines of progress in a log.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(10);

/// Writes corpus inputs and findings to files, and prints progress.
pub struct FindingWriter {
    corpus: Option<PathBuf>,
    artifacts: PathBuf,
    regressions: Option<PathBuf>,
    /// Files that were saved next to the scenario.
    pub saved_files: Vec<PathBuf>,
    bar: ProgressBar,
    last_progress: Duration,
    quiet: bool,
}

impl FindingWriter {
    /// Creates a writer for the findings of a scenario.
    pub fn new(settings: &FuzzSettings, run: &ScenarioRun) -> Self {
        Self {
            corpus: settings.corpus.clone(),
            artifacts: settings.artifacts_folder(run),
            regressions: settings.saved_folder(run),
            saved_files: Vec::new(),
            bar: new_spinner(!settings.shows_progress),
            last_progress: Duration::ZERO,
            quiet: !settings.shows_progress,
        }
    }

    /// Removes the progress from the terminal.
    pub fn finish_progress(&self) {
        self.bar.finish_and_clear();
    }
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
            "{seconds:.0} s · {} ({rate:.0}/s) · kinds of responses: {kinds} · {} kept · {}",
            pluralize(sent, "sequence"),
            pluralize(kept as u64, "input"),
            pluralize(findings, "finding"),
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

fn new_spinner(hidden: bool) -> ProgressBar {
    if hidden || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("the template is a constant of known parts"));
    bar
}
