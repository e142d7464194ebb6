//! Lists what a pending snapshot would change, line by line, and accepts single lines.
//!
//! It never reports a form whose number alone differs: forms are compared by their content.

use super::value::{AcceptedResponse, ConstraintLine, ResponseForm, Snapshot};
use super::write::format_line;
use std::collections::HashSet;

/// One line that a pending snapshot changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineChange {
    /// The place of the line.
    pub place: String,
    /// The accepted text, followed by its forms; empty if the line is unreviewed.
    pub old: String,
    /// The pending text; empty if the line would be removed.
    pub new: String,
}

/// Returns the lines that differ, in the order of the pending snapshot, then those that would be removed.
pub fn pending_changes(accepted: &Snapshot, pending: &Snapshot) -> Vec<LineChange> {
    let mut found = Vec::new();
    // A form that both snapshots have, or that was already written out once, is not repeated.
    let mut written_forms: HashSet<(u32, &ResponseForm)> = HashSet::new();
    for line in &pending.lines {
        let old = accepted.line(&line.place);
        if !old.is_some_and(|old| is_same_line(accepted, old, pending, line)) {
            found.push(LineChange {
                place: line.place.clone(),
                old: old.map(|old| format_with_forms(accepted, old, pending, &mut written_forms)).unwrap_or_default(),
                new: format_with_forms(pending, line, accepted, &mut written_forms),
            });
        }
    }
    for line in accepted.lines.iter().filter(|line| pending.line(&line.place).is_none()) {
        let old = format_with_forms(accepted, line, pending, &mut written_forms);
        found.push(LineChange { place: line.place.clone(), old, new: String::new() });
    }
    found
}

/// Copies the line of a place from one snapshot to another; removes it if `from` has no such line.
pub fn copy_line(into: &mut Snapshot, from: &Snapshot, place: &str) {
    let at = into.lines.iter().position(|line| line.place == place);
    let line = from.line(place).map(|line| translate_forms(into, from, line));
    match (at, line) {
        (Some(at), Some(line)) => into.lines[at] = line,
        (Some(at), None) => {
            into.lines.remove(at);
        }
        (None, Some(line)) => {
            // Inserted after the nearest preceding line of the source snapshot.
            let before = from.lines.iter().take_while(|other| other.place != place);
            let at = before.filter_map(|other| into.lines.iter().position(|line| line.place == other.place)).last();
            into.lines.insert(at.map_or(0, |at| at + 1), line);
        }
        (None, None) => {}
    }
    into.remove_unused_forms();
}

fn line_responses(line: &ConstraintLine) -> impl Iterator<Item = &AcceptedResponse> {
    line.sides.iter().map(|side| &side.response).chain(line.exceptions.iter().map(|(_, response)| response))
}

fn translate_forms(into: &mut Snapshot, from: &Snapshot, line: &ConstraintLine) -> ConstraintLine {
    let mut line = line.clone();
    let sides = line.sides.iter_mut().map(|side| &mut side.response);
    for response in sides.chain(line.exceptions.iter_mut().map(|(_, response)| response)) {
        response.form = response.form.and_then(|number| from.forms.get(&number)).map(|form| into.intern_form(form));
    }
    line
}

fn is_same_line(accepted: &Snapshot, old: &ConstraintLine, pending: &Snapshot, new: &ConstraintLine) -> bool {
    let mut trial = accepted.clone();
    translate_forms(&mut trial, pending, new) == *old
}

/// Returns the text of a line, followed by the forms that the other snapshot does not have.
fn format_with_forms<'a>(
    from: &'a Snapshot,
    line: &ConstraintLine,
    other: &Snapshot,
    written_forms: &mut HashSet<(u32, &'a ResponseForm)>,
) -> String {
    let mut out = format_line(line);
    for number in line_responses(line).filter_map(|response| response.form) {
        let Some(form) = from.forms.get(&number) else { continue };
        if other.forms.get(&number) != Some(form) && written_forms.insert((number, form)) {
            let facts: Vec<String> = form.0.iter().map(|(name, value)| format!("{name} {value}")).collect();
            out.push_str(&format!("    f{number} = {}\n", facts.join(", ")));
        }
    }
    out
}
