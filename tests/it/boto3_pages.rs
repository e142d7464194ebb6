//! Generated boto3 pages hold what the packaged model says: names, types, required, enums, errors.
//!
//! Needs `OVERSTEP_BOTO3_PAGES`: a directory with `SERVICE/client/*.rst` from `../shared/tools/boto3-docs`
//! and `facts-SERVICE.json` from `../shared/tools/boto3-facts`; says so and passes without it.

#![expect(clippy::disallowed_methods, reason = "the pages are generated outside and named by the environment")]

use crate::support::visible;
use overstep::contract::{Contract, MemberPath, PathSegment, ShapeId, ShapeKind};
use overstep::ingest::{self, IngestOptions, NoDocuments};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

/// What a page can say of a member: type, required, enum.
type Fields = BTreeMap<String, (String, bool, Vec<String>)>;

fn walk(
    contract: &Contract,
    id: &ShapeId,
    path: &MemberPath,
    required: bool,
    above: &mut HashSet<ShapeId>,
    out: &mut Fields,
) {
    let shape = contract.shape(id);
    if !path.0.is_empty() {
        let (name, values) = match &shape.kind {
            ShapeKind::Enum { values } => ("string", values.clone()),
            kind => (kind.name(), Vec::new()),
        };
        out.insert(path.to_string(), (name.to_owned(), required, values));
    }
    if !above.insert(id.clone()) {
        return;
    }
    match &shape.kind {
        ShapeKind::List { member } => walk(contract, member, &path.join(PathSegment::Item), false, above, out),
        ShapeKind::Map { key, value } => {
            walk(contract, key, &path.join(PathSegment::Key), false, above, out);
            walk(contract, value, &path.join(PathSegment::Value), false, above, out);
        }
        kind => {
            for (name, member) in kind.members().into_iter().flatten() {
                walk(contract, &member.shape, &path.join_member(name), member.required, above, out);
            }
        }
    }
    above.remove(id);
}

fn model_fields(side: &Json) -> Fields {
    let mut out = Fields::new();
    for (path, one) in side.as_object().into_iter().flatten() {
        let kind = match one["type"].as_str().unwrap_or_default() {
            "long" => "integer",
            "double" => "float",
            other => other,
        };
        // Pages write every map key as a plain text.
        let values = if path.ends_with("{key}") {
            Vec::new()
        } else {
            one["enum"].as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
        };
        out.insert(path.clone(), (kind.to_owned(), one["required"].as_bool().unwrap_or(false), values));
    }
    out
}

type Field = (String, bool, Vec<String>);

/// Where boto3's documentation writer itself departs from the model.
fn is_customised(service: &str, path: &str, page: Option<&Field>, model: Option<&Field>) -> bool {
    match (service, page, model) {
        // Filled in by the client, and so not on the page; or added by the client.
        ("s3", None, Some(_)) => path == "ContentMD5",
        ("s3", Some(_), None) => path == "ExpiresString",
        // Policies are JSON texts that the client takes and gives as mappings.
        ("iam", Some(page), Some(model)) => page.0 == "structure" && model.0 == "string",
        // A recursive member's entry is written without `[REQUIRED]`.
        (_, Some(page), Some(model)) => {
            page.0 == model.0 && page.2 == model.2 && !page.1 && page.0 == "list" && path == "Items[].Section.Items"
        }
        _ => false,
    }
}

#[test]
fn pages_say_what_the_model_says() {
    let Some(directory) = std::env::var_os("OVERSTEP_BOTO3_PAGES") else {
        visible::say("skipped: OVERSTEP_BOTO3_PAGES names no directory with generated pages");
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
                    && !diagnostic.message.ends_with("as too large")
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
                let left_out = |d: &ingest::IngestDiagnostic| d.message.contains(&format!("leaves the {side} of"));
                if read.diagnostics.iter().any(left_out) {
                    assert!(id.is_none(), "{name}: what the page leaves out is not an empty {side}");
                    continue;
                }
                let mut fields = Fields::new();
                if let Some(id) = id {
                    walk(&read.contract, id, &MemberPath::root(), false, &mut HashSet::new(), &mut fields);
                }
                let expected = model_fields(&model[side]);
                for key in fields.keys().chain(expected.keys()).collect::<BTreeSet<_>>() {
                    let (ours, theirs) = (fields.get(key), expected.get(key));
                    let mut theirs = theirs.cloned();
                    if side == "output"
                        && let Some(one) = &mut theirs
                    {
                        one.1 = false;
                    }
                    if ours != theirs.as_ref() && !is_customised(service, key, ours, theirs.as_ref()) {
                        differences.push(format!(
                            "{service} {} {side} {key}: page {ours:?}, model {theirs:?}",
                            operation.name
                        ));
                    }
                }
            }
        }
        // Two-way streams have no method in the client.
        missing.remove("StartConversation");
        differences.extend(missing.into_iter().map(|name| format!("{service} {name}: no page gave this operation")));
    }
    println!("{operations} operations, {} differences", differences.len());
    let shown: Vec<&String> = differences.iter().take(60).collect();
    assert!(differences.is_empty(), "{shown:#?}");
}
