//! Detects the format of a document and reads it.
//!
//! It never opens a file: documents come as bytes with a name, further ones through [`DocumentLookup`].

use super::source_text::SourceText;
use super::{
    DocumentLookup, IngestDiagnostic, IngestError, IngestOptions, api_reference, boto3, botocore, contract_json,
    mintlify, openapi, openapi_fence, route, smithy, unknown_format, wire_names,
};
use crate::contract::{self, Contract};
use std::collections::HashSet;

/// The result of reading one or more documents.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct IngestOutput {
    /// The contract that they describe.
    pub contract: Contract,
    /// Warnings about what could not be understood, and notes.
    pub diagnostics: Vec<IngestDiagnostic>,
}

/// The format of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceFormat {
    /// A page of an AWS API Reference: HTML, Markdown or text.
    ApiReference,
    /// A page of the boto3 reference, in reStructuredText.
    Boto3,
    /// A Mintlify page (MDX).
    Mintlify,
    /// An OpenAPI document (Swagger 2.0, OpenAPI 3), in JSON or YAML.
    OpenApi,
    /// A botocore service model.
    Botocore,
    /// A Smithy model as JSON.
    Smithy,
    /// A contract in overstep's own format.
    Contract,
}

/// Detects the format of a document from its content alone; the file name is not used.
///
/// # Examples
/// ```
/// use overstep::ingest::{SourceFormat, detect_format};
///
/// assert_eq!(detect_format(r#"{"format": "overstep-contract/1"}"#), Some(SourceFormat::Contract));
/// assert_eq!(detect_format("Dear diary"), None);
/// ```
pub fn detect_format(text: &str) -> Option<SourceFormat> {
    let head: String = text.chars().take(4096).collect();
    if head.trim_start().starts_with('{') {
        return if head.contains("\"overstep-contract/") {
            Some(SourceFormat::Contract)
        } else if openapi::is_document(text) {
            Some(SourceFormat::OpenApi)
        } else if smithy::is_model(text) {
            Some(SourceFormat::Smithy)
        } else {
            botocore::is_model(&head).then_some(SourceFormat::Botocore)
        };
    }
    if openapi::is_document(text) {
        return Some(SourceFormat::OpenApi);
    }
    if text.contains(".. py:") || (head.contains(":doc:`") && head.contains(" / ")) {
        return Some(SourceFormat::Boto3);
    }
    if mintlify::is_page(text) {
        return Some(SourceFormat::Mintlify);
    }
    if api_reference::is_page(text) {
        return Some(SourceFormat::ApiReference);
    }
    mintlify::may_be_page(text).then_some(SourceFormat::Mintlify)
}

/// Reads one document and detects its format.
///
/// # Errors
/// Returns an error if the document cannot be read at all: unknown format, invalid JSON or invalid gzip.
///
/// # Examples
/// ````
/// use overstep::contract::FactField;
/// use overstep::ingest::{IngestOptions, NoDocuments, read_document};
///
/// let page = r#"# Create Note
///
/// > Creates a note
///
/// <ParamField body="text" type="string" required>
///   The text. Maximum length of 20 characters.
/// </ParamField>
///
/// ```bash cURL
/// curl -X POST https://api.example.com/notes -d '{"text": "Buy milk"}'
/// ```
/// "#;
/// let output = read_document("create-note.mdx", page.as_bytes(), &IngestOptions::default(), &mut NoDocuments)?;
/// assert!(output.diagnostics.is_empty());
///
/// let operation = &output.contract.operations[0];
/// assert_eq!(operation.name.as_str(), "CreateNote");
/// let input = output.contract.shape(operation.input.as_ref().expect("a structure"));
/// let text = output.contract.shape(&input.kind.members().expect("members")["text"].shape);
/// assert_eq!(text.length().max, Some(20));
/// let fact = text.preferred_fact(&FactField::LengthMax).expect("a fact");
/// assert_eq!(fact.provenance().to_string(), "create-note.mdx:6");
/// # Ok::<(), overstep::ingest::IngestError>(())
/// ````
pub fn read_document(
    name: &str,
    bytes: &[u8],
    options: &IngestOptions,
    documents: &mut dyn DocumentLookup,
) -> Result<IngestOutput, IngestError> {
    let text = SourceText::new(name, bytes)?;
    let fenced = openapi_fence::fenced_documents(&text.text);
    if !fenced.is_empty() {
        return read_fenced_documents(name, &fenced, options, documents);
    }
    let Some(format) = detect_format(&text.text) else {
        let message = match unknown_format::format_name(&text.text) {
            Some(name) => format!("this is {name}, which is not read"),
            None => "unknown document format".to_owned(),
        };
        return Err(text.error(
            1,
            message,
            "expected an API Reference page, a boto3 page (.rst), a Mintlify page (.mdx), \
             an OpenAPI document (.json, .yaml), a botocore model (service-2.json), a Smithy model (.json) or an overstep contract",
        ));
    };
    read_source_text(&text, format, options, documents, None)
}

/// Reads a Mintlify page whose operation has this name.
pub(super) fn read_page(
    name: &str,
    bytes: &[u8],
    operation_name: &str,
    options: &IngestOptions,
    documents: &mut dyn DocumentLookup,
) -> Result<IngestOutput, IngestError> {
    let text = SourceText::new(name, bytes)?;
    read_source_text(&text, SourceFormat::Mintlify, options, documents, Some(operation_name))
}

/// Reads the documents in the fences of a page into one contract.
fn read_fenced_documents(
    name: &str,
    fenced: &[String],
    options: &IngestOptions,
    documents: &mut dyn DocumentLookup,
) -> Result<IngestOutput, IngestError> {
    let (mut contracts, mut diagnostics) = (Vec::new(), Vec::new());
    for document in fenced {
        let read = read_document_as(SourceFormat::OpenApi, name, document.as_bytes(), options, documents)?;
        contracts.push(read.contract);
        diagnostics.extend(read.diagnostics);
    }
    route::unify_base_urls(&mut contracts);
    Ok(IngestOutput { contract: contract::merge_all(contracts), diagnostics })
}

/// Reads one document in the given format, without detection.
///
/// # Errors
/// Returns an error if the document cannot be read at all: invalid JSON or invalid gzip.
pub fn read_document_as(
    format: SourceFormat,
    name: &str,
    bytes: &[u8],
    options: &IngestOptions,
    documents: &mut dyn DocumentLookup,
) -> Result<IngestOutput, IngestError> {
    read_source_text(&SourceText::new(name, bytes)?, format, options, documents, None)
}

fn read_source_text(
    text: &SourceText<'_>,
    format: SourceFormat,
    options: &IngestOptions,
    documents: &mut dyn DocumentLookup,
    operation_name: Option<&str>,
) -> Result<IngestOutput, IngestError> {
    let (mut contract, mut diagnostics) = match format {
        SourceFormat::Contract => contract_json::read(text)?,
        SourceFormat::Botocore => botocore::read(text, options, documents)?,
        SourceFormat::Smithy => smithy::read(text, options)?,
        SourceFormat::OpenApi => openapi::read(text, options, documents)?,
        SourceFormat::Boto3 => boto3::read(text),
        SourceFormat::Mintlify => mintlify::read(text, operation_name),
        SourceFormat::ApiReference => api_reference::read(text, documents),
    };
    // Code after this module relies on every input having members, so any other input is dropped here.
    for index in 0..contract.operations.len() {
        let operation = &contract.operations[index];
        let Some(id) = operation.input.as_ref().filter(|id| contract.shape(id).kind.members().is_none()) else {
            continue;
        };
        let line = operation.sources.first().map_or(1, |source| source.line);
        let problem = format!("the input of `{}` is `{id}`, which is not a structure", operation.name);
        diagnostics.push(text.warning(line, &problem, "treated as an input without members"));
        contract.operations[index].input = None;
    }
    wire_names::check(&contract, text).map_err(|error| *error)?;
    diagnostics.extend(drop_repeated_operations(&mut contract, text));
    if let Some(offset) = text.invalid_utf8_offset {
        diagnostics.push(text.warning(
            text.line_at_offset(offset),
            "invalid UTF-8",
            "invalid bytes were replaced; save the document as UTF-8",
        ));
    }
    Ok(IngestOutput { contract, diagnostics })
}

/// Drops every operation whose name an earlier one of the same document has, with a warning for each.
fn drop_repeated_operations(contract: &mut Contract, text: &SourceText<'_>) -> Vec<IngestDiagnostic> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    contract.operations.retain(|operation| {
        let is_first = seen.insert(operation.name.clone());
        if !is_first {
            let line = operation.sources.first().map_or(1, |source| source.line);
            let problem = format!("operation `{}` is described more than once in this document", operation.name);
            found.push(text.warning(line, problem, "only the first description is used; rename or remove the others"));
        }
        is_first
    });
    found
}
