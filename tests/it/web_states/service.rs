//! An invented order desk: callers log in, names have patterns, and actions need a resource in the right state.

use crate::foreign::http::{Request, Response, Service, percent_decode};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

pub const USER: &str = "desk@example.com";
pub const PASSWORD: &str = "correct-horse-9f2c";
/// Number of requests for which a token is valid.
const TOKEN_USES: u32 = 200;

#[derive(Default)]
pub struct Desk {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    tokens: BTreeMap<String, u32>,
    last_number: u64,
    /// Entries by the name of their collection and their identifier.
    entries: BTreeMap<(String, String), Map<String, Json>>,
}

/// A rejection: a status, and a sentence or a map of sentences.
type Rejection = (u16, Json);

fn sentence(status: u16, text: &str) -> Rejection {
    (status, json!({"error": {"code": format!("e{status}"), "message": text}}))
}

fn member_problem(member: &str, text: &str) -> Rejection {
    (400, json!({ member: [text] }))
}

/// Checks a text: its length in characters and the characters that it may have.
fn text<'b>(body: &'b Map<String, Json>, name: &str, fits: impl Fn(&str) -> bool) -> Result<&'b str, Rejection> {
    match body.get(name) {
        None => Err(member_problem(name, "This field is required.")),
        Some(value) => value.as_str().filter(|text| fits(text)).ok_or_else(|| member_problem(name, "Not valid.")),
    }
}

fn is_code(text: &str) -> bool {
    let (letters, digits) = text.split_once('-').unwrap_or_default();
    letters.len() == 3
        && digits.len() == 6
        && letters.bytes().all(|byte| byte.is_ascii_uppercase())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_amount(text: &str) -> bool {
    let (whole, cents) = text.split_once('.').map_or((text, None), |(whole, cents)| (whole, Some(cents)));
    let is_digits = |part: &str, most: usize| part.len() <= most && part.bytes().all(|byte| byte.is_ascii_digit());
    !whole.is_empty() && is_digits(whole, 6) && cents.is_none_or(|cents| cents.len() == 2 && is_digits(cents, 2))
}

impl State {
    fn find(&self, collection: &str, id: &str) -> Result<&Map<String, Json>, Rejection> {
        let key = (collection.to_owned(), id.to_owned());
        self.entries.get(&key).ok_or_else(|| sentence(404, &format!("no such {collection}")))
    }

    fn create(&mut self, collection: &str, mut entry: Map<String, Json>) -> Response {
        self.last_number += 1;
        let id = format!("{collection}_{:05}", self.last_number);
        entry.insert("id".into(), json!(id));
        self.entries.insert((collection.to_owned(), id), entry.clone());
        respond(201, &Json::Object(entry))
    }

    fn replace(&mut self, collection: &str, id: &str, changes: Map<String, Json>) -> Result<Response, Rejection> {
        self.find(collection, id)?;
        let entry = self.entries.entry((collection.to_owned(), id.to_owned())).or_default();
        entry.extend(changes);
        Ok(respond(200, &Json::Object(entry.clone())))
    }

    fn delete(&mut self, collection: &str, id: &str) -> Result<Response, Rejection> {
        self.find(collection, id)?;
        self.entries.remove(&(collection.to_owned(), id.to_owned()));
        Ok(Response::new(204, ""))
    }

    /// Lets an action bring an order from one state into another.
    fn act(&mut self, id: &str, from: &str, to: &str, why: &str) -> Result<Response, Rejection> {
        if self.find("order", id)?.get("state") != Some(&json!(from)) {
            return Err(sentence(409, why));
        }
        self.replace("order", id, Map::from_iter([("state".to_owned(), json!(to))]))
    }

    fn client_input(&self, body: &Map<String, Json>, own: Option<&str>) -> Result<Map<String, Json>, Rejection> {
        let code = text(body, "code", is_code)?;
        let name = text(body, "name", |text| (1..=40).contains(&text.chars().count()))?;
        let is_other = |entry: &Map<String, Json>| entry.get("id").and_then(Json::as_str) != own;
        if self.entries.values().any(|entry| is_other(entry) && entry.get("code") == Some(&json!(code))) {
            return Err((409, json!({"code": ["A client with this code already exists."]})));
        }
        Ok(Map::from_iter([("code".to_owned(), json!(code)), ("name".to_owned(), json!(name))]))
    }

    fn order_input(&self, body: &Map<String, Json>) -> Result<Map<String, Json>, Rejection> {
        let amount = text(body, "amount", |_| true)?;
        if !is_amount(amount.strip_prefix('-').unwrap_or(amount)) {
            return Err(member_problem("amount", "A valid number is required."));
        }
        Ok(Map::from_iter([("amount".to_owned(), json!(amount))]))
    }

    fn route(
        &mut self,
        method: &str,
        path: &[&str],
        query: &str,
        body: &Map<String, Json>,
    ) -> Result<Response, Rejection> {
        Ok(match (method, path) {
            ("POST", ["clients"]) => {
                let entry = self.client_input(body, None)?;
                self.create("client", entry)
            }
            ("GET", ["clients"]) => {
                if let Some(cursor) = query.split('&').find_map(|pair| pair.strip_prefix("starting_after=")) {
                    let known = self.find("client", cursor).is_ok();
                    known.then_some(()).ok_or_else(|| sentence(400, "there is no such cursor"))?;
                }
                let all = self.entries.iter().filter(|((name, _), _)| name == "client").map(|(_, entry)| entry);
                respond(200, &json!({"data": all.collect::<Vec<_>>()}))
            }
            ("GET", ["clients", id]) => respond(200, &Json::Object(self.find("client", id)?.clone())),
            ("PUT", ["clients", id]) => {
                self.find("client", id)?;
                let entry = self.client_input(body, Some(id))?;
                self.replace("client", id, entry)?
            }
            ("DELETE", ["clients", id]) => self.delete("client", id)?,
            ("POST", ["clients", client, "orders"]) => {
                self.find("client", client)?;
                let mut entry = self.order_input(body)?;
                entry.insert("state".into(), json!("draft"));
                self.create("order", entry)
            }
            ("GET", ["orders", id]) => respond(200, &Json::Object(self.find("order", id)?.clone())),
            ("PUT", ["orders", id]) => {
                self.find("order", id)?;
                let entry = self.order_input(body)?;
                self.replace("order", id, entry)?
            }
            ("DELETE", ["orders", id]) => self.delete("order", id)?,
            ("POST", ["orders", id, "confirm"]) => self.act(id, "draft", "confirmed", "This order is no draft")?,
            ("POST", ["orders", id, "ship"]) => {
                self.act(id, "confirmed", "shipped", "Only orders that are confirmed can leave")?
            }
            ("POST", ["plans"]) => {
                let title = text(body, "title", |text| (1..=60).contains(&text.chars().count()))?;
                let mut entry = Map::from_iter([("title".to_owned(), json!(title))]);
                if let Some(weekly) = body.get("weekly") {
                    let day = weekly.as_object().and_then(|weekly| weekly.get("day")?.as_str());
                    day.filter(|day| ["monday", "friday"].contains(day))
                        .ok_or_else(|| member_problem("weekly", "Not valid."))?;
                    entry.insert("weekly".into(), weekly.clone());
                }
                self.create("plan", entry)
            }
            ("GET", ["plans", id]) => respond(200, &Json::Object(self.find("plan", id)?.clone())),
            ("DELETE", ["plans", id]) => self.delete("plan", id)?,
            ("POST", ["subscriptions"]) => {
                let plan = text(body, "plan_id", |_| true)?;
                let known = self.find("plan", plan).map_err(|_| member_problem("plan_id", "There is no such plan."))?;
                if !known.contains_key("weekly") {
                    return Err(sentence(400, &format!("The plan {plan} is not weekly")));
                }
                let entry = Map::from_iter([("plan_id".to_owned(), json!(plan))]);
                self.create("subscription", entry)
            }
            ("DELETE", ["subscriptions", id]) => self.delete("subscription", id)?,
            _ => return Err(sentence(404, "no such route")),
        })
    }

    fn log_in(&mut self, body: &Map<String, Json>) -> Result<Response, Rejection> {
        let email = text(body, "email", |_| true)?;
        let password = text(body, "password", |_| true)?;
        if (email, password) != (USER, PASSWORD) {
            return Err(sentence(400, "unknown user or wrong password"));
        }
        self.last_number += 1;
        let token = format!("tk-{:08}-9f2c41", self.last_number);
        self.tokens.insert(token.clone(), TOKEN_USES);
        Ok(respond(200, &json!({"session": {"token": token}})))
    }

    /// Uses up a part of a token.
    fn is_logged_in(&mut self, request: &Request) -> bool {
        let header = request.header("authorization").and_then(|header| header.split_once(' '));
        let token = header.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token);
        let Some(uses) = token.and_then(|token| self.tokens.get_mut(token)).filter(|uses| **uses > 0) else {
            return false;
        };
        *uses -= 1;
        true
    }

    fn handle(&mut self, request: &Request) -> Result<Response, Rejection> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let path = percent_decode(path, false).unwrap_or_default();
        let segments: Vec<&str> = path.trim_start_matches("/v1/").split('/').collect();
        let is_login = request.method == "POST" && segments == ["sessions"];
        if !is_login && !self.is_logged_in(request) {
            return Err(sentence(401, "log in first"));
        }
        let has_body = matches!(request.method.as_str(), "POST" | "PUT")
            && !matches!(segments.as_slice(), ["orders", _, "confirm" | "ship"]);
        let body = match has_body {
            true => match serde_json::from_slice(&request.body) {
                Ok(Json::Object(body)) => body,
                _ => return Err(sentence(400, "the body is no JSON object")),
            },
            false => Map::new(),
        };
        if is_login { self.log_in(&body) } else { self.route(&request.method, &segments, query, &body) }
    }
}

fn respond(status: u16, body: &Json) -> Response {
    Response::new(status, body.to_string()).with("content-type", "application/json")
}

impl Service for Desk {
    fn answer(&self, request: &Request) -> Response {
        let mut state = self.state.lock().expect("no test panics inside");
        state.handle(request).unwrap_or_else(|(status, body)| respond(status, &body))
    }
}
