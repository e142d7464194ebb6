//! Writes a run as Markdown for the summary of a CI job: a table per scenario, and the first findings as issue texts.
//!
//! Text from a server never becomes markup: it is always inside code.

use super::style::pluralize;
use super::{CaseResult, Reporter, RunStarted, RunSummary};
use crate::case::Intent;
use crate::escape::{ConsoleWriter, code_block, inline_code, table_code};
use crate::judge::{Finding, Verdict};
use indexmap::IndexMap;
use std::io::{self, Write};

/// Maximum number of findings that are written.
const MAX_FINDINGS: usize = 20;

/// Results of the cases of one operation.
#[derive(Clone, Copy, Debug, Default)]
struct MarkdownRow {
    ok: u64,
    valid_rejected: u64,
    invalid_accepted: u64,
    wrong_error: u64,
    failed: u64,
    other: u64,
}

/// Reports a run as Markdown.
pub struct MarkdownReporter<W: Write> {
    writer: ConsoleWriter<W>,
    rows: IndexMap<String, MarkdownRow>,
    heading: String,
    rerun_command: String,
}

impl<W: Write> MarkdownReporter<W> {
    /// Creates a reporter that writes to `to`.
    pub fn new(writer: W) -> Self {
        let writer = ConsoleWriter::new(writer);
        Self { writer, rows: IndexMap::new(), heading: String::new(), rerun_command: String::new() }
    }

    fn write_table(&mut self, summary: &RunSummary) -> io::Result<()> {
        let not_run = |name: &str| summary.skipped_operations.iter().any(|one| one.operation == name);
        let rows: Vec<(&String, &MarkdownRow)> = self.rows.iter().filter(|(name, _)| !not_run(name)).collect();
        if rows.is_empty() {
            return Ok(());
        }
        writeln!(self.writer, "| operation | ok | valid rejected | invalid accepted | wrong error | failed | other |")?;
        writeln!(self.writer, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")?;
        let mut sum = MarkdownRow::default();
        for (name, row) in rows {
            let MarkdownRow {
                ok,
                valid_rejected: refused,
                invalid_accepted: accepted,
                wrong_error,
                failed,
                other: open,
            } = *row;
            let name = table_code(name);
            writeln!(self.writer, "| {name} | {ok} | {refused} | {accepted} | {wrong_error} | {failed} | {open} |")?;
            sum.ok += ok;
            sum.valid_rejected += refused;
            sum.invalid_accepted += accepted;
            sum.wrong_error += wrong_error;
            sum.failed += failed;
            sum.other += open;
        }
        let MarkdownRow { ok, valid_rejected: refused, invalid_accepted: accepted, wrong_error, failed, other: open } =
            sum;
        writeln!(self.writer, "| all | {ok} | {refused} | {accepted} | {wrong_error} | {failed} | {open} |\n")
    }

    /// Writes a finding as the text of an issue.
    fn write_finding(&mut self, finding: &Finding) -> io::Result<()> {
        writeln!(
            self.writer,
            "### {} · {} ({})\n",
            inline_code(&super::finding_text::finding_title(finding)),
            finding.code,
            pluralize(finding.case_count, "case")
        )?;
        let rule = if finding.rule.is_empty() { &finding.why } else { &finding.rule };
        let at = finding.source.as_ref().map_or_else(String::new, |source| format!(" ({})", inline_code(source)));
        writeln!(self.writer, "- documented: {}{at}", inline_code(rule))?;
        writeln!(self.writer, "- expected: {}", inline_code(&finding.expected))?;
        writeln!(self.writer, "- received: {}", inline_code(&finding.observed))?;
        if let Some(learnt) = &finding.discovery {
            writeln!(self.writer, "- actual limit: {}", inline_code(learnt))?;
        }
        if let Some(id) = finding.examples.first() {
            writeln!(
                self.writer,
                "- reproduce: {}",
                inline_code(&format!("overstep replay {}", super::terminal::replay_word(id)))
            )?;
        }
        if let Some(curl) = finding.curl.as_ref().filter(|curl| curl.len() <= 2000) {
            writeln!(self.writer, "\n{}", code_block("sh", std::slice::from_ref(curl)))?;
        }
        if !finding.server_output.is_empty() {
            let last = finding.server_output.len().saturating_sub(12);
            writeln!(self.writer, "\n{}", code_block("", &finding.server_output[last..]))?;
        }
        writeln!(self.writer)
    }
}

impl<W: Write> Reporter for MarkdownReporter<W> {
    fn begin_run(&mut self, head: &RunStarted) -> io::Result<()> {
        self.rows.clear();
        self.heading = format!("{} · {}", head.scenario, head.server_version.as_ref().unwrap_or(&head.endpoint));
        self.rerun_command.clone_from(&head.rerun_command);
        Ok(())
    }

    fn report_case(&mut self, done: &CaseResult) -> io::Result<()> {
        let name = done.case.operation.as_str();
        if !self.rows.contains_key(name) {
            self.rows.insert(name.to_owned(), MarkdownRow::default());
        }
        let Some(row) = self.rows.get_mut(name) else { return Ok(()) };
        let judgement = &done.judgement;
        match (judgement.verdict, judgement.observed.status) {
            (Verdict::Pass, _) => row.ok += 1,
            (Verdict::Diverges, Some(500..) | None) if done.case.intent != Intent::Law => row.failed += 1,
            (Verdict::Diverges, Some(..300)) if done.case.intent != Intent::Valid => row.invalid_accepted += 1,
            (Verdict::Diverges, _) if done.case.intent == Intent::Valid => row.valid_rejected += 1,
            (Verdict::Diverges, _) => row.wrong_error += 1,
            _ => row.other += 1,
        }
        Ok(())
    }

    fn end_run(&mut self, summary: &RunSummary) -> io::Result<()> {
        writeln!(self.writer, "## {}\n", inline_code(&self.heading))?;
        let counts = &summary.counts;
        writeln!(
            self.writer,
            "{} in {}; {} passed, {} known, {} undocumented, {} not implemented, {} flaky, {} inconclusive\n",
            pluralize(summary.findings.len() as u64, "finding"),
            pluralize(counts.total(), "case"),
            counts.pass,
            counts.known,
            counts.unspecified,
            counts.not_implemented,
            counts.flaky,
            counts.indeterminate
        )?;
        if let Some(why) = &summary.incomplete_reason {
            writeln!(self.writer, "**Incomplete**: {}\n", inline_code(why))?;
        }
        self.write_table(summary)?;
        for note in summary.muted_notes.iter().chain(&summary.known_divergence_notes) {
            writeln!(self.writer, "- {}", inline_code(note))?;
        }
        let findings = &summary.findings;
        for finding in findings.iter().take(MAX_FINDINGS) {
            self.write_finding(finding)?;
        }
        if findings.len() > MAX_FINDINGS {
            writeln!(self.writer, "and {} more\n", pluralize((findings.len() - MAX_FINDINGS) as u64, "finding"))?;
        }
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}
