//! `overstep cases`.
//!
//! Prints what `check` would send; nothing is sent.

use super::flags::{CasesFlags, CasesFormat};
use super::{Stopped, check::nothing_ran, jobs::jobs};
use overstep::exit::Exit;
use overstep::pipeline;
use overstep::report::{CaseFormat, CasePrinter};
use std::io::{BufWriter, stdout};

/// Prints all cases that the flags leave.
pub fn cases(flags: &CasesFlags) -> Result<Exit, Stopped> {
    let (jobs, _, _) = jobs(&flags.choose, false, false)?;
    let format = match flags.format {
        CasesFormat::Text => CaseFormat::Text,
        CasesFormat::Ndjson => CaseFormat::Ndjson,
        CasesFormat::Curl => CaseFormat::Curl,
    };
    let mut printer = CasePrinter::new(BufWriter::new(stdout()), format);
    let run_id = flags.choose.run_id.clone().unwrap_or_else(pipeline::fresh_run_id);
    let mut printed = 0_u64;
    for job in &jobs {
        printed += pipeline::cases(job, &run_id, format != CaseFormat::Text, &mut printer)?;
    }
    printer.finish()?;
    Ok(if printed == 0 { nothing_ran(flags.choose.no_cases) } else { Exit::Kept })
}
