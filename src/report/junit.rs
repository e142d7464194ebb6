//! Writes results as JUnit XML: one suite per scenario, one test per case.
//!
//! Cases are never held in memory: the head of a suite contains counts that are known only at its end, so its cases are
//! buffered in a scratch file.

use super::{CaseResult, Reporter, RunStarted, RunSummary};
use crate::escape::{xml_attribute, xml_text};
use crate::judge::{Verdict, describe_expectation, finding_code};
use std::io::{self, Read, Seek, SeekFrom, Write};

/// A temporary file that buffers the cases of a suite.
pub trait SuiteBuffer: Read + Write + Seek + Send {
    /// Removes all content.
    ///
    /// # Errors
    /// Returns an error if the file cannot be truncated.
    fn truncate(&mut self) -> io::Result<()>;
}

/// Reports a run as JUnit XML.
pub struct JunitReporter<W> {
    writer: W,
    scratch: io::BufWriter<Box<dyn SuiteBuffer>>,
    scenario: String,
    failures: u64,
    errors: u64,
    skipped: u64,
    tests: u64,
    is_header_written: bool,
}

impl<W: Write> JunitReporter<W> {
    /// Creates a reporter that writes to `to` whenever a suite ends.
    pub fn new(writer: W, scratch: Box<dyn SuiteBuffer>) -> Self {
        Self {
            writer,
            scratch: io::BufWriter::new(scratch),
            scenario: String::new(),
            failures: 0,
            errors: 0,
            skipped: 0,
            tests: 0,
            is_header_written: false,
        }
    }

    fn write_header(&mut self) -> io::Result<()> {
        if !self.is_header_written {
            self.is_header_written = true;
            self.writer.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"overstep\">\n")?;
        }
        Ok(())
    }
}

impl<W: Write> Reporter for JunitReporter<W> {
    fn begin_run(&mut self, head: &RunStarted) -> io::Result<()> {
        self.write_header()?;
        self.scenario.clone_from(&head.scenario);
        (self.tests, self.failures, self.errors, self.skipped) = (0, 0, 0, 0);
        Ok(())
    }

    fn report_case(&mut self, done: &CaseResult) -> io::Result<()> {
        self.tests += 1;
        let judgement = &done.judgement;
        write!(
            self.scratch,
            "    <testcase name=\"{}\" classname=\"{}.{}\" time=\"{:.6}\"",
            xml_attribute(done.case.id.as_str()),
            xml_attribute(&self.scenario),
            xml_attribute(done.case.operation.as_str()),
            done.millis / 1000.0,
        )?;
        let kind = match judgement.verdict {
            _ if done.is_finding => {
                self.failures += 1;
                "failure"
            }
            Verdict::Pass | Verdict::Unspecified | Verdict::Diverges => return self.scratch.write_all(b"/>\n"),
            Verdict::Indeterminate => {
                self.errors += 1;
                "error"
            }
            Verdict::Flaky | Verdict::NotImplemented | Verdict::Unsendable => {
                self.skipped += 1;
                let message = done.case.unsendable_reason.as_deref().unwrap_or(&judgement.why);
                return writeln!(self.scratch, "><skipped message=\"{}\"/></testcase>", xml_attribute(message));
            }
        };
        let code = finding_code(&done.case, judgement, &done.comparison);
        let expected = describe_expectation(&done.case.expectation);
        let mut text = vec![format!("expected: {expected}"), format!("received: {}", judgement.observed)];
        text.extend(done.comparison.accepted.as_ref().map(|accepted| format!("accepted: {accepted}")));
        for one in &done.comparison.value_differences {
            text.push(format!("{}: accepted {}, received {}", one.at, one.was, one.now));
        }
        text.extend(done.case.source.as_ref().map(|source| format!("documented: {}, {source}", done.case.rule)));
        text.push(format!("because: {}", judgement.why));
        text.extend(code.map(|code| format!("code: {code}, {}", code.info().title)));
        // The text ends with a line break.
        text.push(String::new());
        let shown = done.curl.as_ref().map_or_else(String::new, |curl| {
            let lines: Vec<String> = curl.lines().map(str::to_owned).collect();
            format!("      <system-out>{}</system-out>\n", xml_text(&lines))
        });
        let said = match done.server_output.as_slice() {
            [] => String::new(),
            lines => format!("      <system-err>{}</system-err>\n", xml_text(lines)),
        };
        write!(
            self.scratch,
            ">\n      <{kind} type=\"{}\" message=\"{}\">{}</{kind}>\n{shown}{said}    </testcase>\n",
            code.map_or_else(|| judgement.verdict.to_string(), |code| code.to_string()),
            xml_attribute(&format!("expected {expected}, received {}", judgement.observed)),
            xml_text(&text),
        )
    }

    fn end_run(&mut self, summary: &RunSummary) -> io::Result<()> {
        writeln!(
            self.writer,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\">",
            xml_attribute(&self.scenario),
            self.tests,
            self.failures,
            self.errors,
            self.skipped,
            summary.seconds,
        )?;
        self.scratch.flush()?;
        let scratch = self.scratch.get_mut();
        scratch.seek(SeekFrom::Start(0))?;
        io::copy(scratch, &mut self.writer)?;
        scratch.truncate()?;
        let learnt: Vec<String> = summary
            .findings
            .iter()
            .filter_map(|finding| {
                let place = [finding.operation.as_str(), &finding.member, &finding.constraint].join("/");
                Some(format!("{place}: actual limit: {}", finding.discovery.as_ref()?))
            })
            .collect();
        if !learnt.is_empty() {
            let text = xml_text(&learnt);
            writeln!(self.writer, "    <system-out>{text}</system-out>")?;
        }
        self.writer.write_all(b"  </testsuite>\n")
    }

    fn finish(&mut self) -> io::Result<()> {
        self.write_header()?;
        self.writer.write_all(b"</testsuites>\n")?;
        self.writer.flush()
    }
}
