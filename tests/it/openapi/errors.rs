//! Errors of documents that name statuses and no types: the status is the promise.

use super::read;
use overstep::contract::{Contract, ErrorRole};

fn with_responses(responses: &str) -> String {
    format!(
        r#"{{"openapi": "3.1.0", "info": {{"title": "T"}}, "paths": {{"/x": {{"post": {{"operationId": "op",
  "requestBody": {{"required": true, "content": {{"application/json": {{"schema": {{"type": "object",
    "properties": {{"a": {{"type": "string", "maxLength": 3}}}}}}}}}}}},
  "responses": {responses}}}}}}}}}"#
    )
}

/// Returns name, status, role and whether a type is promised, of each documented error.
fn errors(contract: &Contract) -> Vec<(String, Option<u16>, ErrorRole, bool)> {
    let operation = contract.operation("op").expect("the operation exists");
    contract
        .operation_errors(operation)
        .map(|(name, error)| (name.to_string(), error.status, error.role, !error.unnamed))
        .collect()
}

#[test]
fn a_status_without_a_type_is_an_unnamed_error() {
    let text = with_responses(
        r#"{"200": {"description": "ok"}, "400": {"description": "Bad Request"}, "404": {"description": "no such thing"},
  "401": {"description": "Unauthorized"}, "409": {"description": "exists"}, "default": {"description": "unexpected"}}"#,
    );
    let contract = read("x.json", &text).contract;
    assert_eq!(
        errors(&contract),
        [
            ("400".to_owned(), Some(400), ErrorRole::InvalidInput, false),
            ("404".to_owned(), Some(404), ErrorRole::MissingResource, false),
            ("401".to_owned(), Some(401), ErrorRole::Unauthenticated, false),
            ("409".to_owned(), Some(409), ErrorRole::Conflict, false),
        ]
    );
}

#[test]
fn any_4xx_is_promised_only_where_nothing_else_is() {
    for (key, name) in [("4XX", "4XX"), ("default", "default")] {
        let text = with_responses(&format!(r#"{{"200": {{"description": ""}}, "{key}": {{"description": "error"}}}}"#));
        let contract = read("x.json", &text).contract;
        assert_eq!(errors(&contract), [(name.to_owned(), None, ErrorRole::InvalidInput, false)]);
    }
}

#[test]
fn a_constant_code_in_the_schema_of_an_error_is_its_type() {
    let text = with_responses(
        r#"{"200": {"description": ""}, "422": {"description": "", "content": {"application/problem+json": {"schema":
  {"type": "object", "properties": {"type": {"const": "invalid_thing"}}}}}}}"#,
    );
    let contract = read("x.json", &text).contract;
    assert_eq!(errors(&contract), [("invalid_thing".to_owned(), Some(422), ErrorRole::InvalidInput, true)]);
}

#[test]
fn bodies_of_errors_are_structures_of_their_own() {
    let text = with_responses(
        r##"{"200": {"description": ""}, "422": {"description": "", "content": {"application/json": {"schema":
  {"type": "object", "required": ["detail"], "properties": {"detail": {"type": "array", "items": {"type": "object",
   "required": ["loc", "msg", "type"], "properties": {"loc": {"type": "array", "items": {"anyOf": [{"type": "string"},
   {"type": "integer"}]}}, "msg": {"type": "string"}, "type": {"type": "string"}}}}}}}}},
  "404": {"description": "", "content": {"application/problem+json": {"schema":
  {"type": "object", "properties": {"type": {"type": "string"}, "title": {"type": "string"}}}}}}}"##,
    );
    let contract = read("x.json", &text).contract;
    let operation = contract.operation("op").expect("the operation exists");
    for (name, member) in [("422", "detail"), ("404", "title")] {
        let error = contract.operation_errors(operation).find(|(known, _)| known.as_str() == name).expect("an error").1;
        let shape = contract.shape(error.shape.as_ref().expect("a documented body"));
        assert!(shape.kind.members().expect("a structure").contains_key(member), "{name}: {shape:?}");
    }
}

#[test]
fn the_success_is_exact_only_if_a_single_one_is_documented() {
    for (responses, success, has_output) in [
        (
            r#"{"200": {"content": {"application/json": {"schema": {"type": "object", "properties": {"a": {}}}}}}}"#,
            Some(200),
            true,
        ),
        (r#"{"200": {}, "201": {}}"#, None, false),
        (r#"{"2XX": {"content": {"application/json": {"schema": {"type": "array"}}}}}"#, None, true),
        (r#"{"default": {"content": {"application/json": {"schema": {"type": "array"}}}}}"#, None, false),
        (r#"{"204": {}}"#, Some(204), false),
        (r#"{"302": {}}"#, Some(302), false),
        (r#"{"200": {"content": {"application/json": {"schema": {}}, "text/html": {}}}}"#, Some(200), false),
        ("{}", None, false),
    ] {
        let contract = read("x.json", &with_responses(responses)).contract;
        let operation = contract.operation("op").expect("it exists");
        let found = (operation.http.as_ref().and_then(|http| http.success), operation.output.is_some());
        assert_eq!(found, (success, has_output), "{responses}");
    }
}
