//! SARIF, HAR and CTRF of a real run, held to their official schemas.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

use super::recorded::{HOSTILE, results};
use crate::replay::{FaultyServer, project};
use crate::support::command::overstep;
use serde_json::Value as Json;
use std::path::Path;

const SCHEMAS: [(&str, &str); 3] = [
    ("sarif", include_str!("schemas/sarif-2.1.0.json")),
    ("har", include_str!("schemas/har-1.2.json")),
    ("ctrf", include_str!("schemas/ctrf-0.0.json")),
];

fn read(directory: &Path, name: &str) -> String {
    std::fs::read_to_string(directory.join(name)).expect(name)
}

#[track_caller]
fn assert_valid(format: &str, text: &str) -> Json {
    let (_, schema) = SCHEMAS.iter().find(|(name, _)| *name == format).expect("a schema of the format");
    let mut schema: Json = serde_json::from_str(schema).expect("the schema is JSON");
    // The official schema of SARIF has a pattern with a bracket too many, which is no regular expression.
    for definition in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{definition}/properties/language"));
        if let Some(language) = language.and_then(Json::as_object_mut) {
            language.remove("pattern");
        }
    }
    let document: Json = serde_json::from_str(text).expect("the report is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is valid");
    let errors: Vec<String> =
        validator.iter_errors(&document).take(5).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{format}: {errors:#?}");
    document
}

#[test]
fn reports_of_a_run_match_their_schemas() {
    let directory = project();
    let server = FaultyServer::start(directory.path(), "notes", &["RenameNote.name.length.max+1"]);
    let reports = ["sarif=r.sarif", "har=r.har", "ctrf=r.ctrf", "ndjson=r.ndjson", "html=r.html", "junit=r.xml"];
    let mut arguments = vec!["check", "notes", "-e", &server.url, "--no-snapshots"];
    arguments.extend(reports.iter().flat_map(|report| ["--report", report]));
    let output = overstep(directory.path(), &arguments).output().expect("start overstep");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));

    let sarif = assert_valid("sarif", &read(directory.path(), "r.sarif"));
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "OV203");
    let rule = result["ruleIndex"].as_u64().expect("an index") as usize;
    assert_eq!(sarif["runs"][0]["tool"]["driver"]["rules"][rule]["id"], "OV203");
    let location = &result["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "scenarios/notes.toml");

    let har = assert_valid("har", &read(directory.path(), "r.har"));
    let entries = har["log"]["entries"].as_array().expect("a list");
    let is_finding = |entry: &&Json| entry["_overstep"]["code"] == "OV203";
    let entry = entries.iter().find(is_finding).expect("the finding has an entry");
    assert!(entry["request"]["url"].as_str().is_some_and(|url| url.starts_with(&server.url)), "{entry}");
    assert_eq!(entry["response"]["status"], 200);
    assert!(!entry["response"]["headers"].as_array().expect("a list").is_empty());

    let ctrf = assert_valid("ctrf", &read(directory.path(), "r.ctrf"));
    let (summary, tests) = (&ctrf["results"]["summary"], ctrf["results"]["tests"].as_array().expect("a list"));
    assert_eq!(summary["tests"], tests.len());
    let failed = tests.iter().filter(|test| test["status"] == "failed").count();
    assert!(failed > 0 && summary["failed"] == failed, "{summary}");

    let junit = read(directory.path(), "r.xml");
    assert!(junit.contains("<failure type=\"OV203\"") && junit.contains("<system-out>curl "), "{junit}");
    assert!(read(directory.path(), "r.html").contains("OV203"));

    // Recorded results give the same reports.
    for format in ["sarif", "har", "ctrf", "html"] {
        for run in ["last", "r.ndjson"] {
            let again = ["report", run, "--format", format, "-o", "again"];
            let output = overstep(directory.path(), &again).output().expect("start overstep");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            assert_eq!(
                read(directory.path(), "again"),
                read(directory.path(), &format!("r.{format}")),
                "{run} {format}"
            );
        }
    }
}

#[test]
fn texts_of_servers_stay_texts() {
    let directory = tempfile::tempdir().expect("create temporary directory");
    std::fs::write(directory.path().join("r.ndjson"), results(200, HOSTILE)).expect("write file");
    for (format, _) in SCHEMAS {
        let arguments = ["report", "r.ndjson", "--format", format, "-o", "report"];
        let output = overstep(directory.path(), &arguments).output().expect("start overstep");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = read(directory.path(), "report");
        assert!(!text.contains(['\u{2028}', '\u{202e}', '\u{1b}']), "{format}");
        let document = assert_valid(format, &text);
        if format == "sarif" {
            let location = &document["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
            assert_eq!(location["artifactLocation"]["uri"], "docs/shop%20page.md");
            assert_eq!(location["region"]["startLine"], 7);
        }
    }
}

#[test]
fn damaged_results_are_an_error() {
    let directory = tempfile::tempdir().expect("create temporary directory");
    let whole = results(8, "x");
    std::fs::write(directory.path().join("cut.ndjson"), &whole[..whole.len() / 2]).expect("write file");
    for arguments in [
        &["report", "cut.ndjson", "--format", "html", "-o", "r.html"][..],
        &["report", "missing.ndjson"],
        &["report", "last", "-o", "x"],
        &["report", "last", "--format", "pdf"],
    ] {
        let output = overstep(directory.path(), arguments).output().expect("start overstep");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
    assert!(!directory.path().join("r.html").exists(), "a report of damaged results is not kept");
}
