//! What requests look like: examples as values, styles of parameters, forms, and credentials of each operation.

use super::read;
use overstep::case::{Case, StepPurpose};
use overstep::contract::{AuthScheme, Contract};
use overstep::generate::{self, GenerationOptions};
use overstep::scenario::{Credentials, Principal, Scenario};
use overstep::wire::{self, EncodedRequest};

/// Returns the requests of all cases of an operation, by the id without scenario and operation.
fn requests(contract: &Contract, operation: &str) -> Vec<(String, EncodedRequest)> {
    let scenario = Scenario::with_name("s");
    let cases = generate::generate_cases(contract, &scenario, GenerationOptions::default()).expect("a plan");
    let prefix = format!("s/{operation}/");
    let encode = |case: Case| {
        let id = case.id.to_string().strip_prefix(&prefix)?.to_owned();
        let step = case.steps.iter().find(|step| step.purpose == StepPurpose::Act)?;
        let request = wire::encode_request(contract, &step.request, "").ok()?;
        case.unsendable_reason.is_none().then_some((id, request))
    };
    cases.filter_map(encode).collect()
}

/// Returns the request of a case.
fn request(contract: &Contract, operation: &str, id: &str) -> EncodedRequest {
    let all = requests(contract, operation);
    let found = all.iter().find(|(known, _)| known == id).map(|(_, request)| request.clone());
    found.unwrap_or_else(|| panic!("no {id}: {:?}", all.iter().map(|(id, _)| id).collect::<Vec<_>>()))
}

fn body(request: &EncodedRequest) -> String {
    String::from_utf8_lossy(&request.body).into_owned()
}

/// A document with one operation whose parameters and body are given.
fn document(path: &str, operation: &str) -> Contract {
    let text = format!(
        r#"{{"openapi": "3.1.0", "info": {{"title": "T"}}, "paths": {{"{path}": {{"post": {{"operationId": "op",
 {operation},
 "responses": {{"200": {{"description": ""}}, "400": {{"description": ""}}}}}}}}}}}}"#
    );
    read("x.json", &text).contract
}

#[test]
fn examples_are_the_values_of_the_control_if_their_schemas_allow_them() {
    let contract = document(
        "/users/{id}",
        r#""parameters": [
   {"name": "id", "in": "path", "required": true, "schema": {"type": "integer", "minimum": 1}, "example": 42},
   {"name": "sort", "in": "query", "required": true, "schema": {"type": "string", "enum": ["a", "b"], "default": "b"}},
   {"name": "page", "in": "query", "required": true, "schema": {"type": "integer", "maximum": 9}, "example": 10}],
 "requestBody": {"required": true, "content": {"application/json": {
  "example": {"name": "Ada", "place": {"city": "Paris", "zip": "too long"}, "tags": ["x1"]},
  "schema": {"type": "object", "required": ["name", "place", "tags", "since", "ratio", "any", "kind"], "properties": {
   "name": {"type": "string", "maxLength": 5, "examples": ["Eve"]},
   "place": {"type": "object", "required": ["city", "zip"], "properties": {
     "city": {"type": "string"}, "zip": {"type": "string", "maxLength": 4}}},
   "tags": {"type": "array", "items": {"type": "string"}},
   "since": {"type": "string", "format": "date-time", "example": "2030-01-02T03:04:05Z"},
   "ratio": {"type": "number", "default": 0.25},
   "any": {"example": {"free": [1]}},
   "kind": {"type": "string", "example": "string"}}}}}}"#,
    );
    let control = request(&contract, "op", "valid/control/plain");
    assert_eq!(control.target, "/users/42?sort=b&page=1");
    assert_eq!(
        body(&control),
        r#"{"name":"Ada","place":{"city":"Paris","zip":"zip"},"tags":["x1"],"since":"2030-01-02T03:04:05Z","ratio":0.25,"any":{"free":[1]},"kind":"kind"}"#
    );
}

#[test]
fn lists_in_parameters_are_written_in_their_style() {
    let parameter = |name: &str, place: &str, style: &str| {
        format!(
            r#"{{"name": "{name}", "in": "{place}", "required": true{style},
 "schema": {{"type": "array", "minItems": 2, "items": {{"type": "integer"}}, "example": [3, 4]}}}}"#
        )
    };
    let parameters = [
        parameter("simple", "path", ""),
        parameter("dot", "path", r#", "style": "label""#),
        parameter("dots", "path", r#", "style": "label", "explode": true"#),
        parameter("m", "path", r#", "style": "matrix""#),
        parameter("ms", "path", r#", "style": "matrix", "explode": true"#),
        parameter("q", "query", ""),
        parameter("csv", "query", r#", "explode": false"#),
        parameter("space", "query", r#", "style": "spaceDelimited""#),
        parameter("pipe", "query", r#", "style": "pipeDelimited""#),
        parameter("X-List", "header", ""),
        r#"{"name": "session", "in": "cookie", "required": true, "schema": {"type": "string", "example": "abc"}}"#
            .to_owned(),
    ];
    let contract = document("/{simple}/{dot}/{dots}/{m}/{ms}", &format!("\"parameters\": [{}]", parameters.join(", ")));
    let control = request(&contract, "op", "valid/control/plain");
    assert_eq!(control.target, "/3,4/.3,4/.3.4/;m=3,4/;ms=3;ms=4?q=3&q=4&csv=3,4&space=3%204&pipe=3%7C4");
    assert_eq!(control.header("x-list"), Some("3, 4"));
    assert_eq!(control.header("cookie"), Some("session=abc"));
    let too_few = request(&contract, "op", "csv/length/below-min");
    assert!(too_few.target.contains("&csv=3&"), "{}", too_few.target);
}

#[test]
fn an_item_with_the_separator_is_several_items() {
    let contract = document(
        "/x",
        r#""parameters": [{"name": "csv", "in": "query", "explode": false, "schema": {"type": "array", "maxItems": 1,
  "items": {"type": "string", "enum": ["a,b", "c"]}}}]"#,
    );
    let scenario = Scenario::with_name("s");
    let cases: Vec<Case> =
        generate::generate_cases(&contract, &scenario, GenerationOptions::default()).expect("a plan").collect();
    let of = |text: &str| cases.iter().find(|case| case.id.to_string().contains(text)).expect("a case");
    assert!(of("csv[]/enum/member-c").unsendable_reason.is_none(), "it is one item");
    assert!(of("csv[]/enum/member-a~2cb").unsendable_reason.is_some(), "it would be two items");
}

#[test]
fn forms_are_pairs_of_names_and_texts() {
    let contract = document(
        "/login",
        r#""requestBody": {"required": true, "content": {"application/x-www-form-urlencoded": {
  "encoding": {"csv": {"explode": false}},
  "schema": {"type": "object", "required": ["user", "age", "tags", "csv"], "properties": {
   "user": {"type": "string", "maxLength": 9, "example": "a & b"}, "age": {"type": "integer", "minimum": 18},
   "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2, "example": ["x", "y"]},
   "csv": {"type": "array", "items": {"type": "string"}, "example": ["z"]},
   "when": {"type": "string", "format": "date-time"}}}}}}"#,
    );
    let control = request(&contract, "op", "valid/control/plain");
    assert_eq!(control.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(body(&control), "user=a%20%26%20b&age=18&tags=x&tags=y&csv=z");
    let all = requests(&contract, "op");
    let ids: Vec<&str> = all.iter().map(|(id, _)| id.as_str()).collect();
    assert!(ids.contains(&"age/range/below-min") && ids.contains(&"user/length/above-max"), "{ids:?}");
    assert!(ids.contains(&"user/required/missing") && ids.contains(&"age/type/word"), "{ids:?}");
    // A form has neither null nor JSON.
    assert!(!ids.iter().any(|id| id.contains("null") || id.contains("malformed")), "{ids:?}");
}

#[test]
fn multipart_forms_have_a_part_for_each_field() {
    // OpenAPI 3.0 has a format for files, and 3.1 the keywords of JSON Schema.
    for file in [r#""format": "binary""#, r#""contentMediaType": "application/octet-stream""#] {
        check_parts(file);
    }
}

fn check_parts(file: &str) {
    let contract = document(
        "/upload",
        &format!(
            r#""requestBody": {{"required": true, "content": {{"multipart/form-data": {{
  "schema": {{"type": "object", "required": ["title", "file"], "properties": {{
   "title": {{"type": "string", "example": "Ada"}}, "file": {{"type": "string", {file}}}}}}}}}}}}}"#
        ),
    );
    let control = request(&contract, "op", "valid/control/plain");
    assert_eq!(control.header("content-type"), Some("multipart/form-data; boundary=overstep-form-boundary"));
    let expected = [
        "--overstep-form-boundary",
        "content-disposition: form-data; name=\"title\"",
        "",
        "Ada",
        "--overstep-form-boundary",
        "content-disposition: form-data; name=\"file\"; filename=\"overstep.bin\"",
        "content-type: application/octet-stream",
        "",
        "overstep",
        "--overstep-form-boundary--",
        "",
    ];
    assert_eq!(body(&control), expected.join("\r\n"));
}

#[test]
fn bodies_have_the_documented_media_type() {
    for (media_type, sent) in [
        ("application/json", "application/json"),
        ("application/merge-patch+json", "application/merge-patch+json"),
        ("*/*", "application/json"),
    ] {
        let contract = document(
            "/x",
            &format!(
                r#""requestBody": {{"content": {{"{media_type}": {{"schema":
 {{"type": "object", "required": ["a"], "properties": {{"a": {{"type": "string"}}}}}}}}}}}}"#
            ),
        );
        assert_eq!(request(&contract, "op", "valid/control/plain").header("content-type"), Some(sent));
    }
    let text = document(
        "/x",
        r#""requestBody": {"content": {"text/csv": {"schema": {"type": "string"}, "example": "a;b"}}, "required": true}"#,
    );
    let control = request(&text, "op", "valid/control/plain");
    assert_eq!((control.header("content-type"), body(&control).as_str()), (Some("text/csv"), "a;b"));
}

#[test]
fn headers_that_carry_credentials_are_no_members_if_no_scheme_is_declared() {
    let text = r#"{"openapi": "3.1.0", "info": {"title": "T"}, "paths": {
 "/a": {"get": {"operationId": "a", "parameters": [{"name": "authorization", "in": "header", "required": true, "schema": {"type": "string"}},
   {"name": "x-trace", "in": "header", "schema": {"type": "string"}}], "responses": {"200": {"description": ""}}}},
 "/b": {"get": {"operationId": "b", "parameters": [{"name": "X-Api-Key", "in": "header", "schema": {"type": "string"}}],
   "responses": {"200": {"description": ""}}}},
 "/c": {"get": {"operationId": "c", "responses": {"200": {"description": ""}}}}}}"#;
    let contract = read("x.json", text).contract;
    let operation = |name: &str| contract.operation(name).expect("it exists");
    let header = |name: &str| AuthScheme::Header { name: name.to_owned(), prefix: None };
    assert_eq!(contract.auth_schemes(operation("a")), [header("authorization")]);
    assert_eq!(contract.auth_schemes(operation("b")), [header("X-Api-Key")]);
    assert!(operation("c").traits.anonymous && !operation("a").traits.anonymous);
    let members = contract.shape(operation("a").input.as_ref().expect("an input")).kind.members().expect("members");
    assert_eq!(members.keys().collect::<Vec<_>>(), ["x-trace"]);
}

const SCHEMES: &str = r#"{"openapi": "3.1.0", "info": {"title": "T"}, "security": [{"bearer": []}],
"paths": {
 "/a": {"get": {"operationId": "a", "responses": {"200": {"description": ""}, "401": {"description": ""}}}},
 "/b": {"get": {"operationId": "b", "security": [{"key": []}, {"query": []}], "responses": {"200": {"description": ""}}}},
 "/c": {"get": {"operationId": "c", "security": [], "responses": {"200": {"description": ""}}}},
 "/d": {"get": {"operationId": "d", "security": [{"session": []}], "responses": {"200": {"description": ""}}}},
 "/e": {"get": {"operationId": "e", "security": [{"login": []}], "responses": {"200": {"description": ""}}}}},
"components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}, "login": {"type": "http", "scheme": "basic"},
 "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"}, "query": {"type": "apiKey", "in": "query", "name": "key"},
 "session": {"type": "apiKey", "in": "cookie", "name": "sid"}}}}"#;

#[test]
fn each_operation_has_its_own_credentials() {
    let output = read("x.json", SCHEMES);
    assert_eq!(output.diagnostics, []);
    let contract = output.contract;
    let schemes = |name: &str| contract.auth_schemes(contract.operation(name).expect("it exists")).to_vec();
    let key = AuthScheme::Header { name: "X-Api-Key".to_owned(), prefix: None };
    assert_eq!(schemes("a"), [AuthScheme::Bearer]);
    assert_eq!(schemes("b"), [key, AuthScheme::Query { name: "key".to_owned() }]);
    assert_eq!(schemes("d"), [AuthScheme::Cookie { name: "sid".to_owned() }]);
    assert_eq!(schemes("e"), [AuthScheme::Basic]);
    assert!(contract.operation("c").expect("it exists").traits.anonymous);

    let principal = Principal::documented(&contract).expect("credentials are documented");
    let of = |name: &str| principal.credentials_for(&schemes(name)).clone();
    assert_eq!(of("a"), Credentials::Bearer("${API_KEY}".to_owned()));
    assert_eq!(of("b"), Credentials::Header { name: "X-Api-Key".to_owned(), value: "${X_API_KEY}".to_owned() });
    assert_eq!(of("d"), Credentials::Cookie { name: "sid".to_owned(), value: "${SID}".to_owned() });
    assert!(matches!(of("e"), Credentials::Basic { .. }));
    assert_eq!(principal.all_credentials().count(), 4, "the query is an alternative that is not needed");
}
