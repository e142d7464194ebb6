//! Writes the events of a run to the terminal, to each report, and to the record of the last run.
//!
//! An output that cannot be written ends neither the run nor the other outputs; a report is an error at the end.

use super::CommandError;
use super::flag_values::ReportFormat;
use super::results_format::results_converter;
use super::run_settings::{RunSettings, ScenarioRun};
use crate::config::store_diagnostic;
use indicatif::{ProgressBar, ProgressStyle};
use overstep::report::{
    BLOB_FORMAT, BlobHeader, BlobReporter, CaseResult, ConvertingReporter, Diagnostic, GithubReporter, JunitReporter,
    MarkdownReporter, MergeRecord, NdjsonReporter, Reporter, RunStarted, RunSummary, TerminalReporter, TextWidth,
};
use overstep::session::ShardNumber;
use overstep::store::{self, BlobFile, FinishOutput as _, LastRun, OutputSink, RunRecord};
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A sink shared between the output that writes to it and the code that closes it.
#[derive(Clone)]
pub struct SharedSink(Arc<Mutex<Option<OutputSink>>>);

impl SharedSink {
    pub fn new(sink: OutputSink) -> Self {
        Self(Arc::new(Mutex::new(Some(sink))))
    }

    pub fn take(&self) -> Option<OutputSink> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Write for SharedSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            Some(sink) => sink.write(bytes),
            None => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map_or(Ok(()), Write::flush)
    }
}

/// A report and where it is written to.
struct ReportOutput {
    reporter: Box<dyn Reporter + Send>,
    sink: SharedSink,
    path: PathBuf,
}

impl ReportOutput {
    fn describe_failure(&self, error: &io::Error) -> Diagnostic {
        let target = if self.path == Path::new("-") {
            "standard output".to_owned()
        } else {
            format!("`{}`", self.path.display())
        };
        Diagnostic::error(format!("cannot write the report to {target}: {error}"))
    }
}

/// Returns the width of the text on standard output.
pub fn terminal_width() -> TextWidth {
    terminal_size::terminal_size()
        .filter(|_| io::stdout().is_terminal())
        .map_or_else(TextWidth::default, |(width, _)| TextWidth::from_terminal_columns(usize::from(width.0)))
}

/// All outputs of a command.
pub struct RunOutputs {
    terminal: Box<dyn Reporter + Send>,
    reports: Vec<ReportOutput>,
    /// Why an output could not be written, once for each.
    failures: Vec<Diagnostic>,
    terminal_failed: bool,
    /// The scenario that has begun and not ended.
    open_scenario: Option<String>,
    last_results: Option<(NdjsonReporter<SharedSink>, SharedSink)>,
    last_run: Option<LastRun>,
    blob: Option<BlobFile>,
    record: RunRecord,
    has_cases: bool,
    bar: ProgressBar,
    plain_progress: bool,
    cases_done: u64,
    total: u64,
    diverging: u64,
}

impl RunOutputs {
    /// Opens the terminal output, the reports, and the record of the last run.
    pub fn open(settings: &RunSettings) -> Result<Self, CommandError> {
        let directory = &settings.directory;
        let stdout_reports = settings.output.stdout_reports();
        if stdout_reports > 1 {
            return Err(Diagnostic::error("only one report can be written to standard output").into());
        }
        // If a report uses standard output, the text for people goes to standard error.
        let width = terminal_width();
        let terminal: Box<dyn Reporter + Send> = if stdout_reports == 0 {
            Box::new(TerminalReporter::new(anstream::stdout(), width))
        } else {
            Box::new(TerminalReporter::new(anstream::stderr(), width))
        };
        let mut outputs = Self {
            terminal,
            reports: Vec::new(),
            failures: Vec::new(),
            terminal_failed: false,
            open_scenario: None,
            last_results: None,
            last_run: None,
            blob: None,
            record: settings.record.clone(),
            has_cases: false,
            bar: ProgressBar::hidden(),
            plain_progress: false,
            cases_done: 0,
            total: 0,
            diverging: 0,
        };
        for (format, path) in &settings.output.reports {
            if *format == ReportFormat::Blob {
                outputs.open_blob(settings, path)?;
                continue;
            }
            let sink = if path == Path::new("-") {
                OutputSink::Writer(Box::new(io::BufWriter::new(io::stdout())))
            } else {
                store::open_sink(&directory.join(path), format.is_atomic())?
            };
            let sink = SharedSink::new(sink);
            let writer = sink.clone();
            let converter = results_converter(*format, sink.clone())?;
            let reporter: Box<dyn Reporter + Send> = match (converter, format) {
                (Some(converter), _) => Box::new(ConvertingReporter::new(converter)),
                (None, ReportFormat::Ndjson) => Box::new(NdjsonReporter::new(writer)),
                (None, ReportFormat::Github) => Box::new(GithubReporter::new(writer)),
                (None, ReportFormat::Markdown) => Box::new(MarkdownReporter::new(writer)),
                (None, _) => Box::new(JunitReporter::new(writer, store::create_temporary_file()?)),
            };
            outputs.reports.push(ReportOutput { reporter, sink, path: path.clone() });
        }
        for run in &settings.scenarios {
            if let Some(snapshots) = &run.options.snapshots {
                snapshots.snapshots.remove_leftovers();
            }
        }
        let last_run = LastRun::in_directory(directory).and_then(|last| Ok((last.create_results()?, last)));
        match last_run {
            Ok((sink, last)) => {
                let sink = SharedSink::new(sink);
                outputs.last_results = Some((NdjsonReporter::new(sink.clone()), sink));
                outputs.last_run = Some(last);
            }
            Err(error) => super::messages::print_line(&format!("cannot save this run for replay: {error}")),
        }
        if settings.output.shows_progress && io::stderr().is_terminal() {
            outputs.bar = ProgressBar::new(0);
            outputs.bar.set_style(
                ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} cases {msg} {eta}")
                    .expect("the template is a constant of known parts"),
            );
        } else {
            outputs.plain_progress = settings.output.shows_progress;
        }
        Ok(outputs)
    }

    /// Opens the blob of the run in a folder.
    fn open_blob(&mut self, settings: &RunSettings, folder: &Path) -> Result<(), CommandError> {
        let shard = settings.shard.unwrap_or(ShardNumber::WHOLE);
        let path = store::blob_path(&settings.directory.join(folder), shard.number(), shard.count());
        let (file, sink) = BlobFile::create(&path, settings.resumed.is_some())?;
        let principals = |run: &ScenarioRun| {
            let names = run.job.scenario.principals.keys().cloned().collect();
            (run.job.scenario.name.clone(), names)
        };
        let header = BlobHeader {
            format: BLOB_FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            shard: shard.to_string(),
            run: serde_json::to_value(&settings.record).expect("texts and numbers always have a JSON form"),
            principals: settings.scenarios.iter().map(principals).collect(),
        };
        let sink = SharedSink::new(sink);
        let reporter = Box::new(BlobReporter::new(sink.clone(), header));
        self.reports.push(ReportOutput { reporter, sink, path });
        self.blob = Some(file);
        Ok(())
    }

    /// Lets the blob replace the one of the run that this one continues.
    fn replace_earlier_blob(&mut self) {
        if let Some(Err(error)) = self.blob.as_mut().map(BlobFile::replace_earlier) {
            self.failures.push(store_diagnostic(&error));
        }
    }

    /// Keeps the blob of the run that this one should have continued, if it has not done so yet.
    pub fn abandon_resumed_blob(&mut self) {
        if let Some(blob) = self.blob.take() {
            blob.abandon();
        }
    }

    /// Prints, before anything else, that the run tests overstep's own server, if it does.
    pub fn print_embedded_notice(&self, settings: &RunSettings) -> io::Result<()> {
        if !settings.uses_embedded_server() {
            return Ok(());
        }
        let line = "testing overstep itself (embedded server); use --endpoint URL to test yours";
        if settings.output.stdout_reports() > 0 {
            writeln!(anstream::stderr(), "{line}\n")
        } else {
            writeln!(anstream::stdout(), "{line}\n")
        }
    }

    fn for_each_output(&mut self, mut call: impl FnMut(&mut dyn Reporter) -> io::Result<()>) -> io::Result<()> {
        if let Some((last, _)) = &mut self.last_results
            && let Err(error) = call(last)
        {
            super::messages::print_line(&format!("this run can no longer be saved for replay: {error}"));
            self.last_results = None;
        }
        // A report that cannot be written ends neither the run nor the other outputs.
        let (failures, mut closed) = (&mut self.failures, None);
        self.reports.retain_mut(|report| match call(report.reporter.as_mut()) {
            Ok(()) => true,
            // Standard output was closed by its reader; the report itself did not fail.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && report.path == Path::new("-") => {
                closed = Some(error);
                false
            }
            Err(error) => {
                failures.push(report.describe_failure(&error));
                false
            }
        });
        if let Some(error) = closed {
            return Err(error);
        }
        if self.terminal_failed {
            return Ok(());
        }
        match call(self.terminal.as_mut()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                self.terminal_failed = true;
                self.failures.push(Diagnostic::error(format!("cannot write the results: {error}")));
                Ok(())
            }
            result => result,
        }
    }

    /// Finishes all outputs and moves their files into place. Returns an error if one of them could not be written; the
    /// others are complete even then.
    pub fn finish_all(mut self) -> Result<(), CommandError> {
        self.bar.finish_and_clear();
        let finished = self.for_each_output(|output| output.finish());
        let mut failures = std::mem::take(&mut self.failures);
        for sink in self.reports.iter().filter_map(|report| report.sink.take()) {
            failures.extend(sink.finish().err().map(|error| store_diagnostic(&error)));
        }
        if failures.is_empty() {
            self.replace_earlier_blob();
            failures.append(&mut self.failures);
        }
        self.store_last_run();
        if !failures.is_empty() {
            return Err(failures.into());
        }
        Ok(finished?)
    }

    /// Replaces the record of the last run with this run, unless this run has no case.
    pub fn store_last_run(&mut self) {
        // Results without a summary would be taken for a file that is cut short.
        if let (Some(scenario), Some((results, _))) = (self.open_scenario.take(), &mut self.last_results) {
            let reason = Some("the run did not end".to_owned());
            let summary = RunSummary { scenario, incomplete_reason: reason, ..RunSummary::default() };
            // If this fails, saving the run fails, too.
            let _ = results.end_run(&summary);
        }
        if let (Some(results), Some(place)) =
            (self.last_results.take().and_then(|(_, sink)| sink.take()), &self.last_run)
            && self.has_cases
            && let Err(error) = place.commit(results, &self.record)
        {
            super::messages::print_line(&format!("cannot save this run for replay: {error}"));
        }
    }

    fn count_case(&mut self, done: &CaseResult) {
        self.has_cases = true;
        self.cases_done += 1;
        if done.is_finding {
            self.diverging += 1;
        }
        if self.plain_progress {
            // In a log, a long run prints its progress after every tenth of its cases.
            let tenth = self.total / 10;
            if self.total >= 20_000 && self.cases_done.is_multiple_of(tenth) {
                super::messages::print_line(&format!(
                    "… {} of {} cases, {} diverge",
                    self.cases_done, self.total, self.diverging
                ));
            }
        } else {
            self.bar.inc(1);
            if done.is_finding {
                self.bar.set_message(format!("· {} diverge ·", self.diverging));
            }
        }
    }
}

impl Reporter for RunOutputs {
    fn begin_run(&mut self, head: &RunStarted) -> io::Result<()> {
        (self.cases_done, self.diverging, self.total) = (0, 0, head.cases);
        self.open_scenario = Some(head.scenario.clone());
        self.bar.set_length(head.cases);
        self.bar.set_position(0);
        self.bar.set_message("");
        let bar = self.bar.clone();
        bar.suspend(|| self.for_each_output(|output| output.begin_run(head)))
    }

    fn report_case(&mut self, done: &CaseResult) -> io::Result<()> {
        self.count_case(done);
        self.for_each_output(|output| output.report_case(done))
    }

    fn record_for_merge(&mut self, record: &MergeRecord<'_>) -> io::Result<()> {
        self.for_each_output(|output| output.record_for_merge(record))?;
        if matches!(record, MergeRecord::Live) {
            self.replace_earlier_blob();
        }
        Ok(())
    }

    fn end_run(&mut self, summary: &RunSummary) -> io::Result<()> {
        self.open_scenario = None;
        let bar = self.bar.clone();
        bar.suspend(|| self.for_each_output(|output| output.end_run(summary)))
    }

    fn finish(&mut self) -> io::Result<()> {
        self.for_each_output(|output| output.finish())
    }
}
