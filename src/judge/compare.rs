//! Compares a response with the accepted one.
//!
//! It never asks whether the accepted behaviour is right.

use super::obstacle::is_throttled;
use super::{Judgement, ResponseValues, ValueDifference, Verdict, describe_expectation, form::response_form};
use crate::case::{Case, CaseId, Intent, JudgedPart};
use crate::contract::Contract;
use crate::run::CaseOutcome;
use crate::snapshot::{DocumentedMark, ObservedBehavior, ResponseForm, Snapshot};
use serde::{Deserialize, Serialize};

/// How a response compares with the accepted one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SnapshotChange {
    /// The response matches the accepted one.
    Same,
    /// The response differs from the accepted one.
    Changed,
    /// No response has been accepted yet.
    New,
    /// There was no response, or nothing is compared.
    #[default]
    None,
}

/// A case's response, its snapshot key and the accepted response.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SnapshotComparison {
    /// Where the case is recorded in a snapshot.
    pub key: SnapshotKey,
    /// The observed response; absent if the case was inconclusive.
    pub observed: Option<ObservedBehavior>,
    /// The documented behaviour, if the response breaks it.
    pub mark: Option<DocumentedMark>,
    /// The accepted response; its form is included only if the response differs.
    pub accepted: Option<ObservedBehavior>,
    /// How the two compare.
    pub change: SnapshotChange,
    /// Whether the accepted response breaks the contract.
    pub is_accepted_divergence: bool,
    /// Whether the response breaks the contract and was accepted as such.
    pub is_known_divergence: bool,
    /// Values that differ from those of the second endpoint, in a differential run.
    pub value_differences: Vec<ValueDifference>,
}

/// Where a case is recorded in a snapshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SnapshotKey {
    /// Member and constraint, or the parts of the ID in their place: `Tags{key}/length`.
    pub place: String,
    /// Side of the constraint: `at-max`, `violated`, `valid` …
    pub side: String,
    /// Rest of the ID: `at-max-astral`.
    pub variant: String,
}

impl SnapshotKey {
    /// Derives the key from a case's ID and intent.
    pub fn new(id: &CaseId, intent: Intent) -> Self {
        Self {
            place: id.place().to_owned(),
            side: constraint_side(id.variant(), intent, id.law().is_some()).to_owned(),
            variant: id.variant().to_owned(),
        }
    }
}

impl SnapshotComparison {
    /// Returns true if the case is a finding: it breaks the contract and is not a known divergence, or its response
    /// differs from the accepted one.
    pub fn is_finding(&self, verdict: Verdict, strict: bool) -> bool {
        is_finding(verdict, self.is_known_divergence, self.change, strict)
    }

    /// Adds the values that differ from those of another endpoint. They count only if everything else is the same.
    #[must_use]
    pub fn with_value_differences(mut self, was: &ResponseValues, now: &ResponseValues) -> Self {
        if self.change == SnapshotChange::Same {
            self.value_differences = was.differences(now);
            if !self.value_differences.is_empty() {
                self.change = SnapshotChange::Changed;
            }
        }
        self
    }

    /// Describes the accepted response if the observed one differs from it. The form is described only if nothing else
    /// differs.
    pub fn describe_accepted(&self) -> Option<String> {
        let (SnapshotChange::Changed, Some(accepted), Some(seen)) = (self.change, &self.accepted, &self.observed)
        else {
            return None;
        };
        let words = accepted.to_string();
        if let Some(first) = self.value_differences.first() {
            return Some(first.describe(&words).0);
        }
        if words != seen.to_string() {
            return Some(words);
        }
        let [removed, added] = changed_facts(accepted, seen);
        let part = |word: &str, facts: &[String]| (!facts.is_empty()).then(|| format!("{word} {}", facts.join(", ")));
        let parts: Vec<String> = [part("with", &removed), part("without", &added)].into_iter().flatten().collect();
        Some(format!("{words} {}", parts.join(", ")))
    }

    /// Describes how the form of the response differs from the accepted one, if nothing else does.
    pub fn describe_form_change(&self) -> Option<String> {
        let (SnapshotChange::Changed, Some(accepted), Some(seen)) = (self.change, &self.accepted, &self.observed)
        else {
            return None;
        };
        if !self.value_differences.is_empty() || accepted.to_string() != seen.to_string() {
            return None;
        }
        let [removed, added] = changed_facts(accepted, seen);
        let part = |word: &str, facts: &[String]| (!facts.is_empty()).then(|| format!("{word} {}", facts.join(", ")));
        let parts: Vec<String> = [part("no longer", &removed), part("now", &added)].into_iter().flatten().collect();
        Some(parts.join("; "))
    }
}

/// Returns the facts of the accepted form that the observed one lacks, and those that it adds.
fn changed_facts(accepted: &ObservedBehavior, seen: &ObservedBehavior) -> [Vec<String>; 2] {
    let of = |form: &Option<ResponseForm>| form.clone().unwrap_or_default().0;
    let (before, now) = (of(&accepted.form), of(&seen.form));
    let describe_fact = |fact: &(String, String)| format!("{} {}", fact.0, fact.1);
    let removed = before.iter().filter(|fact| !now.contains(fact)).map(describe_fact).collect();
    let added = now.iter().filter(|fact| !before.contains(fact)).map(describe_fact).collect();
    [removed, added]
}

/// Returns true if a case is a finding, judging by its recorded results.
pub fn is_finding(verdict: Verdict, known: bool, change: SnapshotChange, strict: bool) -> bool {
    (verdict == Verdict::Diverges && (strict || !known)) || change == SnapshotChange::Changed
}

/// Returns the side of a limit that the variant is named after, or else the kind of request.
fn constraint_side(variant: &str, intent: Intent, law: bool) -> &str {
    for limit in ["below-min", "at-min", "above-min", "below-max", "at-max", "above-max"] {
        if variant.strip_prefix(limit).is_some_and(|rest| rest.is_empty() || rest.starts_with('-')) {
            return limit;
        }
    }
    match intent {
        Intent::Valid => "valid",
        Intent::Violates | Intent::Malformed => "violated",
        Intent::Auth => "denied",
        Intent::Missing => "missing",
        Intent::Law => "law",
        Intent::Probe if law => "law",
        Intent::Probe => "silent",
    }
}

/// Returns the response to a case and how it compares with the accepted response of its operation.
///
/// `clean` redacts, in place, what must not be written to any file.
pub fn compare_with_snapshot(
    contract: &Contract,
    outcome: &CaseOutcome,
    judgement: &Judgement,
    accepted: Option<&Snapshot>,
    clean: impl Fn(&mut String),
) -> SnapshotComparison {
    let case = &outcome.case;
    let spot = SnapshotKey::new(&case.id, case.intent);
    // A throttled response says nothing about the request, so there is nothing to accept.
    if !matches!(judgement.verdict, Verdict::Pass | Verdict::Diverges | Verdict::Unspecified)
        || (judgement.verdict == Verdict::Diverges && is_throttled(outcome, &judgement.observed))
    {
        return SnapshotComparison { key: spot, ..SnapshotComparison::default() };
    }
    let seen = observed_response(contract, case, outcome, judgement, clean);
    let mark = (judgement.verdict == Verdict::Diverges)
        .then(|| DocumentedMark::new(&describe_expectation(&case.expectation)))
        .flatten();
    let held = accepted.and_then(|all| Some((all, all.lookup(&spot.place, &spot.side, &spot.variant)?)));
    let is_accepted_divergence = held.is_some_and(|(_, held)| held.mark.is_some());
    let (change, accepted) = match held {
        None => (SnapshotChange::New, None),
        Some((all, held)) if all.is_accepted(held, &seen) => {
            let (status, error, note) = (seen.status, seen.error.clone(), seen.note.clone());
            (SnapshotChange::Same, Some(ObservedBehavior { status, error, note, form: None }))
        }
        Some((all, held)) => (SnapshotChange::Changed, Some(all.expand_response(held))),
    };
    let known = change == SnapshotChange::Same && judgement.verdict == Verdict::Diverges;
    SnapshotComparison {
        key: spot,
        observed: Some(seen),
        mark,
        accepted,
        change,
        is_accepted_divergence,
        is_known_divergence: known,
        value_differences: Vec::new(),
    }
}

fn observed_response(
    contract: &Contract,
    case: &Case,
    outcome: &CaseOutcome,
    judgement: &Judgement,
    clean: impl Fn(&mut String),
) -> ObservedBehavior {
    let observed = &judgement.observed;
    let answer = match case.judged {
        // The form of the responses to a law's steps is covered by cases of their own.
        JudgedPart::Law(_) => None,
        JudgedPart::Step(index) => {
            outcome.exchanges.get(index).and_then(Option::as_ref).and_then(|one| one.response.as_ref().ok())
        }
    };
    let output = contract.operation(case.operation.as_str()).and_then(|operation| operation.output.as_ref());
    let form = answer.map(|answer| {
        let mut form = response_form(contract, output, answer, observed);
        for (name, value) in &mut form.0 {
            clean(name);
            clean(value);
        }
        form
    });
    ObservedBehavior { status: observed.status, error: observed.error.clone(), note: observed.note.clone(), form }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshot_key_names_the_side_of_the_limit() {
        for (id, intent, expected) in [
            ("s/Op/Tags{key}/length/at-max-astral", Intent::Valid, ("Tags{key}/length", "at-max", "at-max-astral")),
            ("s/Op/Tags/length/at-maximum", Intent::Valid, ("Tags/length", "valid", "at-maximum")),
            ("s/Op/Tags/pattern/end-U+002F", Intent::Violates, ("Tags/pattern", "violated", "end-U+002F")),
            ("s/Op/malformed/bom/utf-8", Intent::Probe, ("malformed/bom", "silent", "utf-8")),
            ("s/Op/law/merges/two-writes", Intent::Law, ("law/merges", "law", "two-writes")),
            ("s/Op/x/enum/a/b", Intent::Violates, ("x/enum", "violated", "a/b")),
        ] {
            let spot = SnapshotKey::new(&id.parse().expect(id), intent);
            assert_eq!((spot.place.as_str(), spot.side.as_str(), spot.variant.as_str()), expected, "{id}");
        }
    }
}
