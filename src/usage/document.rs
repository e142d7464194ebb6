//! Reads an API document that describes the used part of an API: OpenAPI, a botocore or Smithy model, or a contract.
//!
//! All members in the document count as used. Documents that it refers to are not read.

use super::used_members::leaf_members;
use super::{RecordedCall, RecordedMembers, UsageError, UsageFormat};
use crate::contract::{Contract, Operation};
use crate::ingest::{IngestOptions, NoDocuments, read_document};

/// Returns a call for each operation in a document.
pub(super) fn read(name: &str, text: &str) -> Result<Vec<RecordedCall>, UsageError> {
    let read = read_document(name, text.as_bytes(), &IngestOptions::default(), &mut NoDocuments).map_err(|error| {
        let line = Some(error.place.line).filter(|line| *line > 0);
        let hint = error.hint.clone();
        UsageError { line, hint, ..UsageError::new(Some(UsageFormat::ApiDocument), error.message.clone()) }
    })?;
    let contract = &read.contract;
    Ok(contract.operations.iter().map(|operation| to_call(contract, operation)).collect())
}

fn to_call(contract: &Contract, operation: &Operation) -> RecordedCall {
    RecordedCall {
        service: None,
        operation: Some(operation.name.to_string()),
        members: RecordedMembers::Paths(leaf_members(contract, operation)),
        route: operation.http.as_ref().map(|http| (http.method.clone(), http.uri.clone())),
        line: operation.sources.first().map(|source| source.line),
    }
}
