//! The whole way: a document becomes a scenario, cases, and a run of `check` without a finding.

use crate::support::command::overstep;
use crate::support::visible::say;
use std::path::Path;

const NOTES: &str = include_str!("notes.yaml");

/// Runs a command and returns its exit code and its output.
fn run(directory: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = overstep(directory, arguments);
    for (name, value) in [("API_KEY", "key-0123456789"), ("KEY", "Query-key-1"), ("SID", "Session-2")] {
        command.env(name, value);
    }
    let command = command.env("API_USER", "ada").env("API_PASSWORD", "Pass-word-3");
    let output = command.output().expect("the command runs");
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

/// Forms, cookies, lists in one text, examples, and another kind of credentials for each operation.
const FORMS: &str = r##"{"openapi": "3.1.0", "info": {"title": "Forms"}, "security": [{"bearer": []}],
"paths": {
 "/login": {"post": {"operationId": "login", "security": [], "requestBody": {"required": true, "content": {
   "application/x-www-form-urlencoded": {"schema": {"type": "object", "required": ["user", "password"], "properties": {
    "user": {"type": "string", "minLength": 3, "maxLength": 20, "example": "ada"},
    "password": {"type": "string", "minLength": 8, "pattern": "^[a-z0-9]+$"},
    "age": {"type": "integer", "minimum": 18}, "scopes": {"type": "array", "maxItems": 3, "items": {"enum": ["r", "w"], "type": "string"}}}}}}},
  "responses": {"200": {"description": ""}, "422": {"description": ""}}}},
 "/files": {"post": {"operationId": "upload", "security": [{"key": []}], "requestBody": {"required": true, "content": {
   "multipart/form-data": {"schema": {"type": "object", "required": ["file", "title"], "properties": {
    "file": {"type": "string", "format": "binary"}, "title": {"type": "string", "maxLength": 12}, "size": {"type": "integer", "maximum": 9}}}}}},
  "responses": {"201": {"description": ""}, "422": {"description": ""}, "401": {"description": ""}}}},
 "/search/{ids}": {"get": {"operationId": "search", "security": [{"login": []}], "parameters": [
   {"name": "ids", "in": "path", "required": true, "schema": {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "integer", "minimum": 1}}},
   {"name": "tags", "in": "query", "explode": false, "schema": {"type": "array", "maxItems": 2, "items": {"type": "string", "maxLength": 4}}},
   {"name": "pipe", "in": "query", "style": "pipeDelimited", "schema": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}},
   {"name": "lang", "in": "cookie", "schema": {"type": "string", "enum": ["de", "en"]}},
   {"name": "size", "in": "cookie", "schema": {"type": "integer", "minimum": 1, "maximum": 5, "example": 3}}],
  "responses": {"200": {"description": ""}, "422": {"description": ""}, "401": {"description": ""}}}},
 "/me": {"get": {"operationId": "me", "security": [{"sid": []}, {"query": []}], "responses": {"200": {"description": ""}, "401": {"description": ""}}}}},
"components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}, "login": {"type": "http", "scheme": "basic"},
 "key": {"type": "apiKey", "in": "query", "name": "key"}, "query": {"type": "apiKey", "in": "query", "name": "other"},
 "sid": {"type": "apiKey", "in": "cookie", "name": "sid"}}}}"##;

#[test]
fn forms_cookies_and_credentials_of_operations_pass_on_a_faithful_server() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let root = directory.path();
    std::fs::write(root.join("forms.json"), FORMS).expect("written");
    let (code, text) = run(root, &["init", "forms", "--source", "forms.json"]);
    assert_eq!(code, 0, "{text}");
    let (code, text) = run(root, &["check", "forms", "-e", "embedded", "--no-snapshots", "--no-progress"]);
    assert_eq!(code, 0, "{text}");
    let (_, text) = run(root, &["cases", "forms"]);
    for case in [
        "forms/login/user/length/above-max",
        "forms/login/scopes[]/enum/unknown",
        "forms/upload/size/range/above-max",
        "forms/upload/file/required/missing",
        "forms/upload/auth/unauthenticated/no-header",
        "forms/search/ids/length/above-max",
        "forms/search/tags[]/length/above-max",
        "forms/search/lang/enum/unknown",
        "forms/search/size/range/above-max",
        "forms/search/auth/unauthenticated/scheme-only",
        "forms/me/auth/unauthenticated/unknown-key",
    ] {
        assert!(text.contains(case), "{case}: {text}");
    }
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
