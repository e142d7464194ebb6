//! Checks whether a template for an identifier fits a shape once its placeholders are filled.

use crate::case::UniqueText;
use crate::contract::Shape;
use crate::pattern::DocumentedPattern;

/// Returns true if the filled template is within a shape's limits.
pub(super) fn template_fits(shape: &Shape, template: &str) -> bool {
    let length = shape.length();
    let texts = UniqueText::sample_texts(template);
    let is_right_length = |text: &String| {
        let count = text.chars().count() as u64;
        count >= length.min.unwrap_or(0) && count <= length.max.unwrap_or(u64::MAX)
    };
    let matches = |pattern: &String| {
        DocumentedPattern::new(pattern).is_ok_and(|pattern| texts.iter().all(|text| pattern.matches(text)))
    };
    texts.iter().all(is_right_length) && shape.pattern.as_ref().is_none_or(matches)
}
