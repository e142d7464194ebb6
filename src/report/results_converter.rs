//! Converts the events of results to other formats: during a run, and from recorded results.
//!
//! It never changes a result.

use super::recorded_event::RecordedEvent;
use super::{CaseResult, NdjsonReporter, Reporter, RunStarted, RunSummary};
use std::io;

/// Turns the events of results into bytes of another format.
pub trait ResultsConverter {
    /// Called for each event, in the order of the results.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    fn convert_event(&mut self, event: RecordedEvent) -> io::Result<()>;

    /// Called after the last event.
    ///
    /// # Errors
    /// Returns an error if the bytes cannot be written.
    fn finish(&mut self) -> io::Result<()>;
}

/// Reports a run through a converter, which receives the same events as from the recorded results.
pub struct ConvertingReporter {
    events: NdjsonReporter<Vec<u8>>,
    converter: Box<dyn ResultsConverter + Send>,
}

impl ConvertingReporter {
    /// Creates a reporter for a converter.
    pub fn new(converter: Box<dyn ResultsConverter + Send>) -> Self {
        Self { events: NdjsonReporter::new(Vec::new()), converter }
    }

    fn convert_written(&mut self) -> io::Result<()> {
        let written = self.events.take_written();
        for line in written.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            self.converter.convert_event(serde_json::from_slice(line)?)?;
        }
        Ok(())
    }
}

impl Reporter for ConvertingReporter {
    fn begin_run(&mut self, head: &RunStarted) -> io::Result<()> {
        self.events.begin_run(head)?;
        self.convert_written()
    }

    fn report_case(&mut self, done: &CaseResult) -> io::Result<()> {
        self.converter.convert_event(serde_json::from_slice(&done.results_line)?)
    }

    fn end_run(&mut self, summary: &RunSummary) -> io::Result<()> {
        self.events.end_run(summary)?;
        self.convert_written()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.converter.finish()
    }
}
