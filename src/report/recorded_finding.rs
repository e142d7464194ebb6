//! Prints the findings of an earlier run: a numbered list, or everything that one finding explains.

use super::finding_text::{KnownEntryPlace, KnownEntrySource, title};
use super::style::{BOLD_STYLE, DIM_STYLE, paint, pluralize};
use super::terminal::replay_word;
use crate::escape::escape_text;
use crate::judge::FindingCode;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::io::{self, Write};

/// A finding as recorded in the results of an earlier run.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct RecordedFinding {
    /// The code of its kind, such as `OV203`; empty in results of versions without codes.
    #[serde(default)]
    pub code: String,
    /// The scenario.
    pub scenario: String,
    /// The operation of the first example.
    pub operation: String,
    /// The member path of the first example, or the case's class.
    pub member: String,
    /// The constraint of the first example, or the kind of damage.
    pub constraint: String,
    /// What was received.
    pub observed: String,
    /// The kind of the cause.
    #[serde(default)]
    pub cause: String,
    /// The cause in one sentence, if it explains more than one constraint of one member.
    pub statement: Option<String>,
    /// The innermost stack frame that the server printed.
    pub frame: Option<String>,
    /// The message of a failure, without what varies.
    pub message: Option<String>,
    /// What was accepted, if the finding is that the response changed.
    pub accepted: Option<String>,
    /// The operations concerned.
    #[serde(default)]
    pub operations: Vec<String>,
    /// Number of cases.
    pub cases: u64,
    /// IDs of a few cases.
    #[serde(default)]
    pub examples: Vec<String>,
    /// What the finding explains.
    #[serde(default)]
    pub explains: Vec<ExplainedCases>,
    /// IDs of the explained cases, unless the run had too many.
    #[serde(default)]
    pub case_ids: Vec<String>,
    /// The rule that the first example tests, in words.
    #[serde(default)]
    pub rule: String,
    /// Where the rule is documented, as `document:line`.
    pub source: Option<String>,
    /// What was expected, in words.
    #[serde(default)]
    pub expected: String,
    /// Reason for the finding.
    #[serde(default)]
    pub why: String,
    /// What further requests revealed about the limit that is actually enforced.
    pub learnt: Option<String>,
    /// The first example's request as a curl command, if curl can send it.
    pub curl: Option<String>,
}

/// Cases of one operation, member, constraint and response that a finding explains.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct ExplainedCases {
    /// The operation.
    pub operation: String,
    /// The member path, or the case's class.
    pub member: String,
    /// The constraint, or the kind of damage.
    pub constraint: String,
    /// What was received.
    pub observed: String,
    /// Number of cases.
    pub cases: u64,
}

impl RecordedFinding {
    /// Returns the code, if this version knows it.
    pub(super) fn known_code(&self) -> Option<FindingCode> {
        FindingCode::parse(&self.code)
    }

    /// Returns a text that is the same for the same finding in every run, and different for each finding of a run.
    pub(super) fn fingerprint(&self) -> String {
        let parts = [&self.scenario, &self.code, &self.operation, &self.member, &self.constraint, &self.observed];
        let statement = self.statement.as_deref().unwrap_or_default();
        let text = parts.map(String::as_str).join("\n") + "\n" + statement;
        data_encoding::HEXLOWER.encode(&Sha256::digest(text)[..8])
    }

    fn title(&self) -> String {
        title(
            self.frame.as_deref(),
            self.statement.as_deref(),
            &self.operations,
            [&self.operation, &self.member, &self.constraint],
        )
    }

    /// Returns the entries that mark the finding as known divergences.
    pub(super) fn known_entries(&self) -> String {
        let source = KnownEntrySource {
            scenario: &self.scenario,
            constraint: &self.constraint,
            cause: &self.cause,
            frame: self.frame.as_deref(),
            message: self.message.as_deref(),
            operation_count: self.operations.len(),
            places: self.explains.iter().map(ExplainedCases::known_entry_place).collect(),
        };
        source.entries()
    }
}

impl ExplainedCases {
    fn known_entry_place(&self) -> KnownEntryPlace<'_> {
        KnownEntryPlace {
            operation: &self.operation,
            member: &self.member,
            constraint: &self.constraint,
            observed: &self.observed,
        }
    }
}

/// Writes one line per finding of a run, numbered from 1.
///
/// # Errors
/// Returns an error if the lines cannot be written.
pub fn write_finding_list(findings: &[RecordedFinding], run: &str, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{} in {}", pluralize(findings.len() as u64, "finding"), escape_text(run))?;
    let digits = findings.len().to_string().len();
    for (index, finding) in findings.iter().enumerate() {
        let what = paint(BOLD_STYLE, finding.title());
        let observed = escape_text(&finding.observed);
        let code = if finding.code.is_empty() { String::new() } else { format!(" [{}]", escape_text(&finding.code)) };
        let cases = paint(DIM_STYLE, pluralize(finding.cases, "case"));
        writeln!(out, "{:>digits$}  {what} · {observed}{code}  {cases}", index + 1)?;
    }
    Ok(())
}

/// Writes everything that a finding explains. `number` counts from 1.
///
/// # Errors
/// Returns an error if the lines cannot be written.
pub fn write_recorded_finding(number: usize, finding: &RecordedFinding, out: &mut impl Write) -> io::Result<()> {
    let mut field = |name: &str, text: &str| writeln!(out, "    {}  {text}", paint(DIM_STYLE, format!("{name:15}")));
    field("finding", &format!("{number}: {}", paint(BOLD_STYLE, finding.title())))?;
    if !finding.code.is_empty() {
        field("code", &format!("{0}: `overstep explain {0}`", escape_text(&finding.code)))?;
    }
    field("scenario", &escape_text(&finding.scenario))?;
    field("cause", &escape_text(&finding.cause))?;
    let operations = pluralize(finding.operations.len() as u64, "operation");
    field("explains", &format!("{} in {operations}", pluralize(finding.cases, "case")))?;
    for part in &finding.explains {
        let place = [&part.operation, &part.member, &part.constraint].map(|text| escape_text(text)).join(" · ");
        field("", &format!("{place}: {}, {}", escape_text(&part.observed), pluralize(part.cases, "case")))?;
    }
    if let Some(first) = finding.examples.first() {
        field("reproduce", &format!("overstep replay {}", replay_word(first)))?;
    }
    if finding.accepted.is_none() {
        for (index, line) in finding.known_entries().lines().enumerate() {
            field(if index == 0 { "accept as known" } else { "" }, &escape_text(line))?;
        }
    }
    for (index, id) in finding.case_ids.iter().enumerate() {
        field(if index == 0 { "cases" } else { "" }, &escape_text(id))?;
    }
    let unlisted = finding.cases.saturating_sub(finding.case_ids.len() as u64);
    if unlisted > 0 {
        field("", &format!("and {unlisted} more, whose ids were not kept"))?;
    }
    Ok(())
}
