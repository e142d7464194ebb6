//! Reads and writes `NAME.saved/*.toml`: requests that led to a finding, stored as they were sent.
//!
//! The requests themselves are stored, because the cases of a seed change with every new generator; the expected
//! responses are derived from the documents each time. This file never looks inside a request.

use super::tables::{TomlTable, error_at, parse_document};
use super::{ScenarioError, ScenarioWarning};
use crate::escape::{escape_json_text, toml_string};
use std::fmt::Write as _;

/// The format of a file of saved requests.
pub const REGRESSION_FORMAT: &str = "overstep-regression/1";

/// A saved sequence of requests: the content of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Regression {
    /// A description of the finding, for people.
    pub description: String,
    /// The index of the request whose response is judged. `None` means that the state at the end is judged.
    pub judged_request: Option<usize>,
    /// The requests, as a JSON array.
    pub requests: String,
}

/// Reads a file of saved requests.
///
/// # Errors
/// Returns an error if the text is not valid TOML, has another format or contains no requests.
pub fn read_regression(text: &str) -> Result<(Regression, Vec<ScenarioWarning>), ScenarioError> {
    let document = parse_document(text)?;
    let root = TomlTable::root(&document);
    let mut warnings = Vec::new();
    root.warn_of_unknown_keys(&["format", "found", "judged", "requests"], &mut warnings);
    if root.text("format")?.as_deref() != Some(REGRESSION_FORMAT) {
        let span = root.entry("format").map_or(0..0, |entry| entry.span());
        return Err(ScenarioError {
            hint: Some(format!("the first line must be `format = \"{REGRESSION_FORMAT}\"`")),
            ..error_at("unknown format of saved requests".to_owned(), span)
        });
    }
    let requests = root.text("requests")?.filter(|text| !text.trim().is_empty()).ok_or_else(|| ScenarioError {
        hint: Some("`overstep fuzz --save` writes them as a JSON array".to_owned()),
        ..error_at("the file has no `requests`".to_owned(), root.span.clone())
    })?;
    let judged = match root.text("judged")?.as_deref() {
        None | Some("state") => None,
        Some(number) => Some(number.parse().map_err(|_| {
            let span = root.entry("judged").map_or(0..0, |entry| entry.span());
            ScenarioError {
                hint: Some("use the index of a request, from 0, or `state`: `judged = \"0\"`".to_owned()),
                ..error_at("`judged` does not name a request".to_owned(), span)
            }
        })?),
    };
    Ok((
        Regression { description: root.text("found")?.unwrap_or_default(), judged_request: judged, requests },
        warnings,
    ))
}

/// Returns the text of a file; line breaks between the requests are kept.
pub fn write_regression(regression: &Regression) -> String {
    let mut out = format!("format = \"{REGRESSION_FORMAT}\"\n");
    let _ = writeln!(out, "found = {}", toml_string(&regression.description));
    let judged = regression.judged_request.map_or_else(|| "state".to_owned(), |number| number.to_string());
    let _ = writeln!(out, "judged = \"{judged}\"");
    // A literal string of TOML ends at three single quotes, so they are written as JSON escapes, and so is what TOML
    // does not allow or an editor would not show.
    let json = escape_json_text(&regression.requests.trim().replace('\'', "\\u0027"));
    let _ = writeln!(out, "requests = '''\n{json}\n'''");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn invalid_files_are_rejected_with_a_reason() {
        for (text, reason) in [
            ("format = \"x\"", "unknown format"),
            ("requests = \"[]\"", "unknown format"),
            ("format = \"overstep-regression/1\"", "no `requests`"),
            ("format = \"overstep-regression/1\"\nrequests = \"[]\"\njudged = \"x\"", "does not name a request"),
        ] {
            assert!(read_regression(text).expect_err(text).reason.contains(reason), "{text}");
        }
    }

    proptest! {
        #[test]
        fn reading_reverses_writing(found in any::<String>(), text in any::<String>(), judged in proptest::option::of(0..99_usize)) {
            let requests = serde_json::json!([{ "send": text }]).to_string();
            let written = write_regression(&Regression { description: found.clone(), judged_request: judged, requests: requests.clone() });
            let (read, warnings) = read_regression(&written).expect("it reads");
            prop_assert!(warnings.is_empty());
            prop_assert_eq!((read.description, read.judged_request), (found, judged));
            let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
            prop_assert_eq!(same(&read.requests), same(&requests));
        }
    }
}
