//! Implements `overstep report`, which prints the findings of the last run.
//!
//! It never sends a request.

use crate::cli::{CommandError, ReportFlags, current_directory};
use crate::session::read_recorded_findings;
use overstep::escape::ConsoleWriter;
use overstep::exit::ExitStatus;
use overstep::report::{Diagnostic, write_finding_list, write_recorded_finding};
use overstep::store::LastRun;
use std::io::Write as _;

/// Prints the findings of the last run, or all that one of them explains.
pub fn print_findings(flags: &ReportFlags) -> Result<ExitStatus, CommandError> {
    let (_, mut results) = LastRun::load(&current_directory()?)?;
    let findings = read_recorded_findings(&mut results)?;
    let mut out = ConsoleWriter::new(anstream::stdout());
    match flags.finding {
        None => write_finding_list(&findings, &mut out)?,
        Some(number) => match findings.get(number.get() - 1) {
            Some(finding) => write_recorded_finding(number.get(), finding, &mut out)?,
            None => {
                let problem = Diagnostic::error(format!("the last run has no finding {number}"));
                let hint = match findings.len() {
                    0 => "it has no findings".to_owned(),
                    1 => "it has one finding".to_owned(),
                    count => format!("it has findings 1 to {count}; `overstep report last` lists them"),
                };
                return Err(problem.with_hint(hint).into());
            }
        },
    }
    out.flush()?;
    Ok(ExitStatus::Success)
}
