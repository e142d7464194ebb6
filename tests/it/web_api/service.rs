//! The shop as a server: it checks each request against the table, keeps what was made, and speaks as Express does.

use super::table::{COLLECTIONS, Collection, Endpoint, Field, Ids, Kind, Shown, endpoints};
use crate::foreign::http::{Request, Response, Service, percent_decode};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// The key that every request needs.
pub const KEY: &str = "sk_live_4f9a2b7c1d";

/// What the shop does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ShopFault {
    #[default]
    None,
    /// `POST /v1/customers` rejects everything.
    RejectsCustomers,
    /// Text that is too long is stored.
    StoresLongNames,
    /// A created product is stored with another price.
    ChangesPrices,
    /// `PATCH` stores nothing.
    ForgetsUpdates,
    /// `PATCH` removes what it does not mention.
    DropsLeftOut,
    /// `DELETE` deletes nothing.
    KeepsDeleted,
}

#[derive(Default)]
pub struct Shop {
    pub fault: ShopFault,
    entries: Mutex<BTreeMap<(String, String), Map<String, Json>>>,
    last_number: Mutex<u64>,
}

/// Why a request is rejected: a status and problems, each with a place.
type Rejection = (u16, Vec<(String, String)>);

impl Shop {
    pub fn new(fault: ShopFault) -> Self {
        let shop = Self { fault, ..Self::default() };
        for number in 1..=2 {
            let plan = json!({"id": format!("plan_{number}"), "title": "starter"});
            shop.lock().insert(
                ("plan".into(), format!("/v1/plans/plan_{number}")),
                plan.as_object().cloned().expect("it is one"),
            );
        }
        shop
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<(String, String), Map<String, Json>>> {
        self.entries.lock().expect("no test panics inside")
    }

    fn respond(&self, request: &Request) -> Result<Response, Rejection> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let path = percent_decode(path, false).unwrap_or_default();
        let same_path: Vec<(Endpoint, Vec<String>)> = endpoints()
            .into_iter()
            .filter_map(|one| Some((match_path(&one.path, &path)?, one)))
            .map(|(labels, one)| (one, labels))
            .collect();
        if same_path.is_empty() {
            return Err((404, vec![("path".into(), "no such route".into())]));
        }
        let found = same_path.into_iter().find(|(one, _)| one.method == request.method);
        let Some((endpoint, labels)) = found else { return Err((405, vec![("method".into(), "not here".into())])) };
        let is_key = |header: &str| {
            header.split_once(' ').is_some_and(|(scheme, key)| scheme.eq_ignore_ascii_case("bearer") && key == KEY)
        };
        if !request.header("authorization").is_some_and(is_key) {
            return Err((401, vec![("authorization".into(), "the key is wrong".into())]));
        }
        for ((name, _), value) in endpoint.labels().iter().zip(&labels) {
            check_label(&endpoint, name, value)?;
        }
        if let Some(limit) = query.split('&').find_map(|pair| pair.strip_prefix("limit="))
            && !limit.parse::<i64>().is_ok_and(|limit| (1..=100).contains(&limit))
        {
            return Err((422, vec![("limit".into(), "must be between 1 and 100".into())]));
        }
        let body = if endpoint.has_body() { Some(self.check_body(&endpoint, &path, &request.body)?) } else { None };
        if endpoint.collection.path.contains('{')
            && self.find("customer", &format!("/v1/customers/{}", labels[0])).is_none()
        {
            return Err((404, vec![("customer_id".into(), "no such customer".into())]));
        }
        let limit = query.split('&').find_map(|pair| pair.strip_prefix("limit=")?.parse().ok()).unwrap_or(20);
        self.apply(&endpoint, &path, body, limit)
    }

    fn find(&self, collection: &str, path: &str) -> Option<Map<String, Json>> {
        self.lock().get(&(collection.to_owned(), path.to_owned())).cloned()
    }

    fn apply(
        &self,
        endpoint: &Endpoint,
        path: &str,
        body: Option<Map<String, Json>>,
        limit: usize,
    ) -> Result<Response, Rejection> {
        let collection = endpoint.collection;
        let key = (collection.name.to_owned(), path.to_owned());
        let missing = || (404, vec![(collection.label.to_owned(), format!("no such {}", collection.name))]);
        match (endpoint.method, endpoint.is_item) {
            ("POST", _) => {
                if self.fault == ShopFault::RejectsCustomers && collection.name == "customer" {
                    return Err((422, vec![("name".into(), "is not what we had in mind".into())]));
                }
                let (id, shown) = self.new_id(collection);
                let mut entry = body.unwrap_or_default();
                entry.insert("id".into(), id);
                if self.fault == ShopFault::ChangesPrices && collection.name == "product" {
                    entry.insert("price".into(), json!(77));
                }
                let place = format!("{path}/{shown}");
                self.lock().insert((key.0, place.clone()), entry.clone());
                if collection.shown == Shown::LocationOnly {
                    return Ok(Response::new(201, "").with("location", &place));
                }
                Ok(show(collection, 201, entry).with("location", &place))
            }
            ("GET", false) => {
                let all = self.lock();
                let inside = |place: &str| place.rsplit_once('/').is_some_and(|(before, _)| before == path);
                let found: Vec<_> = all
                    .iter()
                    .filter(|((name, place), _)| name == collection.name && inside(place))
                    .map(|(_, it)| it.clone())
                    .collect();
                let page = &found[..limit.min(found.len())];
                Ok(json_response(200, &json!({"total": found.len(), "data": page})))
            }
            ("GET", true) => self.find(collection.name, path).map(|it| show(collection, 200, it)).ok_or_else(missing),
            ("DELETE", _) if self.fault == ShopFault::KeepsDeleted => Ok(Response::new(204, "")),
            ("DELETE", _) => self.lock().remove(&key).map(|_| Response::new(204, "")).ok_or_else(missing),
            ("PATCH", _) => {
                let mut all = self.lock();
                let entry = all.get_mut(&key).ok_or_else(missing)?;
                let mut changed = entry.clone();
                changed.extend(body.clone().unwrap_or_default());
                match self.fault {
                    ShopFault::ForgetsUpdates => {}
                    ShopFault::DropsLeftOut => {
                        let is_sent = |name: &str| body.as_ref().is_some_and(|body| body.contains_key(name));
                        changed.retain(|name, _| !["city", "street"].contains(&name.as_str()) || is_sent(name));
                        entry.clone_from(&changed);
                    }
                    _ => entry.clone_from(&changed),
                }
                Ok(show(collection, 200, changed))
            }
            _ => {
                let mut all = self.lock();
                let mut entry = body.unwrap_or_default();
                if collection.ids == Ids::Chosen {
                    entry.insert(collection.label.into(), json!(path.rsplit('/').next()));
                } else {
                    let known = all.get(&key).ok_or_else(missing)?;
                    entry.insert("id".into(), known["id"].clone());
                }
                all.insert(key, entry.clone());
                Ok(show(collection, 200, entry))
            }
        }
    }

    fn new_id(&self, collection: &Collection) -> (Json, String) {
        let mut last = self.last_number.lock().expect("no test panics inside");
        *last += 1;
        let number = *last;
        match collection.ids {
            Ids::Uuid => {
                let id = format!("{number:08x}-1111-4222-8333-444455556666");
                (json!(id), id)
            }
            Ids::Prefixed(prefix) => {
                let id = format!("{prefix}{number:06}");
                (json!(id), id)
            }
            Ids::Number | Ids::Chosen => (json!(number), number.to_string()),
        }
    }

    fn check_body(&self, endpoint: &Endpoint, path: &str, body: &[u8]) -> Result<Map<String, Json>, Rejection> {
        let parsed: Json =
            serde_json::from_slice(body).map_err(|_| (422, vec![("body".into(), "is not JSON".into())]))?;
        let Json::Object(given) = parsed else { return Err((422, vec![("body".into(), "must be an object".into())])) };
        let mut problems = Vec::new();
        for field in endpoint.collection.fields {
            match given.get(field.name) {
                None if endpoint.is_optional(field) => {}
                None => problems.push((field.name.to_owned(), "is required".to_owned())),
                Some(value) => problems.extend(self.check_field(field, value).map(|why| (field.name.to_owned(), why))),
            }
        }
        if !problems.is_empty() {
            return Err((422, problems));
        }
        let is_other = |place: &str| endpoint.method == "POST" || place != path;
        let taken = given.get("email").is_some_and(|email| {
            self.lock().iter().any(|((_, place), entry)| is_other(place) && entry.get("email") == Some(email))
        });
        if taken {
            return Err((409, vec![("email".into(), "is already taken".into())]));
        }
        let known = |name: &String| endpoint.collection.fields.iter().any(|field| field.name == *name);
        Ok(given.into_iter().filter(|(name, _)| known(name)).collect())
    }

    fn check_field(&self, field: &Field, value: &Json) -> Option<String> {
        let text = value.as_str();
        let whole = |value: &Json, min: i64, max: i64| {
            value.as_f64().is_some_and(|number| number.fract() == 0.0 && number >= min as f64 && number <= max as f64)
        };
        let is_known = |collection: &str, id: &str| {
            let path = COLLECTIONS.iter().find(|one| one.name == collection).map(|one| format!("{}/{id}", one.path));
            path.is_some_and(|path| self.find(collection, &path).is_some())
        };
        let fits = match field.kind {
            Kind::Text(3, 3) => text.is_some_and(|text| ["USD", "EUR"].contains(&text)),
            Kind::Text(min, max) => {
                let max =
                    if self.fault == ShopFault::StoresLongNames && field.name == "name" { usize::MAX } else { max };
                text.is_some_and(|text| (min..=max).contains(&text.chars().count()))
            }
            Kind::Email => text.is_some_and(|text| text.contains('@') && text.chars().count() <= 254),
            Kind::Whole(min, max) => whole(value, min, max),
            Kind::Choice(values) => text.is_some_and(|text| values.contains(&text)),
            Kind::Reference(collection) => text.is_some_and(|id| is_known(collection, id)),
            Kind::Lines => value.as_array().is_some_and(|lines| {
                (1..=10).contains(&lines.len())
                    && lines.iter().all(|line| {
                        line.get("product_id").and_then(Json::as_str).is_some_and(|id| is_known("product", id))
                            && line.get("quantity").is_some_and(|quantity| whole(quantity, 1, 99))
                    })
            }),
        };
        let why = match field.kind {
            Kind::Text(3, 3) => "must be one of USD, EUR",
            Kind::Reference(_) => "does not exist",
            _ => "is invalid",
        };
        (!fits).then(|| why.to_owned())
    }
}

fn check_label(endpoint: &Endpoint, name: &str, value: &str) -> Result<(), Rejection> {
    let is_uuid = || {
        let parts: Vec<usize> = value.split('-').map(str::len).collect();
        parts == [8, 4, 4, 4, 12] && value.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
    };
    let count = value.chars().count();
    let fits = match (name, endpoint.collection.ids) {
        ("customer_id", _) => is_uuid(),
        (_, Ids::Number) => value.parse::<f64>().is_ok_and(|number| number.fract() == 0.0 && number >= 1.0),
        (_, Ids::Chosen) => count <= 64 && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-'),
        _ => count <= 64,
    };
    if fits && count > 0 { Ok(()) } else { Err((422, vec![(name.to_owned(), "is no valid id".to_owned())])) }
}

/// Returns the values of the labels if a path matches a route.
fn match_path(route: &str, path: &str) -> Option<Vec<String>> {
    let (route, path): (Vec<&str>, Vec<&str>) = (route.split('/').collect(), path.split('/').collect());
    let same =
        route.len() == path.len() && route.iter().zip(&path).all(|(one, other)| one.starts_with('{') || one == other);
    let labels = route.iter().zip(&path).filter(|(one, _)| one.starts_with('{')).map(|(_, value)| (*value).to_owned());
    same.then(|| labels.collect())
}

fn show(collection: &Collection, status: u16, entry: Map<String, Json>) -> Response {
    match collection.shown {
        Shown::Inside(name) => json_response(status, &json!({ name: entry })),
        _ => json_response(status, &Json::Object(entry)),
    }
}

fn json_response(status: u16, body: &Json) -> Response {
    Response::new(status, body.to_string()).with("content-type", "application/json")
}

impl Service for Shop {
    fn answer(&self, request: &Request) -> Response {
        self.respond(request).unwrap_or_else(|(status, problems)| {
            let errors: Vec<Json> = problems
                .into_iter()
                .map(|(path, msg)| json!({"type": "field", "path": path, "msg": msg, "location": "body"}))
                .collect();
            json_response(status, &json!({ "errors": errors }))
        })
    }
}
