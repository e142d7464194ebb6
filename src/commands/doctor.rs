//! Implements `overstep doctor`, which shows what `check` would rely on.
//!
//! It never reports findings.

use super::diagnosis::run_diagnosis;
use crate::cli::{CommandError, DoctorFlags, TextOrJson, announce_start, build_jobs, messages};
use overstep::exit::ExitStatus;
use overstep::report::{ControlOutcome, write_diagnosis_json, write_diagnosis_text};
use std::io::Write as _;

/// Shows what was inferred, which operations accept their control, and why the others reject it.
pub fn diagnose_scenarios(flags: &DoctorFlags) -> Result<ExitStatus, CommandError> {
    let resolved = build_jobs(&flags.selection, flags.allow_remote, true)?;
    messages::warn_of_short_secrets(resolved.jobs.iter().map(|one| &one.job), flags.selection.strict)?;
    let mut exit = ExitStatus::Success;
    let mut out = anstream::stdout();
    for (index, job) in resolved.jobs.iter().map(|one| &one.job).enumerate() {
        announce_start(job);
        let diagnosis = run_diagnosis(job, flags.selection.run_id.clone(), !flags.no_progress)?;
        match flags.format {
            TextOrJson::Json => write_diagnosis_json(&mut out, &diagnosis)?,
            TextOrJson::Text => {
                if index > 0 {
                    writeln!(out)?;
                }
                write_diagnosis_text(&mut out, &diagnosis)?;
            }
        }
        let any_accepted = diagnosis.operations.iter().any(|row| row.outcome == ControlOutcome::Accepted);
        exit = exit.combine(if any_accepted { ExitStatus::Success } else { ExitStatus::Incomplete });
    }
    out.flush()?;
    Ok(exit)
}
