//! Converts errors of files and their content into diagnostics.
//!
//! It never prints them.

use overstep::report::{Diagnostic, Severity};
use overstep::run::is_sensitive_name;
use overstep::scenario::{ScenarioError, ScenarioWarning};
use overstep::store;

/// Converts an error in a TOML text into a diagnostic with its place.
pub fn error_diagnostic(file_name: &str, text: &str, error: ScenarioError) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.reason).with_location(file_name, &hide_values(text), error.span);
    Diagnostic { hint: error.hint, ..diagnostic }
}

/// Converts a warning about a TOML text into a diagnostic with its place.
pub fn warning_diagnostic(file_name: &str, text: &str, warning: ScenarioWarning) -> Diagnostic {
    let diagnostic = Diagnostic::error(warning.reason).with_location(file_name, &hide_values(text), warning.span);
    Diagnostic { severity: Severity::Warning, hint: warning.hint, ..diagnostic }
}

/// Converts a file error into a diagnostic.
pub fn store_diagnostic(error: &store::StoreError) -> Diagnostic {
    Diagnostic { hint: error.hint.clone(), ..Diagnostic::error(error.reason.clone()) }
}

/// Returns a TOML text with the values of sensitive keys, and the users and passwords in URLs, replaced by asterisks.
/// Every byte keeps its place. References to variables are kept.
fn hide_values(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let mut hide = |start: usize, end: usize| {
        for byte in &mut bytes[start..end] {
            *byte = b'*';
        }
    };
    for (at, _) in text.match_indices("://") {
        let start = at + 3;
        let authority = text[start..].split(['/', '"', '\'', '\n', ' ']).next().unwrap_or_default();
        if let Some(end) = authority.rfind('@') {
            hide(start, start + end);
        }
    }
    for (at, _) in text.match_indices('=') {
        let key = text[..at].trim_end().trim_end_matches(['"', '\'']);
        let key = key.rsplit(|c: char| !c.is_alphanumeric() && !"-_".contains(c)).next().unwrap_or_default();
        let value = text[at + 1..].trim_start_matches(' ');
        let start = text.len() - value.len();
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        let end = value[1..].find([quote, '\n']).map_or(text.len(), |end| start + 1 + end);
        // The key may be misspelled, which may be what the diagnostic is about.
        let lower = key.to_ascii_lowercase();
        let is_near = |word: &&str| strsim::damerau_levenshtein(&lower, word) <= 2;
        let is_sensitive = is_sensitive_name(key) || ["password", "passwd", "secret", "bearer"].iter().any(is_near);
        if is_sensitive && !text[start..end].contains('{') {
            hide(start + 1, end);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_lines_show_no_password() {
        for (text, shown) in [
            ("proxy = \"http://u:pä@h/\"", "proxy = \"http://*****@h/\""),
            ("password = 'hunter2' # x", "password = '*******' # x"),
            ("a = { bearer = \"abc\", name = \"n\" }", "a = { bearer = \"***\", name = \"n\" }"),
            ("bearer = \"${KEY}\"", "bearer = \"${KEY}\""),
            ("token = \"open\nb = 1", "token = \"****\nb = 1"),
            ("pasword = \"x\"", "pasword = \"*\""),
            ("key = ", "key = "),
        ] {
            assert_eq!(hide_values(text), shown);
        }
    }
}
