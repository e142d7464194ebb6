//! Finds paths of a scenario's `read` that exist nowhere: neither in a response nor in the documentation.
//!
//! Such a path says nothing about an endpoint; it is an error of the scenario.

use super::case_observer::CaseObserver;
use super::job::ScenarioJob;
use crate::case::{Case, JudgedPart, Law, StateEvent};
use crate::judge::{UNKNOWN_PLACE, Verdict};
use crate::report::{CaseResult, Diagnostic};
use indexmap::IndexMap;

/// What the cases of one operation showed of a place that they read.
#[derive(Default)]
struct PlaceUsage {
    /// Number of cases of which no response had the place.
    unknown: u64,
    /// Whether a response had it, or its absence is a violation.
    is_known: bool,
}

/// The places that laws read, by operation and path.
#[derive(Default)]
pub(super) struct UnknownPlaces(IndexMap<(String, String), PlaceUsage>);

impl CaseObserver for UnknownPlaces {
    fn observe(&mut self, done: &mut CaseResult) {
        let judgement = &done.judgement;
        let is_unknown = judgement.observed.note.as_deref() == Some(UNKNOWN_PLACE);
        if !is_unknown && !matches!(judgement.verdict, Verdict::Pass | Verdict::Diverges) {
            return;
        }
        let operation = done.case.operation.as_str();
        for place in read_places(&done.case) {
            let usage = self.0.entry((operation.to_owned(), place.to_owned())).or_default();
            usage.unknown += u64::from(is_unknown);
            usage.is_known |= !is_unknown;
        }
    }
}

/// Returns the places that a case reads to check a law, each once.
fn read_places(case: &Case) -> Vec<&str> {
    let JudgedPart::Law(law) = &case.judged else { return Vec::new() };
    let Law::State { events, .. } = &**law else { return Vec::new() };
    let mut places: Vec<&str> = Vec::new();
    for event in events {
        if let StateEvent::Read(view) = &event.event
            && !places.contains(&view.place.as_str())
        {
            places.push(&view.place);
        }
    }
    places
}

impl UnknownPlaces {
    /// Returns an error for each place that no response had.
    pub fn problems(&self, job: &ScenarioJob) -> Vec<Diagnostic> {
        let unknown = self.0.iter().filter(|(_, usage)| usage.unknown > 0 && !usage.is_known);
        let problems = unknown.map(|((operation, place), usage)| {
            let reason = format!("no response has `{place}`, which the `read` of `{operation}` names");
            let hint = format!("correct the path; until then, {} of its laws are inconclusive", usage.unknown);
            let notes = job.scenario.operation_notes(operation);
            let line = notes.map_or(0, |notes| if notes.laws_line > 0 { notes.laws_line } else { notes.line });
            Diagnostic {
                document: job.scenario_file.clone(),
                line: (line > 0).then_some(line),
                ..Diagnostic::error(reason).with_hint(hint)
            }
        });
        problems.collect()
    }
}
