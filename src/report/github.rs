//! Writes GitHub annotations: one per finding, at the line that documents the constraint.
//!
//! This module never calls GitHub's API; runners read [workflow commands] from the log.
//!
//! [workflow commands]: https://docs.github.com/actions/reference/workflow-commands-for-github-actions

use super::style::count;
use super::{Done, Head, Output, Summary};
use crate::judge::Finding;
use indexmap::IndexMap;
use std::io::{self, Write};

/// Maximum number of annotations; runners show few of them, and other reports contain all findings.
const MOST: usize = 50;

/// Reports findings as GitHub annotations.
pub struct Github<W: Write> {
    to: W,
    documents: IndexMap<String, String>,
    scenario_file: Option<String>,
    again: String,
}

impl<W: Write> Github<W> {
    /// Creates a reporter that writes to `to`, which should be standard output: runners read it.
    pub fn new(to: W) -> Self {
        Self { to, documents: IndexMap::new(), scenario_file: None, again: String::new() }
    }

    /// Returns the file and line of an annotation: the document's if it is a local file, otherwise the scenario's.
    fn place(&self, finding: &Finding) -> String {
        let documented = finding.source.as_deref().and_then(|source| source.rsplit_once(':'));
        let in_document =
            documented.and_then(|(document, line)| Some((self.documents.get(document)?.clone(), line.to_owned())));
        let place = in_document.or_else(|| self.scenario_file.clone().map(|file| (file, "1".to_owned())));
        place.map_or_else(String::new, |(file, line)| format!("file={},line={line},", property(&file)))
    }
}

impl<W: Write> Output for Github<W> {
    fn begin(&mut self, head: &Head) -> io::Result<()> {
        self.documents.clone_from(&head.documents);
        self.scenario_file.clone_from(&head.scenario_file);
        self.again.clone_from(&head.again);
        Ok(())
    }

    fn case(&mut self, _done: &Done) -> io::Result<()> {
        Ok(())
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        for finding in summary.findings.iter().take(MOST) {
            let title = super::terminal::title(finding);
            let mut text = vec![
                format!("documented: {}", if finding.rule.is_empty() { &finding.why } else { &finding.rule }),
                format!("expected: {}", finding.expected),
                format!("received: {}", finding.observed),
            ];
            text.extend(finding.source.as_ref().map(|source| format!("source: {source}")));
            text.extend(finding.learnt.as_ref().map(|learnt| format!("actual limit: {learnt}")));
            text.extend(finding.examples.first().map(|id| format!("reproduce: overstep replay '{id}'")));
            writeln!(
                self.to,
                "::error {}title={}::{}",
                self.place(finding),
                property(&format!("{} ({})", title, count(finding.cases, "case"))),
                data(&text.join("\n"))
            )?;
        }
        if summary.findings.len() > MOST {
            let more = count((summary.findings.len() - MOST) as u64, "finding");
            writeln!(self.to, "::notice title={}::and {more} more", property(&summary.scenario))?;
        }
        if let Some(why) = &summary.incomplete {
            writeln!(
                self.to,
                "::warning title={}::{}",
                property(&summary.scenario),
                data(&format!("incomplete: {why}"))
            )?;
        }
        for note in &summary.known_notes {
            writeln!(self.to, "::notice title={}::{}", property(&summary.scenario), data(note))?;
        }
        self.to.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_end_a_workflow_command() {
        assert_eq!(data("a%\nb"), "a%25%0Ab");
        assert_eq!(property("docs/a,b:1"), "docs/a%2Cb%3A1");
    }
}
