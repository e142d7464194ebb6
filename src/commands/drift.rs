//! Implements `overstep drift`, which prints where two sources contradict each other.
//!
//! It never decides which of them is right.

use crate::cli::{CommandError, DriftFlags, TextOrJson, current_directory, document_places, messages};
use overstep::escape::ConsoleWriter;
use overstep::exit::ExitStatus;
use overstep::report::{Severity, drift_json, drift_text};
use overstep::session;
use overstep::store;
use std::io::Write as _;

/// Prints where two sources contradict each other.
pub fn print_drift(flags: &DriftFlags) -> Result<ExitStatus, CommandError> {
    let places = document_places(Some(current_directory()?));
    let read = |name: &String| -> Result<_, CommandError> {
        let documents = store::read_sources(&places, std::slice::from_ref(name))?;
        let read = session::ingest_documents(documents, &[])?;
        let diagnostics: Vec<_> = read.diagnostics.into_iter().filter(|one| one.severity > Severity::Note).collect();
        if diagnostics.iter().any(|one| one.severity == Severity::Error) {
            return Err(diagnostics.into());
        }
        messages::print_problems(&diagnostics);
        Ok(read.contract)
    };
    let drifts = session::find_drift(&read(&flags.a)?, &read(&flags.b)?);
    let text = match flags.format {
        TextOrJson::Json => drift_json(&flags.a, &flags.b, &drifts),
        TextOrJson::Text => drift_text(&flags.a, &flags.b, &drifts),
    };
    let mut out = ConsoleWriter::new(anstream::stdout());
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(ExitStatus::Success)
}
