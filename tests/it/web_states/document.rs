//! The OpenAPI document of the order desk.

use serde_json::{Value as Json, json};

/// The number of its operations.
pub const OPERATIONS: usize = 17;

fn operation(summary: &str, body: Option<Json>, success: (&str, Option<&str>), errors: &[&str]) -> Json {
    let mut responses = json!({ success.0: {"description": "it worked"} });
    if let Some(schema) = success.1 {
        responses[success.0]["content"]["application/json"]["schema"] = json!({"$ref": schema});
    }
    for status in errors {
        responses[status] = json!({"description": summary});
    }
    let mut operation = json!({"summary": summary, "responses": responses});
    if let Some(schema) = body {
        operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema}}});
    }
    operation
}

fn item(name: &str, operations: Json) -> Json {
    let mut item = operations;
    item["parameters"] = json!([{"name": name, "in": "path", "required": true, "schema": {"type": "string"}}]);
    item
}

pub fn document() -> Json {
    let client = json!({"type": "object", "required": ["code", "name"], "properties": {
        "code": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{6}$"},
        "name": {"type": "string", "minLength": 1, "maxLength": 40}}});
    let amount = json!({"type": "string", "format": "decimal", "pattern": r"^-?[0-9]{0,6}(?:\.[0-9]{0,2})?$"});
    let order = json!({"type": "object", "required": ["amount"], "properties": {"amount": amount}});
    let plan = json!({"type": "object", "required": ["title"], "properties": {
        "title": {"type": "string", "minLength": 1, "maxLength": 60},
        "weekly": {"type": "object", "required": ["day"], "properties": {
            "day": {"type": "string", "enum": ["monday", "friday"]}}}}});
    let subscription =
        json!({"type": "object", "required": ["plan_id"], "properties": {"plan_id": {"type": "string"}}});
    let login = json!({"type": "object", "required": ["email", "password"], "properties": {
        "email": {"type": "string"}, "password": {"type": "string"}}});
    let shown = |schema: &Json, more: Json| {
        let mut shown = schema.clone();
        shown["properties"]["id"] = json!({"type": "string"});
        for (name, property) in more.as_object().into_iter().flatten() {
            shown["properties"][name] = property.clone();
        }
        shown
    };
    let mut sessions = operation("Log in", Some(login), ("200", Some("#/components/schemas/Session")), &["400"]);
    sessions["security"] = json!([]);
    let reference = |name: &str| format!("#/components/schemas/{name}");
    let make = |schema: &Json, name: &str, errors: &[&str]| {
        operation("Not accepted", Some(schema.clone()), ("201", Some(&reference(name))), errors)
    };
    let read = |name: &str| operation("Read", None, ("200", Some(&reference(name))), &["401", "404"]);
    let put = |schema: &Json, name: &str, errors: &[&str]| {
        operation("Replace", Some(schema.clone()), ("200", Some(&reference(name))), errors)
    };
    let delete = || operation("Delete", None, ("204", None), &["401", "404"]);
    let action = || operation("Act", None, ("200", Some("#/components/schemas/Order")), &["401", "404", "409"]);
    let mut list = operation("List", None, ("200", Some("#/components/schemas/Clients")), &["400", "401"]);
    list["parameters"] = json!([{"name": "starting_after", "in": "query", "schema": {"type": "string"}}]);
    json!({
        "openapi": "3.0.3",
        "info": {"title": "Desk", "version": "1"},
        "security": [{"bearer": []}],
        "paths": {
            "/v1/sessions": {"post": sessions},
            "/v1/clients": {"post": make(&client, "Client", &["400", "401", "409"]), "get": list},
            "/v1/clients/{client_id}": item("client_id", json!({
                "get": read("Client"), "put": put(&client, "Client", &["400", "401", "404", "409"]), "delete": delete()})),
            "/v1/clients/{client_id}/orders": item("client_id", json!({"post": make(&order, "Order", &["400", "401", "404"])})),
            "/v1/orders/{id}": item("id", json!({
                "get": read("Order"), "put": put(&order, "Order", &["400", "401", "404"]), "delete": delete()})),
            "/v1/orders/{id}/ship": item("id", json!({"post": action()})),
            "/v1/orders/{id}/confirm": item("id", json!({"post": action()})),
            "/v1/plans": {"post": make(&plan, "Plan", &["400", "401"])},
            "/v1/plans/{id}": item("id", json!({"get": read("Plan"), "delete": delete()})),
            "/v1/subscriptions": {"post": make(&subscription, "Subscription", &["400", "401"])},
            "/v1/subscriptions/{id}": item("id", json!({"delete": delete()})),
        },
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Client": shown(&client, json!({})),
                "Clients": {"type": "object", "required": ["data"], "properties": {
                    "data": {"type": "array", "items": {"$ref": "#/components/schemas/Client"}}}},
                "Order": shown(&order, json!({"state": {"type": "string", "enum": ["draft", "confirmed", "shipped"]}})),
                "Plan": shown(&plan, json!({})),
                "Subscription": shown(&subscription, json!({})),
                "Session": {"type": "object", "properties": {"session": {"type": "object", "properties": {
                    "token": {"type": "string"}}}}},
            },
        },
    })
}
