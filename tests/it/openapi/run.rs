//! The whole way: a document becomes a scenario, cases, and a run of `check` without a finding.

use crate::support::command::overstep;
use crate::support::visible::say;
use std::path::Path;

const NOTES: &str = include_str!("notes.yaml");

/// Runs a command and returns its exit code and its output.
fn run(directory: &Path, arguments: &[&str]) -> (i32, String) {
    let output = overstep(directory, arguments).env("API_KEY", "key").output().expect("the command runs");
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code().unwrap_or(-1), text)
}

#[test]
fn a_document_becomes_a_scenario_that_a_faithful_server_passes() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path();
    std::fs::write(root.join("openapi.yaml"), NOTES).expect("written");

    let (code, text) = run(root, &["ingest", "--format", "text", "openapi.yaml"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("createNote") && text.contains("! 422 422"), "{text}");

    let (code, text) = run(root, &["init", "notes", "--source", "openapi.yaml"]);
    assert_eq!(code, 0, "{text}");

    let (code, text) = run(root, &["cases", "notes"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("notes/createNote/title/length/above-max"), "{text}");

    let (code, text) = run(root, &["check", "notes", "-e", "embedded", "--no-snapshots", "--no-progress"]);
    assert_eq!(code, 0, "{text}");
}

/// Bodies that are lists, keys in several headers, and an operation for everybody.
const LISTS: &str = r##"{"swagger": "2.0", "info": {"title": "Lists"}, "basePath": "/v1",
"securityDefinitions": {"basic": {"type": "basic"}, "key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
"security": [{"basic": []}, {"key": []}],
"paths": {
 "/batch": {"post": {"operationId": "createBatch",
  "parameters": [{"in": "body", "name": "all", "required": true, "schema": {"type": "array", "items": {"$ref": "#/definitions/One"}}}],
  "responses": {"200": {"description": "", "schema": {"type": "array", "items": {"$ref": "#/definitions/One"}}},
   "400": {"description": "invalid"}, "401": {"description": "who are you"}}}},
 "/open": {"get": {"operationId": "readOpen", "security": [], "responses": {"200": {"description": ""}}}}},
"definitions": {"One": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "maxLength": 4}}}}}"##;

#[test]
fn lists_as_bodies_and_keys_in_headers_pass_on_a_faithful_server() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path();
    std::fs::write(root.join("lists.json"), LISTS).expect("written");
    assert_eq!(run(root, &["init", "lists", "--source", "lists.json"]).0, 0);
    let (code, text) = run(root, &["check", "lists", "-e", "embedded", "--no-snapshots", "--no-progress"]);
    assert_eq!(code, 0, "{text}");
    let (_, text) = run(root, &["cases", "lists"]);
    assert!(text.contains("lists/createBatch/body[].a/length/above-max"), "{text}");
    assert!(text.contains("lists/createBatch/auth/") && !text.contains("lists/readOpen/auth/"), "{text}");
}

#[test]
fn a_faithful_server_of_a_real_document_has_no_findings() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/openapi");
    if !folder.is_dir() {
        say("skipped: ../shared/openapi is not present");
        return;
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path();
    for (name, file) in [
        ("petstore", "wfd/swagger-petstore.json"),
        ("quartz", "wfd/quartz-manager.json"),
        ("person", "wfd/person-controller.json"),
        ("payments", "adyen/PaymentService-v30.json"),
        ("qstash", "qstash.yaml"),
    ] {
        let path = folder.join(file);
        let document = path.file_name().expect("a file").to_string_lossy().into_owned();
        std::fs::copy(&path, root.join(&document)).expect("copied");
        assert_eq!(run(root, &["init", name, "--source", &document]).0, 0, "{file}");
        let arguments = ["check", name, "-e", "embedded", "--level", "quick", "--no-snapshots", "--no-progress"];
        let (code, text) = run(root, &arguments);
        assert_eq!(code, 0, "{text}");
    }
}

#[test]
fn files_beside_the_document_are_read_and_files_outside_are_not() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path();
    std::fs::create_dir_all(root.join("api/schemas")).expect("created");
    std::fs::write(root.join("secret.yaml"), "s: {type: string, maxLength: 5}\n").expect("written");
    let text = "openapi: 3.0.0\ninfo: {title: T}\npaths:\n  /a:\n    get:\n      operationId: getA\n      parameters:\n        \
                - {in: query, name: q, schema: {$ref: 'schemas/q.yaml#/q'}}\n        \
                - {in: query, name: s, schema: {$ref: '../secret.yaml#/s'}}\n      responses: {'200': {description: ok}}\n";
    std::fs::write(root.join("api/openapi.yaml"), text).expect("written");
    std::fs::write(root.join("api/schemas/q.yaml"), "q: {type: string, maxLength: 7}\n").expect("written");
    let (code, text) = run(root, &["ingest", "--format", "json", "api/openapi.yaml"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("\"max\": 7") && !text.contains("\"max\": 5"), "{text}");
    assert!(text.contains("cannot read `../secret.yaml`"), "{text}");
}
