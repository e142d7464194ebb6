//! Writes the events of a run to the terminal, to each report, and to the record of the last run.
//!
//! A record that cannot be written never ends the run; a report that cannot be written does.

use super::Stopped;
use super::flags::CheckFlags;
use super::values::Wording;
use indicatif::{ProgressBar, ProgressStyle};
use overstep::report::{Done, Github, Head, Junit, Markdown, Ndjson, Output, Summary, Terminal, Width};
use overstep::store::{self, Finished as _, LastRun, RunRecord, Sink};
use std::io::{self, IsTerminal as _, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A sink shared between the output that writes to it and the code that closes it.
#[derive(Clone)]
struct Shared(Arc<Mutex<Option<Sink>>>);

impl Shared {
    fn new(sink: Sink) -> Self {
        Self(Arc::new(Mutex::new(Some(sink))))
    }

    fn take(&self) -> Option<Sink> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Write for Shared {
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

/// All outputs of a command.
pub struct Outputs {
    all: Vec<Box<dyn Output + Send>>,
    sinks: Vec<Shared>,
    last: Option<(Ndjson<Shared>, Shared)>,
    place: Option<LastRun>,
    record: RunRecord,
    begun: bool,
    bar: ProgressBar,
    plain_progress: bool,
    seen: u64,
    total: u64,
    diverging: u64,
}

impl Outputs {
    /// Opens the terminal output, the reports that the flags name, and the record of the last run.
    pub fn open(flags: &CheckFlags, directory: &Path) -> Result<Self, Stopped> {
        let mut outputs = Self {
            all: Vec::new(),
            sinks: Vec::new(),
            last: None,
            place: None,
            record: RunRecord::default(),
            begun: false,
            bar: ProgressBar::hidden(),
            plain_progress: false,
            seen: 0,
            total: 0,
            diverging: 0,
        };
        let takes_stdout = flags.send.report.iter().filter(|(_, path)| path == Path::new("-")).count();
        if takes_stdout > 1 {
            return Err(overstep::report::Diagnostic::error("only one report can be written to standard output").into());
        }
        // If a report uses standard output, the text for people goes to standard error.
        let width = terminal_size::terminal_size()
            .filter(|_| io::stdout().is_terminal())
            .map_or_else(Width::default, |(width, _)| Width::of_terminal(usize::from(width.0)));
        if takes_stdout == 0 {
            outputs.all.push(Box::new(Terminal::new(anstream::stdout(), width)));
        } else {
            outputs.all.push(Box::new(Terminal::new(anstream::stderr(), width)));
        }
        for (format, path) in &flags.send.report {
            let sink = if path == Path::new("-") {
                Sink::Borrowed(Box::new(io::BufWriter::new(io::stdout())))
            } else {
                store::sink(&directory.join(path), *format == Wording::Junit)?
            };
            let sink = Shared::new(sink);
            outputs.sinks.push(sink.clone());
            match format {
                Wording::Ndjson => outputs.all.push(Box::new(Ndjson::new(sink))),
                Wording::Github => outputs.all.push(Box::new(Github::new(sink))),
                Wording::Markdown => outputs.all.push(Box::new(Markdown::new(sink))),
                Wording::Junit => outputs.all.push(Box::new(Junit::new(sink, store::scratch()?))),
            }
        }
        let kept = LastRun::in_directory(directory).and_then(|last| Ok((last.results()?, last)));
        match kept {
            Ok((sink, last)) => {
                let sink = Shared::new(sink);
                outputs.last = Some((Ndjson::new(sink.clone()), sink));
                outputs.place = Some(last);
            }
            Err(error) => super::say::line(&format!("cannot save this run for replay: {error}")),
        }
        if !flags.send.no_progress && io::stderr().is_terminal() {
            outputs.bar = ProgressBar::new(0);
            outputs.bar.set_style(
                ProgressStyle::with_template("{bar:30} {human_pos}/{human_len} cases {msg} {eta}")
                    .expect("the template is a constant of known parts"),
            );
        } else {
            outputs.plain_progress = !flags.send.no_progress;
        }
        Ok(outputs)
    }

    /// Sets the description of the run, which is stored together with its results.
    pub fn describe(&mut self, record: RunRecord) {
        self.record = record;
    }

    /// Prints, before anything else, that the run tests overstep's own server.
    pub fn embedded(&mut self, reports_take_stdout: bool) -> io::Result<()> {
        let line = "testing overstep itself against its embedded server; use --endpoint URL to test yours";
        if reports_take_stdout {
            writeln!(anstream::stderr(), "{line}\n")
        } else {
            writeln!(anstream::stdout(), "{line}\n")
        }
    }

    fn each(&mut self, mut call: impl FnMut(&mut dyn Output) -> io::Result<()>) -> io::Result<()> {
        if let Some((last, _)) = &mut self.last
            && let Err(error) = call(last)
        {
            super::say::line(&format!("this run can no longer be saved for replay: {error}"));
            self.last = None;
        }
        self.all.iter_mut().try_for_each(|output| call(output.as_mut()))
    }

    /// Finishes all outputs and moves their files into place.
    pub fn close(mut self) -> Result<(), Stopped> {
        self.bar.finish_and_clear();
        self.each(|output| output.finish())?;
        for sink in self.sinks.iter().filter_map(Shared::take) {
            sink.finished()?;
        }
        self.keep();
        Ok(())
    }

    /// Replaces the record of the last run with this run, unless this run has no case.
    pub fn keep(&mut self) {
        if let (Some(results), Some(place)) = (self.last.take().and_then(|(_, sink)| sink.take()), &self.place)
            && self.begun
            && let Err(error) = place.keep(results, &self.record)
        {
            super::say::line(&format!("cannot save this run for replay: {error}"));
        }
    }

    fn progress(&mut self, done: &Done) {
        self.begun = true;
        self.seen += 1;
        if done.finding {
            self.diverging += 1;
        }
        if self.plain_progress {
            // In a log, a long run prints its progress after every tenth of its cases.
            let tenth = self.total / 10;
            if self.total >= 20_000 && self.seen.is_multiple_of(tenth) {
                super::say::line(&format!("… {} of {} cases, {} diverge", self.seen, self.total, self.diverging));
            }
        } else {
            self.bar.inc(1);
            if done.finding {
                self.bar.set_message(format!("· {} diverge ·", self.diverging));
            }
        }
    }
}

impl Output for Outputs {
    fn begin(&mut self, head: &Head) -> io::Result<()> {
        (self.seen, self.diverging, self.total) = (0, 0, head.cases);
        self.bar.set_length(head.cases);
        self.bar.set_position(0);
        self.bar.set_message("");
        let bar = self.bar.clone();
        bar.suspend(|| self.each(|output| output.begin(head)))
    }

    fn case(&mut self, done: &Done) -> io::Result<()> {
        self.progress(done);
        self.each(|output| output.case(done))
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        let bar = self.bar.clone();
        bar.suspend(|| self.each(|output| output.end(summary)))
    }

    fn finish(&mut self) -> io::Result<()> {
        self.each(|output| output.finish())
    }
}
