//! Writes GitHub annotations: one per finding, at the line that documents the constraint.
//!
//! This module never calls GitHub's API; runners read [workflow commands] from the log.
//!
//! [workflow commands]: https://docs.github.com/actions/reference/workflow-commands-for-github-actions

use super::style::pluralize;
use super::{CaseResult, Reporter, RunStarted, RunSummary};
use crate::escape::{escape_github_data, escape_github_property};
use crate::judge::Finding;
use indexmap::IndexMap;
use std::io::{self, Write};

/// Maximum number of annotations; runners show few of them, and other reports contain all findings.
const MAX_ANNOTATIONS: usize = 50;

/// Reports findings as GitHub annotations.
pub struct GithubReporter<W: Write> {
    writer: W,
    documents: IndexMap<String, String>,
    scenario_file: Option<String>,
    rerun_command: String,
}

impl<W: Write> GithubReporter<W> {
    /// Creates a reporter that writes to `to`, which should be standard output: runners read it.
    pub fn new(writer: W) -> Self {
        Self { writer, documents: IndexMap::new(), scenario_file: None, rerun_command: String::new() }
    }

    /// Returns the file and line of an annotation: the document's if it is a local file, otherwise the scenario's.
    fn annotation_location(&self, finding: &Finding) -> String {
        let documented = finding.source.as_deref().and_then(|source| source.rsplit_once(':'));
        let in_document =
            documented.and_then(|(document, line)| Some((self.documents.get(document)?.clone(), line.to_owned())));
        let place = in_document.or_else(|| self.scenario_file.clone().map(|file| (file, "1".to_owned())));
        place.map_or_else(String::new, |(file, line)| format!("file={},line={line},", escape_github_property(&file)))
    }
}

impl<W: Write> Reporter for GithubReporter<W> {
    fn begin_run(&mut self, head: &RunStarted) -> io::Result<()> {
        self.documents.clone_from(&head.documents);
        self.scenario_file.clone_from(&head.scenario_file);
        self.rerun_command.clone_from(&head.rerun_command);
        Ok(())
    }

    fn report_case(&mut self, _done: &CaseResult) -> io::Result<()> {
        Ok(())
    }

    fn end_run(&mut self, summary: &RunSummary) -> io::Result<()> {
        for finding in summary.findings.iter().take(MAX_ANNOTATIONS) {
            let title = super::finding_text::finding_title(finding);
            let mut text = vec![
                format!("documented: {}", if finding.rule.is_empty() { &finding.why } else { &finding.rule }),
                format!("expected: {}", finding.expected),
                format!("received: {}", finding.observed),
            ];
            text.extend(finding.source.as_ref().map(|source| format!("source: {source}")));
            text.extend(finding.discovery.as_ref().map(|learnt| format!("actual limit: {learnt}")));
            text.extend(
                finding
                    .examples
                    .first()
                    .map(|id| format!("reproduce: overstep replay {}", super::terminal::replay_word(id))),
            );
            writeln!(
                self.writer,
                "::error {}title={}::{}",
                self.annotation_location(finding),
                escape_github_property(&format!("{title} ({})", pluralize(finding.case_count, "case"))),
                escape_github_data(&text)
            )?;
        }
        if summary.findings.len() > MAX_ANNOTATIONS {
            let more = pluralize((summary.findings.len() - MAX_ANNOTATIONS) as u64, "finding");
            writeln!(self.writer, "::notice title={}::and {more} more", escape_github_property(&summary.scenario))?;
        }
        if let Some(why) = &summary.incomplete_reason {
            writeln!(
                self.writer,
                "::warning title={}::{}",
                escape_github_property(&summary.scenario),
                escape_github_data(&[format!("incomplete: {why}")])
            )?;
        }
        for note in &summary.known_divergence_notes {
            writeln!(
                self.writer,
                "::notice title={}::{}",
                escape_github_property(&summary.scenario),
                escape_github_data(std::slice::from_ref(note))
            )?;
        }
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
