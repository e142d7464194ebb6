//! Writes results as JUnit XML: one suite per scenario, one test per case.
//!
//! Cases are never held in memory: the head of a suite contains counts that are known only at its end, so its cases are
//! buffered in a scratch file.

use super::{Done, Head, Output, Summary};
use crate::judge::{Verdict, in_words};
use std::io::{self, Read, Seek, SeekFrom, Write};

/// A temporary file that buffers the cases of a suite.
pub trait Scratch: Read + Write + Seek + Send {
    /// Removes all content.
    ///
    /// # Errors
    /// Returns an error if the file cannot be truncated.
    fn empty(&mut self) -> io::Result<()>;
}

/// Reports a run as JUnit XML.
pub struct Junit<W> {
    to: W,
    waiting: io::BufWriter<Box<dyn Scratch>>,
    scenario: String,
    failures: u64,
    errors: u64,
    skipped: u64,
    tests: u64,
    started: bool,
}

impl<W: Write> Junit<W> {
    /// Creates a reporter that writes to `to` whenever a suite ends.
    pub fn new(to: W, scratch: Box<dyn Scratch>) -> Self {
        Self {
            to,
            waiting: io::BufWriter::new(scratch),
            scenario: String::new(),
            failures: 0,
            errors: 0,
            skipped: 0,
            tests: 0,
            started: false,
        }
    }

    fn head(&mut self) -> io::Result<()> {
        if !self.started {
            self.started = true;
            self.to.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"overstep\">\n")?;
        }
        Ok(())
    }
}

/// Escapes a text for XML 1.0 and replaces the characters that XML cannot contain.
fn xml(text: &str) -> String {
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

impl<W: Write> Output for Junit<W> {
    fn begin(&mut self, head: &Head) -> io::Result<()> {
        self.head()?;
        self.scenario.clone_from(&head.scenario);
        (self.tests, self.failures, self.errors, self.skipped) = (0, 0, 0, 0);
        Ok(())
    }

    fn case(&mut self, done: &Done) -> io::Result<()> {
        self.tests += 1;
        let judgement = &done.judgement;
        write!(
            self.waiting,
            "    <testcase name=\"{}\" classname=\"{}.{}\" time=\"{:.6}\"",
            xml(&done.case.id.0),
            xml(&self.scenario),
            xml(done.case.operation.as_str()),
            done.millis / 1000.0,
        )?;
        let kind = match judgement.verdict {
            _ if done.finding => {
                self.failures += 1;
                "failure"
            }
            Verdict::Pass | Verdict::Unspecified | Verdict::Diverges => return self.waiting.write_all(b"/>\n"),
            Verdict::Indeterminate => {
                self.errors += 1;
                "error"
            }
            Verdict::NotImplemented | Verdict::Unsendable => {
                self.skipped += 1;
                let message = done.case.unsendable.as_deref().unwrap_or(&judgement.why);
                return writeln!(self.waiting, "><skipped message=\"{}\"/></testcase>", xml(message));
            }
        };
        let expected = in_words(&done.case.expectation);
        let mut text = format!("expected: {expected}\nreceived: {}\n", judgement.observed);
        if let Some(accepted) = done.comparison.accepted.as_ref() {
            text.push_str(&format!("accepted: {accepted}\n"));
        }
        for one in &done.comparison.differs {
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
            lines => format!("      <system-err>{}</system-err>\n", xml(&lines.join("\n")).replace("&#10;", "\n")),
        };
        write!(
            self.waiting,
            ">\n      <{kind} type=\"{}\" message=\"{}\">{}</{kind}>\n{said}    </testcase>\n",
            judgement.verdict,
            xml(&format!("expected {expected}, received {}", judgement.observed)),
            xml(&text).replace("&#10;", "\n"),
        )
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        writeln!(
            self.to,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{:.3}\">",
            xml(&self.scenario),
            self.tests,
            self.failures,
            self.errors,
            self.skipped,
            summary.seconds,
        )?;
        self.waiting.flush()?;
        let scratch = self.waiting.get_mut();
        scratch.seek(SeekFrom::Start(0))?;
        io::copy(scratch, &mut self.to)?;
        scratch.empty()?;
        let learnt: Vec<String> = summary
            .findings
            .iter()
            .filter_map(|finding| {
                let place = [finding.operation.as_str(), &finding.member, &finding.constraint].join("/");
                Some(format!("{place}: actual limit: {}", finding.learnt.as_ref()?))
            })
            .collect();
        if !learnt.is_empty() {
            let text = xml(&learnt.join("\n")).replace("&#10;", "\n");
            writeln!(self.to, "    <system-out>{text}</system-out>")?;
        }
        self.to.write_all(b"  </testsuite>\n")
    }

    fn finish(&mut self) -> io::Result<()> {
        self.head()?;
        self.to.write_all(b"</testsuites>\n")?;
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn special_characters_are_escaped() {
        assert_eq!(super::xml("<a b=\"c\">&\u{0}\n"), "&lt;a b=&quot;c&quot;&gt;&amp;\u{fffd}&#10;");
    }
}
