//! OpenAPI documents behind the pages of a Mintlify site.

use super::member;
use crate::support::command::overstep;
use overstep::contract::{Contract, FactField};
use overstep::ingest::{IngestOptions, NoDocuments, read_documents};
use std::path::Path;

const SHOP: &str = r##"{"openapi": "3.1.0", "info": {"title": "Shop"}, "paths": {
 "/items": {"get": {"operationId": "listItems", "parameters": [
   {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 50}}], "responses": {"200": {"description": ""}}}},
 "/items/{id}": {"get": {"operationId": "readItem", "parameters": [
   {"name": "id", "in": "path", "required": true, "schema": {"type": "string", "maxLength": 9}}], "responses": {"200": {"description": ""}}}},
 "/hidden": {"get": {"operationId": "hidden", "responses": {"200": {"description": ""}}}}}}"##;

/// Reads documents with `overstep ingest` and returns the contract and the diagnostics.
fn ingest(root: &Path, sources: &str) -> (Contract, String) {
    let output = overstep(root, &["ingest", "--format", "json", sources]).output().expect("the command runs");
    let problems = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{problems}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    (overstep::contract::from_json(&text).expect("a contract"), problems)
}

fn write(root: &Path, path: &str, text: &str) {
    let file = root.join(path);
    std::fs::create_dir_all(file.parent().expect("a folder")).expect("created");
    std::fs::write(file, text).expect("written");
}

#[test]
fn front_matter_leads_to_the_operations_of_the_document() {
    for (configuration, first, second) in [
        (None, "openapi.json GET /items", "openapi.json get /items/{item_id}"),
        (Some(("docs.json", r#"{"api": {"openapi": "api/shop.json"}}"#)), "GET /items", "GET /items/{id}"),
        (Some(("mint.json", r#"{"openapi": ["/api/shop.json"]}"#)), "GET /items", "GET /items/{id}"),
        (
            Some(("docs.json", r#"{"navigation": [{"openapi": {"source": "api/shop.json", "directory": "x"}}]}"#)),
            "GET /items",
            "GET /items/{id}",
        ),
        (Some(("docs.json", "{}")), "GET /items", "GET /items/{id}"),
    ] {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let root = directory.path();
        let names_file = configuration.is_some_and(|(_, text)| text.contains("shop.json"));
        let is_in_folder = configuration.is_none();
        let place = if names_file { "api/shop.json" } else { "openapi.json" };
        write(root, &if is_in_folder { format!("pages/{place}") } else { place.to_owned() }, SHOP);
        if let Some((name, text)) = configuration {
            write(root, name, text);
        }
        write(root, "pages/list.mdx", &format!("---\ntitle: List\nopenapi: {first}\n---\n"));
        write(root, "pages/read.mdx", &format!("---\ntitle: Read\nopenapi: \"{second}\"\n---\n"));
        write(root, "pages/guide.mdx", "---\ntitle: Guide\n---\n\nSome text.\n");
        let (contract, problems) = ingest(root, "pages/*.mdx");
        let names: Vec<&str> = contract.operations.iter().map(|operation| operation.name.as_str()).collect();
        assert_eq!(names, ["listItems", "readItem"], "{configuration:?}: {problems}");
        let limit = member(&contract, "listItems", "limit");
        let fact = limit.preferred_fact(&FactField::RangeMax).expect("a fact");
        assert_eq!((fact.line, fact.document.ends_with(".json")), (3, true), "{configuration:?}");
        assert!(!problems.contains("warning"), "{problems}");
    }
}

#[test]
fn a_route_without_a_document_is_warned_of_with_its_line() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path();
    write(root, "docs.json", "{}");
    write(root, "list.mdx", "---\ntitle: List\nopenapi: GET /items\n---\n");
    let (contract, problems) = ingest(root, "*.mdx");
    assert_eq!(contract.operations.len(), 1, "the route itself is documented");
    assert!(
        problems.contains("no OpenAPI document of `GET /items` is found") && problems.contains("list.mdx:3"),
        "{problems}"
    );

    write(root, "openapi.json", SHOP);
    write(root, "list.mdx", "---\ntitle: List\nopenapi: GET /nothing\n---\n");
    let (_, problems) = ingest(root, "*.mdx");
    assert!(problems.contains("`openapi.json` has no operation `GET /nothing`"), "{problems}");
}

#[test]
fn exported_pages_have_the_document_in_a_fence() {
    let page = |route: &str, id: &str, max: u32| {
        format!(
            "# Title\n\n> Text\n\n````yaml {route}\nopenapi: 3.1.0\ninfo: {{title: Shop}}\npaths:\n  {path}:\n    get:\n      operationId: {id}\n      parameters:\n        - {{name: q, in: query, schema: {{type: string, maxLength: {max}}}}}\n      responses:\n        '200': {{description: ok}}\n````\n\nMore text.\n",
            path = route.split(' ').next_back().unwrap_or_default()
        )
    };
    let all = format!("{}\n{}", page("GET /items", "listItems", 7), page("openapi.yaml get /users", "listUsers", 8));
    let sources = [("llms-full.txt".to_owned(), all.clone().into_bytes())];
    let (output, errors) = read_documents(&sources, &IngestOptions::default());
    assert_eq!((errors.len(), output.diagnostics.len()), (0, 0), "{:?}", output.diagnostics);
    for (operation, max) in [("listItems", 7), ("listUsers", 8)] {
        let shape = member(&output.contract, operation, "q");
        let fact = shape.preferred_fact(&FactField::LengthMax).expect("a fact");
        let line = all.lines().position(|line| line.contains(&format!("maxLength: {max}"))).expect("a line") + 1;
        assert_eq!((fact.document.as_str(), fact.line as usize), ("llms-full.txt", line));
        assert_eq!(shape.length().max, Some(max));
    }
    let single = page("GET /items", "listItems", 7);
    let read =
        overstep::ingest::read_document("items.md", single.as_bytes(), &IngestOptions::default(), &mut NoDocuments);
    assert_eq!(read.expect("it is readable").contract.operations.len(), 1);
}
