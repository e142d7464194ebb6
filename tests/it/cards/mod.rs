//! An invented service that follows its documentation, with optional faults that no boundary test reaches.
//!
//! Shared by tests, fuzz targets and benchmarks of fuzzing, over HTTP and in process.

#![allow(dead_code, reason = "each user needs a part of it")]

pub mod service;

use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Contract of the service.
pub const CONTRACT: &str = include_str!("cards.contract.json");
/// Scenario for the service.
pub const SCENARIO: &str = include_str!("cards.toml");

/// A fault of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No fault.
    Faithful,
    /// Two particular keys in one request fail with 500.
    TwoKeys,
    /// The fifth update after a rejected one is lost.
    FifthUpdate,
    /// A text of 77 characters with a combining mark is rejected.
    LengthAndMark,
    /// One kind of link fails with 500 together with one status.
    KindAndStatus,
}

/// All faults.
pub const FAULTS: [Fault; 4] = [Fault::TwoKeys, Fault::FifthUpdate, Fault::LengthAndMark, Fault::KindAndStatus];

impl Fault {
    /// Returns the fault that `OVERSTEP_FAULT` names, for the fuzz target.
    #[allow(clippy::disallowed_methods, reason = "a fuzz target has no flags of its own")]
    pub fn from_environment() -> Self {
        let name = std::env::var("OVERSTEP_FAULT").unwrap_or_default();
        FAULTS.into_iter().find(|fault| format!("{fault:?}") == name).unwrap_or(Self::Faithful)
    }
}

#[derive(Default)]
struct Card {
    labels: Map<String, Json>,
    /// Number of updates since a rejected one, if there was one.
    since_rejected: Option<u32>,
}

/// The service with its state.
pub struct Cards {
    fault: Fault,
    cards: Mutex<CardStore>,
}

/// Cards by id. Cards that were not used for a long time are dropped, so that long runs use bounded memory.
#[derive(Default)]
struct CardStore {
    recent: HashMap<String, Card>,
    old: HashMap<String, Card>,
}

impl CardStore {
    fn card(&mut self, id: String) -> &mut Card {
        const MAX_RECENT: usize = 20_000;
        if self.recent.len() >= MAX_RECENT {
            self.old = std::mem::take(&mut self.recent);
        }
        let old = self.old.remove(&id).unwrap_or_default();
        self.recent.entry(id).or_insert(old)
    }
}

impl Cards {
    /// Creates a service with this fault.
    pub fn new(fault: Fault) -> Self {
        Self { fault, cards: Mutex::default() }
    }

    /// Returns status and body of the response to a request.
    pub fn respond(&self, method: &str, target: &str, body: &[u8]) -> (u16, Json) {
        let path = target.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let ["cards", id, what] = parts.as_slice() else { return not_found() };
        let Some(id) = percent_decode(id).filter(|id| (1..=40).contains(&id.chars().count())) else {
            return bad_request("id");
        };
        let mut cards = self.cards.lock().unwrap_or_else(PoisonError::into_inner);
        let card = cards.card(id);
        match (method, *what) {
            ("GET", "labels") => (200, json!({ "labels": card.labels })),
            ("POST", "labels") => {
                let response = self.put(card, body);
                if response.0 == 400 {
                    card.since_rejected = Some(0);
                }
                response
            }
            ("POST", "links") => self.link(body),
            _ => not_found(),
        }
    }

    fn put(&self, card: &mut Card, body: &[u8]) -> (u16, Json) {
        let Some(Json::Object(input)) = parse_object(body).map(|mut body| body.remove("labels").unwrap_or_default())
        else {
            return bad_request("labels");
        };
        let is_valid = input.iter().all(|(name, text)| {
            (1..=64).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                && text.as_str().is_some_and(|text| text.chars().count() <= 200)
        });
        let total = card.labels.len() + input.keys().filter(|name| !card.labels.contains_key(*name)).count();
        if !is_valid || input.len() > 50 || total > 50 {
            return bad_request("labels");
        }
        if self.fault == Fault::TwoKeys && input.contains_key("k") && input.contains_key("q") {
            return internal_error();
        }
        if let Some(count) = &mut card.since_rejected {
            *count += 1;
            if self.fault == Fault::FifthUpdate && *count == 5 {
                return (200, json!({}));
            }
        }
        card.labels.extend(input);
        (200, json!({}))
    }

    fn link(&self, body: &[u8]) -> (u16, Json) {
        let Some(input) = parse_object(body) else { return bad_request("the body") };
        let is_allowed = |name: &str, allowed: &[&str]| match input.get(name) {
            Some(Json::String(text)) => allowed.contains(&text.as_str()),
            Some(Json::Null) | None => name != "kind",
            Some(_) => false,
        };
        if !is_allowed("kind", &["URL", "EMAIL", "NUMBER", "STRING", "DATE", "FILE"])
            || !is_allowed("status", &["OPEN", "APPROVED", "REJECTED", "FAILED", "CLOSED"])
        {
            return bad_request("kind or status");
        }
        match input.get("note") {
            None | Some(Json::Null) => {}
            Some(Json::String(note)) => {
                let count = note.chars().count();
                let marked = note.chars().any(|c| matches!(c, '\u{300}'..='\u{36f}'));
                if count > 120 || (self.fault == Fault::LengthAndMark && count == 77 && marked) {
                    return bad_request("note");
                }
            }
            Some(_) => return bad_request("note"),
        }
        let is = |name: &str, text: &str| input.get(name).and_then(Json::as_str) == Some(text);
        if self.fault == Fault::KindAndStatus && is("kind", "EMAIL") && is("status", "REJECTED") {
            return internal_error();
        }
        (200, json!({}))
    }
}

fn parse_object(body: &[u8]) -> Option<Map<String, Json>> {
    match serde_json::from_slice(body) {
        Ok(Json::Object(members)) => Some(members),
        _ => None,
    }
}

fn percent_decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        bytes.push(match byte {
            b'%' => u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?,
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

fn bad_request(what: &str) -> (u16, Json) {
    (400, json!({ "error": { "code": "validation_error", "message": format!("{what} is invalid") } }))
}

fn not_found() -> (u16, Json) {
    (404, json!({ "error": { "code": "unknown", "message": "no such operation" } }))
}

fn internal_error() -> (u16, Json) {
    (500, json!({ "error": { "code": "internal", "message": "something went wrong" } }))
}
