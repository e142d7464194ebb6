//! Which reader a document needs, and many documents as one contract.
//!
//! It never opens a file: documents come as bytes with a name, further ones through [`Documents`].

use super::text::Text;
use super::{Diagnostic, IngestError, api_reference, boto3, botocore, budget, contract_json, mintlify, route};
use crate::contract::{self, Contract};
use std::collections::BTreeMap;

/// What the reading is limited to.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only these operations of machine models are read; pages are always read. Empty: all.
    pub operations: Vec<String>,
}

impl Options {
    /// Whether a model's operation is wanted.
    pub fn wants(&self, name: &str) -> bool {
        self.operations.is_empty() || self.operations.iter().any(|wanted| wanted == name)
    }
}

/// Further documents that a page refers to, for example the page of a data type.
pub trait Documents {
    /// The bytes of the document with this file name, and its full name; `None` where there is none.
    fn find(&mut self, file_name: &str) -> Option<(String, Vec<u8>)>;
}

/// No further documents.
pub struct NoDocuments;

impl Documents for NoDocuments {
    fn find(&mut self, _file_name: &str) -> Option<(String, Vec<u8>)> {
        None
    }
}

/// The documents that are being read, each within reach of the others.
struct Among<'a>(BTreeMap<String, &'a (String, Vec<u8>)>);

impl Documents for Among<'_> {
    fn find(&mut self, file_name: &str) -> Option<(String, Vec<u8>)> {
        self.0.get(file_name).map(|(name, bytes)| (name.clone(), bytes.clone()))
    }
}

/// What came out of one or more documents.
#[derive(Clone, Debug, PartialEq)]
pub struct Ingested {
    /// What they promise.
    pub contract: Contract,
    /// What could not be understood, and what is only good to know.
    pub diagnostics: Vec<Diagnostic>,
}

/// The format of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A page of an AWS API Reference, saved as text.
    ApiReference,
    /// A page of the boto3 reference, in reStructuredText.
    Boto3,
    /// A Mintlify page (MDX).
    Mintlify,
    /// A botocore service model.
    Botocore,
    /// A contract of ours.
    Contract,
}

/// Recognises a document by what stands in it; the name decides nothing.
pub fn format_of(text: &str) -> Option<Format> {
    let head: String = text.chars().take(4096).collect();
    if head.trim_start().starts_with('{') {
        return if head.contains("\"overstep-contract/") {
            Some(Format::Contract)
        } else if botocore::is_model(&head) {
            Some(Format::Botocore)
        } else {
            None
        };
    }
    if text.contains(".. py:") || (head.contains(":doc:`") && head.contains(" / ")) {
        return Some(Format::Boto3);
    }
    if mintlify::is_page(text) {
        return Some(Format::Mintlify);
    }
    if api_reference::is_page(text) {
        return Some(Format::ApiReference);
    }
    mintlify::could_be_page(text).then_some(Format::Mintlify)
}

/// Reads one document.
///
/// # Errors
/// Where the document as a whole cannot be read: of no known format, broken JSON, invalid gzip.
pub fn read(
    name: &str,
    bytes: &[u8],
    options: &Options,
    documents: &mut dyn Documents,
) -> Result<Ingested, IngestError> {
    let text = Text::new(name, bytes)?;
    let Some(format) = format_of(&text.text) else {
        return Err(text.error(
            1,
            "a document of no known format",
            "known are: API Reference pages saved as text, boto3 pages (.rst), Mintlify pages (.mdx), \
             botocore's service-2.json and overstep contracts",
        ));
    };
    read_text(&text, format, options, documents)
}

/// Reads one document as one of this format, whatever stands in it.
///
/// # Errors
/// Where the document as a whole cannot be read: broken JSON, invalid gzip.
pub fn read_as(
    format: Format,
    name: &str,
    bytes: &[u8],
    options: &Options,
    documents: &mut dyn Documents,
) -> Result<Ingested, IngestError> {
    read_text(&Text::new(name, bytes)?, format, options, documents)
}

fn read_text(
    text: &Text<'_>,
    format: Format,
    options: &Options,
    documents: &mut dyn Documents,
) -> Result<Ingested, IngestError> {
    let (mut contract, mut diagnostics) = match format {
        Format::Contract => contract_json::read(text)?,
        Format::Botocore => botocore::read(text, options)?,
        Format::Boto3 => boto3::read(text),
        Format::Mintlify => mintlify::read(text),
        Format::ApiReference => api_reference::read(text, documents),
    };
    // Whatever a model says, an input has members: nothing after this room asks twice.
    for index in 0..contract.operations.len() {
        let operation = &contract.operations[index];
        let Some(id) = operation.input.as_ref().filter(|id| contract.shape(id).kind.members().is_none()) else {
            continue;
        };
        let line = operation.sources.first().map_or(1, |source| source.line);
        let problem = format!("the input of `{}` is no structure, but `{id}`", operation.name);
        diagnostics.push(text.warning(line, &problem, "it is taken for one without members"));
        contract.operations[index].input = None;
    }
    if let Some(offset) = text.broken {
        diagnostics.push(text.warning(
            text.line_of(offset),
            "bytes that are not UTF-8",
            "they were replaced; save the document as UTF-8",
        ));
    }
    Ok(Ingested { contract, diagnostics })
}

/// Reads documents of one API and joins them. Their order does not change what is promised.
/// A document that cannot be read is an error beside what the others say.
pub fn read_all(sources: &[(String, Vec<u8>)], options: &Options) -> (Ingested, Vec<IngestError>) {
    let by_name = sources.iter().map(|source| (super::text::short_name(&source.0), source)).collect();
    let mut documents = Among(by_name);
    let (mut contracts, mut diagnostics, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for (name, bytes) in sources {
        match read(name, bytes, options, &mut documents) {
            Ok(ingested) => {
                diagnostics.extend(ingested.diagnostics);
                if !ingested.contract.operations.is_empty() {
                    contracts.push(ingested.contract);
                }
            }
            Err(error) => errors.push(error),
        }
    }
    route::share_base(&mut contracts);
    let mut contract = contract::merge_all(contracts);
    budget::settle(&mut contract);
    super::common_errors::add(&mut contract);
    (Ingested { contract, diagnostics }, errors)
}

/// Joins contracts that were read apart and decides anew what depends on all of them.
pub fn join(contracts: Vec<Contract>) -> Contract {
    let mut contract = contract::merge_all(contracts);
    budget::settle(&mut contract);
    contract
}
