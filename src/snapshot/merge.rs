//! What was accepted and what a run saw become what to accept next.
//!
//! Nothing that a run did not look at changes here: its lines are taken over as they are.

use super::value::{Held, Line, Mark, Seen, Side, Snapshot};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};

/// What a run knows of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was answered; the mark says what is documented where the answer breaks it.
    Seen(Seen, Option<Mark>),
    /// It ran, and nothing was learnt.
    Unlearnt,
    /// It is a case, but it did not run.
    NotRun,
}

/// A case of a plan, as far as snapshots go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// `Tags{key}/length`.
    pub place: String,
    /// `above-max`.
    pub side: String,
    /// `above-max-astral`.
    pub variant: String,
    /// What is known.
    pub state: State,
}

/// How much of an operation the given cases are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// All of it, and all ran: what is not among them is gone.
    Complete,
    /// All of it, but not all ran.
    Planned,
    /// Nobody knows; a side that was accepted as a whole stands for cases that are not here.
    Unknown,
}

/// The next snapshot of an operation. The number of a form stays the same from one to the next.
pub fn merged(accepted: Option<&Snapshot>, header: Vec<String>, cases: &[Ran], whole: Whole) -> Snapshot {
    let nothing = Snapshot::default();
    let old = accepted.unwrap_or(&nothing);
    let mut next = Snapshot { header, lines: Vec::new(), forms: old.forms.clone() };
    let lines: HashMap<&str, &Line> = old.lines.iter().map(|line| (line.place.as_str(), line)).collect();
    let mut places: IndexMap<&str, Vec<&Ran>> = IndexMap::new();
    for case in cases {
        places.entry(&case.place).or_default().push(case);
    }
    for (place, cases) in &places {
        let line = fold(place, cases, lines.get(place).copied(), whole, &mut next);
        if !line.sides.is_empty() || !line.exceptions.is_empty() {
            next.lines.push(line);
        }
    }
    if whole != Whole::Complete {
        // A line that no case belongs to stays after the line that it stood after.
        for (index, line) in old.lines.iter().enumerate() {
            if !places.contains_key(line.place.as_str()) {
                let before = index.checked_sub(1).map(|before| old.lines[before].place.as_str());
                let at = before.and_then(|before| next.lines.iter().position(|line| line.place == before));
                next.lines.insert(at.map_or(0, |at| at + 1), line.clone());
            }
        }
    }
    next.tidy();
    next
}

/// A variant, its answer, and whether it is a case that nobody has seen.
type Known<'a> = (&'a str, Option<Held>, bool);

fn fold(place: &str, cases: &[&Ran], old: Option<&Line>, whole: Whole, next: &mut Snapshot) -> Line {
    let mut sides: IndexMap<&str, Vec<Known<'_>>> = IndexMap::new();
    for case in cases {
        let known = || old.and_then(|line| line.lookup(&case.side, &case.variant)).cloned();
        let (held, open) = match &case.state {
            State::Seen(seen, mark) => (Some(next.hold(seen, mark.clone())), false),
            State::Unlearnt => (known(), false),
            State::NotRun => {
                let known = known();
                let open = known.is_none();
                (known, open)
            }
        };
        sides.entry(&case.side).or_default().push((&case.variant, held, open));
    }
    let mut line = Line { place: place.to_owned(), ..Line::default() };
    let variants: HashSet<&str> = cases.iter().map(|case| case.variant.as_str()).collect();
    let mut here: HashSet<&str> = HashSet::new();
    for (name, cases) in sides {
        // What cannot be known of this side from these cases alone stays as it was.
        if cases.iter().any(|(_, held, _)| held.is_some()) {
            here.insert(name);
        }
        let accepted = old.and_then(|line| line.sides.iter().find(|side| side.name == name)).map(|side| &side.held);
        let common = match whole {
            Whole::Unknown => accepted.cloned(),
            // Where a case is left that nobody has seen, no word about all of them is true.
            Whole::Planned if cases.iter().any(|(_, _, open)| *open) => None,
            Whole::Complete | Whole::Planned => most_common(cases.iter().filter_map(|(_, held, _)| held.as_ref())),
        };
        for (variant, held, _) in &cases {
            let folds = |held: &&Held| match &common {
                // Another word on what is documented is no exception from what was accepted.
                Some(common) if whole == Whole::Unknown => same_answer(common, held),
                common => common.as_ref() == Some(*held),
            };
            if let Some(held) = held.as_ref().filter(|held| !folds(held)) {
                line.exceptions.push(((*variant).to_owned(), held.clone()));
            }
        }
        line.sides.extend(common.map(|held| Side { name: name.to_owned(), held }));
    }
    if let Some(old) = old.filter(|_| whole != Whole::Complete) {
        let sides = old.sides.iter().filter(|side| !here.contains(side.name.as_str()));
        line.sides.extend(sides.cloned());
        let exceptions = old.exceptions.iter().filter(|(variant, _)| !variants.contains(variant.as_str()));
        line.exceptions.extend(exceptions.cloned());
    }
    line
}

fn same_answer(one: &Held, other: &Held) -> bool {
    (one.status, &one.error, one.form, &one.note) == (other.status, &other.error, other.form, &other.note)
}

/// The answer of most; of several, the one that came first.
fn most_common<'a>(all: impl Iterator<Item = &'a Held>) -> Option<Held> {
    let mut counts: IndexMap<&Held, usize> = IndexMap::new();
    for held in all {
        *counts.entry(held).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(held, _)| held.clone())
}
