//! Writes a run as Markdown for the summary of a CI job: a table per scenario, and the first findings as issue texts.
//!
//! Text from a server never becomes markup: it is always inside code.

use super::style::pluralize;
use super::{CaseResult, Reporter, RunStarted, RunSummary};
use crate::case::Intent;
use crate::escape::{ConsoleWriter, code_block, inline_code, table_code};
use crate::judge::{Finding, Verdict};
use indexmap::IndexMap;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Maximum number of findings that are written for a scenario.
const MAX_FINDINGS: usize = 20;
/// Maximum number of rows of a table; further operations share one.
const MAX_ROWS: usize = 150;
/// Maximum size of the report in bytes. GitHub rejects comments of more than 65,536 characters, and step summaries of more
/// than 1 MiB.
const MAX_REPORT_BYTES: usize = 64_000;
/// Part of the size that only headings, counts and notes of a later scenario may use.
const RESERVED_BYTES: usize = 8_000;

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

impl MarkdownRow {
    fn add(&mut self, other: &Self) {
        self.ok += other.ok;
        self.valid_rejected += other.valid_rejected;
        self.invalid_accepted += other.invalid_accepted;
        self.wrong_error += other.wrong_error;
        self.failed += other.failed;
        self.other += other.other;
    }

    fn diverging(&self) -> u64 {
        self.valid_rejected + self.invalid_accepted + self.wrong_error + self.failed
    }

    fn format(&self, name: &str) -> String {
        let Self { ok, valid_rejected, invalid_accepted, wrong_error, failed, other } = self;
        format!("| {name} | {ok} | {valid_rejected} | {invalid_accepted} | {wrong_error} | {failed} | {other} |\n")
    }
}

/// Reports a run as Markdown.
pub struct MarkdownReporter<W: Write> {
    writer: ConsoleWriter<W>,
    rows: IndexMap<String, MarkdownRow>,
    heading: String,
    written_bytes: usize,
}

impl<W: Write> MarkdownReporter<W> {
    /// Creates a reporter that writes to `to`.
    pub fn new(writer: W) -> Self {
        Self { writer: ConsoleWriter::new(writer), rows: IndexMap::new(), heading: String::new(), written_bytes: 0 }
    }

    /// Writes a block if it fits into the report together with `reserved` bytes. Returns true if it was written.
    fn write_block(&mut self, block: &str, reserved: usize) -> io::Result<bool> {
        if self.written_bytes + block.len() + reserved > MAX_REPORT_BYTES {
            return Ok(false);
        }
        self.written_bytes += block.len();
        self.writer.write_all(block.as_bytes())?;
        Ok(true)
    }

    fn write_table(&mut self, summary: &RunSummary) -> io::Result<bool> {
        let not_run = |name: &str| summary.skipped_operations.iter().any(|one| one.operation == name);
        let mut rows: Vec<(&String, &MarkdownRow)> = self.rows.iter().filter(|(name, _)| !not_run(name)).collect();
        if rows.is_empty() {
            return Ok(true);
        }
        let is_long = rows.len() > MAX_ROWS;
        if is_long {
            // The sort is stable: rows without findings stay in plan order.
            rows.sort_by_key(|(_, row)| std::cmp::Reverse(row.diverging()));
        }
        let mut table = "| operation | ok | valid rejected | invalid accepted | wrong error | failed | other |\n\
                         | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
            .to_owned();
        let (mut sum, mut rest) = (MarkdownRow::default(), MarkdownRow::default());
        for (index, (name, row)) in rows.iter().enumerate() {
            sum.add(row);
            if index < MAX_ROWS {
                table.push_str(&row.format(&table_code(name)));
            } else {
                rest.add(row);
            }
        }
        if is_long {
            let more = pluralize((rows.len() - MAX_ROWS) as u64, "more operation");
            table.push_str(&rest.format(&more));
        }
        table.push_str(&sum.format("all"));
        table.push('\n');
        self.write_block(&table, RESERVED_BYTES)
    }

    /// Returns a finding as the text of an issue.
    fn format_finding(finding: &Finding) -> String {
        let mut out = String::new();
        let title = inline_code(&super::finding_text::finding_title(finding));
        let _ = writeln!(out, "### {title} · {} ({})\n", finding.code, pluralize(finding.case_count, "case"));
        let rule = if finding.rule.is_empty() { &finding.why } else { &finding.rule };
        let at = finding.source.as_ref().map_or_else(String::new, |source| format!(" ({})", inline_code(source)));
        let _ = writeln!(out, "- documented: {}{at}", inline_code(rule));
        let _ = writeln!(out, "- expected: {}", inline_code(&finding.expected));
        let _ = writeln!(out, "- received: {}", inline_code(&finding.observed));
        if let Some(learnt) = &finding.discovery {
            let _ = writeln!(out, "- actual limit: {}", inline_code(learnt));
        }
        if let Some(id) = finding.examples.first() {
            let command = format!("overstep replay {}", super::terminal::replay_word(id));
            let _ = writeln!(out, "- reproduce: {}", inline_code(&command));
        }
        if let Some(curl) = finding.curl.as_ref().filter(|curl| curl.len() <= 2000) {
            let _ = writeln!(out, "\n{}", code_block("sh", std::slice::from_ref(curl)));
        }
        if !finding.server_output.is_empty() {
            let last = finding.server_output.len().saturating_sub(12);
            let _ = writeln!(out, "\n{}", code_block("", &finding.server_output[last..]));
        }
        out + "\n"
    }

    fn write_findings(&mut self, findings: &[Finding]) -> io::Result<()> {
        let mut written = 0;
        for finding in findings.iter().take(MAX_FINDINGS) {
            if !self.write_block(&Self::format_finding(finding), RESERVED_BYTES)? {
                break;
            }
            written += 1;
        }
        if findings.len() > written {
            let more = pluralize((findings.len() - written) as u64, "finding");
            self.write_block(&format!("and {more} more, in the other reports\n\n"), 0)?;
        }
        Ok(())
    }
}

impl<W: Write> Reporter for MarkdownReporter<W> {
    fn begin_run(&mut self, head: &RunStarted) -> io::Result<()> {
        self.rows.clear();
        self.heading = format!("{} · {}", head.scenario, head.server_version.as_ref().unwrap_or(&head.endpoint));
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
        let counts = &summary.counts;
        let mut head = format!(
            "## {}\n\n{} in {}; {} passed, {} known, {} undocumented, {} not implemented, {} flaky, {} inconclusive\n\n",
            inline_code(&self.heading),
            pluralize(summary.findings.len() as u64, "finding"),
            pluralize(counts.total(), "case"),
            counts.pass,
            counts.known,
            counts.unspecified,
            counts.not_implemented,
            counts.flaky,
            counts.indeterminate
        );
        if let Some(why) = &summary.incomplete_reason {
            let _ = writeln!(head, "**Incomplete**: {}\n", inline_code(why));
        }
        self.write_block(&head, 0)?;
        if !self.write_table(summary)? {
            self.write_block("The table of operations does not fit; it is in the other reports.\n\n", 0)?;
        }
        for note in summary.muted_notes.iter().chain(&summary.known_divergence_notes) {
            self.write_block(&format!("- {}\n", inline_code(note)), RESERVED_BYTES / 2)?;
        }
        self.write_findings(&summary.findings)?;
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_tables_show_rows_with_findings_first_and_sum_up_the_rest() {
        let mut out = Vec::new();
        let mut reporter = MarkdownReporter::new(&mut out);
        for number in 0..5000_u64 {
            let row = MarkdownRow { ok: 1, failed: u64::from(number == 4321), ..MarkdownRow::default() };
            reporter.rows.insert(format!("Operation{number}"), row);
        }
        reporter.end_run(&RunSummary::default()).expect("a vector takes all");
        drop(reporter);
        let text = String::from_utf8(out).expect("UTF-8 text");
        assert!(text.len() <= MAX_REPORT_BYTES, "{} bytes", text.len());
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).collect();
        assert_eq!(rows.len(), 2 + MAX_ROWS + 2);
        assert_eq!(rows[2], "| `Operation4321` | 1 | 0 | 0 | 0 | 1 | 0 |");
        assert_eq!(rows[2 + MAX_ROWS], "| 4850 more operations | 4850 | 0 | 0 | 0 | 0 | 0 |");
        assert_eq!(rows[3 + MAX_ROWS], "| all | 5000 | 0 | 0 | 0 | 1 | 0 |");
    }
}
