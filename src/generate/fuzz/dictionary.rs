//! Dictionary of the fuzz generator: names and enum values of the contract, single letters, and texts that careless
//! code mishandles.
//!
//! It never decides where a word is used.

use crate::contract::{Contract, ShapeKind};
use crate::pattern::{Draw, pick_item};
use std::collections::BTreeSet;

/// Texts with a special meaning in some language, encoding or shell.
const TRICKY_TEXTS: &[&str] = &[
    "",
    " ",
    "null",
    "true",
    "0",
    "-1",
    "undefined",
    "NaN",
    "__proto__",
    "constructor",
    "..",
    "../../etc/passwd",
    "%00",
    "%2F",
    "a/b",
    "a:b",
    "aws:",
    "'",
    "\"",
    "\\",
    "<b>",
    "&amp;",
    "${x}",
    "{{x}}",
    "\u{0}",
    "\n",
    "\r\n",
    "\t",
    "\u{feff}",
    "\u{200b}",
    "\u{301}",
    "e\u{301}",
    "\u{e9}",
    "\u{df}",
    "\u{130}",
    "\u{1F600}",
    "\u{202e}",
    "1e400",
    "2023-02-30T00:00:00Z",
];

/// Maximum number of words kept from a contract.
const MAX_WORDS: usize = 4000;

/// The words of one contract.
#[derive(Debug)]
pub(super) struct FuzzDictionary(Vec<String>);

impl FuzzDictionary {
    pub fn from_contract(contract: &Contract) -> Self {
        let mut found = BTreeSet::new();
        for shape in contract.shapes.values() {
            match &shape.kind {
                ShapeKind::Enum { values } => found.extend(values.iter().cloned()),
                kind => found.extend(kind.members().into_iter().flat_map(|members| members.keys().cloned())),
            }
        }
        Self(found.into_iter().take(MAX_WORDS).collect())
    }

    /// Returns all words of the contract.
    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// Draws a word.
    pub fn draw_word(&self, draw: &mut dyn Draw) -> String {
        match draw.below(4) {
            0 => pick_item(draw, TRICKY_TEXTS).map_or_else(String::new, |word| (*word).to_owned()),
            1 if !self.0.is_empty() => pick_item(draw, &self.0).cloned().unwrap_or_default(),
            _ => char::from(b'a' + draw.below(26) as u8).to_string(),
        }
    }
}
