//! Real documents beside the project: each loads, and an independent count of operations and limits equals the
//! contract's.

use crate::support::visible::say;
use overstep::contract::{Contract, FactField, FactOrigin, ShapeId};
use overstep::ingest::{self, DocumentLookup, IngestOptions, IngestOutput};
use serde_json::Value as Json;
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/openapi")
}

/// Returns the documents in JSON, or `None` if they are not present.
pub fn json_documents() -> Option<Vec<(String, String)>> {
    let mut found = Vec::new();
    for part in ["wfd", "twilio", "adyen"] {
        for entry in std::fs::read_dir(folder().join(part)).ok()? {
            let path = entry.expect("a readable folder").path();
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            found.push((name, std::fs::read_to_string(&path).expect("a readable file")));
        }
    }
    found.sort();
    Some(found)
}

fn read(name: &str, text: &str) -> IngestOutput {
    super::read(name, text)
}

/// Returns the operations of a raw document.
pub fn raw_operations(document: &Json) -> Vec<(String, String)> {
    let methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, item)| {
            let of_item = item.as_object().into_iter().flatten().filter(|(key, _)| methods.contains(&key.as_str()));
            of_item.map(|(method, _)| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_document_loads_with_all_its_operations() {
    let Some(documents) = json_documents() else {
        say("skipped: ../shared/openapi is not present");
        return;
    };
    for (name, text) in documents {
        let output = read(&name, &text);
        let raw: Json = serde_json::from_str(&text).expect("it is JSON");
        let left_out = output.diagnostics.iter().filter(|one| one.message.contains("is left out")).count();
        let expected = raw_operations(&raw).len();
        assert_eq!(output.contract.operations.len() + left_out, expected, "{name}: {:#?}", output.diagnostics);
        let text = overstep::contract::to_json(&output.contract);
        let again = overstep::contract::from_json(&text).expect("the contract is valid");
        assert_eq!(again, output.contract, "{name}");
    }
}

/// Walks the schemas of requests in a raw document and collects the places of limits.
struct RawLimits<'d> {
    document: &'d Json,
    places: BTreeSet<(usize, &'static str)>,
    seen: HashSet<usize>,
}

impl<'d> RawLimits<'d> {
    fn resolve(&self, mut value: &'d Json) -> &'d Json {
        while let Some(reference) = value.get("$ref").and_then(Json::as_str) {
            let pointer =
                reference.strip_prefix('#').expect("a local reference").replace("%7B", "{").replace("%7D", "}");
            // Some references of these documents name nothing.
            value = self.document.pointer(&pointer).unwrap_or(&Json::Null);
        }
        value
    }

    fn walk(&mut self, schema: &'d Json) {
        let schema = self.resolve(schema);
        let identity = std::ptr::from_ref(schema).addr();
        if !self.seen.insert(identity) {
            return;
        }
        let is_listed = schema.get("enum").is_some();
        let format = schema.get("format").and_then(Json::as_str);
        let keywords: &[&'static str] = match schema.get("type").and_then(Json::as_str) {
            Some("string") if is_listed => &["enum"],
            Some("string") if matches!(format, Some("date-time" | "byte" | "binary")) => &[],
            Some("string") => &["minLength", "maxLength", "pattern"],
            Some("number") if !is_listed => &["minimum", "maximum", "multipleOf"],
            Some("integer") if !is_listed => &["minimum", "maximum"],
            Some("array") => &["minItems", "maxItems", "uniqueItems"],
            _ => &[],
        };
        for keyword in keywords {
            if schema.get(keyword).is_some_and(|value| *value != Json::Bool(false)) {
                self.places.insert((identity, keyword));
            }
        }
        for part in schema.get("allOf").and_then(Json::as_array).into_iter().flatten() {
            self.walk(part);
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(first) = schema.get(keyword).and_then(Json::as_array).and_then(|list| list.first()) {
                self.walk(first);
            }
        }
        for (_, property) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
            if property.get("readOnly") != Some(&Json::Bool(true)) {
                self.walk(property);
            }
        }
        if let Some(items) = schema.get("items") {
            self.walk(items);
        }
        if schema.get("properties").is_none()
            && let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object())
        {
            self.walk(values);
        }
    }

    fn walk_operation(&mut self, method: &str, path: &str) {
        let item = &self.document["paths"][path];
        let operation = &item[method.to_lowercase()];
        let shared = item["parameters"].as_array().into_iter().flatten();
        for parameter in operation["parameters"].as_array().into_iter().flatten().chain(shared) {
            let parameter = self.resolve(parameter);
            let place = parameter["in"].as_str().unwrap_or_default();
            match place {
                "query" | "path" | "cookie" => self.walk(parameter.get("schema").unwrap_or(parameter)),
                "header" if parameter["name"] != "Authorization" => {
                    self.walk(parameter.get("schema").unwrap_or(parameter));
                }
                "formData" if method != "GET" => self.walk(parameter),
                "body" if method != "GET" => self.walk(&parameter["schema"]),
                _ => {}
            }
        }
        let body = operation.get("requestBody").map(|body| self.resolve(body)).filter(|_| method != "GET");
        let content = body.and_then(|body| body["content"].as_object()).into_iter().flatten();
        let content: Vec<_> = content.into_iter().collect();
        let json = content.iter().find(|(name, _)| name.contains("json") || *name == "*/*");
        // Without JSON, a form is sent.
        if let Some((_, media_type)) = json.or_else(|| content.iter().find(|(name, _)| name.contains("form"))) {
            self.walk(&media_type["schema"]);
        }
    }
}

/// Returns the places of limits that requests of a contract have, as line and kind.
fn limits_of_requests(contract: &Contract) -> BTreeSet<(u32, String)> {
    let mut open: Vec<ShapeId> = contract.operations.iter().filter_map(|operation| operation.input.clone()).collect();
    let (mut seen, mut found) = (HashSet::new(), BTreeSet::new());
    while let Some(id) = open.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let shape = contract.shape(&id);
        open.extend(shape.child_shape_ids().cloned());
        for fact in shape.facts.iter().filter(|fact| fact.standing == FactOrigin::Documented) {
            let is_limit = match &fact.field {
                FactField::Type => false,
                // The pattern of a format has no keyword of its own.
                FactField::Pattern => shape.facts_at(&FactField::Pattern).all(|one| !is_of_format(&one.value)),
                field => field.constraint().is_some(),
            };
            if is_limit {
                found.insert((fact.line, fact.field.to_string()));
            }
        }
    }
    found
}

fn is_of_format(pattern: &Json) -> bool {
    pattern.as_str().is_some_and(|text| text.starts_with("^[0-9a-fA-F]{8}-") || text.starts_with("^(?:\\d{4}-"))
}

#[test]
fn an_independent_count_of_limits_equals_the_contract() {
    let Some(documents) = json_documents() else {
        say("skipped: ../shared/openapi is not present");
        return;
    };
    let mut total = 0;
    for (name, text) in documents {
        let contract = read(&name, &text).contract;
        let raw: Json = serde_json::from_str(&text).expect("it is JSON");
        let mut limits = RawLimits { document: &raw, places: BTreeSet::new(), seen: HashSet::new() };
        for operation in &contract.operations {
            let http = operation.http.as_ref().expect("a route");
            limits.walk_operation(&http.method, &http.uri);
        }
        let found = limits_of_requests(&contract);
        assert_eq!(found.len(), limits.places.len(), "{name}: {found:?}");
        total += found.len();
    }
    assert!(total > 300, "the documents have many limits, and {total} were found");
}

#[test]
fn a_yaml_document_loads() {
    let Ok(text) = std::fs::read_to_string(folder().join("qstash.yaml")) else {
        say("skipped: ../shared/openapi is not present");
        return;
    };
    let output = read("qstash.yaml", &text);
    let raw_count = text.lines().filter(|line| is_operation_line(line)).count();
    assert_eq!(output.contract.operations.len(), raw_count, "{:#?}", output.diagnostics);
    let base = output.contract.base_url.as_deref();
    assert_eq!(base, Some("https://qstash-eu-central-1.upstash.io"));
}

/// Returns true for a method below a path, which this document indents by four spaces.
fn is_operation_line(line: &str) -> bool {
    ["    get:", "    put:", "    post:", "    delete:", "    patch:"].contains(&line.trim_end())
}

/// Looks for files in the archive of a split document.
struct Archive(PathBuf);

impl DocumentLookup for Archive {
    fn find(&mut self, _file_name: &str) -> Option<(String, Vec<u8>)> {
        None
    }

    fn find_relative(&mut self, _source: &str, path: &str) -> Option<(String, Vec<u8>)> {
        Some((path.to_owned(), std::fs::read(self.0.join(path)).ok()?))
    }
}

#[test]
fn a_document_of_thousands_of_files_loads() {
    let archive = folder().join("digitalocean.tar.gz");
    if !archive.is_file() {
        say("skipped: ../shared/openapi is not present");
        return;
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let unpacked = std::process::Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(directory.path()).status();
    if !unpacked.is_ok_and(|status| status.success()) {
        say("skipped: tar is not installed");
        return;
    }
    let root = directory.path().join("specification");
    let name = "DigitalOcean-public.v2.yaml";
    let bytes = std::fs::read(root.join(name)).expect("the document");
    let output = ingest::read_document(name, &bytes, &IngestOptions::default(), &mut Archive(root)).expect("readable");
    let text = String::from_utf8(bytes).expect("UTF-8");
    let raw_count = text.lines().filter(|line| is_operation_line(line)).count();
    let left_out = output.diagnostics.iter().filter(|one| one.message.contains("is left out")).count();
    assert!(raw_count > 300);
    assert_eq!(output.contract.operations.len() + left_out, raw_count);
    let unreadable: Vec<_> = output.diagnostics.iter().filter(|one| one.message.contains("cannot read")).collect();
    assert!(unreadable.is_empty(), "{unreadable:?}");
    let files: HashSet<&str> =
        output.contract.shapes.values().flat_map(|shape| &shape.facts).map(|fact| fact.document.as_str()).collect();
    assert!(files.len() > 300, "facts name the files that state them, and {} do", files.len());
}
