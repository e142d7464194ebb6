//! Lists the sentences whose numbers no fact of a contract holds.
//!
//! This module never reads a document: it has places only.

use super::style::pluralize;
use crate::contract::Provenance;
use crate::escape::escape_line;
use indexmap::IndexMap;

/// Returns lines of text that list these places by document; `limit` is the maximum number of documents. The first line
/// has the number of all.
pub(super) fn describe_unread_sentences(places: &[Provenance], limit: usize) -> Vec<String> {
    if places.is_empty() {
        return Vec::new();
    }
    let mut by_document: IndexMap<&str, Vec<u32>> = IndexMap::new();
    for place in places {
        by_document.entry(&place.document).or_default().push(place.line);
    }
    let mut lines = vec![format!("not understood: {} with numbers", pluralize(places.len() as u64, "sentence"))];
    for (document, numbers) in by_document.iter().take(limit) {
        let shown: Vec<String> = numbers.iter().take(MAX_LINES).map(u32::to_string).collect();
        let further = match numbers.len().saturating_sub(MAX_LINES) {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        lines.push(format!("    {}:{}{further}", escape_line(document), shown.join(", ")));
    }
    if by_document.len() > limit {
        lines.push(format!("    and {}", pluralize((by_document.len() - limit) as u64, "more document")));
    }
    lines
}

/// Maximum number of lines that are listed for one document.
const MAX_LINES: usize = 200;
