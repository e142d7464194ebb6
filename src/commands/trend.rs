//! Implements `overstep trend`, which shows findings and coverage over several runs.
//!
//! It never sends a request, and never keeps the cases of a run in memory.

use crate::cli::{CommandError, TrendFlags, TrendFormat, current_directory, messages, terminal_width};
use overstep::escape::ConsoleWriter;
use overstep::exit::ExitStatus;
use overstep::report::{Diagnostic, Severity, Trend, TrendCollector, write_trend_page, write_trend_text};
use overstep::session;
use overstep::store::{self, FinishOutput as _};
use std::io::Write as _;
use std::path::Path;

/// Prints the trend of the runs in results files, or writes it as a page.
pub fn print_trend(flags: &TrendFlags) -> Result<ExitStatus, CommandError> {
    let directory = current_directory()?;
    let mut runs = Vec::new();
    for file in &flags.results {
        let mut collector = TrendCollector::new(file.display().to_string());
        let mut results = store::open_results(&directory.join(file))?;
        let read = session::convert_results(&mut results, &mut collector);
        if let Err(problem) = read {
            // A run that was killed is left out; the runs before it in the file count.
            let problem = Diagnostic { severity: Severity::Warning, ..*problem };
            let reason = format!("`{}`: {}", file.display(), problem.reason);
            messages::print_problems(&[Diagnostic { reason, ..problem }]);
        }
        runs.extend(collector.runs);
    }
    if runs.is_empty() {
        let problem = Diagnostic::error("these files contain no complete run");
        return Err(problem.with_hint("`overstep check --report ndjson=FILE` writes results").into());
    }
    let trend = Trend::new(runs);
    for path in &flags.report {
        write_page(&trend, &directory.join(path))?;
    }
    match (flags.format, &flags.output) {
        (TrendFormat::Html, Some(path)) if path != Path::new("-") => write_page(&trend, &directory.join(path))?,
        (TrendFormat::Html, _) => {
            let mut out = std::io::BufWriter::new(std::io::stdout());
            write_trend_page(&trend, &mut out)?;
            out.flush()?;
        }
        (TrendFormat::Text, Some(_)) => {
            let problem = Diagnostic::error("`--output` needs `--format html`");
            return Err(problem.with_hint("use `--format html -o trend.html`").into());
        }
        (TrendFormat::Text, None) => {
            let mut out = ConsoleWriter::new(anstream::stdout());
            write_trend_text(&trend, terminal_width().columns(), &mut out)?;
            out.flush()?;
        }
    }
    Ok(ExitStatus::Success)
}

fn write_page(trend: &Trend, path: &Path) -> Result<(), CommandError> {
    let mut sink = store::open_sink(path, true)?;
    write_trend_page(trend, &mut sink)?;
    sink.finish()?;
    messages::print_line(&format!("wrote {}", path.display()));
    Ok(())
}
