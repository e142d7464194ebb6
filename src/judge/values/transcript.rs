//! Records a conversation so far: what the client sent, and which identifiers the endpoint assigned.
//!
//! The side that mentions a value first owns it: values from the client must come back unchanged, values from the
//! endpoint may differ between endpoints. It never compares two conversations.

use super::value_kind::ValueKind;
use super::volatile::{TextToken, VolatileKind, is_random_looking, is_timestamp, tokenize};
use crate::case::{Case, Step, StepRequest, Value};
use crate::contract::{Contract, Protocol};
use crate::wire::{self, EncodedRequest};
use percent_encoding::percent_decode_str;
use serde_json::Value as Json;
use std::collections::{HashMap, HashSet};

/// A part of a text, with volatile content replaced.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum TextPart {
    /// Literal text.
    Literal(String),
    /// Volatile content of this kind.
    Volatile(VolatileKind),
    /// An identifier that the endpoint assigned, by its number in the conversation.
    Identifier(u32),
}

/// The conversation of one case.
pub(super) struct Transcript {
    /// Every text that the client sent.
    sent_texts: HashSet<String>,
    /// All sent texts in one string, to search for parts of them.
    joined_sent_text: String,
    sent_numbers: Vec<f64>,
    /// Texts and words from responses that contain volatile content.
    assigned: HashMap<String, Vec<TextPart>>,
    identifier_count: u32,
    tokens: Vec<String>,
    /// Whether the last request refers to something that belongs to this case alone.
    pub refers_to_own_resource: bool,
    /// Whether the last request repeats a value that the endpoint assigned.
    repeats_assigned_value: bool,
}

/// Number of the case's tokens that are recognized.
const MAX_TOKENS: u32 = 4;
/// Minimum length of a sent text to count as the prefix of a longer one.
const MIN_PREFIX_LENGTH: usize = 3;
/// Headers that only carry authentication, time and destination.
const TRANSPORT_HEADERS: [&str; 9] = [
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

impl Transcript {
    /// Creates an empty transcript.
    pub fn new(case: &Case) -> Self {
        Self {
            sent_texts: HashSet::new(),
            joined_sent_text: String::new(),
            sent_numbers: Vec::new(),
            assigned: HashMap::new(),
            identifier_count: 0,
            tokens: (1..=MAX_TOKENS).map(|number| case.id.token(number)).collect(),
            refers_to_own_resource: false,
            repeats_assigned_value: false,
        }
    }

    /// Records a request.
    pub fn record_request(&mut self, contract: &Contract, step: &Step, sent: &EncodedRequest) {
        let mut leaves = Vec::new();
        let (path, query) = sent.target.split_once('?').unwrap_or((&sent.target, ""));
        leaves.extend(path.split('/').map(percent_decoded));
        leaves.push(percent_decoded(path));
        collect_query_pairs(query, &mut leaves);
        let relevant_headers =
            sent.headers.iter().filter(|(name, _)| !TRANSPORT_HEADERS.contains(&name.to_ascii_lowercase().as_str()));
        leaves.extend(relevant_headers.map(|(_, value)| value.clone()));
        if let Ok(text) = std::str::from_utf8(&sent.body) {
            leaves.push(text.to_owned());
            if matches!(contract.protocol, Some(Protocol::AwsQuery | Protocol::Ec2Query)) {
                collect_query_pairs(text, &mut leaves);
            }
        } else {
            leaves.push(data_encoding::BASE64.encode(&sent.body));
        }
        if let Ok(document) = wire::decode_document(contract.protocol, &sent.body, None) {
            self.collect_json(&document, &mut leaves);
        }
        match &step.request {
            StepRequest::Operation { input, .. } => self.collect_value(input, &mut leaves),
            StepRequest::Raw { body, .. } => {
                if let Some(body) = body {
                    self.collect_value(body, &mut leaves);
                }
            }
        }
        self.repeats_assigned_value = leaves.iter().any(|leaf| self.assigned.contains_key(leaf));
        self.refers_to_own_resource = self.repeats_assigned_value
            || leaves.iter().any(|leaf| self.tokens.iter().any(|token| leaf.contains(token)));
        for leaf in leaves.into_iter().filter(|leaf| !leaf.is_empty()) {
            if self.sent_texts.contains(&leaf) {
                continue;
            }
            self.joined_sent_text.push_str(&self.remove_assigned_values(&leaf));
            self.joined_sent_text.push('\n');
            self.sent_texts.insert(leaf);
        }
    }

    /// Removes values that the endpoint assigned from a sent text; repeating a value does not make it the client's.
    fn remove_assigned_values(&self, leaf: &str) -> String {
        let mut given: Vec<&String> =
            self.assigned.keys().filter(|one| is_distinctive(one) && leaf.contains(*one)).collect();
        given.sort_unstable_by_key(|one| std::cmp::Reverse(one.len()));
        given.into_iter().fold(leaf.to_owned(), |leaf, one| leaf.replace(one.as_str(), " "))
    }

    fn collect_json(&mut self, json: &Json, leaves: &mut Vec<String>) {
        match json {
            Json::String(text) => {
                if let Some(inner) = parse_embedded_json(text) {
                    self.collect_json(&inner, leaves);
                }
                leaves.push(text.clone());
            }
            Json::Number(number) => self.sent_numbers.extend(number.as_f64()),
            Json::Array(items) => items.iter().for_each(|item| self.collect_json(item, leaves)),
            Json::Object(members) => {
                for (name, value) in members {
                    leaves.push(name.clone());
                    self.collect_json(value, leaves);
                }
            }
            Json::Null | Json::Bool(_) => {}
        }
    }

    fn collect_value(&mut self, value: &Value, leaves: &mut Vec<String>) {
        match value {
            Value::Text(text) | Value::Raw(text) => leaves.push(text.clone()),
            Value::Number(text) => {
                self.sent_numbers.extend(text.parse::<f64>());
                leaves.push(text.clone());
            }
            Value::Blob(bytes) => leaves.push(data_encoding::BASE64.encode(bytes)),
            Value::List(items) => items.iter().for_each(|item| self.collect_value(item, leaves)),
            Value::Map(members) => {
                for (name, value) in members {
                    leaves.push(name.clone());
                    self.collect_value(value, leaves);
                }
            }
            // The values of its placeholders are taken from the sent request.
            Value::Template(_) | Value::Null | Value::Boolean(_) => {}
        }
    }

    /// Returns true if the client sent this number on its own, not because the endpoint had assigned it.
    pub fn has_sent_number(&self, number: f64) -> bool {
        if self.assigned.contains_key(&number.to_string()) {
            return false;
        }
        self.sent_numbers.iter().any(|sent| (sent - number).abs() < 0.002 || (sent - number * 1000.0).abs() < 2.0)
            || is_timestamp(number) && self.joined_sent_text.contains(&(number as i64).to_string())
    }

    /// Returns true if a text belongs to this case: the client sent it or a part of it, or the endpoint assigned it
    /// earlier.
    pub fn belongs_to_case(&self, text: &str) -> bool {
        self.sent_texts.contains(text)
            || self.assigned.contains_key(text)
            || self.tokens.iter().any(|token| text.contains(token))
            || tokenize(text).iter().any(|part| match part {
                TextToken::Word(word) | TextToken::Random(word) => {
                    word.len() > MIN_PREFIX_LENGTH
                        && (self.sent_texts.contains(*word) || self.assigned.contains_key(*word))
                }
                _ => false,
            })
    }

    /// Splits a text from a response into parts, with volatile content replaced.
    pub fn split_text(&mut self, text: &str, nature: ValueKind) -> Vec<TextPart> {
        if let Some(known) = self.assigned_parts(text, nature) {
            return known.clone();
        }
        let plain = || vec![TextPart::Literal(text.to_owned())];
        if text.is_empty() || self.sent_texts.contains(text) || nature == ValueKind::Keyword {
            return plain();
        }
        // A digest of the client's own bytes is the same on every endpoint.
        if nature == ValueKind::Digest && !self.repeats_assigned_value {
            return plain();
        }
        let is_path = text.contains(':') || text.starts_with('/');
        let whole = match nature {
            ValueKind::Token => true,
            ValueKind::Identifier => {
                !is_path && (is_random_looking(text) || text.bytes().any(|byte| byte.is_ascii_digit()))
            }
            _ => text.starts_with("-----BEGIN "),
        };
        let pieces = if whole { vec![self.identifier_part(text)] } else { self.split_tokens(text, nature) };
        if pieces.iter().any(|piece| !matches!(piece, TextPart::Literal(_))) {
            self.assigned.insert(text.to_owned(), pieces.clone());
        }
        pieces
    }

    /// Returns the parts of a text that the endpoint has used before. A short text may be an unrelated number, so it
    /// counts only for identifiers and names.
    fn assigned_parts(&self, text: &str, nature: ValueKind) -> Option<&Vec<TextPart>> {
        let telling =
            is_distinctive(text) || matches!(nature, ValueKind::Identifier | ValueKind::Token | ValueKind::Name);
        self.assigned.get(text).filter(|_| telling)
    }

    fn split_tokens(&mut self, text: &str, nature: ValueKind) -> Vec<TextPart> {
        let mut out: Vec<TextPart> = Vec::new();
        for part in tokenize(text) {
            let pieces = match part {
                TextToken::Literal(text) => vec![TextPart::Literal(text.to_owned())],
                TextToken::Certain(class, _) => vec![TextPart::Volatile(class)],
                TextToken::Likely(_, text) if self.joined_sent_text.contains(text) => {
                    vec![TextPart::Literal(text.to_owned())]
                }
                TextToken::Likely(class, _) => vec![TextPart::Volatile(class)],
                TextToken::Word(word) => self.split_word(word, is_random_looking(word), nature),
                TextToken::Random(word) => self.split_word(word, true, nature),
            };
            for piece in pieces {
                match (out.last_mut(), piece) {
                    (Some(TextPart::Literal(before)), TextPart::Literal(more)) => before.push_str(&more),
                    (_, piece) => out.push(piece),
                }
            }
        }
        out
    }

    fn split_word(&mut self, word: &str, drawn: bool, nature: ValueKind) -> Vec<TextPart> {
        if let Some(known) = self.assigned_parts(word, nature) {
            return known.clone();
        }
        let pieces = if self.joined_sent_text.contains(word) {
            vec![TextPart::Literal(word.to_owned())]
        } else if let Some((ours, added)) = self.split_unique_suffix(word, nature) {
            let id = self.identifier_part(added);
            vec![TextPart::Literal(ours.to_owned()), id]
        } else if drawn {
            return vec![self.identifier_part(word)];
        } else {
            return vec![TextPart::Literal(word.to_owned())];
        };
        if pieces.len() > 1 {
            self.assigned.insert(word.to_owned(), pieces.clone());
        }
        pieces
    }

    /// Splits a sent name from the suffix that makes it unique.
    fn split_unique_suffix<'w>(&self, word: &'w str, nature: ValueKind) -> Option<(&'w str, &'w str)> {
        let at = word.rfind(['-', '_'])? + 1;
        let (ours, added) = word.split_at(at);
        let bare = &ours[..at - 1];
        let is_unique =
            is_random_looking(added) || matches!(nature, ValueKind::Identifier | ValueKind::Name) && added.len() >= 4;
        (bare.len() >= MIN_PREFIX_LENGTH && self.sent_texts.contains(bare) && is_unique).then_some((ours, added))
    }

    /// Returns the part for an identifier, numbering it on first use.
    pub fn identifier_part(&mut self, text: &str) -> TextPart {
        if let Some([TextPart::Identifier(id)]) = self.assigned.get(text).map(Vec::as_slice) {
            return TextPart::Identifier(*id);
        }
        self.identifier_count += 1;
        self.assigned.insert(text.to_owned(), vec![TextPart::Identifier(self.identifier_count)]);
        TextPart::Identifier(self.identifier_count)
    }

    /// Returns true if the client sent exactly this text on its own, not because the endpoint had assigned it.
    pub fn has_sent_text(&self, text: &str) -> bool {
        self.sent_texts.contains(text) && !self.assigned.contains_key(text)
    }
}

/// Parses a JSON document embedded in a text.
pub(super) fn parse_embedded_json(text: &str) -> Option<Json> {
    text.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(text).ok())?
}

/// Returns true if a text is long enough to denote the same thing wherever it occurs.
fn is_distinctive(text: &str) -> bool {
    text.len() >= 8
}

fn percent_decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn collect_query_pairs(text: &str, leaves: &mut Vec<String>) {
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        leaves.extend([name, value].map(|part| percent_decoded(&part.replace('+', " "))));
    }
}
