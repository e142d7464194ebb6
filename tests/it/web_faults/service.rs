//! The planner as a server: routes, credentials, checks of requests, and responses. One fault can be switched on.

use super::store::{Planner, Reply, Trouble};
use super::{document, payments, validation};
use crate::foreign::http::{Request, Response, Service, percent_decode};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// The key that every request needs.
pub const KEY: &str = "sk_Test_9f8e7d6c5b4a";

/// The server.
pub struct PlannerService {
    document: Json,
    fault: String,
    state: Mutex<Planner>,
}

/// A request that matched an operation.
pub struct Call<'r> {
    pub operation: &'r str,
    pub labels: Vec<String>,
    pub query: BTreeMap<String, String>,
    pub headers: &'r [(String, String)],
    pub body: Map<String, Json>,
}

impl PlannerService {
    /// Creates a server with one fault; an empty name is the faithful server.
    pub fn new(fault: &str) -> Self {
        Self { document: document::document(), fault: fault.to_owned(), state: Mutex::new(Planner::new(fault)) }
    }

    fn has(&self, fault: &str) -> bool {
        self.fault == fault
    }

    fn respond(&self, request: &Request) -> Result<(String, u16, Option<Json>), (String, Trouble)> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let decoded_first =
            self.has("keys with an encoded slash are split").then(|| percent_decode(path, false)).flatten();
        let path = decoded_first.as_deref().unwrap_or(path);
        let routes = self.document["paths"].as_object().expect("paths");
        let is_literal = |route: &str| !route.rsplit('/').next().unwrap_or_default().starts_with('{');
        let mut matches: Vec<(&String, Vec<String>)> =
            routes.keys().filter_map(|route| Some((route, match_path(route, path)?))).collect();
        matches.sort_by_key(|(route, _)| !is_literal(route));
        let method = request.method.to_lowercase();
        let none = String::new;
        if matches.is_empty() {
            return Err((none(), Trouble::new(404, "no_route", "there is no such route")));
        }
        let found = matches.into_iter().find(|(route, _)| routes[*route].get(&method).is_some());
        let Some((route, labels)) = found else {
            return Err((none(), Trouble::new(405, "method", "the method is not allowed here")));
        };
        let operation = &routes[route][&method];
        let name = operation["operationId"].as_str().expect("a name").to_owned();
        if !self.is_authorized(&name, request) {
            return Err((name, Trouble::new(401, "unauthenticated", "the key is missing or wrong")));
        }
        let reply = self.check_and_apply(operation, &name, labels, query, request);
        match reply {
            Ok((status, body)) => Ok((name, status, body)),
            Err(trouble) => Err((name, trouble)),
        }
    }

    fn check_and_apply(
        &self,
        operation: &Json,
        name: &str,
        labels: Vec<String>,
        query: &str,
        request: &Request,
    ) -> Reply {
        let mut wrong: Vec<String> = Vec::new();
        let ignores = |problem: &str| self.fault == format!("limit {name} {problem}");
        let query: BTreeMap<String, String> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .filter_map(|(name, value)| Some((percent_decode(name, true)?, percent_decode(value, true)?)))
            .collect();
        let mut next_label = labels.iter();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let place = parameter["name"].as_str().expect("a name");
            let value = match parameter["in"].as_str() {
                Some("path") => next_label.next().cloned(),
                Some("query") => query.get(place).cloned(),
                _ => request.header(place).map(str::to_owned),
            };
            let Some(value) = value else { continue };
            let typed = read_text(&parameter["schema"], &value);
            let found = validation::problems(&parameter["schema"], &typed, place, &ignores);
            // A path that names nothing is answered with 404, whatever is wrong with it.
            if parameter["in"] == "path" && !found.is_empty() && operation["responses"].get("404").is_some() {
                return Err(Trouble::new(404, "not_found", "there is nothing with this id"));
            }
            wrong.extend(found);
        }
        let mut body = Map::new();
        if let Some(schema) = operation.get("requestBody").map(|body| &body["content"]["application/json"]["schema"]) {
            match serde_json::from_slice::<Json>(&request.body) {
                Ok(Json::Object(given)) => {
                    wrong.extend(validation::problems(schema, &Json::Object(given.clone()), "body", &ignores));
                    body = given;
                    let known = schema["properties"].as_object().expect("properties");
                    let is_closed =
                        schema["additionalProperties"] == false && !self.has("relation createCoupon unknown member");
                    if is_closed && body.keys().any(|member| !known.contains_key(member)) {
                        wrong.push("unknown member".to_owned());
                    }
                    body.retain(|name, _| known.contains_key(name));
                }
                Ok(_) if self.has("a body that is no object makes the server fail") => {
                    return Err(Trouble::new(500, "internal", "unwrap on None"));
                }
                Ok(_) => wrong.push("body type".to_owned()),
                Err(_) if self.has("malformed JSON makes the server fail") => {
                    return Err(Trouble::new(500, "internal", "unexpected token"));
                }
                Err(_) => wrong.push("body JSON".to_owned()),
            }
        }
        let mut state = self.state.lock().expect("no test panics inside");
        let whole = state.after_update(name, &labels, &body);
        wrong.extend(payments::relation_problems(name, &whole, &self.fault).into_iter().map(str::to_owned));
        wrong.extend(state.order_problem(name, &labels, &body));
        if let Some(problem) = wrong.first() {
            state.leave_traces(name, &labels, &body);
            return Err(Trouble::new(422, "invalid", problem));
        }
        let call = Call { operation: name, labels, query, headers: &request.headers, body };
        state.apply(&call)
    }

    fn is_authorized(&self, operation: &str, request: &Request) -> bool {
        let header = request.header("authorization");
        let open = [
            ("getProject needs no key", "getProject"),
            ("deleteTask needs no key", "deleteTask"),
            ("listUsers needs no key", "listUsers"),
            ("startTask needs no key", "startTask"),
            ("putLabel needs no key", "putLabel"),
            ("getMe needs no key", "getMe"),
        ];
        if open.iter().any(|(fault, of)| self.has(fault) && *of == operation) {
            return true;
        }
        let Some(header) = header else { return false };
        if self.has("a scheme without a key is accepted") && header.trim().eq_ignore_ascii_case("bearer") {
            return true;
        }
        let (scheme, key) = header.split_once(' ').unwrap_or(("", header));
        let scheme_fits = match () {
            () if self.has("the scheme is case-sensitive") => scheme == "Bearer",
            () if self.has("any scheme is accepted") => true,
            () if self.has("the key alone is accepted") && scheme.is_empty() => true,
            () => scheme.eq_ignore_ascii_case("bearer"),
        };
        let key_fits = match () {
            () if self.has("every key is accepted") => !key.is_empty(),
            () if self.has("a longer key is accepted") => key.starts_with(KEY),
            () if self.has("a key in another case is accepted") => key.eq_ignore_ascii_case(KEY),
            () if self.has("a shorter key is accepted") => key.len() >= 8 && KEY.starts_with(key),
            () if self.has("createUser accepts every key") && operation == "createUser" => !key.is_empty(),
            () => key == KEY,
        };
        scheme_fits && key_fits
    }

    /// Returns the response to a rejected request, with the faults of its form.
    fn write_trouble(&self, operation: &str, trouble: &Trouble) -> Response {
        let is = |fault: &str, status: u16| self.has(fault) && trouble.status == status;
        let mut status = trouble.status;
        let mut body = json!({"error": {"code": trouble.code, "message": trouble.message}});
        let mut content_type = "application/json";
        match () {
            () if is("401 is sent as 403", 401) => status = 403,
            () if is("401 has no body", 401) => return Response::new(401, ""),
            () if is("404 has no body", 404) => return Response::new(404, ""),
            () if is("404 is HTML", 404) => {
                return Response::new(404, "<h1>Not Found</h1>").with("content-type", "text/html");
            }
            () if is("404 is sent as 400", 404) => status = 400,
            () if is("404 has no message", 404) => body = json!({"error": {"code": trouble.code}}),
            () if is("404 is a bare string", 404) => body = json!("not found"),
            () if is("409 is sent as 400", 409) => status = 400,
            () if is("409 is sent as 500", 409) => status = 500,
            () if is("409 has no code", 409) => body = json!({"error": {"message": trouble.message}}),
            () if is("422 is sent as 200", 422) => status = 200,
            () if is("422 is sent as 500 by replaceUser", 422) && operation == "replaceUser" => status = 500,
            () if is("422 has a numeric code", 422) => body["error"]["code"] = json!(422),
            () if is("422 has no error object", 422) => body = json!({"detail": trouble.message}),
            () if is("422 is plain text", 422) => content_type = "text/plain",
            () => {}
        }
        Response::new(status, body.to_string()).with("content-type", content_type)
    }
}

impl Service for PlannerService {
    fn answer(&self, request: &Request) -> Response {
        match self.respond(request) {
            Err((operation, trouble)) => self.write_trouble(&operation, &trouble),
            Ok((operation, status, body)) => {
                let is = |fault: &str, of: &str| self.has(fault) && operation == of;
                let status = match () {
                    () if is("createTask returns 200", "createTask") => 200,
                    () if is("deleteUser returns 200", "deleteUser") => 200,
                    () => status,
                };
                let Some(mut body) = body else { return Response::new(status, "") };
                if is("getUser lacks the email", "getUser") {
                    body.as_object_mut().expect("an object").remove("email");
                }
                if is("getTask has a null title", "getTask") {
                    body["title"] = Json::Null;
                }
                if is("getProject has the task count as text", "getProject") {
                    body["task_count"] = body["task_count"].to_string().into();
                }
                let content_type =
                    if is("listUsers is sent as HTML", "listUsers") { "text/html" } else { "application/json" };
                Response::new(status, body.to_string()).with("content-type", content_type)
            }
        }
    }
}

/// Reads the text of a parameter as its schema says.
fn read_text(schema: &Json, text: &str) -> Json {
    match schema["type"].as_str() {
        Some("integer") => text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number)),
        Some("boolean") if ["true", "false"].contains(&text) => json!(text == "true"),
        _ => json!(text),
    }
}

/// Returns the decoded labels of a path if it matches a route.
fn match_path(route: &str, path: &str) -> Option<Vec<String>> {
    let (route, path): (Vec<&str>, Vec<&str>) = (route.split('/').collect(), path.split('/').collect());
    if route.len() != path.len() {
        return None;
    }
    let mut labels = Vec::new();
    for (wanted, given) in route.iter().zip(&path) {
        if wanted.starts_with('{') {
            labels.push(percent_decode(given, false).filter(|text| !text.is_empty())?);
        } else if wanted != given {
            return None;
        }
    }
    Some(labels)
}
