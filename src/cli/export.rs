//! Implements `overstep export`, which writes cases of the last run as standalone tests.
//!
//! It never sends anything.

use super::Stopped;
use super::flags::{ExportFlags, ExportWording};
use super::recorded::{by_id, by_scenario, job};
use overstep::exit::Exit;
use overstep::pipeline::{self, ExportFormat, Indexed};
use overstep::store::{self, LastRun};
use std::io::Write as _;

/// Writes the selected cases in the chosen format.
pub fn export(flags: &ExportFlags) -> Result<Exit, Stopped> {
    let directory = super::current_directory()?;
    let (record, mut results) = LastRun::load(&directory)?;
    let index = pipeline::index(&mut results)?;
    let chosen: Vec<Indexed> = flags.ids.iter().map(|text| by_id(text, &index, &record)).collect::<Result<_, _>>()?;
    let mut jobs = Vec::new();
    for (scenario, ids) in by_scenario(&chosen, &record) {
        // Nothing is sent, so the endpoint may be on any machine.
        jobs.push(job(&flags.again, true, &record, &scenario, &ids, &directory)?.0);
    }
    let format = match flags.format {
        ExportWording::Hurl => ExportFormat::Hurl,
        ExportWording::Pytest => ExportFormat::Pytest,
        ExportWording::Curl => ExportFormat::Curl,
    };
    let text = pipeline::export(&jobs, &record.run, format)?;
    match &flags.output {
        Some(path) => store::write_whole(&directory.join(path), text.as_bytes())?,
        None => std::io::stdout().write_all(text.as_bytes())?,
    }
    Ok(Exit::Kept)
}
