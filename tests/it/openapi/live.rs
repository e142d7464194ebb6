//! A web service of the usual kind: statuses without error types, 422 for invalid input, 404 for what does not exist.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use overstep::inprocess::{InProcessFinding, Subject};
use serde_json::{Value as Json, json};
use std::sync::{Arc, Mutex};

const DOCUMENT: &str = r##"{"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}, "paths": {
 "/items": {
  "get": {"operationId": "listItems",
   "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 50}}],
   "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}}}},
    "422": {"$ref": "#/components/responses/Invalid"}}},
  "post": {"operationId": "createItem",
   "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewItem"}}}},
   "responses": {"201": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}},
    "422": {"$ref": "#/components/responses/Invalid"}}}},
 "/items/{item_id}": {
  "get": {"operationId": "readItem",
   "parameters": [{"name": "item_id", "in": "path", "required": true, "schema": {"type": "integer"}}],
   "responses": {"200": {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}},
    "422": {"$ref": "#/components/responses/Invalid"}}}},
 "/users/{name}": {
  "get": {"operationId": "readUser",
   "parameters": [{"name": "name", "in": "path", "required": true, "schema": {"type": "string"}}],
   "responses": {"200": {"description": ""}}}}},
 "components": {
  "responses": {"Invalid": {"description": "Validation Error", "content": {"application/json": {"schema": {"type": "object",
    "properties": {"detail": {"type": "array", "items": {"type": "object"}}}}}}}},
  "schemas": {
   "NewItem": {"type": "object", "required": ["name"], "properties": {
    "name": {"type": "string", "minLength": 2, "maxLength": 30},
    "count": {"type": "integer", "minimum": 0},
    "kind": {"type": "string", "enum": ["a", "b"]},
    "note": {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]}}},
   "Item": {"allOf": [{"$ref": "#/components/schemas/NewItem"},
    {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "meta": {"type": "object", "properties": {"x": {"type": "string"}}}}}]}}}}"##;

/// What is wrong with the service.
#[derive(Clone, Copy, PartialEq)]
enum ShopFault {
    None,
    AcceptsLongNames,
    ListsTexts,
    InvalidIsConflict,
    InvalidHasTextBody,
}

/// The service, with the items that were created.
struct Shop {
    fault: ShopFault,
    items: Mutex<Vec<Json>>,
}

impl Shop {
    fn new(fault: ShopFault) -> Arc<Self> {
        Arc::new(Self { fault, items: Mutex::new(vec![json!({"id": 1, "name": "pen", "meta": {}})]) })
    }

    fn create(&self, mut item: Json) -> Json {
        let mut items = self.items.lock().expect("no test panics inside");
        item["id"] = json!(items.len() + 1);
        items.push(item.clone());
        item
    }

    /// Returns the first items.
    fn list(&self, limit: usize) -> Json {
        let items = self.items.lock().expect("no test panics inside");
        items.iter().take(limit).cloned().collect()
    }

    fn read(&self, id: &str) -> Option<Json> {
        let index = id.parse::<usize>().ok()?.checked_sub(1)?;
        self.items.lock().expect("no test panics inside").get(index).cloned()
    }
}

fn respond_with(status: u16, body: &Json) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

/// Returns true if a body is a new item as the document describes it.
fn is_valid(item: &Json, fault: ShopFault) -> bool {
    let length_in = |value: &Json, min: usize, max: usize| {
        value.as_str().is_some_and(|text| (min..=max).contains(&text.chars().count()))
    };
    let most = if fault == ShopFault::AcceptsLongNames { usize::MAX } else { 30 };
    let optional = |name: &str, fits: &dyn Fn(&Json) -> bool| item.get(name).is_none_or(fits);
    // Whole numbers of any size are integers, in whatever notation.
    let is_count = |value: &Json| value.as_f64().is_some_and(|number| number >= 0.0 && number.fract() == 0.0);
    item.is_object()
        && item.get("name").is_some_and(|name| length_in(name, 2, most))
        && optional("count", &is_count)
        && optional("kind", &|kind| *kind == "a" || *kind == "b")
        && optional("note", &|note| note.is_null() || length_in(note, 0, 9))
}

async fn respond(State(shop): State<Arc<Shop>>, method: Method, uri: Uri, body: Bytes) -> Response {
    let fault = shop.fault;
    let invalid = || match fault {
        ShopFault::InvalidIsConflict => respond_with(409, &json!({"detail": []})),
        ShopFault::InvalidHasTextBody => respond_with(422, &json!({"detail": "invalid"})),
        _ => respond_with(422, &json!({"detail": []})),
    };
    let missing = || respond_with(404, &json!({"detail": "Not Found"}));
    match (method.as_str(), uri.path()) {
        ("GET", "/items") => {
            let limit = uri.query().and_then(|query| query.split('&').find_map(|pair| pair.strip_prefix("limit=")));
            match limit.map(str::parse::<u32>) {
                None | Some(Ok(1..=50)) if fault == ShopFault::ListsTexts => respond_with(200, &json!(["pen"])),
                None => respond_with(200, &shop.list(50)),
                Some(Ok(limit @ 1..=50)) => respond_with(200, &shop.list(limit as usize)),
                _ => invalid(),
            }
        }
        ("POST", "/items") => match serde_json::from_slice::<Json>(&body) {
            Ok(item) if is_valid(&item, fault) => respond_with(201, &shop.create(item)),
            Ok(_) => invalid(),
            // Frameworks answer what they cannot parse before the service sees it.
            Err(_) => respond_with(400, &json!({"detail": "cannot parse the body"})),
        },
        ("GET", path) => match path.strip_prefix("/items/") {
            Some(id) if shop.read(id).is_some() => respond_with(200, &shop.read(id).unwrap_or_default()),
            Some(id) if id.parse::<f64>().is_ok_and(|number| number.fract() == 0.0) => missing(),
            Some(_) => invalid(),
            None => missing(),
        },
        _ => respond_with(405, &json!({"detail": "Method Not Allowed"})),
    }
}

fn findings(fault: ShopFault) -> Vec<InProcessFinding> {
    let contract = super::read("shop.json", DOCUMENT).contract;
    let subject = Subject::from_contract(contract, "sources = ['shop.json']").expect("a subject");
    let mut router = Router::new().fallback(respond).with_state(Shop::new(fault));
    let results = subject.check(&mut router).expect("cases");
    results.filter_map(Result::err).map(|finding| *finding).collect()
}

#[test]
fn a_service_that_keeps_its_document_has_no_findings() {
    let found = findings(ShopFault::None);
    let shown: Vec<_> = found
        .iter()
        .map(|one| format!("{}: expected {}, got {}: {}", one.id, one.expected, one.observed, one.why))
        .collect();
    assert!(found.is_empty(), "{shown:#?}");
}

#[test]
fn a_service_that_does_not_keep_its_document_is_found() {
    for (fault, id) in [
        (ShopFault::AcceptsLongNames, "Shop/createItem/name/length/above-max"),
        (ShopFault::ListsTexts, "Shop/listItems/valid/control/plain"),
        (ShopFault::InvalidIsConflict, "Shop/createItem/kind/enum/"),
        (ShopFault::InvalidHasTextBody, "Shop/createItem/name/length/above-max"),
    ] {
        let found = findings(fault);
        let ids: Vec<&str> = found.iter().map(|one| one.id.as_str()).collect();
        let wanted = id.to_lowercase();
        assert!(ids.iter().any(|id| id.to_lowercase().starts_with(&wanted)), "{id}: {ids:?}");
    }
}
