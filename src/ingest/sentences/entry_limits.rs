//! Reads the limits of the entries of a map, where a list describes its keys one by one.
//!
//! It knows no shape: the caller decides which names are keys.

use super::reader::read_description;
use super::statement::{StatedFact, StatedPart};
use super::text::{MARK, Sentence};
use serde_json::Number;

/// The range of the number that a map holds under a key.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ingest) struct EntryLimit {
    pub line: u32,
    pub key: String,
    pub min: Option<Number>,
    pub max: Option<Number>,
}

/// Returns the ranges that a description states for single keys.
pub(in crate::ingest) fn read_entry_limits(sentences: &[Sentence]) -> Vec<EntryLimit> {
    let mut found: Vec<EntryLimit> = Vec::new();
    let mut at = 0;
    while at < sentences.len() {
        let end = (at + 1..sentences.len()).find(|next| sentences[*next].is_item).unwrap_or(sentences.len());
        if let Some(key) = described_key(&sentences[at]) {
            // On their own, these sentences describe a whole value.
            let own: Vec<Sentence> =
                sentences[at..end].iter().map(|one| Sentence { is_item: false, ..one.clone() }).collect();
            let read = read_description(&own, Some(key));
            let ranges = read.statements.iter().filter_map(|(line, statement)| match &statement.fact {
                StatedFact::Range(min, max) if statement.part == StatedPart::Whole => Some((*line, min, max)),
                _ => None,
            });
            let mut ranges = ranges.collect::<Vec<_>>();
            ranges.dedup_by(|one, other| one.1 == other.1 && one.2 == other.2);
            // Two ranges are those of two cases.
            if let ([(line, min, max)], false) = (ranges.as_slice(), found.iter().any(|one| one.key == key)) {
                found.push(EntryLimit { line: *line, key: key.to_owned(), min: (*min).clone(), max: (*max).clone() });
            }
        }
        at = end;
    }
    found
}

/// Returns the key that an item describes: the marked name that it begins with.
fn described_key(sentence: &Sentence) -> Option<&str> {
    let marked = sentence.marked.trim_start().strip_prefix(MARK[0]).filter(|_| sentence.is_item)?;
    let (key, _) = marked.split_once(MARK[1])?;
    let is_name = key.starts_with(|c: char| c.is_ascii_alphabetic()) && !key.contains(char::is_whitespace);
    is_name.then_some(key)
}

#[cfg(test)]
mod tests {
    use super::super::text::split_html_sentences;
    use super::*;

    #[test]
    fn each_key_has_its_own_range() {
        let html = "<p>The settings:</p> <ul> <li> <p> <code>Delay</code> – The delay, in seconds. Valid values: An \
            integer from 0 to 1,200 (20 minutes). Default: 0.</p> </li> <li> <p> <code>Policy</code> – The policy.</p> \
            </li> <li> <p> <code>Wait</code> – The time to wait. Valid values: An integer from 1 to 20 \
            (seconds).</p> </li> </ul>";
        let limit = |key: &str, min: u32, max: u32| EntryLimit {
            line: 7,
            key: key.to_owned(),
            min: Some(min.into()),
            max: Some(max.into()),
        };
        let found = read_entry_limits(&split_html_sentences(7, html));
        assert_eq!(found, [limit("Delay", 0, 1200), limit("Wait", 1, 20)]);
    }
}
