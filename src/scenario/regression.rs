//! `NAME.saved/*.toml`: requests that once found something, kept as they were sent.
//!
//! The requests themselves are kept, because what is drawn from a seed changes with every new generator; what they
//! must be answered with is read from the documents each time. What a request is made of is not known here.

use super::tables::{Table, parse, wrong};
use super::{ScenarioError, Warning};
use std::fmt::Write as _;

/// The format of a file.
pub const REGRESSION_FORMAT: &str = "overstep-regression/1";

/// One file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Regression {
    /// What was found, for people.
    pub found: String,
    /// The request whose answer is judged, from 0; what is stored in the end, where there is none.
    pub judged: Option<usize>,
    /// The requests, as a JSON array.
    pub requests: String,
}

/// Reads a file.
///
/// # Errors
/// Where the text is no TOML, of another format, or without requests.
pub fn read_regression(text: &str) -> Result<(Regression, Vec<Warning>), ScenarioError> {
    let document = parse(text)?;
    let root = Table::root(&document);
    let mut warnings = Vec::new();
    root.expect_keys(&["format", "found", "judged", "requests"], &mut warnings);
    if root.text("format")?.as_deref() != Some(REGRESSION_FORMAT) {
        let span = root.entry("format").map_or(0..0, |entry| entry.span());
        return Err(ScenarioError {
            hint: Some(format!("the first line says `format = \"{REGRESSION_FORMAT}\"`")),
            ..wrong("a saved request of a format that is not known".to_owned(), span)
        });
    }
    let requests = root.text("requests")?.filter(|text| !text.trim().is_empty()).ok_or_else(|| ScenarioError {
        hint: Some("`overstep fuzz --save` writes them as a JSON array".to_owned()),
        ..wrong("a saved request has no `requests`".to_owned(), root.span.clone())
    })?;
    let judged = match root.text("judged")?.as_deref() {
        None | Some("state") => None,
        Some(number) => Some(number.parse().map_err(|_| {
            let span = root.entry("judged").map_or(0..0, |entry| entry.span());
            ScenarioError {
                hint: Some("the number of a request, from 0, or `state`: `judged = \"0\"`".to_owned()),
                ..wrong("`judged` names no request".to_owned(), span)
            }
        })?),
    };
    Ok((Regression { found: root.text("found")?.unwrap_or_default(), judged, requests }, warnings))
}

/// A file's text; `requests` is JSON, one request a line where it comes so.
pub fn write_regression(regression: &Regression) -> String {
    let mut out = format!("format = \"{REGRESSION_FORMAT}\"\n");
    let basic = |text: &str| serde_json::Value::String(text.to_owned()).to_string().replace('\u{7f}', "\\u007f");
    let _ = writeln!(out, "found = {}", basic(&regression.found));
    let judged = regression.judged.map_or_else(|| "state".to_owned(), |number| number.to_string());
    let _ = writeln!(out, "judged = \"{judged}\"");
    // In JSON, an escaped quote is the quote; a literal text of TOML ends at three of them. Control characters never
    // stand in JSON; the delete character may, and not in TOML.
    let json = regression.requests.trim().replace('\'', "\\u0027").replace('\u{7f}', "\\u007f");
    let _ = writeln!(out, "requests = '''\n{json}\n'''");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_wrong_with_a_file_is_said() {
        for (text, reason) in [
            ("format = \"x\"", "format that is not known"),
            ("requests = \"[]\"", "format that is not known"),
            ("format = \"overstep-regression/1\"", "no `requests`"),
            ("format = \"overstep-regression/1\"\nrequests = \"[]\"\njudged = \"x\"", "names no request"),
        ] {
            assert!(read_regression(text).expect_err(text).reason.contains(reason), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(found in any::<String>(), text in any::<String>(), judged in proptest::option::of(0..99_usize)) {
            let requests = serde_json::json!([{ "send": text }]).to_string();
            let written = write_regression(&Regression { found: found.clone(), judged, requests: requests.clone() });
            let (read, warnings) = read_regression(&written).expect("it reads");
            prop_assert!(warnings.is_empty());
            prop_assert_eq!((read.found, read.judged), (found, judged));
            let same = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
            prop_assert_eq!(same(&read.requests), same(&requests));
        }
    }
}
