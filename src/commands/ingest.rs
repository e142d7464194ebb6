//! Implements `overstep ingest`.
//!
//! It never mixes output and diagnostics: the contract goes to standard output or a file, diagnostics to standard error.

use crate::cli::{CommandError, ContractFormat, IngestFlags, current_directory, document_places, messages};
use overstep::contract::{Contract, to_json};
use overstep::escape::escape_json_text;
use overstep::exit::ExitStatus;
use overstep::report::{ConvertedContract, Diagnostic, Severity, contract_openapi, contract_smithy, contract_text};
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
        ContractFormat::Json => escape_json_text(&to_json(&contract)),
        ContractFormat::Text => contract_text(&contract),
        ContractFormat::Openapi => {
            let converted = contract_openapi(&contract).ok_or_else(|| not_in_openapi(&contract))?;
            converted_text(converted, flags.strict)?
        }
        ContractFormat::Smithy => converted_text(contract_smithy(&contract), flags.strict)?,
    };
    match &flags.output {
        Some(file) => store::write_file(&directory.join(file), text.as_bytes())?,
        None => std::io::stdout().write_all(text.as_bytes())?,
    }
    // The contract of the other documents is written all the same.
    Ok(if is_complete { ExitStatus::Success } else { ExitStatus::Usage })
}

/// Maximum number of omissions that are listed; the rest is counted.
const MAX_OMISSIONS: usize = 10;

/// Prints what a format cannot say, and returns the document. With `strict`, an omission is an error.
fn converted_text(converted: ConvertedContract, strict: bool) -> Result<String, CommandError> {
    let ConvertedContract { text, omissions } = converted;
    if !omissions.is_empty() {
        let more = omissions.len().saturating_sub(MAX_OMISSIONS);
        let mut listed = omissions.iter().take(MAX_OMISSIONS).cloned().collect::<Vec<_>>().join("; ");
        if more > 0 {
            listed.push_str(&format!("; and {more} more"));
        }
        let hint = "`--format json` keeps everything";
        let severity = if strict { Severity::Warning } else { Severity::Note };
        let note = Diagnostic { severity, ..Diagnostic::error(format!("this format has no place for: {listed}")) };
        messages::print_warnings(&[note.with_hint(hint)], strict)?;
    }
    Ok(text)
}

fn not_in_openapi(contract: &Contract) -> Diagnostic {
    let protocol = contract.protocol.map_or("unknown", overstep::contract::Protocol::name);
    Diagnostic::error(format!("OpenAPI cannot describe the protocol {protocol}"))
        .with_hint("`--format smithy` can, and `--format json` keeps everything")
}
