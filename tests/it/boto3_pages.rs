//! Generated boto3 pages match the packaged model: names, types, required members, enums and errors.
//!
//! Needs `OVERSTEP_BOTO3_PAGES`: a directory with `SERVICE/client/*.rst` from `../shared/tools/boto3-docs`
//! and `facts-SERVICE.json` from `../shared/tools/boto3-facts`. Without it, the test prints that it is skipped and passes.

#![expect(
    clippy::disallowed_methods,
    reason = "the pages are generated outside of the project and located by an environment variable"
)]

use crate::support::visible;
use overstep::contract::{Contract, FactField, FactOrigin, MemberPath, PathSegment, ShapeId, ShapeKind};
use overstep::ingest::{self, IngestOptions, NoDocuments};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

/// What a page can state about a member: type, whether it is required, enum values.
type Fields = BTreeMap<String, (String, bool, Vec<String>)>;

fn collect_fields(
    contract: &Contract,
    id: &ShapeId,
    path: &MemberPath,
    required: bool,
    ancestors: &mut HashSet<ShapeId>,
    out: &mut Fields,
) {
    let shape = contract.shape(id);
    if !path.0.is_empty() {
        let (name, values) = match &shape.kind {
            // The models of which the pages are generated have no field for what only sentences list.
            ShapeKind::Enum { values } => {
                let is_structured =
                    shape.facts_at(&FactField::Enum).any(|fact| fact.standing == FactOrigin::Documented);
                ("string", if is_structured { values.clone() } else { Vec::new() })
            }
            kind => (kind.name(), Vec::new()),
        };
        out.insert(path.to_string(), (name.to_owned(), required, values));
    }
    if !ancestors.insert(id.clone()) {
        return;
    }
    match &shape.kind {
        ShapeKind::List { member } => {
            collect_fields(contract, member, &path.join(PathSegment::Item), false, ancestors, out)
        }
        ShapeKind::Map { key, value } => {
            collect_fields(contract, key, &path.join(PathSegment::Key), false, ancestors, out);
            collect_fields(contract, value, &path.join(PathSegment::Value), false, ancestors, out);
        }
        kind => {
            for (name, member) in kind.members().into_iter().flatten() {
                collect_fields(contract, &member.shape, &path.join_member(name), member.required, ancestors, out);
            }
        }
    }
    ancestors.remove(id);
}

fn model_fields(side: &Json) -> Fields {
    let mut out = Fields::new();
    for (path, field) in side.as_object().into_iter().flatten() {
        let kind = match field["type"].as_str().unwrap_or_default() {
            "long" => "integer",
            "double" => "float",
            other => other,
        };
        // Pages document every map key as a plain string.
        let values = if path.ends_with("{key}") {
            Vec::new()
        } else {
            field["enum"].as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
        };
        out.insert(path.clone(), (kind.to_owned(), field["required"].as_bool().unwrap_or(false), values));
    }
    out
}

type Field = (String, bool, Vec<String>);

/// Returns whether boto3's documentation generator deliberately differs from the model.
fn is_customized_by_boto3(service: &str, path: &str, page: Option<&Field>, model: Option<&Field>) -> bool {
    match (service, page, model) {
        // The client fills in the first member, and adds the second.
        ("s3", None, Some(_)) => path == "ContentMD5",
        ("s3", Some(_), None) => path == "ExpiresString",
        // Policies are JSON strings that the client accepts and returns as mappings.
        ("iam", Some(page), Some(model)) => page.0 == "structure" && model.0 == "string",
        // A recursive member's entry is written without `[REQUIRED]`.
        (_, Some(page), Some(model)) => {
            page.0 == model.0 && page.2 == model.2 && !page.1 && page.0 == "list" && path == "Items[].Section.Items"
        }
        _ => false,
    }
}

#[test]
fn pages_match_the_model() {
    let Some(directory) = std::env::var_os("OVERSTEP_BOTO3_PAGES") else {
        visible::say("skipped: OVERSTEP_BOTO3_PAGES is not set");
        return;
    };
    let directory = Path::new(&directory);
    let mut differences: Vec<String> = Vec::new();
    let mut operations = 0;
    for entry in std::fs::read_dir(directory).expect("the directory is readable") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let Some(service) = name.strip_prefix("facts-").and_then(|name| name.strip_suffix(".json")) else { continue };
        let facts: Json = serde_json::from_slice(&std::fs::read(&path).expect("facts")).expect("facts are JSON");
        let mut missing: BTreeSet<String> = facts.as_object().expect("an object").keys().cloned().collect();
        for page in std::fs::read_dir(directory.join(service).join("client")).expect("pages") {
            let page = page.expect("an entry").path();
            let bytes = std::fs::read(&page).expect("a page");
            let name = page.to_string_lossy();
            let read = ingest::read_document(&name, &bytes, &IngestOptions::default(), &mut NoDocuments)
                .expect("a page is readable");
            for diagnostic in &read.diagnostics {
                if diagnostic.severity == ingest::IngestSeverity::Warning
                    && !diagnostic.message.contains("as too large")
                {
                    differences.push(format!("{name}: {diagnostic}"));
                }
            }
            let Some(operation) = read.contract.operations.first() else { continue };
            operations += 1;
            missing.remove(operation.name.as_str());
            let model = &facts[operation.name.as_str()];
            let errors: BTreeSet<&str> = operation.errors.iter().map(|error| error.as_str()).collect();
            let expected: BTreeSet<&str> =
                model["errors"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            if errors != expected {
                differences.push(format!("{service} {}: errors {errors:?}, model {expected:?}", operation.name));
            }
            for (side, id) in [("input", &operation.input), ("output", &operation.output)] {
                let is_outline =
                    |d: &ingest::IngestDiagnostic| d.message.contains(&format!("leaves the description of the {side}"));
                let has_no_description = read.diagnostics.iter().any(is_outline);
                let left_out = |d: &ingest::IngestDiagnostic| d.message.contains(&format!("leaves the {side} of"));
                if read.diagnostics.iter().any(left_out) {
                    assert!(id.is_none(), "{name}: an omitted {side} is not read as an empty one");
                    continue;
                }
                let mut fields = Fields::new();
                if let Some(id) = id {
                    collect_fields(&read.contract, id, &MemberPath::root(), false, &mut HashSet::new(), &mut fields);
                }
                let expected = model_fields(&model[side]);
                for key in fields.keys().chain(expected.keys()).collect::<BTreeSet<_>>() {
                    let (from_page, from_model) = (fields.get(key), expected.get(key));
                    let mut from_model = from_model.cloned();
                    if (side == "output" || has_no_description)
                        && let Some(field) = &mut from_model
                    {
                        field.1 = false;
                    }
                    if from_page != from_model.as_ref()
                        && !is_customized_by_boto3(service, key, from_page, from_model.as_ref())
                    {
                        differences.push(format!(
                            "{service} {} {side} {key}: page {from_page:?}, model {from_model:?}",
                            operation.name
                        ));
                    }
                }
            }
        }
        // The client has no methods for bidirectional streams.
        missing.remove("StartConversation");
        differences
            .extend(missing.into_iter().map(|name| format!("{service} {name}: no page documents this operation")));
    }
    println!("{operations} operations, {} differences", differences.len());
    let first_differences: Vec<&String> = differences.iter().take(60).collect();
    assert!(differences.is_empty(), "{first_differences:#?}");
}
