//! The OpenAPI document of an invented API for projects, tasks, users, labels, payments and coupons.
//!
//! The server checks requests against this document with a validator of its own.

use super::payments;
use serde_json::{Map, Value as Json, json};

/// Documented errors of one operation: status and description.
pub type Errors = &'static [(u16, &'static str)];

/// One operation of the document.
pub struct Entry {
    pub method: &'static str,
    pub path: &'static str,
    pub id: &'static str,
    pub summary: &'static str,
    pub parameters: Vec<Json>,
    pub body: Option<Json>,
    pub success: u16,
    pub output: Option<Json>,
    pub errors: Errors,
}

pub fn text(min: u64, max: u64) -> Json {
    json!({"type": "string", "minLength": min, "maxLength": max})
}

pub fn whole(min: i64, max: i64) -> Json {
    json!({"type": "integer", "minimum": min, "maximum": max})
}

pub fn described(mut schema: Json, words: &str) -> Json {
    schema["description"] = words.into();
    schema
}

pub fn choice(values: &[&str]) -> Json {
    json!({"type": "string", "enum": values})
}

fn date() -> Json {
    json!({"type": "string", "format": "date"})
}

pub fn moment() -> Json {
    json!({"type": "string", "format": "date-time"})
}

pub fn object(required: &[&str], properties: Json) -> Json {
    json!({"type": "object", "required": required, "properties": properties})
}

fn merged(one: Json, other: &Json) -> Json {
    let mut all = one.as_object().cloned().unwrap_or_default();
    all.extend(other.as_object().cloned().unwrap_or_default());
    Json::Object(all)
}

fn project_members() -> Json {
    json!({
        "name": described(text(1, 60), "The name, unique among all projects"),
        "description": {"type": ["string", "null"], "maxLength": 200},
        "budget": {"type": "number", "minimum": 0, "maximum": 1_000_000},
        "priority": whole(0, 5),
        "visibility": choice(&["private", "team", "public"]),
        "tags": {"type": "array", "maxItems": 5, "uniqueItems": true, "items": text(1, 20)},
        "settings": object(&[], json!({
            "color": choice(&["red", "green", "blue"]), "notify": {"type": "boolean"},
            "limits": object(&[], json!({"max_tasks": whole(0, 100)}))})),
        "starts_on": described(date(), "The first day"),
        "ends_on": described(date(), "The last day; must not be before `starts_on`"),
        "billable": {"type": "boolean"},
    })
}

fn project() -> Json {
    let own = json!({"id": {"type": "string", "format": "uuid"}, "status": choice(&["active", "archived"]),
        "task_count": {"type": "integer"}, "created_at": moment(), "updated_at": moment(),
        "tasks": {"type": "array", "items": task(), "description": "Present with `include=tasks`"}});
    object(&["id", "status", "task_count", "created_at", "name", "visibility"], merged(own, &project_members()))
}

fn task_members() -> Json {
    json!({
        "title": text(1, 80), "notes": text(0, 300), "estimate": whole(0, 1000), "done": {"type": "boolean"},
        "assignee_id": described(json!({"type": "integer", "minimum": 1}), "The id of an existing user"),
        "due_date": date(),
        "checklist": {"type": "array", "maxItems": 4, "items": object(&["item"], json!({
            "item": text(1, 40), "checked": {"type": "boolean"}}))},
    })
}

fn task_input() -> Json {
    object(&["title"], task_members())
}

fn task() -> Json {
    let own = json!({"id": {"type": "string"}, "project_id": {"type": "string", "format": "uuid"},
        "state": choice(&["open", "running", "stopped"]), "created_at": moment()});
    object(&["id", "project_id", "state", "title"], merged(own, &task_members()))
}

fn user_members() -> Json {
    json!({
        "email": described(json!({"type": "string", "format": "email", "maxLength": 120}), "The address, unique among all users"),
        "name": text(1, 80), "age": {"type": ["integer", "null"], "minimum": 0, "maximum": 150},
        "roles": {"type": "array", "minItems": 1, "maxItems": 3, "items": choice(&["admin", "editor", "viewer"])},
        "address": object(&["city"], json!({
            "street": text(0, 60), "city": text(1, 40), "zip": {"type": "string", "pattern": "^[0-9]{5}$"}})),
    })
}

fn user_input() -> Json {
    object(&["email", "name"], user_members())
}

fn user() -> Json {
    object(&["id", "email", "name"], merged(json!({"id": {"type": "integer"}}), &user_members()))
}

fn label_input() -> Json {
    object(&["color"], json!({"color": choice(&["red", "green", "blue"]), "text": text(0, 40)}))
}

fn label() -> Json {
    object(
        &["key", "color"],
        json!({"key": {"type": "string"}, "color": choice(&["red", "green", "blue"]), "text": text(0, 40)}),
    )
}

pub fn parameter(place: &str, name: &str, schema: Json, words: &str) -> Json {
    json!({"name": name, "in": place, "required": place == "path", "schema": schema, "description": words})
}

fn project_label() -> Json {
    parameter("path", "project_id", json!({"type": "string", "format": "uuid"}), "The project")
}

fn task_labels() -> Vec<Json> {
    vec![project_label(), parameter("path", "task_id", text(1, 40), "The task")]
}

fn user_label() -> Json {
    parameter("path", "user_id", json!({"type": "integer", "minimum": 1}), "The user")
}

fn label_key() -> Json {
    parameter("path", "key", text(1, 40), "The key of the label")
}

fn idempotency_key() -> Json {
    let words = "A key chosen by the caller. A request with the same key and the same body returns the first response and \
                 creates nothing; with another body it is rejected with 409.";
    parameter("header", "Idempotency-Key", text(1, 64), words)
}

const INVALID: (u16, &str) = (422, "The request is invalid");
const NO_KEY: (u16, &str) = (401, "The key is missing or wrong");

#[rustfmt::skip]
fn project_entries() -> Vec<Entry> {
    let all = object(&["data", "next_cursor", "has_more"], json!({"data": {"type": "array", "items": project()},
        "next_cursor": {"type": ["string", "null"]}, "has_more": {"type": "boolean"}}));
    let list = vec![
        parameter("query", "limit", whole(1, 100), "Maximum number of projects in the page"),
        parameter("query", "cursor", json!({"type": "string"}), "The `next_cursor` of the page before"),
        parameter("query", "status", choice(&["active", "archived"]), "Only projects with this status"),
        parameter("query", "visibility", choice(&["private", "team", "public"]), "Only projects with this visibility"),
        parameter("query", "sort", choice(&["name", "-name", "created_at", "-created_at"]), "The order; `-` is descending"),
    ];
    let include = parameter("query", "include", choice(&["tasks"]), "Members to include");
    let input = object(&["name", "visibility"], project_members());
    let change = object(&[], project_members());
    let entry = |method, path, id, summary, parameters, body, success, output, errors| Entry { method, path, id, summary, parameters, body, success, output, errors };
    vec![
        entry("post", "/v1/projects", "createProject", "Create a project", vec![idempotency_key()], Some(input), 201, Some(project()),
            &[NO_KEY, (409, "The name is taken, or the idempotency key was used with another body"), INVALID]),
        entry("get", "/v1/projects", "listProjects", "List projects", list, None, 200, Some(all), &[NO_KEY, INVALID]),
        entry("get", "/v1/projects/{project_id}", "getProject", "Get a project", vec![project_label(), include], None, 200, Some(project()),
            &[NO_KEY, (404, "The project does not exist"), INVALID]),
        entry("patch", "/v1/projects/{project_id}", "updateProject", "Update a project; members that are not sent stay as they are", vec![project_label()], Some(change), 200,
            Some(project()), &[NO_KEY, (404, "The project does not exist"), (409, "The name is taken"), INVALID]),
        entry("delete", "/v1/projects/{project_id}", "deleteProject", "Delete a project", vec![project_label()], None, 204, None,
            &[NO_KEY, (404, "The project does not exist"), (409, "The project has tasks"), INVALID]),
        entry("post", "/v1/projects/{project_id}/archive", "archiveProject", "Archive a project", vec![project_label()], None, 200, Some(project()),
            &[NO_KEY, (404, "The project does not exist"), (409, "The project is archived already"), INVALID]),
        entry("post", "/v1/projects/{project_id}/unarchive", "unarchiveProject", "Make an archived project active again", vec![project_label()], None, 200, Some(project()),
            &[NO_KEY, (404, "The project does not exist"), (409, "The project is not archived"), INVALID]),
    ]
}

#[rustfmt::skip]
fn task_entries() -> Vec<Entry> {
    let all = object(&["items", "page", "per_page", "total"], json!({"items": {"type": "array", "items": task()},
        "page": {"type": "integer"}, "per_page": {"type": "integer"}, "total": {"type": "integer"}}));
    let list = vec![
        project_label(),
        parameter("query", "page", json!({"type": "integer", "minimum": 1}), "Number of the page, from 1"),
        parameter("query", "per_page", whole(1, 50), "Maximum number of tasks in a page"),
        parameter("query", "state", choice(&["open", "running", "stopped"]), "Only tasks in this state"),
        parameter("query", "done", json!({"type": "boolean"}), "Only tasks that are done, or not done"),
    ];
    let batch = object(&["tasks"], json!({"tasks": {"type": "array", "minItems": 1, "maxItems": 5, "items": task_input()}}));
    let made = object(&["tasks"], json!({"tasks": {"type": "array", "items": task()}}));
    const GONE: (u16, &str) = (404, "The project or the task does not exist");
    let entry = |method, path, id, summary, parameters, body, success, output, errors| Entry { method, path, id, summary, parameters, body, success, output, errors };
    const ALL: &str = "/v1/projects/{project_id}/tasks";
    const ONE: &str = "/v1/projects/{project_id}/tasks/{task_id}";
    vec![
        entry("post", ALL, "createTask", "Create a task", vec![project_label()], Some(task_input()), 201, Some(task()), &[NO_KEY, GONE, INVALID]),
        entry("get", ALL, "listTasks", "List the tasks of a project", list, None, 200, Some(all), &[NO_KEY, GONE, INVALID]),
        entry("get", ONE, "getTask", "Get a task", task_labels(), None, 200, Some(task()), &[NO_KEY, GONE, INVALID]),
        entry("put", ONE, "replaceTask", "Replace a task; optional members that are not sent are removed", task_labels(), Some(task_input()), 200, Some(task()), &[NO_KEY, GONE, INVALID]),
        entry("patch", ONE, "updateTask", "Update a task; members that are not sent stay as they are", task_labels(), Some(object(&[], task_members())), 200, Some(task()), &[NO_KEY, GONE, INVALID]),
        entry("delete", ONE, "deleteTask", "Delete a task", task_labels(), None, 204, None, &[NO_KEY, GONE, INVALID]),
        entry("post", "/v1/projects/{project_id}/tasks/{task_id}/start", "startTask", "Start a task; its state is `running` afterwards", task_labels(), None, 200, Some(task()),
            &[NO_KEY, GONE, (409, "The task is running already"), INVALID]),
        entry("post", "/v1/projects/{project_id}/tasks/{task_id}/stop", "stopTask", "Stop a task; its state is `stopped` afterwards", task_labels(), None, 200, Some(task()),
            &[NO_KEY, GONE, (409, "The task is not running"), INVALID]),
        entry("post", "/v1/projects/{project_id}/tasks/batch", "createTasks", "Create several tasks: all of them, or none if one is invalid", vec![project_label()], Some(batch), 201, Some(made), &[NO_KEY, GONE, INVALID]),
    ]
}

#[rustfmt::skip]
fn other_entries() -> Vec<Entry> {
    let entry = |method, path, id, summary, parameters, body, success, output, errors| Entry { method, path, id, summary, parameters, body, success, output, errors };
    let pages = vec![
        parameter("query", "limit", whole(1, 100), "Maximum number of users"),
        parameter("query", "offset", json!({"type": "integer", "minimum": 0}), "Number of users to skip"),
        parameter("query", "role", choice(&["admin", "editor", "viewer"]), "Only users with this role"),
    ];
    let ids = object(&["ids"], json!({"ids": {"type": "array", "minItems": 1, "maxItems": 10, "uniqueItems": true, "items": {"type": "integer", "minimum": 1}}}));
    let deleted = object(&["deleted", "missing"], json!({"deleted": {"type": "array", "items": {"type": "integer"}}, "missing": {"type": "array", "items": {"type": "integer"}}}));
    const GONE: (u16, &str) = (404, "The user does not exist");
    const NONE: (u16, &str) = (404, "The label does not exist");
    const TAKEN: (u16, &str) = (409, "The email address is taken");
    vec![
        entry("post", "/v1/users", "createUser", "Create a user", vec![], Some(user_input()), 201, Some(user()), &[NO_KEY, TAKEN, INVALID]),
        entry("get", "/v1/users", "listUsers", "List users in the order of their creation", pages, None, 200, Some(json!({"type": "array", "items": user()})), &[NO_KEY, INVALID]),
        entry("get", "/v1/users/{user_id}", "getUser", "Get a user", vec![user_label()], None, 200, Some(user()), &[NO_KEY, GONE, INVALID]),
        entry("put", "/v1/users/{user_id}", "replaceUser", "Replace a user; optional members that are not sent are removed", vec![user_label()], Some(user_input()), 200, Some(user()), &[NO_KEY, GONE, TAKEN, INVALID]),
        entry("delete", "/v1/users/{user_id}", "deleteUser", "Delete a user", vec![user_label()], None, 204, None, &[NO_KEY, GONE, INVALID]),
        entry("post", "/v1/users/batch-delete", "deleteUsers", "Delete several users", vec![], Some(ids), 200, Some(deleted), &[NO_KEY, INVALID]),
        entry("put", "/v1/labels/{key}", "putLabel", "Create or replace a label", vec![label_key()], Some(label_input()), 200, Some(label()), &[NO_KEY, INVALID]),
        entry("get", "/v1/labels/{key}", "getLabel", "Get a label", vec![label_key()], None, 200, Some(label()), &[NO_KEY, NONE, INVALID]),
        entry("delete", "/v1/labels/{key}", "deleteLabel", "Delete a label", vec![label_key()], None, 204, None, &[NO_KEY, NONE, INVALID]),
        entry("get", "/v1/labels", "listLabels", "List all labels", vec![], None, 200, Some(object(&["labels"], json!({"labels": {"type": "array", "items": label()}}))), &[NO_KEY]),
        entry("get", "/v1/me", "getMe", "Get the owner of the key", vec![], None, 200, Some(object(&["name"], json!({"name": {"type": "string"}}))), &[NO_KEY]),
    ]
}

/// Returns the document.
pub fn document() -> Json {
    let problem = object(
        &["error"],
        json!({"error": object(&["code", "message"], json!({
        "code": {"type": "string"}, "message": {"type": "string"}}))}),
    );
    let mut paths = Map::new();
    for entry in project_entries().into_iter().chain(task_entries()).chain(other_entries()).chain(payments::entries()) {
        let mut responses = Map::new();
        let mut success = json!({"description": "OK"});
        if let Some(output) = entry.output {
            success["content"] = json!({"application/json": {"schema": output}});
        }
        responses.insert(entry.success.to_string(), success);
        for (status, words) in entry.errors {
            let content = json!({"application/json": {"schema": problem}});
            responses.insert(status.to_string(), json!({"description": words, "content": content}));
        }
        let mut operation = json!({"operationId": entry.id, "summary": entry.summary, "parameters": entry.parameters,
            "responses": responses});
        if let Some(body) = entry.body {
            operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": body}}});
        }
        let path = paths.entry(entry.path.to_owned()).or_insert_with(|| json!({}));
        path[entry.method] = operation;
    }
    json!({"openapi": "3.1.0", "info": {"title": "Planner", "version": "1"}, "paths": paths,
        "security": [{"key": []}],
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}})
}
