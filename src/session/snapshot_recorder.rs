//! Reads accepted behaviour before a run, and writes snapshots after it.
//!
//! It never removes accepted behaviour of cases that did not run.

use crate::escape::json_line;
use crate::generate::{GenerationLevel, GenerationOptions, generate_cases};
use crate::judge::{SnapshotChange, SnapshotKey, Verdict};
use crate::report::{CaseResult, Diagnostic, NewForm, SkippedOperation, SnapshotUpdates};
use crate::session::case_observer::CaseObserver;
use crate::session::job::ScenarioJob;
use crate::session::snapshot_options::{SnapshotOptions, SnapshotUpdate};
use crate::snapshot::{CaseCoverage, CaseState, Snapshot, SnapshotCase, merge_snapshot, read, write};
use crate::store::{SnapshotFile, StoreError};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};

/// The accepted behaviour of a job's operations.
#[derive(Default)]
pub(super) struct AcceptedSnapshots {
    files: HashMap<String, (SnapshotFile, Option<Snapshot>)>,
}

impl AcceptedSnapshots {
    /// Reads the snapshots of all operations.
    pub fn read(job: &ScenarioJob, keeping: Option<&SnapshotOptions>) -> Result<Self, Vec<Diagnostic>> {
        let mut files = HashMap::new();
        let mut wrong = Vec::new();
        for operation in keeping.map(|_| &job.contract.operations).into_iter().flatten() {
            let Some(keeping) = keeping else { break };
            let name = operation.name.as_str();
            let file =
                keeping.snapshots.file_for(keeping.profile.as_ref().unwrap_or(&job.profile), &job.scenario.name, name);
            match read_snapshot(&file) {
                Ok(snapshot) => {
                    files.insert(name.to_owned(), (file, snapshot));
                }
                Err(problem) => wrong.push(*problem),
            }
        }
        if wrong.is_empty() { Ok(Self { files }) } else { Err(wrong) }
    }

    /// Returns the accepted behaviour of an operation.
    pub fn for_operation(&self, operation: &str) -> Option<&Snapshot> {
        self.files.get(operation)?.1.as_ref()
    }
}

/// Reads the accepted snapshot of an operation, if there is one.
pub(super) fn read_snapshot(file: &SnapshotFile) -> Result<Option<Snapshot>, Box<Diagnostic>> {
    let text = file.read_accepted().map_err(|error| Box::new(store_diagnostic(&error)))?;
    text.map(|text| parse_snapshot(&file.path, &text)).transpose()
}

/// Parses the text of a snapshot.
pub(super) fn parse_snapshot(path: &std::path::Path, text: &str) -> Result<Snapshot, Box<Diagnostic>> {
    read(text).map_err(|error| {
        let problem = Diagnostic::error(format!("not a snapshot: {}", error.reason));
        Box::new(Diagnostic {
            document: Some(path.display().to_string()),
            line: u32::try_from(error.line).ok(),
            hint: Some("restore the file, or delete it and accept the behaviour again".to_owned()),
            ..problem
        })
    })
}

pub(super) fn store_diagnostic(error: &StoreError) -> Diagnostic {
    Diagnostic { hint: error.hint.clone(), ..Diagnostic::error(error.reason.clone()) }
}

/// Collects the responses of a run, in plan order.
pub(super) struct SnapshotRecorder<'a> {
    job: &'a ScenarioJob,
    options: Option<&'a SnapshotOptions>,
    accepted: &'a AcceptedSnapshots,
    operations: IndexMap<String, OperationRecord>,
}

#[derive(Default)]
struct OperationRecord {
    /// Names of forms: first the accepted ones, then those that the run adds.
    form_names: Snapshot,
    announced_forms: HashSet<u32>,
    cases: Vec<SnapshotCase>,
    differs: bool,
}

impl<'a> SnapshotRecorder<'a> {
    pub fn new(job: &'a ScenarioJob, options: Option<&'a SnapshotOptions>, accepted: &'a AcceptedSnapshots) -> Self {
        Self { job, options, accepted, operations: IndexMap::new() }
    }

    /// Writes the snapshots of the run, and returns how many were written and why others could not be; `complete` means
    /// that every case of the scenario ran. The accepted behaviour of operations that were not run stays unchanged.
    pub fn write(self, complete: bool, not_run: &[SkippedOperation]) -> (SnapshotUpdates, Vec<Diagnostic>) {
        let (mut news, mut problems) = (SnapshotUpdates::default(), Vec::new());
        let Some(keeping) = self.options.filter(|keeping| keeping.update != SnapshotUpdate::No) else {
            return (news, problems);
        };
        let whole = complete;
        let planned = if whole { Ok(HashMap::new()) } else { self.planned_cases() };
        let mut planned = match planned {
            Ok(planned) => planned,
            Err(problems) => return (news, problems),
        };
        let accepted = self.accepted;
        for (name, mut seen) in self.operations {
            if not_run.iter().any(|one| one.operation == name) {
                continue;
            }
            let Some((file, before)) = accepted.files.get(&name) else { continue };
            if !whole {
                seen.cases = merge_recorded(planned.remove(&name).unwrap_or_default(), seen.cases);
            }
            let vanishes = whole && before.as_ref().is_some_and(|before| has_stale_lines(before, &seen.cases));
            let mut note = |result: Result<(), StoreError>| match result {
                Ok(()) => 1,
                Err(error) => {
                    problems.push(store_diagnostic(&error));
                    0
                }
            };
            let rewrites = whole && keeping.update == SnapshotUpdate::All;
            if !seen.differs && !vanishes && !rewrites {
                if whole {
                    note(file.remove_pending());
                }
                continue;
            }
            let whole = if whole { CaseCoverage::Complete } else { CaseCoverage::Planned };
            let next = merge_snapshot(
                before.as_ref(),
                snapshot_header(&keeping.source, &file.scenario, &name),
                &seen.cases,
                whole,
            );
            if next.lines.is_empty() && before.is_none() {
                continue;
            }
            if before.as_ref() == Some(&next) {
                note(file.remove_pending());
                continue;
            }
            if keeping.update == SnapshotUpdate::All {
                let text = write(&next);
                news.accepted += note(file.write_accepted(&text).and_then(|()| file.remove_pending()));
            } else {
                news.pending += note(file.write_pending(&write(&next)));
            }
        }
        (news, problems)
    }

    /// Returns all cases that a complete run would send, by operation.
    fn planned_cases(&self) -> Result<HashMap<String, Vec<SnapshotCase>>, Vec<Diagnostic>> {
        let mut planned: HashMap<String, Vec<SnapshotCase>> = HashMap::new();
        let differing = |name: &str| self.operations.get(name).is_some_and(|seen| seen.differs);
        if !self.operations.values().any(|seen| seen.differs) {
            return Ok(planned);
        }
        let options = GenerationOptions { seed: self.job.seed, level: GenerationLevel::Full };
        let all = generate_cases(&self.job.contract, &self.job.scenario, options)
            .map_err(|error| vec![Diagnostic::error(error.to_string())])?;
        for case in all.filter(|case| case.unsendable_reason.is_none() && differing(case.operation.as_str())) {
            let SnapshotKey { place, side, variant } = SnapshotKey::new(&case.id, case.intent);
            let ran = SnapshotCase { place, side, variant, state: CaseState::NotRun };
            planned.entry(case.operation.as_str().to_owned()).or_default().push(ran);
        }
        Ok(planned)
    }
}

impl CaseObserver for SnapshotRecorder<'_> {
    /// Records the response to a case, and names its form.
    fn observe(&mut self, done: &mut CaseResult) {
        let Some(keeping) = self.options else { return };
        let name = done.case.operation.as_str();
        if !self.operations.contains_key(name) {
            let mut seen = OperationRecord::default();
            if let Some(accepted) = self.accepted.for_operation(name) {
                seen.form_names.forms.clone_from(&accepted.forms);
            }
            self.operations.insert(name.to_owned(), seen);
        }
        let Some(operation) = self.operations.get_mut(name) else { return };
        let comparison = &done.comparison;
        if let Some(form) = comparison.observed.as_ref().and_then(|seen| seen.form.as_ref()) {
            let number = operation.form_names.intern_form(form);
            insert_form_name(&mut done.results_line, number);
            if operation.announced_forms.insert(number) {
                done.new_form = Some(NewForm { name: format!("f{number}"), facts: form.0.clone() });
            }
        }
        operation.differs |= matches!(comparison.change, SnapshotChange::Changed | SnapshotChange::New);
        if keeping.update == SnapshotUpdate::No || done.judgement.verdict == Verdict::Unsendable {
            return;
        }
        let state = match &comparison.observed {
            Some(seen) => CaseState::Observed(seen.clone(), comparison.mark.clone()),
            None => CaseState::NothingLearned,
        };
        let SnapshotKey { place, side, variant } = comparison.key.clone();
        operation.cases.push(SnapshotCase { place, side, variant, state });
    }
}

/// Returns the header of a snapshot, in insta's format.
pub(super) fn snapshot_header(source: &str, scenario: &str, operation: &str) -> Vec<String> {
    let scalar = |text: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
        let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain);
        let quoted = || String::from_utf8_lossy(&json_line(text).expect("a text has a JSON form")).into_owned();
        if is_plain { text.to_owned() } else { quoted() }
    };
    vec![format!("source: {}", scalar(source)), format!("expression: {}", scalar(&format!("{scenario}/{operation}")))]
}

/// Merges the recorded cases into the planned ones.
fn merge_recorded(plan: Vec<SnapshotCase>, seen: Vec<SnapshotCase>) -> Vec<SnapshotCase> {
    let mut known: IndexMap<(String, String), SnapshotCase> =
        seen.into_iter().map(|ran| ((ran.place.clone(), ran.variant.clone()), ran)).collect();
    let mut all: Vec<SnapshotCase> = plan
        .into_iter()
        .map(|ran| known.shift_remove(&(ran.place.clone(), ran.variant.clone())).unwrap_or(ran))
        .collect();
    all.extend(known.into_values());
    all
}

/// Returns true if a snapshot contains lines for cases that no longer exist.
fn has_stale_lines(before: &Snapshot, cases: &[SnapshotCase]) -> bool {
    let mut places: HashSet<&str> = HashSet::new();
    let (mut sides, mut variants) = (HashSet::new(), HashSet::new());
    for case in cases {
        places.insert(&case.place);
        sides.insert((case.place.as_str(), case.side.as_str()));
        variants.insert((case.place.as_str(), case.variant.as_str()));
    }
    before.lines.iter().any(|line| {
        let place = line.place.as_str();
        !places.contains(place)
            || line.sides.iter().any(|side| !sides.contains(&(place, side.name.as_str())))
            || line.exceptions.iter().any(|(variant, _)| !variants.contains(&(place, variant.as_str())))
    })
}

/// Inserts the name of a form into a case's line of the results.
fn insert_form_name(line: &mut Vec<u8>, number: u32) {
    const NONE: &[u8] = b"\"form\":null";
    // Quotes inside of strings are escaped with a backslash, so the first match is the field.
    if let Some(at) = memchr::memmem::find(line, NONE) {
        line.splice(at..at + NONE.len(), format!("\"form\":\"f{number}\"").into_bytes());
    }
}
