//! Faults of patterns: dropped, unanchored, matched case-insensitively, or without look-around.
//!
//! Never lists a fault as visible if both patterns agree on all probes that are derived from the documented pattern.

use super::constraint_fault::{BoundaryShift, ConstraintFault};
use super::context::FaultContext;
use super::fault::Fault;
use crate::contract::Shape;
use crate::reference::constraints::ConstraintEdit;
use crate::reference::regex::{JavaPattern, remove_look_around, widen_look_ahead};
use crate::reference::sample::distinct_text;

pub(super) fn faults(context: &FaultContext<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for node in context.tree.nodes.iter().filter(|node| node.pattern.is_some()) {
        let Some(text) = node.pattern_text.as_deref() else { continue };
        let begins = text.starts_with('^') || text.starts_with("\\A");
        let ends = (text.ends_with('$') && !text.ends_with("\\$")) || text.ends_with("\\z");
        let mut add = |slug: &str,
                       description: &str,
                       hidden_reason: Option<&'static str>,
                       shift: BoundaryShift,
                       edit: ConstraintEdit| {
            let (slug, description) = (slug.to_owned(), description.to_owned());
            let fault = ConstraintFault {
                class: "patterns",
                constraint: "pattern",
                slug,
                description,
                violates_contract: true,
                hidden_reason,
                shift,
                edit,
            };
            faults.push(fault.into_fault(context, &node.path));
        };
        add("dropped", "the pattern is not checked", None, BoundaryShift::Looser, ConstraintEdit::PatternDropped);
        if begins || ends {
            let description = "the pattern may match anywhere in the string";
            add("unanchored", description, None, BoundaryShift::Looser, ConstraintEdit::PatternUnanchored);
        }
        if ends {
            let description = "only the beginning must match the pattern";
            add("prefix", description, None, BoundaryShift::Looser, ConstraintEdit::PatternPrefix);
            let hidden_reason = (!trailing_newline_is_observable(text)).then_some("the pattern itself allows newlines");
            let description = "a trailing newline is ignored";
            add(
                "before-newline",
                description,
                hidden_reason,
                BoundaryShift::Looser,
                ConstraintEdit::PatternBeforeNewline,
            );
        }
        let description = "the pattern is matched case-insensitively";
        let hidden_reason = (!case_is_observable(text, context.contract.shape(&node.shape)))
            .then_some("case makes no difference to the pattern");
        add("folded", description, hidden_reason, BoundaryShift::Both, ConstraintEdit::PatternIgnoreCase);
        if remove_look_around(text).is_some() {
            let description = "look-ahead and look-behind are removed";
            add("no-look-around", description, None, BoundaryShift::Both, ConstraintEdit::PatternWithoutLookAround);
        }
        if let Some([less, anywhere]) = widen_look_ahead(text) {
            let description = "the look-ahead also forbids a shorter prefix";
            add("look-ahead.shorter", description, None, BoundaryShift::Tighter, ConstraintEdit::PatternReplaced(less));
            let description = "the look-ahead forbids its text anywhere";
            add(
                "look-ahead.anywhere",
                description,
                None,
                BoundaryShift::Tighter,
                ConstraintEdit::PatternReplaced(anywhere),
            );
        }
    }
    faults
}

/// Returns true if the pattern rejects newlines; one that accepts them hides a server that ignores a trailing newline.
fn trailing_newline_is_observable(pattern: &str) -> bool {
    JavaPattern::new(pattern, false).is_ok_and(|pattern| !["\n", "a\n"].iter().any(|text| pattern.is_match(text)))
}

/// Numbers of repetitions of a letter that are tried against a pattern.
const REPETITION_COUNTS: [usize; 12] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 32];

/// Returns true if case makes a difference for a letter, alone or repeated, for the words in the pattern, or for
/// strings that match it.
fn case_is_observable(pattern: &str, shape: &Shape) -> bool {
    let (Ok(exact), Ok(folded)) = (JavaPattern::new(pattern, false), JavaPattern::new(pattern, true)) else {
        return false;
    };
    // Case folding maps the long s and the Kelvin sign to ASCII letters.
    let letters = ('a'..='z').chain('A'..='Z').chain(['\u{17F}', '\u{212A}']).map(String::from);
    let letters = letters.flat_map(|letter| REPETITION_COUNTS.map(|times| letter.repeat(times)));
    let words = pattern
        .split(|c: char| !c.is_ascii_alphanumeric() && c != ':' && c != '-')
        .filter(|word| word.len() > 1)
        .flat_map(|word| [word.to_lowercase(), word.to_uppercase()])
        .flat_map(|word| [format!("{word}x"), word]);
    let forms = ["AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA", "ARN:AWS:A:B:C:D", "A@B.CO"].map(str::to_owned);
    let lowered = forms.clone().map(|form| form.to_lowercase());
    let fitting =
        (0..8).map(|number| distinct_text(shape, number)).flat_map(|text| [text.to_lowercase(), text.to_uppercase()]);
    letters
        .chain(words)
        .chain(fitting)
        .chain(forms)
        .chain(lowered)
        .any(|text| exact.is_match(&text) != folded.is_match(&text))
}
