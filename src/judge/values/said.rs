//! What a conversation has said up to now: what we sent, and which identifiers the endpoint gave.
//!
//! Whoever says a value first owns it: what we sent must come back as it is, what the endpoint gave is its own.

use super::look::{Class, Part, is_drawn, is_moment, parts};
use super::name::Nature;
use crate::contract::{Contract, Protocol};
use crate::generate::{Case, Send, Step, Value};
use crate::wire::{self, Message};
use percent_encoding::percent_decode_str;
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};

/// A part of a text, with what differs by nature taken out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Piece {
    /// As it was said.
    Plain(String),
    /// Of this kind.
    Of(Class),
    /// An identifier that the endpoint gave, by its number in the conversation.
    Id(u32),
}

/// What was said in one case.
pub(super) struct Said {
    /// Each text that we sent.
    leaves: HashSet<String>,
    /// All of them, for parts of texts.
    text: String,
    numbers: Vec<f64>,
    /// Texts and words of answers that hold something by nature.
    given: HashMap<String, Vec<Piece>>,
    ids: u32,
    tokens: Vec<String>,
    /// Whether what was sent last speaks of something that is only this case's.
    pub own: bool,
    /// Whether what was sent last repeats what the endpoint gave.
    repeats: bool,
}

/// So many tokens of a case are known as its own.
const TOKENS: u32 = 4;
/// Shorter texts of ours are no proof that a longer one begins with them.
const TELLING: usize = 3;
/// Headers that say who sends when and where to, and nothing else.
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
    /// Nothing yet.
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

    /// Takes note of a request.
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

    /// A text of ours without what the endpoint gave: that is not ours because we repeat it.
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
            // What stands in its holes is known from the message.
            Value::Template(_) | Value::Null | Value::Boolean(_) => {}
        }
    }

    /// Whether we sent this number, and not because it was given to us.
    pub fn sent_number(&self, number: f64) -> bool {
        if self.given.contains_key(&number.to_string()) {
            return false;
        }
        self.numbers.iter().any(|sent| (sent - number).abs() < 0.002 || (sent - number * 1000.0).abs() < 2.0)
            || is_moment(number) && self.text.contains(&(number as i64).to_string())
    }

    /// Whether a text belongs to this case: we sent it or a part of it, or it was given to us before.
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

    /// A text of an answer, with what differs by nature taken out.
    pub fn pieces(&mut self, text: &str, nature: Nature) -> Vec<Piece> {
        if let Some(known) = self.known(text, nature) {
            return known.clone();
        }
        let plain = || vec![Piece::Plain(text.to_owned())];
        if text.is_empty() || self.leaves.contains(text) || nature == Nature::Word {
            return plain();
        }
        // What is made of our bytes alone is the same everywhere.
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

    /// What was given to us under this text; a short one may be a number of something else.
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

    /// A name of ours with something after it that makes it unique.
    fn lengthened<'w>(&self, word: &'w str, nature: Nature) -> Option<(&'w str, &'w str)> {
        let at = word.rfind(['-', '_'])? + 1;
        let (ours, added) = word.split_at(at);
        let bare = &ours[..at - 1];
        let is_unique = is_drawn(added) || matches!(nature, Nature::Id | Nature::Name) && added.len() >= 4;
        (bare.len() >= TELLING && self.leaves.contains(bare) && is_unique).then_some((ours, added))
    }

    /// The number of an identifier.
    pub fn id(&mut self, text: &str) -> Piece {
        if let Some([Piece::Id(id)]) = self.given.get(text).map(Vec::as_slice) {
            return Piece::Id(*id);
        }
        self.ids += 1;
        self.given.insert(text.to_owned(), vec![Piece::Id(self.ids)]);
        Piece::Id(self.ids)
    }

    /// Whether a text is word for word what we sent, and not because it was given to us.
    pub fn is_sent(&self, text: &str) -> bool {
        self.leaves.contains(text) && !self.given.contains_key(text)
    }
}

/// A document inside a text.
pub(super) fn inner(text: &str) -> Option<Json> {
    text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(text).ok())?
}

/// Whether a text is long enough to be the same wherever it comes up.
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
