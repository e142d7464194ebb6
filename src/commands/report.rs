//! Implements `overstep report`, which prints the findings of a run, or converts its results to another format.
//!
//! It never sends a request.

use crate::cli::{CommandError, ReportFlags, ReportedFormat, current_directory, results_converter};
use crate::session::{convert_results, read_recorded_findings};
use overstep::escape::ConsoleWriter;
use overstep::exit::ExitStatus;
use overstep::report::{Diagnostic, write_finding_list, write_recorded_finding};
use overstep::store::{self, FinishOutput as _, LastRun, OutputSink};
use std::io::{self, BufRead, Write as _};
use std::path::Path;

/// Prints the findings of a run, or all that one of them explains, or converts the results.
pub fn print_findings(flags: &ReportFlags) -> Result<ExitStatus, CommandError> {
    let directory = current_directory()?;
    let mut results = if flags.run == "last" {
        LastRun::load(&directory)?.1
    } else {
        let file = directory.join(&flags.run);
        if !file.exists() {
            let problem = Diagnostic::error(format!("no results file `{}`", flags.run));
            let hint =
                "`overstep report last` shows the last run; `overstep check --report ndjson=FILE` writes results";
            return Err(problem.with_hint(hint).into());
        }
        store::open_results(&file)?
    };
    match flags.format {
        ReportedFormat::Text => print_text(flags, &mut results)?,
        format => convert(flags, format, &mut results, &directory)?,
    }
    Ok(ExitStatus::Success)
}

fn print_text(flags: &ReportFlags, results: &mut impl BufRead) -> Result<(), CommandError> {
    if flags.output.is_some() {
        let problem = Diagnostic::error("`--output` needs a `--format` other than `text`");
        return Err(problem.with_hint("for example `--format html -o report.html`").into());
    }
    let findings = read_recorded_findings(results)?;
    let run = if flags.run == "last" { "the last run".to_owned() } else { format!("`{}`", flags.run) };
    let mut out = ConsoleWriter::new(anstream::stdout());
    match flags.finding {
        None => write_finding_list(&findings, &run, &mut out)?,
        Some(number) => match findings.get(number.get() - 1) {
            Some(finding) => write_recorded_finding(number.get(), finding, &mut out)?,
            None => {
                let problem = Diagnostic::error(format!("{run} has no finding {number}"));
                let hint = match findings.len() {
                    0 => "it has no findings".to_owned(),
                    1 => "it has one finding".to_owned(),
                    count => format!("it has findings 1 to {count}; `overstep report {}` lists them", flags.run),
                };
                return Err(problem.with_hint(hint).into());
            }
        },
    }
    Ok(out.flush()?)
}

fn convert(
    flags: &ReportFlags,
    format: ReportedFormat,
    results: &mut impl BufRead,
    directory: &Path,
) -> Result<(), CommandError> {
    let sink = match flags.output.as_deref().filter(|path| *path != Path::new("-")) {
        Some(path) => store::open_sink(&directory.join(path), true)?,
        None => OutputSink::Writer(Box::new(io::BufWriter::new(io::stdout()))),
    };
    let sink = crate::cli::SharedSink::new(sink);
    if let Some(mut converter) = results_converter(format.report_format(), sink.clone())? {
        convert_results(results, converter.as_mut())?;
    }
    Ok(sink.take().map_or(Ok(()), store::OutputSink::finish)?)
}
