//! Writes results in the Common Test Report Format: one test per case.
//!
//! Cases are never held in memory. See the [specification](https://ctrf.io/docs/specification/overview).

use super::recorded_event::{JudgedCaseEvent, RecordedEvent, RecordedSummary, RunStartEvent};
use super::results_converter::ResultsConverter;
use crate::escape::json_line;
use crate::judge::Verdict;
use serde_json::{Value as Json, json};
use std::io::{self, Write};

/// Numbers of tests by status.
#[derive(Clone, Copy, Debug, Default)]
struct TestCounts {
    passed: u64,
    failed: u64,
    skipped: u64,
    other: u64,
    flaky: u64,
}

/// Converts results to CTRF.
pub struct CtrfConverter<W: Write> {
    writer: W,
    run: RunStartEvent,
    counts: TestCounts,
    scenario_count: u64,
    /// When the first run began, in milliseconds since 1970.
    start: u64,
    millis: u64,
    is_begun: bool,
}

impl<W: Write> CtrfConverter<W> {
    /// Creates a converter that writes to `writer`.
    pub fn new(writer: W) -> Self {
        Self {
            writer,
            run: RunStartEvent::default(),
            counts: TestCounts::default(),
            scenario_count: 0,
            start: 0,
            millis: 0,
            is_begun: false,
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.is_begun {
            return Ok(());
        }
        self.is_begun = true;
        let tool = json_line(&json!({ "name": "overstep", "version": env!("CARGO_PKG_VERSION") }))?;
        self.writer.write_all(b"{\"reportFormat\":\"CTRF\",\"specVersion\":\"0.0.0\",\"results\":{\"tool\":")?;
        self.writer.write_all(&tool)?;
        self.writer.write_all(b",\"tests\":[")
    }

    fn write_case(&mut self, case: &JudgedCaseEvent) -> io::Result<()> {
        self.begin()?;
        let is_first = self.total() == 0;
        let status = self.count(case);
        self.writer.write_all(if is_first { b"\n" } else { b",\n" })?;
        self.writer.write_all(&json_line(&self.test(case, status))?)
    }

    fn total(&self) -> u64 {
        self.counts.passed + self.counts.failed + self.counts.skipped + self.counts.other
    }

    fn count(&mut self, case: &JudgedCaseEvent) -> &'static str {
        let (counter, status) = match case.verdict {
            _ if case.is_finding() => (&mut self.counts.failed, "failed"),
            Verdict::Pass => (&mut self.counts.passed, "passed"),
            Verdict::NotImplemented | Verdict::Unsendable => (&mut self.counts.skipped, "skipped"),
            _ => (&mut self.counts.other, "other"),
        };
        *counter += 1;
        self.counts.flaky += u64::from(case.verdict == Verdict::Flaky);
        status
    }

    fn test(&self, case: &JudgedCaseEvent, status: &str) -> Json {
        let mut test = json!({
            "name": case.id,
            "status": status,
            "rawStatus": case.verdict,
            "duration": case.millis.round() as u64,
            "suite": [&self.run.scenario, &case.operation],
            "flaky": case.verdict == Verdict::Flaky,
        });
        if case.verdict == Verdict::Pass && status == "passed" {
            return test;
        }
        test["message"] = json!(format!("received {}: {}", case.observed, case.why));
        if let Some(code) = &case.code {
            test["tags"] = json!([code]);
        }
        if !case.server_output.is_empty() {
            test["trace"] = json!(case.server_output.join("\n"));
        }
        if let Some(curl) = &case.curl {
            test["snippet"] = json!(curl);
        }
        let source = case.source.as_ref().map(ToString::to_string);
        if let Some((file, line)) = self.run.locate(source.as_deref()) {
            (test["filePath"], test["line"]) = (json!(file), json!(line));
        }
        test
    }

    fn end_scenario(&mut self, summary: &RecordedSummary) {
        self.scenario_count += 1;
        self.millis += (summary.seconds.max(0.0) * 1000.0).round() as u64;
    }
}

impl<W: Write> ResultsConverter for CtrfConverter<W> {
    fn convert_event(&mut self, event: RecordedEvent) -> io::Result<()> {
        match event {
            RecordedEvent::Run(run) => {
                if self.start == 0 {
                    self.start = start_millis(&run.started);
                }
                self.run = *run;
            }
            RecordedEvent::Case(case) => self.write_case(&case)?,
            RecordedEvent::Summary(summary) => self.end_scenario(&summary),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.begin()?;
        let TestCounts { passed, failed, skipped, other, flaky } = self.counts;
        let summary = json!({
            "tests": self.total(),
            "passed": passed,
            "failed": failed,
            "skipped": skipped,
            "pending": 0,
            "other": other,
            "flaky": flaky,
            "suites": self.scenario_count,
            "start": self.start,
            "stop": self.start + self.millis,
            "duration": self.millis,
        });
        self.writer.write_all(b"\n],\"summary\":")?;
        self.writer.write_all(&json_line(&summary)?)?;
        self.writer.write_all(b"}}\n")?;
        self.writer.flush()
    }
}

/// Returns a time in milliseconds since 1970; 0 if it is unknown.
fn start_millis(started: &str) -> u64 {
    crate::wire::parse_timestamp(started).map_or(0, |seconds| (seconds.max(0.0) * 1000.0) as u64)
}
