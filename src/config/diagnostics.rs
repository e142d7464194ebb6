//! Converts errors of files and their content into diagnostics.
//!
//! It never prints them.

use overstep::report::{Diagnostic, Severity};
use overstep::scenario::{ScenarioError, ScenarioWarning};
use overstep::store;

/// Converts an error in a TOML text into a diagnostic with its place.
pub fn error_diagnostic(file_name: &str, text: &str, error: ScenarioError) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.reason).with_location(file_name, text, error.span);
    Diagnostic { hint: error.hint, ..diagnostic }
}

/// Converts a warning about a TOML text into a diagnostic with its place.
pub fn warning_diagnostic(file_name: &str, text: &str, warning: ScenarioWarning) -> Diagnostic {
    let diagnostic = Diagnostic::error(warning.reason).with_location(file_name, text, warning.span);
    Diagnostic { severity: Severity::Warning, hint: warning.hint, ..diagnostic }
}

/// Converts a file error into a diagnostic.
pub fn store_diagnostic(error: &store::StoreError) -> Diagnostic {
    Diagnostic { hint: error.hint.clone(), ..Diagnostic::error(error.reason.clone()) }
}
