//! Recognizes an OpenAPI document by its version field.
//!
//! It never parses the document.

use crate::ingest::top_member::top_member;

/// Returns true if a text has the version field of an OpenAPI document at its top level.
pub(in crate::ingest) fn is_document(text: &str) -> bool {
    if text.trim_start().starts_with('{') {
        return ["openapi", "swagger"].iter().any(|key| top_member(text, key).is_some_and(is_version));
    }
    text.lines().any(|line| {
        let field = ["openapi", "swagger"].iter().find_map(|key| {
            let key_length = key.len();
            let line = line.trim_start_matches(['"', '\'']);
            line.strip_prefix(key).filter(|_| line.len() > key_length)
        });
        let value = field.and_then(|rest| rest.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':'));
        value.is_some_and(is_version)
    })
}

/// Returns true for ` "3.0.1"`, ` 2.0`; not for the route that a page's front matter names in a field of this name.
fn is_version(value: &str) -> bool {
    let value = value.trim_start().trim_start_matches(['"', '\'']);
    let mut characters = value.chars();
    matches!(characters.next(), Some('2' | '3')) && matches!(characters.next(), Some('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_from_pages_that_name_a_route() {
        for text in [
            "{\"info\": {}, \"paths\": {}, \"openapi\" : \"3.1.0\"}",
            "{\"swagger\": \"2.0\"}",
            "openapi: 3.0.1\n",
            "# comment\n---\ninfo:\n  title: x\n'swagger': \"2.0\"\n",
        ] {
            assert!(is_document(text), "{text}");
        }
        for text in ["---\nopenapi: POST /v1/x\n---\n", "{\"openapi\": {}}", "the openapi: 3.0 format", "{}", ""] {
            assert!(!is_document(text), "{text}");
        }
    }
}
