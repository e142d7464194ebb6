//! Faults of patterns: dropped, unanchored, matched case-insensitively, or without look-around.
//!
//! Never lists a fault as visible if both patterns agree on all probes that are derived from the documented pattern.

use super::View;
use super::site::{Made, Moves};
use crate::contract::Shape;
use crate::reference::fault::Fault;
use crate::reference::look_around::{wider_look_aheads, without_look_around};
use crate::reference::pattern::Pattern;
use crate::reference::sample::distinct;
use crate::reference::tree::Edit;

pub(super) fn faults(view: &View<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for node in view.tree.nodes.iter().filter(|node| node.pattern.is_some()) {
        let Some(text) = node.pattern_text.as_deref() else { continue };
        let begins = text.starts_with('^') || text.starts_with("\\A");
        let ends = (text.ends_with('$') && !text.ends_with("\\$")) || text.ends_with("\\z");
        let mut add = |slug: &str, describes: &str, hidden: Option<&'static str>, moves: Moves, edit: Edit| {
            let (slug, describes) = (slug.to_owned(), describes.to_owned());
            let made =
                Made { class: "patterns", constraint: "pattern", slug, describes, breaks: true, hidden, moves, edit };
            faults.push(made.at(view, &node.path));
        };
        add("dropped", "the pattern is not checked", None, Moves::Looser, Edit::PatternDropped);
        if begins || ends {
            let describes = "the pattern may match anywhere in the string";
            add("unanchored", describes, None, Moves::Looser, Edit::PatternUnanchored);
        }
        if ends {
            let describes = "only the beginning must match the pattern";
            add("prefix", describes, None, Moves::Looser, Edit::PatternPrefix);
            let hidden = (!newline_shows(text)).then_some("the pattern itself allows newlines");
            let describes = "a trailing newline is ignored";
            add("before-newline", describes, hidden, Moves::Looser, Edit::PatternBeforeNewline);
        }
        let describes = "the pattern is matched case-insensitively";
        let hidden = (!folding_shows(text, view.contract.shape(&node.shape)))
            .then_some("case makes no difference to the pattern");
        add("folded", describes, hidden, Moves::Across, Edit::PatternFolded);
        if without_look_around(text).is_some() {
            let describes = "look-ahead and look-behind are removed";
            add("no-look-around", describes, None, Moves::Across, Edit::PatternWithoutLookAround);
        }
        if let Some([less, anywhere]) = wider_look_aheads(text) {
            let describes = "the look-ahead also forbids a shorter prefix";
            add("look-ahead.shorter", describes, None, Moves::Tighter, Edit::PatternIs(less));
            let describes = "the look-ahead forbids its text anywhere";
            add("look-ahead.anywhere", describes, None, Moves::Tighter, Edit::PatternIs(anywhere));
        }
    }
    faults
}

/// Returns true if the pattern rejects newlines; one that accepts them hides a server that ignores a trailing newline.
fn newline_shows(pattern: &str) -> bool {
    Pattern::new(pattern, false).is_ok_and(|pattern| !["\n", "a\n"].iter().any(|text| pattern.found_in(text)))
}

/// Numbers of repetitions of a letter that are tried against a pattern.
const REPEATED: [usize; 12] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 32];

/// Returns true if case makes a difference for a letter, alone or repeated, for the words in the pattern, or for
/// strings that match it.
fn folding_shows(pattern: &str, shape: &Shape) -> bool {
    let (Ok(exact), Ok(folded)) = (Pattern::new(pattern, false), Pattern::new(pattern, true)) else { return false };
    // Case folding maps the long s and the Kelvin sign to ASCII letters.
    let letters = ('a'..='z').chain('A'..='Z').chain(['\u{17F}', '\u{212A}']).map(String::from);
    let letters = letters.flat_map(|letter| REPEATED.map(|times| letter.repeat(times)));
    let words = pattern
        .split(|c: char| !c.is_ascii_alphanumeric() && c != ':' && c != '-')
        .filter(|word| word.len() > 1)
        .flat_map(|word| [word.to_lowercase(), word.to_uppercase()])
        .flat_map(|word| [format!("{word}x"), word]);
    let forms = ["AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA", "ARN:AWS:A:B:C:D", "A@B.CO"].map(str::to_owned);
    let lowered = forms.clone().map(|form| form.to_lowercase());
    let fitting =
        (0..8).map(|number| distinct(shape, number)).flat_map(|text| [text.to_lowercase(), text.to_uppercase()]);
    letters
        .chain(words)
        .chain(fitting)
        .chain(forms)
        .chain(lowered)
        .any(|text| exact.found_in(&text) != folded.found_in(&text))
}
