//! Contracts written as OpenAPI documents and Smithy models, and read back.
//!
//! Without `../shared`, or without `OVERSTEP_BOTOCORE`, what needs them is skipped, visibly.

#![expect(clippy::disallowed_methods, reason = "tests read documents from disk, and a variable locates botocore")]

use crate::support::{self, command::overstep, visible};
use overstep::contract::{Contract, MemberLocation, Shape, ShapeId, ShapeKind};
use overstep::ingest::{IngestOptions, NoDocuments, read_document};
use overstep::report::{contract_openapi, contract_smithy};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Maximum depth to which values are compared.
const MAX_DEPTH: usize = 6;

fn read(name: &str, bytes: &[u8]) -> Contract {
    read_document(name, bytes, &IngestOptions::default(), &mut NoDocuments)
        .unwrap_or_else(|error| panic!("{name}: {error}"))
        .contract
}

/// What is compared of a shape: its type and its limits.
fn limits(shape: &Shape) -> String {
    let kind = match &shape.kind {
        ShapeKind::Enum { values } => format!("enum {values:?}"),
        kind => kind.name().to_owned(),
    };
    // OpenAPI counts the characters of base64, so that it cannot limit bytes.
    let length = if matches!(shape.kind, ShapeKind::Blob) { None } else { shape.length };
    let range = &shape.range;
    // A pattern that is searched for is written with what may stand around it.
    let pattern = shape.pattern.as_deref().map(|pattern| pattern.replace("[ -~]*", ""));
    format!("{kind} {length:?} {range:?} {:?} {:?} unique={}", shape.multiple_of, pattern, shape.unique)
}

fn add_members(
    contract: &Contract,
    id: &ShapeId,
    path: &str,
    open: &mut Vec<ShapeId>,
    found: &mut BTreeMap<String, String>,
) {
    if open.len() > MAX_DEPTH || open.contains(id) {
        return;
    }
    open.push(id.clone());
    match &contract.shape(id).kind {
        ShapeKind::Structure { members } | ShapeKind::Union { members } => {
            for (name, member) in members {
                // The name of a label is only a name.
                let is_label = member.location == MemberLocation::Label;
                let wire = if is_label { name } else { member.wire_name(name) };
                let place = format!("{path}.{wire}");
                let is_top = path.ends_with(')');
                let location = if is_top { member.location } else { MemberLocation::Body };
                let shape = contract.shape(&member.shape);
                let text = format!("{location:?} required={} {}", member.required, limits(shape));
                found.insert(place.clone(), text);
                add_members(contract, &member.shape, &place, open, found);
            }
        }
        ShapeKind::List { member } => {
            found.insert(format!("{path}[]"), limits(contract.shape(member)));
            add_members(contract, member, &format!("{path}[]"), open, found);
        }
        ShapeKind::Map { value, .. } => {
            found.insert(format!("{path}{{}}"), limits(contract.shape(value)));
            add_members(contract, value, &format!("{path}{{}}"), open, found);
        }
        _ => {}
    }
    open.pop();
}

/// Returns what a contract says about requests, results and errors, without names that exist in it alone.
fn statements(contract: &Contract) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for operation in &contract.operations {
        let name = operation.name.as_str();
        if let Some(http) = &operation.http {
            let parts = http.uri.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
            let uri = parts.collect::<Vec<_>>().join("{}");
            let anonymous = operation.traits.anonymous;
            found.insert(name.to_owned(), format!("{} {uri} {:?} anonymous={anonymous}", http.method, http.success));
        }
        for (side, shape) in [("in", &operation.input), ("out", &operation.output)] {
            if let Some(shape) = shape {
                add_members(contract, shape, &format!("{name}({side})"), &mut Vec::new(), &mut found);
            }
        }
        for (error, known) in contract.operation_errors(operation) {
            let named = if known.unnamed { None } else { Some(known.code.as_deref().unwrap_or(error.as_str())) };
            match named {
                Some(named) => found.insert(format!("{name} error {named}"), format!("{:?}", known.status)),
                None => found.insert(format!("{name} error {:?}", known.status), String::new()),
            };
        }
    }
    found
}

/// Compares what two contracts say. Returns the number of statements, and those that differ.
fn compare(first: &Contract, second: &Contract) -> (usize, Vec<String>) {
    let (first, second) = (statements(first), statements(second));
    let mut others = Vec::new();
    for (place, text) in &first {
        match second.get(place) {
            // Smithy's trait for the code of an error wants a status.
            Some(other) if other == text || text == "None" => {}
            other => others.push(format!("{place}: {text} → {other:?}")),
        }
    }
    others.extend(second.keys().filter(|place| !first.contains_key(*place)).map(|place| format!("new: {place}")));
    (first.len(), others)
}

fn shared(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if !file.is_file() {
        visible::say(&format!("SKIPPED: ../shared/{path} is not there"));
        return None;
    }
    Some(file)
}

/// Returns contracts of web APIs: pages, and OpenAPI documents of several kinds.
fn web_contracts() -> Vec<(String, Contract)> {
    let mut contracts = vec![("leadlex".to_owned(), support::shipped("leadlex").0)];
    for path in [
        "openapi/qstash.yaml",
        "openapi/wfd/languagetool.json",
        "openapi/wfd/features-service.json",
        "openapi/wfd/gestaohospital.json",
        "openapi/adyen/CheckoutService-v71.json",
        "openapi/twilio/twilio_verify_v2.json",
    ] {
        if let Some(file) = shared(path) {
            contracts.push((path.to_owned(), read(path, &std::fs::read(file).expect("readable"))));
        }
    }
    contracts
}

#[test]
fn a_web_api_written_as_openapi_is_read_back() {
    for (name, contract) in web_contracts() {
        let written = contract_openapi(&contract).expect("a web API");
        let again = read("again.json", written.text.as_bytes());
        let (total, others) = compare(&contract, &again);
        visible::say(&format!("{name}: {} of {total} statements differ; {:?}", others.len(), written.omissions.len()));
        // What differs was said, once for each operation or shape.
        assert!(others.is_empty() || !written.omissions.is_empty(), "{name}: {others:#?}");
        assert!(others.len() * 50 <= total, "{name}: {others:#?}\n{:#?}", written.omissions);
        assert!(total > 5, "{name}");
    }
}

#[test]
fn openapi_documents_are_valid_for_a_reference_validator() {
    let Some(folder) = std::env::var_os("OVERSTEP_OPENAPI_VALIDATOR") else {
        visible::say("SKIPPED: OVERSTEP_OPENAPI_VALIDATOR does not name a folder with openapi-spec-validator");
        return;
    };
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (name, contract) in web_contracts() {
        let file = directory.path().join("openapi.json");
        std::fs::write(&file, contract_openapi(&contract).expect("a web API").text).expect("written");
        let output = std::process::Command::new("python3")
            .args(["-m", "openapi_spec_validator"])
            .arg(&file)
            .env("PYTHONPATH", &folder)
            .output()
            .expect("python3 runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn a_contract_written_as_a_smithy_model_is_read_back() {
    let mut contracts = vec![("connect".to_owned(), support::shipped("connect").0)];
    match std::env::var_os("OVERSTEP_BOTOCORE") {
        Some(folder) => {
            for service in ["dynamodb", "s3", "sqs", "lambda", "iam", "apigateway"] {
                let directory = tempfile::tempdir().expect("a temporary directory");
                let arguments = ["ingest", &format!("botocore:{service}"), "-o", "service.json"];
                let output = overstep(directory.path(), &arguments).env("OVERSTEP_BOTOCORE", &folder).output();
                assert!(output.expect("the command runs").status.success(), "{service}");
                let text = std::fs::read(directory.path().join("service.json")).expect("written");
                contracts.push((service.to_owned(), read("service.json", &text)));
            }
        }
        None => visible::say("SKIPPED: OVERSTEP_BOTOCORE does not name a folder with botocore"),
    }
    for (name, contract) in contracts {
        let written = contract_smithy(&contract);
        let again = read("again.json", written.text.as_bytes());
        assert_eq!(again.protocol, contract.protocol, "{name}");
        assert_eq!(again.auth, contract.auth, "{name}");
        assert_eq!(again.service, contract.service, "{name}");
        let (total, others) = compare(&contract, &again);
        visible::say(&format!("{name}: {} of {total} statements differ; {:?}", others.len(), written.omissions.len()));
        assert!(others.len() * 200 <= total, "{name}: {others:#?}");
        assert!(total > 20, "{name}");
    }
}

#[test]
fn the_command_writes_both_formats_and_says_what_they_cannot() {
    let directory = support::notes_project();
    let run = |arguments: &[&str]| {
        let output = overstep(directory.path(), arguments).output().expect("the command runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned(), output.stdout)
    };
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/connect.contract.json");
    let source = source.to_str().expect("a path");
    let (code, _, smithy) = run(&["ingest", source, "--format", "smithy"]);
    assert_eq!(code, Some(0));
    assert!(read("connect.json", &smithy).operation("TagContact").is_some());
    let (code, text, openapi) = run(&["ingest", source, "--format", "openapi", "--only", "UpdateContactAttributes"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("this format has no place for"), "{text}");
    assert!(read("connect.json", &openapi).operation("UpdateContactAttributes").is_some());
    let (code, text, _) = run(&["ingest", source, "--format", "openapi", "--strict"]);
    assert_eq!(code, Some(2), "{text}");
}
