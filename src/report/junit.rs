//! Writes results as JUnit XML: one suite per scenario, one test per case.
//!
//! Cases are never held in memory: the head of a suite contains counts that are known only at its end, so its cases are
//! buffered in a scratch file.

use super::{CaseResult, Reporter, RunStarted, RunSummary};
use crate::judge::{Verdict, describe_expectation};
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

/// Escapes a text for XML 1.0 and replaces the characters that XML cannot contain.
fn escape_xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
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
            escape_xml(done.case.id.as_str()),
            escape_xml(&self.scenario),
            escape_xml(done.case.operation.as_str()),
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
            Verdict::NotImplemented | Verdict::Unsendable => {
                self.skipped += 1;
                let message = done.case.unsendable_reason.as_deref().unwrap_or(&judgement.why);
                return writeln!(self.scratch, "><skipped message=\"{}\"/></testcase>", escape_xml(message));
            }
        };
        let expected = describe_expectation(&done.case.expectation);
        let mut text = format!("expected: {expected}\nreceived: {}\n", judgement.observed);
        if let Some(accepted) = done.comparison.accepted.as_ref() {
            text.push_str(&format!("accepted: {accepted}\n"));
        }
        for one in &done.comparison.value_differences {
            text.push_str(&format!("{}: accepted {}, received {}\n", one.at, one.was, one.now));
        }
        if let Some(source) = &done.case.source {
            text.push_str(&format!("documented: {}, {source}\n", done.case.rule));
        }
        text.push_str(&format!("because: {}\n", judgement.why));
        if let Some(curl) = &done.curl {
            text.push_str(&format!("reproduce: {curl}\n"));
        }
        let said = match done.server_output.as_slice() {
            [] => String::new(),
            lines => {
                format!("      <system-err>{}</system-err>\n", escape_xml(&lines.join("\n")).replace("&#10;", "\n"))
            }
        };
        write!(
            self.scratch,
            ">\n      <{kind} type=\"{}\" message=\"{}\">{}</{kind}>\n{said}    </testcase>\n",
            judgement.verdict,
            escape_xml(&format!("expected {expected}, received {}", judgement.observed)),
            escape_xml(&text).replace("&#10;", "\n"),
        )
    }

    fn end_run(&mut self, summary: &RunSummary) -> io::Result<()> {
        writeln!(
            self.writer,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\">",
            escape_xml(&self.scenario),
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
            let text = escape_xml(&learnt.join("\n")).replace("&#10;", "\n");
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

#[cfg(test)]
mod tests {
    #[test]
    fn special_characters_are_escaped() {
        assert_eq!(super::escape_xml("<a b=\"c\">&\u{0}\n"), "&lt;a b=&quot;c&quot;&gt;&amp;\u{fffd}&#10;");
    }
}
