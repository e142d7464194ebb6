//! Records a conversation so far: what the client sent, and which identifiers the endpoint assigned.
//!
//! The side that mentions a value first owns it: values from the client must come back unchanged, values from the
//! endpoint may differ between endpoints. It never compares two conversations.

use super::look::{Class, Part, is_drawn, is_moment, parts};
use super::name::Nature;
use crate::contract::{Contract, Protocol};
use crate::generate::{Case, Send, Step, Value};
use crate::wire::{self, Message};
use percent_encoding::percent_decode_str;
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};

/// A part of a text, with volatile content replaced.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Piece {
    /// Literal text.
    Plain(String),
    /// Volatile content of this kind.
    Of(Class),
    /// An identifier that the endpoint assigned, by its number in the conversation.
    Id(u32),
}

/// The conversation of one case.
pub(super) struct Said {
    /// Every text that the client sent.
    leaves: HashSet<String>,
    /// All sent texts in one string, to search for parts of them.
    text: String,
    numbers: Vec<f64>,
    /// Texts and words from responses that contain volatile content.
    given: HashMap<String, Vec<Piece>>,
    ids: u32,
    tokens: Vec<String>,
    /// Whether the last request refers to something that belongs to this case alone.
    pub own: bool,
    /// Whether the last request repeats a value that the endpoint assigned.
    repeats: bool,
}

/// Number of the case's tokens that are recognized.
const TOKENS: u32 = 4;
/// Minimum length of a sent text to count as the prefix of a longer one.
const TELLING: usize = 3;
/// Headers that only carry authentication, time and destination.
const FRAME: [&str; 9] = [
    "authorization",
    "host",
    "date",
    "x-amz-date",
    "x-amz-security-token",
    "x-amz-content-sha256",
    "user-agent",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
];

impl Said {
    /// Creates an empty transcript.
    pub fn new(case: &Case) -> Self {
        Self {
            leaves: HashSet::new(),
            text: String::new(),
            numbers: Vec::new(),
            given: HashMap::new(),
            ids: 0,
            tokens: (1..=TOKENS).map(|number| case.id.token(number)).collect(),
            own: false,
            repeats: false,
        }
    }

    /// Records a request.
    pub fn send(&mut self, contract: &Contract, step: &Step, sent: &Message) {
        let mut leaves = Vec::new();
        let (path, query) = sent.target.split_once('?').unwrap_or((&sent.target, ""));
        leaves.extend(path.split('/').map(decoded));
        leaves.push(decoded(path));
        pairs(query, &mut leaves);
        let told = sent.headers.iter().filter(|(name, _)| !FRAME.contains(&name.to_ascii_lowercase().as_str()));
        leaves.extend(told.map(|(_, value)| value.clone()));
        if let Ok(text) = std::str::from_utf8(&sent.body) {
            leaves.push(text.to_owned());
            if matches!(contract.protocol, Some(Protocol::AwsQuery | Protocol::Ec2Query)) {
                pairs(text, &mut leaves);
            }
        } else {
            leaves.push(data_encoding::BASE64.encode(&sent.body));
        }
        if let Ok(document) = wire::document(contract.protocol, &sent.body, None) {
            self.of_json(&document, &mut leaves);
        }
        match &step.send {
            Send::Operation { input, .. } => self.of_value(input, &mut leaves),
            Send::Raw { body, .. } => {
                if let Some(body) = body {
                    self.of_value(body, &mut leaves);
                }
            }
        }
        self.repeats = leaves.iter().any(|leaf| self.given.contains_key(leaf));
        self.own = self.repeats || leaves.iter().any(|leaf| self.tokens.iter().any(|token| leaf.contains(token)));
        for leaf in leaves.into_iter().filter(|leaf| !leaf.is_empty()) {
            if self.leaves.contains(&leaf) {
                continue;
            }
            self.text.push_str(&self.without_given(&leaf));
            self.text.push('\n');
            self.leaves.insert(leaf);
        }
    }

    /// Removes values that the endpoint assigned from a sent text; repeating a value does not make it the client's.
    fn without_given(&self, leaf: &str) -> String {
        let mut given: Vec<&String> = self.given.keys().filter(|one| is_long(one) && leaf.contains(*one)).collect();
        given.sort_unstable_by_key(|one| std::cmp::Reverse(one.len()));
        given.into_iter().fold(leaf.to_owned(), |leaf, one| leaf.replace(one.as_str(), " "))
    }

    fn of_json(&mut self, json: &Json, leaves: &mut Vec<String>) {
        match json {
            Json::String(text) => {
                if let Some(inner) = inner(text) {
                    self.of_json(&inner, leaves);
                }
                leaves.push(text.clone());
            }
            Json::Number(number) => self.numbers.extend(number.as_f64()),
            Json::Array(items) => items.iter().for_each(|item| self.of_json(item, leaves)),
            Json::Object(members) => {
                for (name, value) in members {
                    leaves.push(name.clone());
                    self.of_json(value, leaves);
                }
            }
            Json::Null | Json::Bool(_) => {}
        }
    }

    fn of_value(&mut self, value: &Value, leaves: &mut Vec<String>) {
        match value {
            Value::Text(text) | Value::Raw(text) => leaves.push(text.clone()),
            Value::Number(text) => {
                self.numbers.extend(text.parse::<f64>());
                leaves.push(text.clone());
            }
            Value::Blob(bytes) => leaves.push(data_encoding::BASE64.encode(bytes)),
            Value::List(items) => items.iter().for_each(|item| self.of_value(item, leaves)),
            Value::Map(members) => {
                for (name, value) in members {
                    leaves.push(name.clone());
                    self.of_value(value, leaves);
                }
            }
            // The values of its placeholders are taken from the sent request.
            Value::Template(_) | Value::Null | Value::Boolean(_) => {}
        }
    }

    /// Returns true if the client sent this number on its own, not because the endpoint had assigned it.
    pub fn sent_number(&self, number: f64) -> bool {
        if self.given.contains_key(&number.to_string()) {
            return false;
        }
        self.numbers.iter().any(|sent| (sent - number).abs() < 0.002 || (sent - number * 1000.0).abs() < 2.0)
            || is_moment(number) && self.text.contains(&(number as i64).to_string())
    }

    /// Returns true if a text belongs to this case: the client sent it or a part of it, or the endpoint assigned it
    /// earlier.
    pub fn is_ours(&self, text: &str) -> bool {
        self.leaves.contains(text)
            || self.given.contains_key(text)
            || self.tokens.iter().any(|token| text.contains(token))
            || parts(text).iter().any(|part| match part {
                Part::Word(word) | Part::Drawn(word) => {
                    word.len() > TELLING && (self.leaves.contains(*word) || self.given.contains_key(*word))
                }
                _ => false,
            })
    }

    /// Splits a text from a response into parts, with volatile content replaced.
    pub fn pieces(&mut self, text: &str, nature: Nature) -> Vec<Piece> {
        if let Some(known) = self.known(text, nature) {
            return known.clone();
        }
        let plain = || vec![Piece::Plain(text.to_owned())];
        if text.is_empty() || self.leaves.contains(text) || nature == Nature::Word {
            return plain();
        }
        // A digest of the client's own bytes is the same on every endpoint.
        if nature == Nature::Digest && !self.repeats {
            return plain();
        }
        let is_path = text.contains(':') || text.starts_with('/');
        let whole = match nature {
            Nature::Secret => true,
            Nature::Id => !is_path && (is_drawn(text) || text.bytes().any(|byte| byte.is_ascii_digit())),
            _ => text.starts_with("-----BEGIN "),
        };
        let pieces = if whole { vec![self.id(text)] } else { self.cut(text, nature) };
        if pieces.iter().any(|piece| !matches!(piece, Piece::Plain(_))) {
            self.given.insert(text.to_owned(), pieces.clone());
        }
        pieces
    }

    /// Returns the parts of a text that the endpoint has used before. A short text may be an unrelated number, so it
    /// counts only for identifiers and names.
    fn known(&self, text: &str, nature: Nature) -> Option<&Vec<Piece>> {
        let telling = is_long(text) || matches!(nature, Nature::Id | Nature::Secret | Nature::Name);
        self.given.get(text).filter(|_| telling)
    }

    fn cut(&mut self, text: &str, nature: Nature) -> Vec<Piece> {
        let mut out: Vec<Piece> = Vec::new();
        for part in parts(text) {
            let pieces = match part {
                Part::Plain(text) => vec![Piece::Plain(text.to_owned())],
                Part::Is(class, _) => vec![Piece::Of(class)],
                Part::Looks(_, text) if self.text.contains(text) => vec![Piece::Plain(text.to_owned())],
                Part::Looks(class, _) => vec![Piece::Of(class)],
                Part::Word(word) => self.word(word, is_drawn(word), nature),
                Part::Drawn(word) => self.word(word, true, nature),
            };
            for piece in pieces {
                match (out.last_mut(), piece) {
                    (Some(Piece::Plain(before)), Piece::Plain(more)) => before.push_str(&more),
                    (_, piece) => out.push(piece),
                }
            }
        }
        out
    }

    fn word(&mut self, word: &str, drawn: bool, nature: Nature) -> Vec<Piece> {
        if let Some(known) = self.known(word, nature) {
            return known.clone();
        }
        let pieces = if self.text.contains(word) {
            vec![Piece::Plain(word.to_owned())]
        } else if let Some((ours, added)) = self.lengthened(word, nature) {
            let id = self.id(added);
            vec![Piece::Plain(ours.to_owned()), id]
        } else if drawn {
            return vec![self.id(word)];
        } else {
            return vec![Piece::Plain(word.to_owned())];
        };
        if pieces.len() > 1 {
            self.given.insert(word.to_owned(), pieces.clone());
        }
        pieces
    }

    /// Splits a sent name from the suffix that makes it unique.
    fn lengthened<'w>(&self, word: &'w str, nature: Nature) -> Option<(&'w str, &'w str)> {
        let at = word.rfind(['-', '_'])? + 1;
        let (ours, added) = word.split_at(at);
        let bare = &ours[..at - 1];
        let is_unique = is_drawn(added) || matches!(nature, Nature::Id | Nature::Name) && added.len() >= 4;
        (bare.len() >= TELLING && self.leaves.contains(bare) && is_unique).then_some((ours, added))
    }

    /// Returns the part for an identifier, numbering it on first use.
    pub fn id(&mut self, text: &str) -> Piece {
        if let Some([Piece::Id(id)]) = self.given.get(text).map(Vec::as_slice) {
            return Piece::Id(*id);
        }
        self.ids += 1;
        self.given.insert(text.to_owned(), vec![Piece::Id(self.ids)]);
        Piece::Id(self.ids)
    }

    /// Returns true if the client sent exactly this text on its own, not because the endpoint had assigned it.
    pub fn is_sent(&self, text: &str) -> bool {
        self.leaves.contains(text) && !self.given.contains_key(text)
    }
}

/// Parses a JSON document embedded in a text.
pub(super) fn inner(text: &str) -> Option<Json> {
    text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(text).ok())?
}

/// Returns true if a text is long enough to denote the same thing wherever it occurs.
fn is_long(text: &str) -> bool {
    text.len() >= 8
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn pairs(text: &str, leaves: &mut Vec<String>) {
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        leaves.extend([name, value].map(|part| decoded(&part.replace('+', " "))));
    }
}
