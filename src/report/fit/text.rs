//! Prints whether endpoints fit an application: a table of operations, then how each endpoint differs.
//!
//! The answer fits on a page: of many findings and reasons, the first are shown and the rest is counted.

use super::model::{EndpointFit, FitFinding, FitReport, FitService, FitStatus, OperationFit};
use crate::escape::escape_line;
use crate::report::style::{
    BOLD_STYLE, DIM_STYLE, ERROR_STYLE, SUCCESS_STYLE, WARNING_STYLE, paint, pluralize, wrap_text,
};
use anstyle::Style;
use std::io::{self, Write};

/// Maximum number of findings that are shown for all endpoints together.
const MAX_FINDINGS: usize = 8;
/// Maximum number of reasons that are shown for each endpoint.
const MAX_REASONS: usize = 5;
/// Maximum number of lines of a reason or of what was not checked.
const MAX_REASON_LINES: usize = 2;
/// Minimum width of the column of operations.
const MIN_NAME_COLUMNS: usize = 20;
/// Width of the column of an endpoint, at least.
const MIN_STATUS_COLUMNS: usize = 18;

/// Prints a report in lines of at most `columns` characters where they have spaces.
///
/// # Errors
/// Returns an error if the writer fails.
pub fn write_fit_text(report: &FitReport, columns: usize, out: &mut impl Write) -> io::Result<()> {
    let title = format!("{} ({})", escape_line(&report.recording), report.recording_format);
    writeln!(out, "{}", paint(BOLD_STYLE, title))?;
    for service in &report.services {
        writeln!(out, "  {}", describe_service(service))?;
    }
    writeln!(out)?;
    write_table(report, columns, out)?;
    if let Some(note) = report.star_note() {
        writeln!(out, "  {}", paint(DIM_STYLE, note))?;
    }
    let shown = MAX_FINDINGS.div_ceil(report.endpoints.len().max(1));
    for endpoint in &report.endpoints {
        write_endpoint(endpoint, shown, columns, out)?;
    }
    if !report.not_checked.is_empty() {
        writeln!(out)?;
    }
    for text in &report.not_checked {
        write_labelled(out, columns, &paint(WARNING_STYLE, "not checked:"), "not checked:", &escape_line(text))?;
    }
    Ok(())
}

/// Describes what is used of a service.
pub(super) fn describe_service(service: &FitService) -> String {
    let mut text = pluralize(service.operations as u64, "operation");
    if let Some(members) = service.members {
        text.push_str(&format!(" with {}", pluralize(members as u64, "member")));
    }
    text.push_str(&format!(" of {}", escape_line(&service.service)));
    if service.service != service.scenario {
        text.push_str(&format!(" (scenario {})", escape_line(&service.scenario)));
    }
    match &service.protocol {
        Some(protocol) => format!("{text}, over {protocol}"),
        None => text,
    }
}

/// Returns the name of an operation, with its scenario if there are several.
pub(super) fn operation_title(report: &FitReport, operation: &OperationFit) -> String {
    let name = escape_line(&operation.operation);
    if report.services.len() > 1 { format!("{} {name}", escape_line(&operation.scenario)) } else { name }
}

fn write_table(report: &FitReport, columns: usize, out: &mut impl Write) -> io::Result<()> {
    let Some(first) = report.endpoints.first() else { return Ok(()) };
    let names: Vec<String> = first.operations.iter().map(|operation| operation_title(report, operation)).collect();
    let without_scheme = |url: &str| url.split_once("://").map_or(url, |(_, rest)| rest).to_owned();
    let heads = report.endpoints.iter().map(|endpoint| escape_line(&without_scheme(&endpoint.name)));
    let heads: Vec<String> = heads.collect();
    let room = columns.saturating_sub(2 + report.endpoints.len() * (MIN_STATUS_COLUMNS + 2)).max(MIN_NAME_COLUMNS);
    let widest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let width = widest.clamp(MIN_NAME_COLUMNS, room);
    let cell = |text: &str| shorten(text, MIN_STATUS_COLUMNS);
    let line: String = heads.iter().map(|head| format!("  {:MIN_STATUS_COLUMNS$}", cell(head))).collect();
    writeln!(out, "  {}", paint(DIM_STYLE, format!("{:width$}{}", "operation", line.trim_end())))?;
    for (index, name) in names.iter().enumerate() {
        write!(out, "  {:width$}", shorten(name, width))?;
        for (number, endpoint) in report.endpoints.iter().enumerate() {
            let Some(operation) = endpoint.operations.get(index) else { continue };
            let text = operation.describe();
            let padding = if number + 1 == report.endpoints.len() { 0 } else { MIN_STATUS_COLUMNS };
            let gap = padding.saturating_sub(text.chars().count());
            write!(out, "  {}{:gap$}", paint(style_of(operation.status), &text), "")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn style_of(status: FitStatus) -> Style {
    match status {
        FitStatus::Safe => SUCCESS_STYLE,
        FitStatus::Differs | FitStatus::NotThere => ERROR_STYLE,
        FitStatus::NotReached => WARNING_STYLE,
    }
}

/// Returns the first characters of a text, with an ellipsis if it has more.
fn shorten(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    text.chars().take(columns.saturating_sub(1)).chain(['…']).collect()
}

/// Returns one line of what an endpoint's cases add up to.
pub(super) fn describe_counts(endpoint: &EndpointFit) -> String {
    let sum = |of: fn(&OperationFit) -> u64| endpoint.operations.iter().map(of).sum::<u64>();
    let (valid, accepted) = (sum(|one| one.valid_requests), sum(|one| one.valid_accepted));
    let mut parts = vec![
        format!("{} in {}", pluralize(endpoint.findings.len() as u64, "finding"), pluralize(endpoint.cases, "case")),
        format!("{accepted} of {} as documented", pluralize(valid, "valid request")),
    ];
    for (count, what) in [(endpoint.flaky_cases, "flaky"), (endpoint.inconclusive_cases, "inconclusive")] {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    parts.join(" · ")
}

fn write_endpoint(endpoint: &EndpointFit, max_findings: usize, columns: usize, out: &mut impl Write) -> io::Result<()> {
    let version = endpoint.version.as_ref().map_or_else(String::new, |version| format!(" · {}", escape_line(version)));
    let name = escape_line(&endpoint.name);
    let url = if endpoint.url.is_empty() || endpoint.url == endpoint.name {
        String::new()
    } else {
        format!(" · {}", escape_line(&endpoint.url))
    };
    writeln!(out, "\n{}{url}{version}", paint(BOLD_STYLE, name))?;
    writeln!(out, "  {}", describe_counts(endpoint))?;
    for finding in endpoint.findings.iter().take(max_findings) {
        write_finding(finding, columns, out)?;
    }
    let more = endpoint.findings.len().saturating_sub(max_findings);
    if more > 0 {
        writeln!(out, "  and {}; `--format json` has all", pluralize(more as u64, "more finding"))?;
    }
    if let Some(finding) = endpoint.findings.first() {
        writeln!(out, "  {} {}", paint(DIM_STYLE, "reproduce the first:"), escape_line(&finding.reproduce))?;
    }
    write_reasons(endpoint, columns, out)
}

fn write_finding(finding: &FitFinding, columns: usize, out: &mut impl Write) -> io::Result<()> {
    let code = if finding.code.is_empty() { String::new() } else { format!(" [{}]", finding.code) };
    let title = format!("{}{code}", escape_line(&finding.title));
    write_labelled(out, columns, &paint(ERROR_STYLE, "✗"), "✗", &title)?;
    let details =
        format!("documented: {}; received: {}", escape_line(&finding.documented), escape_line(&finding.received));
    write_labelled(out, columns, " ", " ", &details)?;
    writeln!(out, "    {}", paint(DIM_STYLE, escape_line(&finding.example)))
}

/// Writes why operations are not reached, once for each reason.
fn write_reasons(endpoint: &EndpointFit, columns: usize, out: &mut impl Write) -> io::Result<()> {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for operation in endpoint.operations.iter().filter(|one| one.status == FitStatus::NotReached) {
        let name = escape_line(&operation.operation);
        match reasons.iter_mut().find(|(reason, _)| *reason == operation.reason) {
            Some((_, names)) => names.push(name),
            None => reasons.push((&operation.reason, vec![name])),
        }
    }
    for (reason, names) in reasons.iter().take(MAX_REASONS) {
        let text = format!("{}: {}", names.join(", "), escape_line(reason));
        write_labelled(out, columns, &paint(WARNING_STYLE, "not reached:"), "not reached:", &text)?;
    }
    match reasons.len().saturating_sub(MAX_REASONS) {
        0 => Ok(()),
        more => writeln!(out, "  and {}; `--format json` has all", pluralize(more as u64, "more reason")),
    }
}

/// Writes a label and a text, wrapped and cut after a few lines.
fn write_labelled(out: &mut impl Write, columns: usize, painted: &str, label: &str, text: &str) -> io::Result<()> {
    let indent = 2 + label.chars().count() + 1;
    let mut lines = wrap_text(text, columns.saturating_sub(indent + 1).max(MIN_NAME_COLUMNS));
    if lines.len() > MAX_REASON_LINES {
        lines.truncate(MAX_REASON_LINES);
        lines[MAX_REASON_LINES - 1].push('…');
    }
    for (index, line) in lines.iter().enumerate() {
        let line = shorten(line, columns.saturating_sub(indent).max(MIN_NAME_COLUMNS));
        match index {
            0 => writeln!(out, "  {painted} {line}")?,
            _ => writeln!(out, "{:indent$}{line}", "")?,
        }
    }
    Ok(())
}
