//! Lists what a pending snapshot would change, line by line, and accepts single lines.
//!
//! It never reports a form whose number alone differs: forms are compared by their content.

use super::value::{Form, Held, Line, Snapshot};
use super::write::line_text;
use std::collections::HashSet;

/// One line that a pending snapshot changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The place of the line.
    pub place: String,
    /// The accepted text, followed by its forms; empty if the line is unreviewed.
    pub old: String,
    /// The pending text; empty if the line would be removed.
    pub new: String,
}

/// Returns the lines that differ, in the order of the pending snapshot, then those that would be removed.
pub fn units(accepted: &Snapshot, pending: &Snapshot) -> Vec<Unit> {
    let mut found = Vec::new();
    // A form that both snapshots have, or that was already written out once, is not repeated.
    let mut told: HashSet<(u32, &Form)> = HashSet::new();
    for line in &pending.lines {
        let old = accepted.line(&line.place);
        if !old.is_some_and(|old| same(accepted, old, pending, line)) {
            found.push(Unit {
                place: line.place.clone(),
                old: old.map(|old| text(accepted, old, pending, &mut told)).unwrap_or_default(),
                new: text(pending, line, accepted, &mut told),
            });
        }
    }
    for line in accepted.lines.iter().filter(|line| pending.line(&line.place).is_none()) {
        let old = text(accepted, line, pending, &mut told);
        found.push(Unit { place: line.place.clone(), old, new: String::new() });
    }
    found
}

/// Copies the line of a place from one snapshot to another; removes it if `from` has no such line.
pub fn adopt(into: &mut Snapshot, from: &Snapshot, place: &str) {
    let at = into.lines.iter().position(|line| line.place == place);
    let line = from.line(place).map(|line| translated(into, from, line));
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
    into.tidy();
}

fn answers(line: &Line) -> impl Iterator<Item = &Held> {
    line.sides.iter().map(|side| &side.held).chain(line.exceptions.iter().map(|(_, held)| held))
}

fn translated(into: &mut Snapshot, from: &Snapshot, line: &Line) -> Line {
    let mut line = line.clone();
    let sides = line.sides.iter_mut().map(|side| &mut side.held);
    for held in sides.chain(line.exceptions.iter_mut().map(|(_, held)| held)) {
        held.form = held.form.and_then(|number| from.forms.get(&number)).map(|form| into.intern(form));
    }
    line
}

fn same(accepted: &Snapshot, old: &Line, pending: &Snapshot, new: &Line) -> bool {
    let mut trial = accepted.clone();
    translated(&mut trial, pending, new) == *old
}

/// Returns the text of a line, followed by the forms that the other snapshot does not have.
fn text<'a>(from: &'a Snapshot, line: &Line, other: &Snapshot, told: &mut HashSet<(u32, &'a Form)>) -> String {
    let mut out = line_text(line);
    for number in answers(line).filter_map(|held| held.form) {
        let Some(form) = from.forms.get(&number) else { continue };
        if other.forms.get(&number) != Some(form) && told.insert((number, form)) {
            let facts: Vec<String> = form.0.iter().map(|(name, value)| format!("{name} {value}")).collect();
            out.push_str(&format!("    f{number} = {}\n", facts.join(", ")));
        }
    }
    out
}
