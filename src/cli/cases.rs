//! Implements `overstep cases`, which prints what `check` would send.
//!
//! It never sends anything.

use super::flags::CasesFlags;
use super::values::Listing;
use super::{Stopped, check::nothing_ran, corpus::corpus, jobs::jobs};
use overstep::exit::Exit;
use overstep::pipeline;
use overstep::report::{CaseFormat, CasePrinter};
use std::io::{BufWriter, stdout};

/// Prints all cases that the flags select.
pub fn cases(flags: &CasesFlags) -> Result<Exit, Stopped> {
    let (jobs, _, chosen) = jobs(&flags.choose, false, false)?;
    let format = match &flags.format {
        Listing::Text => CaseFormat::Text,
        Listing::Ndjson => CaseFormat::Ndjson,
        Listing::Curl => CaseFormat::Curl,
        Listing::Corpus(folder) => {
            let cases = corpus(&jobs, &chosen.directory, folder)?;
            return Ok(if cases == 0 { nothing_ran(flags.choose.no_cases) } else { Exit::Kept });
        }
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
