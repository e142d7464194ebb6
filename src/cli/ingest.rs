//! Implements `overstep ingest` and `overstep drift`.
//!
//! They never mix output and diagnostics: results go to standard output or a file, diagnostics to standard error.

use super::flags::{DriftFlags, IngestFlags, TextOrJson};
use super::jobs::document_places;
use super::{CommandError, messages};
use overstep::contract::to_json;
use overstep::exit::ExitStatus;
use overstep::report::{Severity, contract_text, drift_json, drift_text};
use overstep::session;
use overstep::store;
use std::io::Write as _;

/// Reads documents and models into one contract.
pub fn ingest_sources(flags: &IngestFlags) -> Result<ExitStatus, CommandError> {
    let directory = super::current_directory()?;
    let documents = store::read_sources(&document_places(Some(directory.clone())), &flags.sources)?;
    let read = session::ingest_documents(documents, &flags.only)?;
    messages::print_warnings(&read.diagnostics, flags.strict)?;
    let mut contract = read.contract;
    if !flags.only.is_empty() {
        session::check_operations(&contract, &flags.only)?;
        contract = contract.restrict_to(&flags.only);
    }
    let text = match flags.format {
        TextOrJson::Json => to_json(&contract),
        TextOrJson::Text => contract_text(&contract),
    };
    match &flags.output {
        Some(file) => store::write_file(&directory.join(file), text.as_bytes())?,
        None => std::io::stdout().write_all(text.as_bytes())?,
    }
    Ok(ExitStatus::Success)
}

/// Prints where two sources contradict each other.
pub fn print_drift(flags: &DriftFlags) -> Result<ExitStatus, CommandError> {
    let places = document_places(Some(super::current_directory()?));
    let read = |name: &String| -> Result<_, CommandError> {
        let documents = store::read_sources(&places, std::slice::from_ref(name))?;
        let read = session::ingest_documents(documents, &[])?;
        let diagnostics: Vec<_> = read.diagnostics.into_iter().filter(|one| one.severity > Severity::Note).collect();
        messages::print_problems(&diagnostics);
        Ok(read.contract)
    };
    let drifts = session::find_drift(&read(&flags.a)?, &read(&flags.b)?);
    let text = match flags.format {
        TextOrJson::Json => drift_json(&flags.a, &flags.b, &drifts),
        TextOrJson::Text => drift_text(&flags.a, &flags.b, &drifts),
    };
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(ExitStatus::Success)
}
