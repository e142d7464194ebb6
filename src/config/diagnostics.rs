//! Converts errors of files and their content into diagnostics.
//!
//! It never prints them.

use overstep::report::{Diagnostic, Severity};
use overstep::scenario::{ScenarioError, ScenarioWarning};
use overstep::store;

/// Converts an error in a TOML text into a diagnostic with its place.
pub fn error_diagnostic(shown: &str, text: &str, error: ScenarioError) -> Diagnostic {
    let problem = Diagnostic::error(error.reason).with_location(shown, text, error.span);
    Diagnostic { hint: error.hint, ..problem }
}

/// Converts a warning about a TOML text into a diagnostic with its place.
pub fn warning_diagnostic(shown: &str, text: &str, warning: ScenarioWarning) -> Diagnostic {
    let odd = Diagnostic::error(warning.reason).with_location(shown, text, warning.span);
    Diagnostic { severity: Severity::Warning, hint: warning.hint, ..odd }
}

/// Converts a file error into a diagnostic.
pub fn store_diagnostic(error: &store::StoreError) -> Diagnostic {
    Diagnostic { hint: error.hint.clone(), ..Diagnostic::error(error.reason.clone()) }
}
