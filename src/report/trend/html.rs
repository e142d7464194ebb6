//! Writes a trend as a page in one file that needs no network and no script.

use super::model::{ScenarioTrend, Trend, TrendRun};
use crate::escape::xml_attribute;
use crate::report::style::pluralize;
use std::io::{self, Write};

/// Maximum number of open findings that are listed for each scenario.
const MAX_OPEN_FINDINGS: usize = 500;
/// Width and height of a chart.
const CHART: (f64, f64) = (640.0, 120.0);

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>overstep: trend</title>
<style>
:root { color-scheme: light dark; --line: #8888; --findings: #c0392b; --known: #b8860b; --coverage: #2e7d32; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
.wide { overflow-x: auto; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
th:first-child, td:first-child, .open td, .open th { text-align: left; }
.open td { white-space: normal; overflow-wrap: anywhere; }
svg { width: 100%; height: auto; margin: .5rem 0; }
polyline { fill: none; stroke-width: 2; }
.findings { stroke: var(--findings); color: var(--findings); } .known { stroke: var(--known); color: var(--known); }
.coverage { stroke: var(--coverage); color: var(--coverage); }
circle { fill: currentColor; } .axis { stroke: var(--line); } .partial { opacity: .65; }
</style>
</head>
<body>
<h1>Findings and coverage over runs</h1>
"#;

/// Writes the page.
///
/// # Errors
/// Returns an error if the writer fails.
pub fn write_trend_page(trend: &Trend, out: &mut impl Write) -> io::Result<()> {
    out.write_all(HEAD.as_bytes())?;
    for scenario in &trend.scenarios {
        write_scenario(scenario, out)?;
    }
    out.write_all(b"</body>\n</html>\n")
}

fn write_scenario(trend: &ScenarioTrend, out: &mut impl Write) -> io::Result<()> {
    let runs = pluralize(trend.runs.len() as u64, "run");
    let (scenario, profile) = (xml_attribute(&trend.scenario), xml_attribute(&trend.profile));
    writeln!(out, "<section>\n<h2>{scenario} · {profile} · {runs}</h2>")?;
    write_chart(trend, out)?;
    out.write_all(
        b"<div class=\"wide\"><table>\n<tr><th scope=\"col\">run</th><th scope=\"col\">findings</th>\
          <th scope=\"col\">new</th><th scope=\"col\">gone</th><th scope=\"col\">diverging cases</th>\
          <th scope=\"col\">known</th><th scope=\"col\">constraints</th><th scope=\"col\">errors</th></tr>\n",
    )?;
    for (index, run) in trend.runs.iter().enumerate() {
        let (new, gone) = trend.changes(index);
        let partial = run.partial.as_deref();
        let class = if partial.is_some() { " class=\"partial\"" } else { "" };
        let note = partial.map(|why| format!("<br><small>partial: {}</small>", xml_attribute(why))).unwrap_or_default();
        writeln!(
            out,
            "<tr{class}><td>{}{note}</td><td>{}</td><td>{new}</td><td>{gone}</td><td>{}</td><td>{}</td><td>{}/{}</td>\
             <td>{}/{}</td></tr>",
            xml_attribute(&run.title()),
            run.findings.len(),
            run.diverging,
            run.known,
            run.constraints.0,
            run.constraints.1,
            run.errors.0,
            run.errors.1,
        )?;
    }
    out.write_all(b"</table></div>\n")?;
    write_open_findings(trend, out)?;
    out.write_all(b"</section>\n")
}

fn write_open_findings(trend: &ScenarioTrend, out: &mut impl Write) -> io::Result<()> {
    let open = trend.open_findings();
    if open.is_empty() {
        return out.write_all(b"<p>No open findings.</p>\n");
    }
    let count = pluralize(open.len() as u64, "finding");
    writeln!(out, "<h3>{count} in the last whole run</h3>\n<div class=\"wide\"><table class=\"open\">")?;
    writeln!(out, "<tr><th>since</th><th>code</th><th>place</th><th>received</th><th>cases</th></tr>")?;
    for one in open.iter().take(MAX_OPEN_FINDINGS) {
        let finding = &one.finding;
        let place = format!("{} · {} · {}", finding.operation, finding.member, finding.constraint);
        let cells = [&one.since, &finding.code, &place, &finding.observed];
        let cells: String = cells.iter().map(|text| format!("<td>{}</td>", xml_attribute(text))).collect();
        writeln!(out, "<tr>{cells}<td>{}</td></tr>", one.cases)?;
    }
    out.write_all(b"</table></div>\n")?;
    match open.len().saturating_sub(MAX_OPEN_FINDINGS) {
        0 => Ok(()),
        more => writeln!(out, "<p>and {}</p>", pluralize(more as u64, "more finding")),
    }
}

/// Writes the numbers of findings and of known divergences, and the share of tested constraints, as lines over the runs.
fn write_chart(trend: &ScenarioTrend, out: &mut impl Write) -> io::Result<()> {
    if trend.runs.len() < 2 {
        return Ok(());
    }
    let (width, height) = CHART;
    writeln!(out, "<svg viewBox=\"-8 -8 {} {}\" role=\"img\">", width + 16.0, height + 40.0)?;
    writeln!(out, "<title>findings, known divergences and tested constraints of each run</title>")?;
    writeln!(out, "<line class=\"axis\" x1=\"0\" y1=\"{height}\" x2=\"{width}\" y2=\"{height}\"/>")?;
    let count = |of: fn(&TrendRun) -> f64| -> Vec<f64> {
        let values: Vec<f64> = trend.runs.iter().map(of).collect();
        let most = values.iter().copied().fold(1.0, f64::max);
        values.into_iter().map(|value| value / most).collect()
    };
    let coverage: Vec<f64> =
        trend.runs.iter().map(|run| run.constraints.0 as f64 / (run.constraints.1 as f64).max(1.0)).collect();
    let lines = [
        ("findings", count(|run| run.findings.len() as f64)),
        ("known", count(|run| run.known as f64)),
        ("coverage", coverage),
    ];
    for (index, (class, shares)) in lines.iter().enumerate() {
        let step = width / (shares.len() - 1) as f64;
        let point = |(at, share): (usize, &f64)| (at as f64 * step, height - share * (height - 10.0));
        let points: Vec<(f64, f64)> = shares.iter().enumerate().map(point).collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        writeln!(out, "<polyline class=\"{class}\" points=\"{}\"/>", path.join(" "))?;
        for (x, y) in &points {
            writeln!(out, "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>")?;
        }
        let (x, y) = (index * 200, height + 24.0);
        writeln!(out, "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"4\"/>", x + 5, y - 4.0)?;
        let label = match *class {
            "findings" => "findings",
            "known" => "known divergences",
            _ => "tested constraints",
        };
        writeln!(out, "<text x=\"{}\" y=\"{y}\" font-size=\"13\" fill=\"currentColor\">{label}</text>", x + 16)?;
    }
    out.write_all(b"</svg>\n")
}
