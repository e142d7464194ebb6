//! Finds the OpenAPI documents that the front matter of pages names: `openapi: openapi.json POST /users`.
//!
//! It never reads a field of a page; a page without such a document is read by its own reader.

use super::openapi_fence::names_route;
use super::source::{IngestOutput, SourceFormat, read_document_as};
use super::source_text::SourceText;
use super::{DocumentLookup, IngestDiagnostic, IngestError, IngestOptions, json};
use crate::contract::{Contract, OperationName};
use std::collections::{BTreeMap, HashSet};

/// The files that configure a Mintlify site.
const SITE_FILES: [&str; 2] = ["docs.json", "mint.json"];
/// Where a site's document is if its configuration names none.
const USUAL_FILES: [&str; 5] =
    ["openapi.json", "openapi.yaml", "openapi.yml", "api-reference/openapi.json", "api-reference/openapi.yaml"];

/// The operation of an OpenAPI document that a page is about.
#[derive(Clone, Debug, PartialEq, Eq)]
struct PageReference {
    line: u32,
    /// The document, if the page names it.
    file: Option<String>,
    method: String,
    path: String,
}

impl PageReference {
    /// Returns what the front matter of a page says.
    fn find(text: &str) -> Option<Self> {
        let mut lines = text.lines().enumerate();
        lines.find(|(_, line)| !line.trim().is_empty()).filter(|(_, line)| line.trim_end() == "---")?;
        for (index, line) in lines.take_while(|(_, line)| line.trim_end() != "---") {
            let Some(value) = line.strip_prefix("openapi:") else { continue };
            let (file, method, path) = names_route(value.trim().trim_matches(['"', '\'']))?;
            let file = Some(file.trim_start_matches('/').to_owned()).filter(|file| !file.is_empty());
            return Some(Self { line: u32::try_from(index + 1).ok()?, file, method, path: path.to_owned() });
        }
        None
    }
}

/// A document of a site, and the operations that pages are about.
struct SiteDocument {
    output: IngestOutput,
    wanted: HashSet<OperationName>,
}

/// The documents that pages name, each read once.
#[derive(Default)]
pub(super) struct SiteDocuments {
    by_name: BTreeMap<String, Option<SiteDocument>>,
    errors: Vec<IngestError>,
    diagnostics: Vec<IngestDiagnostic>,
}

impl SiteDocuments {
    /// Takes the operation that a page is about from the document that it names. Returns false if the page has to be read
    /// itself.
    pub fn add_page(
        &mut self,
        name: &str,
        bytes: &[u8],
        options: &IngestOptions,
        documents: &mut dyn DocumentLookup,
    ) -> bool {
        let head = &bytes[..bytes.len().min(16 << 10)];
        let Some(reference) = PageReference::find(&String::from_utf8_lossy(head)) else { return false };
        let files = match &reference.file {
            Some(file) => vec![file.clone()],
            None => site_files(name, documents),
        };
        let mut seen = Vec::new();
        for file in files {
            let Some((found, content)) = documents.find_in_site(name, &file) else { continue };
            seen.push(file);
            let Some(document) = self.load(&found, &content, options, documents) else { continue };
            let same = document.output.contract.operations.iter().find(|operation| {
                let http = operation.http.as_ref();
                http.is_some_and(|http| http.method == reference.method && is_same_path(&http.uri, &reference.path))
            });
            if let Some(operation) = same {
                document.wanted.insert(operation.name.clone());
                return true;
            }
        }
        let route = format!("{} {}", reference.method, reference.path);
        let (message, hint) = match (seen.is_empty(), &reference.file) {
            (false, _) => (format!("`{}` has no operation `{route}`", seen.join("`, `")), "correct the route"),
            (true, Some(file)) => {
                (format!("the OpenAPI document `{file}` of `{route}` is not found"), "add it to the sources")
            }
            (true, None) => {
                (format!("no OpenAPI document of `{route}` is found"), "name it in docs.json, or add it to the sources")
            }
        };
        if let Ok(text) = SourceText::new(name, bytes) {
            self.diagnostics.push(text.warning(reference.line, message, hint));
        }
        false
    }

    fn load(
        &mut self,
        name: &str,
        content: &[u8],
        options: &IngestOptions,
        documents: &mut dyn DocumentLookup,
    ) -> Option<&mut SiteDocument> {
        if !self.by_name.contains_key(name) {
            let read = read_document_as(SourceFormat::OpenApi, name, content, options, documents);
            let read = read.map_err(|error| self.errors.push(error)).ok();
            let document = read.map(|output| SiteDocument { output, wanted: HashSet::new() });
            self.by_name.insert(name.to_owned(), document);
        }
        self.by_name.get_mut(name)?.as_mut()
    }

    /// Returns the operations that pages are about, with the diagnostics and errors of the documents.
    pub fn into_contracts(self) -> (Vec<Contract>, Vec<IngestDiagnostic>, Vec<IngestError>) {
        let mut diagnostics = self.diagnostics;
        let mut contracts = Vec::new();
        for document in self.by_name.into_values().flatten().filter(|document| !document.wanted.is_empty()) {
            let names: Vec<&str> = document.wanted.iter().map(OperationName::as_str).collect();
            contracts.push(document.output.contract.restrict_to(&names));
            diagnostics.extend(document.output.diagnostics);
        }
        (contracts, diagnostics, self.errors)
    }
}

/// Returns true for the same route with other names of labels, or a `/` at the end.
fn is_same_path(one: &str, other: &str) -> bool {
    let segments = |path: &str| -> Vec<String> {
        let path = path.split('?').next().unwrap_or_default().trim_matches('/');
        let plain = |segment: &str| match segment.starts_with(['{', ':']) {
            true => "{}".to_owned(),
            false => segment.to_owned(),
        };
        path.split('/').map(plain).collect()
    };
    segments(one) == segments(other)
}

/// Returns the documents that the configuration of a page's site names, or the usual ones.
fn site_files(page: &str, documents: &mut dyn DocumentLookup) -> Vec<String> {
    let mut files = Vec::new();
    for name in SITE_FILES {
        let Some((_, content)) = documents.find_in_site(page, name) else { continue };
        let Ok(root) = json::parse(&String::from_utf8_lossy(&content)) else { continue };
        let mut open = vec![&root];
        while let Some(node) = open.pop() {
            open.extend(node.items());
            for entry in node.entries() {
                if entry.key != "openapi" {
                    open.push(&entry.node);
                    continue;
                }
                let source = entry.node.member_text("source");
                let listed = entry.node.items().iter().filter_map(|item| item.as_text());
                files.extend(entry.node.as_text().into_iter().chain(source).chain(listed).map(str::to_owned));
            }
        }
    }
    let mut files: Vec<String> = files
        .into_iter()
        .map(|file| file.trim_start_matches('/').to_owned())
        .filter(|file| !file.contains("://"))
        .chain(USUAL_FILES.map(str::to_owned))
        .collect();
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_names_a_route_and_perhaps_a_file() {
        let of = |value: &str| {
            let page = format!("---\ntitle: x\nopenapi: {value}\n---\ntext\n");
            PageReference::find(&page).map(|it| (it.line, it.file, it.method, it.path))
        };
        let route =
            |file: Option<&str>| Some((3, file.map(str::to_owned), "POST".to_owned(), "/users/{id}".to_owned()));
        assert_eq!(of("POST /users/{id}"), route(None));
        assert_eq!(of("'post /users/{id}'"), route(None));
        assert_eq!(of("\"/api/openapi.json POST /users/{id}\""), route(Some("api/openapi.json")));
        assert_eq!(of("openapi.json webhook orderUpdated"), None);
        assert_eq!(PageReference::find("# Title\nopenapi: POST /x\n"), None);
    }

    #[test]
    fn paths_are_compared_without_the_names_of_labels() {
        assert!(is_same_path("/users/{user_id}/", "/users/{id}") && is_same_path("/a/:b", "/a/{b}"));
        assert!(!is_same_path("/users/{id}", "/users/me"));
    }
}
