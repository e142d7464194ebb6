//! Reads several documents of one API and merges them into one contract.
//!
//! It never decides what a single document says.

use super::page_names::names_by_route;
use super::site_documents::SiteDocuments;
use super::source::{IngestOutput, SourceFormat, detect_format, read_document, read_page};
use super::source_text::SourceText;
use super::{
    DocumentLookup, IngestDiagnostic, IngestError, IngestOptions, IngestSeverity, NoDocuments, byte_budget,
    openapi_fence, route,
};
use crate::contract::{self, Contract};
use std::collections::BTreeMap;

/// Looks documents up among those that are being read together.
struct LoadedDocuments<'a> {
    by_name: BTreeMap<String, &'a (String, Vec<u8>)>,
    others: &'a mut dyn DocumentLookup,
}

impl DocumentLookup for LoadedDocuments<'_> {
    fn find(&mut self, file_name: &str) -> Option<(String, Vec<u8>)> {
        let found = self.by_name.get(file_name).map(|(name, bytes)| (name.clone(), bytes.clone()));
        found.or_else(|| self.others.find(file_name))
    }

    fn find_relative(&mut self, source: &str, path: &str) -> Option<(String, Vec<u8>)> {
        self.others.find_relative(source, path)
    }

    fn find_in_site(&mut self, page: &str, path: &str) -> Option<(String, Vec<u8>)> {
        let file_name = path.rsplit('/').next().unwrap_or(path);
        self.others.find_in_site(page, path).or_else(|| self.find(file_name))
    }
}

/// Reads the documents of one API and merges them. Their order does not change the resulting contract.
///
/// Documents that cannot be read are returned as errors beside the contract of the others.
///
/// # Examples
/// ````
/// use overstep::ingest::{IngestOptions, read_documents};
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
/// let sources = [
///     ("create-note.mdx".to_owned(), page.as_bytes().to_vec()),
///     ("diary.txt".to_owned(), b"Dear diary".to_vec()),
/// ];
/// let (output, errors) = read_documents(&sources, &IngestOptions::default());
/// assert_eq!(output.contract.operations.len(), 1);
/// assert_eq!(errors[0].to_string(), "diary.txt:1:1: unknown document format");
/// ````
pub fn read_documents(sources: &[(String, Vec<u8>)], options: &IngestOptions) -> (IngestOutput, Vec<IngestError>) {
    read_documents_with(sources, options, &mut NoDocuments)
}

/// Reads the documents of one API as [`read_documents`] does, and asks for files that they are split over.
pub fn read_documents_with(
    sources: &[(String, Vec<u8>)],
    options: &IngestOptions,
    others: &mut dyn DocumentLookup,
) -> (IngestOutput, Vec<IngestError>) {
    let by_name = sources.iter().map(|source| (super::source_text::document_name(&source.0), source)).collect();
    let mut documents = LoadedDocuments { by_name, others };
    let (mut contracts, mut diagnostics, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    let mut sites = SiteDocuments::default();
    let (mut guide_auth, mut pages) = (Vec::new(), BTreeMap::new());
    for (name, bytes) in sources {
        if sites.add_page(name, bytes, options, &mut documents) {
            continue;
        }
        match read_document(name, bytes, options, &mut documents) {
            Ok(ingested) => {
                diagnostics.extend(ingested.diagnostics);
                if ingested.contract.operations.is_empty() {
                    guide_auth.extend(ingested.contract.auth);
                } else {
                    if is_page(bytes) {
                        pages.insert(contracts.len(), (name, bytes));
                    }
                    contracts.push(ingested.contract);
                }
            }
            Err(error) if sources.len() > 1 && is_prose_page(name, bytes) => {
                // A folder of documentation has pages about other things.
                diagnostics.push(IngestDiagnostic {
                    severity: IngestSeverity::Note,
                    place: *error.place,
                    message: "no operation found: the page has no part that is read".to_owned(),
                    hint: None,
                });
            }
            Err(error) => errors.push(error),
        }
    }
    let (of_sites, further, unreadable) = sites.into_contracts();
    contracts.extend(of_sites);
    diagnostics.extend(further);
    errors.extend(unreadable);
    route::unify_base_urls(&mut contracts);
    for (index, operation_name) in names_by_route(&contracts, |index| pages.contains_key(&index)) {
        let Some((name, bytes)) = pages.get(&index) else { continue };
        // What it says beside the name was reported before.
        if let Ok(page) = read_page(name, bytes, &operation_name, options, &mut documents) {
            contracts[index] = page.contract;
        }
    }
    route::unify_base_urls(&mut contracts);
    let mut contract = contract::merge_all(contracts);
    // Pages without an operation count only if no other page says how callers authenticate.
    if contract.auth.is_empty() && !contract.operations.is_empty() {
        guide_auth.dedup();
        contract.auth = guide_auth;
    }
    byte_budget::decide_byte_scopes(&mut contract);
    crate::contract::add_common_errors(&mut contract);
    (IngestOutput { contract, diagnostics }, errors)
}

/// Returns true if a document is a Mintlify page that describes its operation itself.
fn is_page(bytes: &[u8]) -> bool {
    let is_mintlify = |text: &str| {
        detect_format(text) == Some(SourceFormat::Mintlify) && openapi_fence::fenced_documents(text).is_empty()
    };
    SourceText::new("", bytes).is_ok_and(|text| is_mintlify(&text.text))
}

/// Returns true if a document of no known format is a page of text.
fn is_prose_page(name: &str, bytes: &[u8]) -> bool {
    let is_page =
        [".md", ".mdx", ".markdown", ".html", ".htm"].iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
    let is_unknown = |text: &SourceText<'_>| detect_format(&text.text).is_none();
    is_page && SourceText::new(name, bytes).is_ok_and(|text| is_unknown(&text))
}

/// Merges contracts that were read separately and decides again what depends on all of them.
pub fn merge_contracts(contracts: Vec<Contract>) -> Contract {
    let mut contract = contract::merge_all(contracts);
    byte_budget::decide_byte_scopes(&mut contract);
    contract
}
