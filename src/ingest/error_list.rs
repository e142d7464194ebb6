//! Reads the list of error codes that a model's documentation holds: the errors that any operation of the service may
//! return, each with its status.
//!
//! It never reads the errors that an operation declares.

use super::json::{JsonEntry, JsonNode};
use super::sentences::html_lines;
use crate::contract::{Contract, ErrorName, ErrorRole, ErrorShape, Fact, FactField, FactOrigin, Provenance};

/// Minimum number of entries with a code and a status; fewer are an example.
const MIN_ENTRIES: usize = 3;

/// An entry of a list of error codes.
#[derive(Debug, Default, PartialEq, Eq)]
struct ListedError {
    code: String,
    status: Option<u16>,
    description: String,
}

/// Adds the error codes that the documentation of a model's members lists to the errors that every operation may
/// return. An error that the model declares keeps what the model says.
pub(super) fn add_listed_errors(contract: &mut Contract, shapes: &[JsonEntry], document: &str) {
    for member in shapes.iter().flat_map(|shape| shape.node.get("members").map(JsonNode::entries).unwrap_or_default()) {
        let Some(documentation) = member.node.entry("documentation") else { continue };
        let list = read_error_list(documentation.node.as_text().unwrap_or_default());
        let place = Provenance::new(document, documentation.line);
        for listed in list.into_iter().filter(|listed| listed.status.is_some_and(|status| status >= 400)) {
            add_error(contract, &listed, &place);
        }
    }
}

fn add_error(contract: &mut Contract, listed: &ListedError, place: &Provenance) {
    let name = ErrorName::from(listed.code.as_str());
    if contract.errors.contains_key(&name) {
        return;
    }
    let mut error = ErrorShape::new(infer_role(listed));
    if let Some(status) = listed.status {
        error.add_fact(Fact::new(FactField::Status, status, FactOrigin::Prose, place));
    }
    contract.errors.insert(name.clone(), error);
    contract.common_error_names.push(name);
}

/// Returns the role of a listed error. A list names every reason for a rejected request, so that status 400 and those for
/// a body or range mean invalid input, unless the name says otherwise.
fn infer_role(listed: &ListedError) -> ErrorRole {
    let is_bad_request = matches!(listed.status, Some(400 | 411 | 413 | 416));
    let is_named_invalid = ["Invalid", "Malformed", "Illegal"].iter().any(|word| listed.code.starts_with(word));
    match ErrorRole::infer(listed.status, &listed.code, &listed.description) {
        ErrorRole::Other if is_bad_request => ErrorRole::InvalidInput,
        ErrorRole::MissingResource if is_bad_request && is_named_invalid => ErrorRole::InvalidInput,
        role => role,
    }
}

/// Returns the entries of a list whose items are labelled, as in `Code: NoSuchBucket`, `HTTP Status Code: 404 Not
/// Found`. Entries whose code is not a name are left out; the list is empty if it has fewer than three entries.
fn read_error_list(html: &str) -> Vec<ListedError> {
    let mut found: Vec<ListedError> = Vec::new();
    if !html.contains("Code:") {
        return found;
    }
    for line in html_lines(html) {
        let Some((label, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match label.trim().to_ascii_lowercase().as_str() {
            "code" | "error code" => found.push(ListedError { code: value.to_owned(), ..ListedError::default() }),
            "http status code" | "status code" | "http status" => {
                let digits = value.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
                if let (Some(open), Ok(status)) = (found.last_mut(), digits.parse()) {
                    open.status.get_or_insert(status);
                }
            }
            "description" | "meaning" => {
                if let Some(open) = found.last_mut().filter(|open| open.description.is_empty()) {
                    value.clone_into(&mut open.description);
                }
            }
            _ => {}
        }
    }
    found.retain(|listed| listed.status.is_some() && is_error_code(&listed.code));
    if found.len() < MIN_ENTRIES {
        found.clear();
    }
    found
}

/// Returns true if a text is written like the name of an error: letters, digits, dots and underscores.
fn is_error_code(text: &str) -> bool {
    text.len() > 3
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(code: &str, status: &str, description: &str) -> String {
        format!(
            "<li> <ul> <li> <p> <i>Code:</i> {code} </p> </li> <li> <p> <i>Description:</i> {description}</p> </li> \
             <li> <p> <i>HTTP Status Code:</i> {status}</p> </li> <li> <p> <i>SOAP Fault Code Prefix:</i> \
             Client</p> </li> </ul> </li>"
        )
    }

    #[test]
    fn labelled_lists_of_error_codes_are_read() {
        let html = format!(
            "<p>All codes.</p> <ul> {} {} {} {} {} </ul>",
            entry("NoSuchThing", "404 Not Found", "The thing does not exist: make it first."),
            entry("Elsewhere", "301 Moved Permanently", "Ask another host."),
            entry("N/A", "400 Bad Request", "Not supported."),
            entry("Unclear", "N/A", "Something else."),
            entry("TooBig", "400 Bad Request", "The thing is too big."),
        );
        let read: Vec<_> = read_error_list(&html).into_iter().map(|listed| (listed.code, listed.status)).collect();
        assert_eq!(
            read,
            [
                ("NoSuchThing".to_owned(), Some(404)),
                ("Elsewhere".to_owned(), Some(301)),
                ("TooBig".to_owned(), Some(400))
            ]
        );
    }

    #[test]
    fn one_labelled_code_is_an_example() {
        assert_eq!(read_error_list(&entry("NoSuchThing", "404 Not Found", "It does not exist.")), []);
        assert_eq!(read_error_list("<p>Error code: see the user guide.</p>"), []);
    }
}
