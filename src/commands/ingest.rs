//! Implements `overstep ingest`.
//!
//! It never mixes output and diagnostics: the contract goes to standard output or a file, diagnostics to standard error.

use crate::cli::{CommandError, IngestFlags, TextOrJson, current_directory, document_places, messages};
use overstep::contract::to_json;
use overstep::escape::escape_json_text;
use overstep::exit::ExitStatus;
use overstep::report::{Severity, contract_text};
use overstep::session;
use overstep::store;
use std::io::Write as _;

/// Reads documents and models into one contract.
pub fn ingest_sources(flags: &IngestFlags) -> Result<ExitStatus, CommandError> {
    let directory = current_directory()?;
    let documents = store::read_sources(&document_places(Some(directory.clone())), &flags.sources)?;
    let read = session::ingest_documents(documents, &flags.only)?;
    messages::print_warnings(&read.diagnostics, flags.strict)?;
    let is_complete = read.diagnostics.iter().all(|one| one.severity < Severity::Error);
    let mut contract = read.contract;
    if !flags.only.is_empty() {
        session::check_operations(&contract, &flags.only)?;
        contract = contract.restrict_to(&flags.only);
    }
    let text = match flags.format {
        TextOrJson::Json => escape_json_text(&to_json(&contract)),
        TextOrJson::Text => contract_text(&contract),
    };
    match &flags.output {
        Some(file) => store::write_file(&directory.join(file), text.as_bytes())?,
        None => std::io::stdout().write_all(text.as_bytes())?,
    }
    // The contract of the other documents is written all the same.
    Ok(if is_complete { ExitStatus::Success } else { ExitStatus::Usage })
}
