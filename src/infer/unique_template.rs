//! Templates for texts that differ from case to case, derived from the limits of a shape.
//!
//! It serves shapes for which no template of a usual form fits: `^\d{13}$` becomes `{digits:13}`.

use crate::case::{UniqueText, UniqueTextKind};
use crate::contract::{Shape, ShapeKind};
use crate::infer::template_fit::template_fits;
use crate::pattern::{DocumentedPattern, SeededDraw};

/// Lengths to try, in characters, the best first; a length that the shape forbids is skipped.
const LENGTHS: [usize; 12] = [16, 12, 20, 13, 10, 24, 8, 6, 5, 4, 3, 32];
/// Minimum number of varying characters of a template.
const MIN_VARYING: usize = 2;

/// A part of an example: a run of characters of one kind, or other characters.
struct TextRun {
    text: String,
    kind: Option<UniqueTextKind>,
    is_varied: bool,
}

/// Returns a template whose texts are within the limits of a shape; `None` if no such template is found.
pub(crate) fn unique_template(shape: &Shape) -> Option<String> {
    if !matches!(shape.kind, ShapeKind::String) {
        return None;
    }
    let length = shape.length();
    let bounds = [length.min, length.max].into_iter().flatten().filter_map(|bound| usize::try_from(bound).ok());
    let lengths: Vec<usize> = LENGTHS.into_iter().chain(bounds).collect();
    let Some(pattern) = &shape.pattern else {
        let plain = |length: &usize| {
            UniqueText { kind: UniqueTextKind::Lower, length: (*length).clamp(1, 64), resource: 1 }.placeholder()
        };
        return lengths.iter().map(plain).find(|template| template_fits(shape, template));
    };
    let pattern = DocumentedPattern::new(pattern).ok()?;
    let mut draw = SeededDraw::new(1, "unique-template");
    let examples = lengths.into_iter().map(Some).chain([None]);
    examples.filter_map(|length| template_of_example(shape, &pattern.draw_member(&mut draw, length)?)).next()
}

/// Varies as many runs of an example as the shape allows, the longest first.
fn template_of_example(shape: &Shape, example: &str) -> Option<String> {
    let mut runs = split_runs(example);
    let mut order: Vec<usize> = (0..runs.len()).filter(|index| runs[*index].kind.is_some()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(runs[*index].text.len()));
    for index in order {
        runs[index].is_varied = true;
        runs[index].is_varied = template_fits(shape, &write_template(&runs));
    }
    let varying: usize = runs.iter().filter(|run| run.is_varied).map(|run| run.text.len()).sum();
    (varying >= MIN_VARYING).then(|| write_template(&runs))
}

fn split_runs(text: &str) -> Vec<TextRun> {
    let mut runs: Vec<TextRun> = Vec::new();
    for char in text.chars() {
        let kind = UniqueTextKind::of_char(char);
        match runs.last_mut().filter(|last| last.kind == kind) {
            Some(last) => last.text.push(char),
            None => runs.push(TextRun { text: char.to_string(), kind, is_varied: false }),
        }
    }
    runs
}

fn write_template(runs: &[TextRun]) -> String {
    let write = |run: &TextRun| match run.kind.filter(|_| run.is_varied) {
        Some(kind) => UniqueText { kind, length: run.text.len().min(64), resource: 1 }.placeholder(),
        None => run.text.replace('{', "{{").replace('}', "}}"),
    };
    runs.iter().map(write).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::LengthRange;

    fn template(pattern: Option<&str>, min: Option<u64>, max: Option<u64>) -> Option<String> {
        let mut shape = Shape::new(ShapeKind::String);
        shape.pattern = pattern.map(str::to_owned);
        shape.length = Some(LengthRange { min, max });
        let found = unique_template(&shape);
        if let Some(template) = &found {
            assert!(template_fits(&shape, template), "{template}");
        }
        found
    }

    #[test]
    fn templates_are_derived_from_patterns_and_lengths() {
        assert_eq!(template(Some(r"^\d{13}$"), None, None).as_deref(), Some("{digits:13}"));
        assert_eq!(template(Some(r"^[A-Z]{3}$"), None, None).as_deref(), Some("{upper:3}"));
        assert_eq!(template(None, None, Some(5)).as_deref(), Some("{lower:5}"));
        assert_eq!(template(None, Some(40), Some(40)).as_deref(), Some("{lower:40}"));
        let invoice = template(Some(r"^INV-\d{6}$"), None, None);
        assert_eq!(invoice.as_deref(), Some("INV-{digits:6}"));
        for pattern in [r"^[A-Z0-9-]{3,20}$", r"^[A-Z]{2}\d{2}[A-Z0-9]{10,30}$", r"^[a-z][a-z0-9_]{2,9}$"] {
            assert!(template(Some(pattern), None, None).is_some(), "{pattern}");
        }
        for pattern in ["^(open|closed)$", "^x$", "^[-.]+$"] {
            assert_eq!(template(Some(pattern), None, None), None, "{pattern}");
        }
    }
}
