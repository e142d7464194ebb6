//! Checks whether a template for an identifier fits a shape once its placeholders are filled.

use crate::contract::Shape;
use crate::pattern::DocumentedPattern;

/// Returns true if the filled template is within a shape's limits.
pub(super) fn template_fits(shape: &Shape, template: &str) -> bool {
    let text = template.replace("{run}", "0a1b2c3d").replace("{case}", "0123456789ab");
    let length = shape.length();
    let count = text.chars().count() as u64;
    count >= length.min.unwrap_or(0)
        && count <= length.max.unwrap_or(u64::MAX)
        && shape
            .pattern
            .as_ref()
            .is_none_or(|pattern| DocumentedPattern::new(pattern).is_ok_and(|it| it.matches(&text)))
}
