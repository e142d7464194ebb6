//! Implements `overstep cases`, which prints what `check` would send.
//!
//! It never sends anything.

use super::corpus::write_corpus;
use crate::cli::{CasesFlags, CasesFormat, CommandError, build_jobs, exit_without_cases};
use overstep::exit::ExitStatus;
use overstep::report::{CaseFormat, CasePrinter};
use overstep::session;
use std::io::{BufWriter, stdout};

/// Prints all cases that the flags select.
pub fn print_cases(flags: &CasesFlags) -> Result<ExitStatus, CommandError> {
    let resolved = build_jobs(&flags.selection, false, false)?;
    let format = match &flags.format {
        CasesFormat::Text => CaseFormat::Text,
        CasesFormat::Ndjson => CaseFormat::Ndjson,
        CasesFormat::Curl => CaseFormat::Curl,
        CasesFormat::Corpus(folder) => {
            let cases = write_corpus(&resolved, folder)?;
            return Ok(if cases == 0 { exit_without_cases(flags.selection.no_cases) } else { ExitStatus::Success });
        }
    };
    let mut printer = CasePrinter::new(BufWriter::new(stdout()), format);
    let run_id = flags.selection.run_id.clone().unwrap_or_else(session::new_run_id);
    let mut printed = 0_u64;
    for one in &resolved.jobs {
        printed += session::print_cases(&one.job, &run_id, format != CaseFormat::Text, &mut printer)?;
    }
    printer.finish()?;
    Ok(if printed == 0 { exit_without_cases(flags.selection.no_cases) } else { ExitStatus::Success })
}
