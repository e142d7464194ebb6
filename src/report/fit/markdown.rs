//! Writes whether endpoints fit an application as Markdown, for a comment or a wiki.

use super::model::{FitReport, FitStatus};
use super::text::{describe_counts, describe_service, operation_title};
use crate::escape::{inline_code, table_code};
use std::io::{self, Write};

/// Maximum number of findings that are listed for each endpoint.
const MAX_FINDINGS: usize = 50;

/// Writes a report as Markdown.
///
/// # Errors
/// Returns an error if the writer fails.
pub fn write_fit_markdown(report: &FitReport, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "### {} ({})\n", inline_code(&report.recording), report.recording_format)?;
    for service in &report.services {
        writeln!(out, "- {}", inline_code(&describe_service(service)))?;
    }
    let heads: Vec<String> = report.endpoints.iter().map(|endpoint| table_code(&endpoint.name)).collect();
    writeln!(out, "\n| operation | {} |", heads.join(" | "))?;
    writeln!(out, "| --- |{}", " --- |".repeat(heads.len()))?;
    let operations = report.endpoints.first().map(|endpoint| endpoint.operations.as_slice()).unwrap_or_default();
    for (index, operation) in operations.iter().enumerate() {
        let cells = report.endpoints.iter().filter_map(|endpoint| endpoint.operations.get(index));
        let cells: Vec<String> = cells.map(|operation| operation.describe()).collect();
        writeln!(out, "| {} | {} |", table_code(&operation_title(report, operation)), cells.join(" | "))?;
    }
    if let Some(note) = report.star_note() {
        writeln!(out, "\n\\{note}")?;
    }
    for endpoint in &report.endpoints {
        writeln!(out, "\n#### {}\n\n{}\n", inline_code(&endpoint.name), describe_counts(endpoint))?;
        for finding in endpoint.findings.iter().take(MAX_FINDINGS) {
            let code = if finding.code.is_empty() { String::new() } else { format!(" {}", finding.code) };
            writeln!(
                out,
                "- {}{code}: documented {}, received {} ({})",
                inline_code(&finding.title),
                inline_code(&finding.documented),
                inline_code(&finding.received),
                inline_code(&finding.example)
            )?;
        }
        if endpoint.findings.len() > MAX_FINDINGS {
            writeln!(out, "- and {} more", endpoint.findings.len() - MAX_FINDINGS)?;
        }
        for operation in endpoint.operations.iter().filter(|one| one.status == FitStatus::NotReached) {
            writeln!(out, "- {} not reached: {}", inline_code(&operation.operation), inline_code(&operation.reason))?;
        }
    }
    if !report.not_checked.is_empty() {
        writeln!(out, "\n#### Not checked\n")?;
    }
    for text in &report.not_checked {
        writeln!(out, "- {}", inline_code(text))?;
    }
    Ok(())
}
