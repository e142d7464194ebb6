//! Implements `overstep export`, which writes cases of the last run as standalone tests.
//!
//! It never sends anything.

use crate::cli::{
    CommandError, ExportFlags, ExportFormatFlag, current_directory, find_case, group_by_scenario, rebuild_job,
};
use crate::session::{ExportFormat, IndexedCase};
use overstep::exit::ExitStatus;
use overstep::session;
use overstep::store::{self, LastRun};
use std::io::Write as _;

/// Writes the selected cases in the chosen format.
pub fn export_cases(flags: &ExportFlags) -> Result<ExitStatus, CommandError> {
    let directory = current_directory()?;
    let (record, mut results) = LastRun::load(&directory)?;
    let index = session::index_results(&mut results)?;
    let chosen: Vec<IndexedCase> =
        flags.ids.iter().map(|text| find_case(text, &index, &record)).collect::<Result<_, _>>()?;
    let mut jobs = Vec::new();
    for (scenario, ids) in group_by_scenario(&chosen, &record) {
        // Nothing is sent now, but the tests send it to this endpoint when a user runs them.
        jobs.push(rebuild_job(&flags.overrides, flags.allow_remote, &record, &scenario, &ids, &directory)?.0);
    }
    let format = match flags.format {
        ExportFormatFlag::Hurl => ExportFormat::Hurl,
        ExportFormatFlag::Pytest => ExportFormat::Pytest,
        ExportFormatFlag::Curl => ExportFormat::Curl,
    };
    let text = session::export_cases(&jobs, &record.run, format)?;
    match &flags.output {
        Some(path) => store::write_file(&directory.join(path), text.as_bytes())?,
        None => std::io::stdout().write_all(text.as_bytes())?,
    }
    Ok(ExitStatus::Success)
}
