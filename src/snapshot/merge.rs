//! Merges an accepted snapshot with what a run observed into the snapshot to accept next.
//!
//! It never changes what a run did not test: those lines are copied unchanged.

use super::value::{AcceptedResponse, ConstraintLine, ConstraintSide, DocumentedMark, ObservedBehavior, Snapshot};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};

/// What a run learned about a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseState {
    /// A response was received; the mark states what is documented if the response violates it.
    Observed(ObservedBehavior, Option<DocumentedMark>),
    /// The case ran, but nothing was learned from it.
    NothingLearned,
    /// The case exists, but did not run.
    NotRun,
}

/// What a snapshot needs to know about a planned case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotCase {
    /// `Tags{key}/length`.
    pub place: String,
    /// `above-max`.
    pub side: String,
    /// `above-max-astral`.
    pub variant: String,
    /// What the run learned about it.
    pub state: CaseState,
}

/// How many of an operation's cases are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseCoverage {
    /// All cases of the operation, and all of them ran: a line without a case is obsolete.
    Complete,
    /// All cases of the operation, but not all of them ran.
    Planned,
    /// An unknown part; a side that was accepted as a whole also stands for cases that are not given.
    Unknown,
}

/// Returns the next snapshot of an operation. Forms keep their numbers.
pub fn merge_snapshot(
    accepted: Option<&Snapshot>,
    header: Vec<String>,
    cases: &[SnapshotCase],
    whole: CaseCoverage,
) -> Snapshot {
    let nothing = Snapshot::default();
    let old = accepted.unwrap_or(&nothing);
    let mut next = Snapshot { header, lines: Vec::new(), forms: old.forms.clone() };
    let lines: HashMap<&str, &ConstraintLine> = old.lines.iter().map(|line| (line.place.as_str(), line)).collect();
    let mut places: IndexMap<&str, Vec<&SnapshotCase>> = IndexMap::new();
    for case in cases {
        places.entry(&case.place).or_default().push(case);
    }
    for (place, cases) in &places {
        let line = fold_cases(place, cases, lines.get(place).copied(), whole, &mut next);
        if !line.sides.is_empty() || !line.exceptions.is_empty() {
            next.lines.push(line);
        }
    }
    if whole != CaseCoverage::Complete {
        // A line without a case keeps its place after its predecessor.
        for (index, line) in old.lines.iter().enumerate() {
            if !places.contains_key(line.place.as_str()) {
                let before = index.checked_sub(1).map(|before| old.lines[before].place.as_str());
                let at = before.and_then(|before| next.lines.iter().position(|line| line.place == before));
                next.lines.insert(at.map_or(0, |at| at + 1), line.clone());
            }
        }
    }
    next.remove_unused_forms();
    next
}

/// A variant, its response, and whether its response has never been observed.
type VariantResponse<'a> = (&'a str, Option<AcceptedResponse>, bool);

fn fold_cases(
    place: &str,
    cases: &[&SnapshotCase],
    old: Option<&ConstraintLine>,
    whole: CaseCoverage,
    next: &mut Snapshot,
) -> ConstraintLine {
    let mut sides: IndexMap<&str, Vec<VariantResponse<'_>>> = IndexMap::new();
    for case in cases {
        let known = || old.and_then(|line| line.lookup(&case.side, &case.variant)).cloned();
        let (response, open) = match &case.state {
            CaseState::Observed(seen, mark) => (Some(next.accept_response(seen, mark.clone())), false),
            CaseState::NothingLearned => (known(), false),
            CaseState::NotRun => {
                let known = known();
                let open = known.is_none();
                (known, open)
            }
        };
        sides.entry(&case.side).or_default().push((&case.variant, response, open));
    }
    let mut line = ConstraintLine { place: place.to_owned(), ..ConstraintLine::default() };
    let variants: HashSet<&str> = cases.iter().map(|case| case.variant.as_str()).collect();
    let mut here: HashSet<&str> = HashSet::new();
    for (name, cases) in sides {
        // A side of which these cases show nothing stays as it was.
        if cases.iter().any(|(_, response, _)| response.is_some()) {
            here.insert(name);
        }
        let accepted = old.and_then(|line| line.sides.iter().find(|side| side.name == name)).map(|side| &side.response);
        let common = match whole {
            CaseCoverage::Unknown => accepted.cloned(),
            // If a case has never been observed, no statement about all cases of the side is justified.
            CaseCoverage::Planned if cases.iter().any(|(_, _, open)| *open) => None,
            CaseCoverage::Complete | CaseCoverage::Planned => {
                most_common_response(cases.iter().filter_map(|(_, response, _)| response.as_ref()))
            }
        };
        for (variant, response, _) in &cases {
            let folds = |response: &&AcceptedResponse| match &common {
                // A different mark is not an exception to what was accepted.
                Some(common) if whole == CaseCoverage::Unknown => is_same_response(common, response),
                common => common.as_ref() == Some(*response),
            };
            if let Some(response) = response.as_ref().filter(|response| !folds(response)) {
                line.exceptions.push(((*variant).to_owned(), response.clone()));
            }
        }
        line.sides.extend(common.map(|response| ConstraintSide { name: name.to_owned(), response }));
    }
    if let Some(old) = old.filter(|_| whole != CaseCoverage::Complete) {
        let sides = old.sides.iter().filter(|side| !here.contains(side.name.as_str()));
        line.sides.extend(sides.cloned());
        let exceptions = old.exceptions.iter().filter(|(variant, _)| !variants.contains(variant.as_str()));
        line.exceptions.extend(exceptions.cloned());
    }
    line
}

fn is_same_response(one: &AcceptedResponse, other: &AcceptedResponse) -> bool {
    (one.status, &one.error, one.form, &one.note) == (other.status, &other.error, other.form, &other.note)
}

/// Returns the most frequent response; among equally frequent ones, the first.
fn most_common_response<'a>(all: impl Iterator<Item = &'a AcceptedResponse>) -> Option<AcceptedResponse> {
    let mut counts: IndexMap<&AcceptedResponse, usize> = IndexMap::new();
    for response in all {
        *counts.entry(response).or_default() += 1;
    }
    let most = counts.values().copied().max()?;
    counts.into_iter().find(|(_, count)| *count == most).map(|(response, _)| response.clone())
}
