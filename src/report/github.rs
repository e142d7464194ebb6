//! Writes GitHub annotations: one for each of the most severe findings, at the line that documents the constraint.
//!
//! This module never calls GitHub's API; runners read [workflow commands] from the log.
//!
//! [workflow commands]: https://docs.github.com/actions/reference/workflow-commands-for-github-actions

use super::style::pluralize;
use super::{CaseResult, Reporter, RunStarted, RunSummary};
use crate::escape::{escape_github_data, escape_github_property};
use crate::judge::{CodeGroup, Finding};
use indexmap::IndexMap;
use std::io::{self, Write};

/// Maximum number of annotations of findings. Runners show ten errors of a step, and other reports contain all findings.
const MAX_ANNOTATIONS: usize = 10;

/// An annotation of a finding.
struct FindingAnnotation {
    priority: (CodeGroup, std::cmp::Reverse<u64>),
    line: String,
}

/// Reports the most severe findings of all scenarios as GitHub annotations.
pub struct GithubReporter<W: Write> {
    writer: W,
    documents: IndexMap<String, String>,
    scenario_file: Option<String>,
    /// The most severe findings so far, most severe first.
    annotations: Vec<FindingAnnotation>,
    finding_count: u64,
}

impl<W: Write> GithubReporter<W> {
    /// Creates a reporter that writes to `to`, which should be standard output: runners read it.
    pub fn new(writer: W) -> Self {
        Self { writer, documents: IndexMap::new(), scenario_file: None, annotations: Vec::new(), finding_count: 0 }
    }

    /// Returns the file and line of an annotation: the document's if it is in the repository, otherwise the scenario's.
    fn annotation_location(&self, finding: &Finding) -> String {
        let documented = finding.source.as_deref().and_then(|source| source.rsplit_once(':'));
        let in_document =
            documented.and_then(|(document, line)| Some((self.documents.get(document)?.clone(), line.to_owned())));
        let place = in_document.or_else(|| self.scenario_file.clone().map(|file| (file, "1".to_owned())));
        place.map_or_else(String::new, |(file, line)| format!("file={},line={line},", escape_github_property(&file)))
    }

    /// Returns the annotation of a finding.
    fn annotate(&self, finding: &Finding) -> FindingAnnotation {
        let title = super::finding_text::finding_title(finding);
        let mut text = vec![
            format!("documented: {}", if finding.rule.is_empty() { &finding.why } else { &finding.rule }),
            format!("expected: {}", finding.expected),
            format!("received: {}", finding.observed),
        ];
        text.extend(finding.source.as_ref().map(|source| format!("source: {source}")));
        text.extend(finding.discovery.as_ref().map(|learnt| format!("actual limit: {learnt}")));
        let example = finding.examples.first();
        text.extend(example.map(|id| format!("reproduce: overstep replay {}", super::terminal::replay_word(id))));
        text.push(format!("explained by: overstep explain {}", finding.code));
        let group = finding.code.group();
        let command = if group.level() == "note" { "notice" } else { group.level() };
        let line = format!(
            "::{command} {}title={}::{}",
            self.annotation_location(finding),
            escape_github_property(&format!("{}: {title} ({})", finding.code, pluralize(finding.case_count, "case"))),
            escape_github_data(&text)
        );
        FindingAnnotation { priority: (group, std::cmp::Reverse(finding.case_count)), line }
    }
}

impl<W: Write> Reporter for GithubReporter<W> {
    fn begin_run(&mut self, head: &RunStarted) -> io::Result<()> {
        self.documents.clone_from(&head.documents);
        self.scenario_file.clone_from(&head.scenario_file);
        Ok(())
    }

    fn report_case(&mut self, _done: &CaseResult) -> io::Result<()> {
        Ok(())
    }

    fn end_run(&mut self, summary: &RunSummary) -> io::Result<()> {
        self.finding_count += summary.findings.len() as u64;
        // The findings of a scenario are sorted, so that no later one is more severe.
        for finding in summary.findings.iter().take(MAX_ANNOTATIONS) {
            let annotation = self.annotate(finding);
            let at = self.annotations.partition_point(|other| other.priority <= annotation.priority);
            self.annotations.insert(at, annotation);
            self.annotations.truncate(MAX_ANNOTATIONS);
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
        for annotation in &self.annotations {
            writeln!(self.writer, "{}", annotation.line)?;
        }
        let left = self.finding_count.saturating_sub(self.annotations.len() as u64);
        if left > 0 {
            let more = pluralize(left, "finding");
            writeln!(self.writer, "::notice title=overstep::and {more} more, in the other reports")?;
        }
        self.writer.flush()
    }
}
