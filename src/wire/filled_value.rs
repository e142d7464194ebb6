//! Values that are ready to be written: templates without placeholders, members that are present.
//!
//! It never fills a placeholder.

use super::EncodeError;
use crate::case::Value;

/// Returns the text of a template without placeholders; returns an error if one is left.
pub(super) fn filled_template(template: &str) -> Result<&str, EncodeError> {
    if template.contains(['{', '}']) {
        Err(EncodeError::UnfilledPlaceholder(template.to_owned()))
    } else {
        Ok(template)
    }
}

/// Returns the value unless it is absent or null.
pub(super) fn non_null(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| **value != Value::Null)
}
