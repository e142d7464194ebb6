//! Writes a trend as a table for people.

use super::model::{ScenarioTrend, Trend};
use crate::escape::escape_text;
use crate::report::style::{BOLD_STYLE, DIM_STYLE, paint, pluralize, wrap_text};
use std::io::{self, Write};

/// Maximum number of open findings that are listed for each scenario.
const MAX_OPEN_FINDINGS: usize = 50;

/// Writes a table for each scenario and endpoint, and the findings of the last run with the time since when they are there.
/// Lines are wrapped at words.
///
/// # Errors
/// Returns an error if the writer fails.
pub fn write_trend_text(trend: &Trend, columns: usize, out: &mut impl Write) -> io::Result<()> {
    for (index, scenario) in trend.scenarios.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        write_scenario(scenario, columns, out)?;
    }
    Ok(())
}

fn write_scenario(trend: &ScenarioTrend, columns: usize, out: &mut impl Write) -> io::Result<()> {
    let runs = pluralize(trend.runs.len() as u64, "run");
    let title = format!("{} · {} · {runs}", escape_text(&trend.scenario), escape_text(&trend.profile));
    writeln!(out, "{}\n", paint(BOLD_STYLE, title))?;
    let width = trend.runs.iter().map(|run| run.title().chars().count()).max().unwrap_or(0).clamp(3, 30);
    let head = format!("  {:width$}  findings   new   gone   diverging   known   constraints   errors", "run");
    writeln!(out, "{}", paint(DIM_STYLE, head))?;
    for (index, run) in trend.runs.iter().enumerate() {
        let (new, gone) = trend.changes(index);
        let title: String = escape_text(&run.title()).chars().take(30).collect();
        let pair = |(reached, all): (u64, u64)| format!("{reached}/{all}");
        writeln!(
            out,
            "  {title:width$}  {:>8}  {new:>4}  {gone:>5}  {:>10}  {:>6}  {:>12}  {:>7}",
            run.findings.len(),
            run.diverging,
            run.known,
            pair(run.constraints),
            pair(run.errors),
        )?;
        if let Some(why) = &run.partial {
            write_wrapped(out, columns, "    ", &format!("partial: {}", escape_text(why)))?;
        }
    }
    let open = trend.open_findings();
    if open.is_empty() {
        return writeln!(out, "\n  no open findings");
    }
    writeln!(out, "\n  {} in the last whole run:", pluralize(open.len() as u64, "finding"))?;
    for one in open.iter().take(MAX_OPEN_FINDINGS) {
        let finding = &one.finding;
        let place = format!("{} · {} · {}", finding.operation, finding.member, finding.constraint);
        let cases = pluralize(one.cases, "case");
        let text = format!("{} {place}: {}, {cases}", finding.code, finding.observed);
        write_wrapped(out, columns, &format!("  since {}  ", escape_text(&one.since)), &escape_text(text.trim()))?;
    }
    match open.len().saturating_sub(MAX_OPEN_FINDINGS) {
        0 => Ok(()),
        more => writeln!(out, "  and {}", pluralize(more as u64, "more finding")),
    }
}

fn write_wrapped(out: &mut impl Write, columns: usize, label: &str, text: &str) -> io::Result<()> {
    let width = label.chars().count();
    for (index, line) in wrap_text(text, columns.saturating_sub(width).max(20)).iter().enumerate() {
        let before = if index == 0 { label } else { &" ".repeat(width) };
        writeln!(out, "{before}{line}")?;
    }
    Ok(())
}
