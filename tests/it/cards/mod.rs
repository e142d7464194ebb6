//! A made-up service that does all that its documents say, and wrong what no document points at: faults that no
//! boundary reaches.
//!
//! Shared by the tests of fuzzing over HTTP and in the process.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub mod service;

use serde_json::{Map, Value as Json, json};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What the service promises.
pub const CONTRACT: &str = include_str!("cards.contract.json");
/// How it is used.
pub const SCENARIO: &str = include_str!("cards.toml");

/// One mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// None.
    Faithful,
    /// Two particular keys together end in a failure.
    TwoKeys,
    /// The fifth update after a refused one is lost.
    FifthUpdate,
    /// A text of 77 characters with a combining mark in it is refused.
    LengthAndMark,
    /// One kind of link fails with one status only.
    KindAndStatus,
}

/// All that are mistakes.
pub const FAULTS: [Fault; 4] = [Fault::TwoKeys, Fault::FifthUpdate, Fault::LengthAndMark, Fault::KindAndStatus];

impl Fault {
    /// The one that the environment names, for a fuzz target that looks for each in turn.
    #[allow(clippy::disallowed_methods, reason = "a fuzz target has no flags of its own")]
    pub fn named() -> Self {
        let name = std::env::var("OVERSTEP_FAULT").unwrap_or_default();
        FAULTS.into_iter().find(|fault| format!("{fault:?}") == name).unwrap_or(Self::Faithful)
    }
}

#[derive(Default)]
struct Card {
    labels: Map<String, Json>,
    /// Updates since one was refused; none where none was.
    since_refused: Option<u32>,
}

/// The service with its state.
pub struct Cards {
    fault: Fault,
    cards: Mutex<Kept>,
}

/// Cards by their ids. What nobody asked for during many others is forgotten: a long run must not fill the memory.
#[derive(Default)]
struct Kept {
    young: HashMap<String, Card>,
    old: HashMap<String, Card>,
}

impl Kept {
    fn card(&mut self, id: String) -> &mut Card {
        const MOST: usize = 20_000;
        if self.young.len() >= MOST {
            self.old = std::mem::take(&mut self.young);
        }
        let old = self.old.remove(&id).unwrap_or_default();
        self.young.entry(id).or_insert(old)
    }
}

impl Cards {
    /// With this mistake.
    pub fn new(fault: Fault) -> Self {
        Self { fault, cards: Mutex::default() }
    }

    /// The answer to a request: a status and a body.
    pub fn answer(&self, method: &str, target: &str, body: &[u8]) -> (u16, Json) {
        let path = target.split('?').next().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let ["cards", id, what] = parts.as_slice() else { return unknown() };
        let Some(id) = decoded(id).filter(|id| (1..=40).contains(&id.chars().count())) else { return refused("id") };
        let mut cards = self.cards.lock().unwrap_or_else(PoisonError::into_inner);
        let card = cards.card(id);
        match (method, *what) {
            ("GET", "labels") => (200, json!({ "labels": card.labels })),
            ("POST", "labels") => {
                let answer = self.put(card, body);
                if answer.0 == 400 {
                    card.since_refused = Some(0);
                }
                answer
            }
            ("POST", "links") => self.link(body),
            _ => unknown(),
        }
    }

    fn put(&self, card: &mut Card, body: &[u8]) -> (u16, Json) {
        let Some(Json::Object(given)) = read(body).map(|mut body| body.remove("labels").unwrap_or_default()) else {
            return refused("labels");
        };
        let in_order = given.iter().all(|(name, text)| {
            (1..=64).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
                && text.as_str().is_some_and(|text| text.chars().count() <= 200)
        });
        let total = card.labels.len() + given.keys().filter(|name| !card.labels.contains_key(*name)).count();
        if !in_order || given.len() > 50 || total > 50 {
            return refused("labels");
        }
        if self.fault == Fault::TwoKeys && given.contains_key("k") && given.contains_key("q") {
            return failed();
        }
        if let Some(count) = &mut card.since_refused {
            *count += 1;
            if self.fault == Fault::FifthUpdate && *count == 5 {
                return (200, json!({}));
            }
        }
        card.labels.extend(given);
        (200, json!({}))
    }

    fn link(&self, body: &[u8]) -> (u16, Json) {
        let Some(given) = read(body) else { return refused("the body") };
        let of = |name: &str, allowed: &[&str]| match given.get(name) {
            Some(Json::String(text)) => allowed.contains(&text.as_str()),
            Some(Json::Null) | None => name != "kind",
            Some(_) => false,
        };
        if !of("kind", &["URL", "EMAIL", "NUMBER", "STRING", "DATE", "FILE"])
            || !of("status", &["OPEN", "APPROVED", "REJECTED", "FAILED", "CLOSED"])
        {
            return refused("kind or status");
        }
        match given.get("note") {
            None | Some(Json::Null) => {}
            Some(Json::String(note)) => {
                let count = note.chars().count();
                let marked = note.chars().any(|c| matches!(c, '\u{300}'..='\u{36f}'));
                if count > 120 || (self.fault == Fault::LengthAndMark && count == 77 && marked) {
                    return refused("note");
                }
            }
            Some(_) => return refused("note"),
        }
        let is = |name: &str, text: &str| given.get(name).and_then(Json::as_str) == Some(text);
        if self.fault == Fault::KindAndStatus && is("kind", "EMAIL") && is("status", "REJECTED") {
            return failed();
        }
        (200, json!({}))
    }
}

fn read(body: &[u8]) -> Option<Map<String, Json>> {
    match serde_json::from_slice(body) {
        Ok(Json::Object(members)) => Some(members),
        _ => None,
    }
}

fn decoded(segment: &str) -> Option<String> {
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

fn refused(what: &str) -> (u16, Json) {
    (400, json!({ "error": { "code": "validation_error", "message": format!("{what} is not in order") } }))
}

fn unknown() -> (u16, Json) {
    (404, json!({ "error": { "code": "unknown", "message": "no such operation" } }))
}

fn failed() -> (u16, Json) {
    (500, json!({ "error": { "code": "internal", "message": "something went wrong" } }))
}
