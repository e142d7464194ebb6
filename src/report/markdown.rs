//! Writes a run as Markdown for the summary of a CI job: a table per scenario, and the first findings as issue texts.
//!
//! Text from a server never becomes markup: it is always inside code.

use super::style::count;
use super::{Done, Head, Output, Summary};
use crate::generate::Intent;
use crate::judge::{Finding, Verdict};
use indexmap::IndexMap;
use std::io::{self, Write};

/// Maximum number of findings that are written.
const MOST: usize = 20;

/// Results of the cases of one operation.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    ok: u64,
    refused: u64,
    accepted: u64,
    wrong_error: u64,
    failed: u64,
    open: u64,
}

/// Reports a run as Markdown.
pub struct Markdown<W: Write> {
    to: W,
    rows: IndexMap<String, Row>,
    head: String,
    again: String,
}

impl<W: Write> Markdown<W> {
    /// Creates a reporter that writes to `to`.
    pub fn new(to: W) -> Self {
        Self { to, rows: IndexMap::new(), head: String::new(), again: String::new() }
    }

    fn table(&mut self, summary: &Summary) -> io::Result<()> {
        let not_run = |name: &str| summary.not_run.iter().any(|one| one.operation == name);
        let rows: Vec<(&String, &Row)> = self.rows.iter().filter(|(name, _)| !not_run(name)).collect();
        if rows.is_empty() {
            return Ok(());
        }
        writeln!(self.to, "| operation | ok | valid rejected | invalid accepted | wrong error | failed | other |")?;
        writeln!(self.to, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")?;
        let mut sum = Row::default();
        for (name, row) in rows {
            let Row { ok, refused, accepted, wrong_error, failed, open } = *row;
            writeln!(self.to, "| `{name}` | {ok} | {refused} | {accepted} | {wrong_error} | {failed} | {open} |")?;
            sum.ok += ok;
            sum.refused += refused;
            sum.accepted += accepted;
            sum.wrong_error += wrong_error;
            sum.failed += failed;
            sum.open += open;
        }
        let Row { ok, refused, accepted, wrong_error, failed, open } = sum;
        writeln!(self.to, "| all | {ok} | {refused} | {accepted} | {wrong_error} | {failed} | {open} |\n")
    }

    /// Writes a finding as the text of an issue.
    fn finding(&mut self, finding: &Finding) -> io::Result<()> {
        writeln!(self.to, "### {} ({})\n", code(&super::terminal::title(finding)), count(finding.cases, "case"))?;
        let rule = if finding.rule.is_empty() { &finding.why } else { &finding.rule };
        let at = finding.source.as_ref().map_or_else(String::new, |source| format!(" ({})", code(source)));
        writeln!(self.to, "- documented: {}{at}", code(rule))?;
        writeln!(self.to, "- expected: {}", code(&finding.expected))?;
        writeln!(self.to, "- received: {}", code(&finding.observed))?;
        if let Some(learnt) = &finding.learnt {
            writeln!(self.to, "- actual limit: {}", code(learnt))?;
        }
        if let Some(id) = finding.examples.first() {
            writeln!(self.to, "- reproduce: {}", code(&format!("overstep replay '{id}'")))?;
        }
        if let Some(curl) = finding.curl.as_ref().filter(|curl| curl.len() <= 2000) {
            writeln!(self.to, "\n{}", fenced("sh", curl))?;
        }
        if !finding.server_output.is_empty() {
            let last = finding.server_output.len().saturating_sub(12);
            writeln!(self.to, "\n{}", fenced("", &finding.server_output[last..].join("\n")))?;
        }
        writeln!(self.to)
    }
}

impl<W: Write> Output for Markdown<W> {
    fn begin(&mut self, head: &Head) -> io::Result<()> {
        self.rows.clear();
        self.head = format!("{} · {}", head.scenario, head.server.as_ref().unwrap_or(&head.endpoint));
        self.again.clone_from(&head.again);
        Ok(())
    }

    fn case(&mut self, done: &Done) -> io::Result<()> {
        let name = done.case.operation.as_str();
        if !self.rows.contains_key(name) {
            self.rows.insert(name.to_owned(), Row::default());
        }
        let Some(row) = self.rows.get_mut(name) else { return Ok(()) };
        let judgement = &done.judgement;
        match (judgement.verdict, judgement.observed.status) {
            (Verdict::Pass, _) => row.ok += 1,
            (Verdict::Diverges, Some(500..) | None) if done.case.intent != Intent::Law => row.failed += 1,
            (Verdict::Diverges, Some(..300)) if done.case.intent != Intent::Valid => row.accepted += 1,
            (Verdict::Diverges, _) if done.case.intent == Intent::Valid => row.refused += 1,
            (Verdict::Diverges, _) => row.wrong_error += 1,
            _ => row.open += 1,
        }
        Ok(())
    }

    fn end(&mut self, summary: &Summary) -> io::Result<()> {
        writeln!(self.to, "## {}\n", code(&self.head))?;
        let counts = &summary.counts;
        writeln!(
            self.to,
            "{} in {}; {} passed, {} known, {} undocumented, {} not implemented, {} inconclusive\n",
            count(summary.findings.len() as u64, "finding"),
            count(counts.total(), "case"),
            counts.pass,
            counts.known,
            counts.unspecified,
            counts.not_implemented,
            counts.indeterminate
        )?;
        if let Some(why) = &summary.incomplete {
            writeln!(self.to, "**Incomplete**: {}\n", code(why))?;
        }
        self.table(summary)?;
        for note in &summary.known_notes {
            writeln!(self.to, "- {}", code(note))?;
        }
        let findings = &summary.findings;
        for finding in findings.iter().take(MOST) {
            self.finding(finding)?;
        }
        if findings.len() > MOST {
            writeln!(self.to, "and {} more\n", count((findings.len() - MOST) as u64, "finding"))?;
        }
        self.to.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Formats any text as inline code.
fn code(text: &str) -> String {
    let text = super::style::tame(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// Formats any text as a code block.
fn fenced(language: &str, text: &str) -> String {
    let longest = text.lines().map(|line| line.chars().take_while(|c| *c == '`').count()).max().unwrap_or(0);
    let ticks = "`".repeat(longest.max(2) + 1);
    format!("{ticks}{language}\n{text}\n{ticks}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_cannot_end_inline_code_or_code_blocks() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("`a``b"), "``` `a``b ```");
        assert_eq!(fenced("", "```\nx"), "````\n```\nx\n````");
    }
}
