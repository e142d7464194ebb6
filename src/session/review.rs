//! Reviews pending snapshots: lists what they would change, and applies the choices of the reviewer.
//!
//! This module never prompts the user: it receives the choices.

use crate::case::{CaseId, CaseIdError, Intent};
use crate::filter::Filter;
use crate::judge::SnapshotKey;
use crate::report::Diagnostic;
use crate::session::snapshot_recorder::{parse_snapshot, read_snapshot, snapshot_header, store_diagnostic};
pub use crate::snapshot::LineChange;
use crate::snapshot::{
    CaseCoverage, CaseState, DocumentedMark, ObservedBehavior, ResponseForm, Snapshot, SnapshotCase, copy_line,
    merge_snapshot, pending_changes, write,
};
use crate::store::{SnapshotFile, SnapshotStore, StoreError, read_text};
use indexmap::IndexMap;
use serde::Deserialize;
use std::collections::HashMap;

/// A pending snapshot with its changes.
#[derive(Clone, Debug)]
pub struct PendingSnapshot {
    /// The file of the snapshot.
    pub file: SnapshotFile,
    /// The changed lines that match the filter.
    pub units: Vec<LineChange>,
    accepted: Option<Snapshot>,
    pending: Snapshot,
}

/// The choice for a changed line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewChoice {
    /// Accept the new behaviour.
    Accept,
    /// Keep the accepted behaviour and discard the change.
    Reject,
    /// Leave the change pending.
    Skip,
}

/// Returns all pending snapshots with the changed lines that match the filter, without those that have no such line.
///
/// # Errors
/// Returns an error if a file cannot be read or is not a snapshot.
pub fn pending_snapshots(
    snapshots: &SnapshotStore,
    filter: Option<&Filter>,
) -> Result<Vec<PendingSnapshot>, Vec<Diagnostic>> {
    let mut found = Vec::new();
    for file in snapshots.pending_files().map_err(store_error)? {
        let path = file.pending_path();
        let text = read_text(&path).map_err(store_error)?;
        let pending = parse_snapshot(&path, &text).map_err(|problem| vec![*problem])?;
        let accepted = read_snapshot(&file).map_err(|problem| vec![*problem])?;
        let before = accepted.clone().unwrap_or_default();
        let mut units = pending_changes(&before, &pending);
        units.retain(|unit| filter.is_none_or(|filter| matches_line(filter, &file, &[&before, &pending], &unit.place)));
        if !units.is_empty() || filter.is_none() {
            found.push(PendingSnapshot { file, units, accepted, pending });
        }
    }
    Ok(found)
}

/// Returns true if a filter matches any side or variant of a line.
fn matches_line(filter: &Filter, file: &SnapshotFile, both: &[&Snapshot], place: &str) -> bool {
    let id = |variant: &str| format!("{}/{}/{place}/{variant}", file.scenario, file.operation);
    both.iter().filter_map(|snapshot| snapshot.line(place)).any(|line| {
        let variants = line.exceptions.iter().map(|(variant, _)| variant);
        line.sides.iter().map(|side| &side.name).chain(variants).any(|variant| filter.matches_id(&id(variant)))
    })
}

impl PendingSnapshot {
    /// Applies the choice for each line; lines without a choice stay pending.
    ///
    /// # Errors
    /// Returns an error if a file cannot be written.
    pub fn apply_choices(&self, choices: &[(String, ReviewChoice)]) -> Result<(), Vec<Diagnostic>> {
        let before = self.accepted.clone().unwrap_or_default();
        let (mut accepted, mut pending) = (before.clone(), self.pending.clone());
        for (place, choice) in choices {
            match choice {
                ReviewChoice::Accept => copy_line(&mut accepted, &self.pending, place),
                ReviewChoice::Reject => copy_line(&mut pending, &before, place),
                ReviewChoice::Skip => {}
            }
        }
        let left = pending_changes(&accepted, &pending);
        if choices.iter().any(|(_, choice)| *choice == ReviewChoice::Accept) {
            accepted.header.clone_from(&self.pending.header);
            if left.is_empty() {
                // The pending snapshot has the order of the plan.
                accepted.clone_from(&pending);
            }
            if accepted.lines.is_empty() {
                self.file.remove_accepted().map_err(store_error)?;
            } else {
                self.file.write_accepted(&write(&accepted)).map_err(store_error)?;
            }
        }
        if left.is_empty() { self.file.remove_pending() } else { self.file.write_pending(&write(&pending)) }
            .map_err(store_error)
    }
}

fn store_error(error: StoreError) -> Vec<Diagnostic> {
    vec![store_diagnostic(&error)]
}

#[derive(Deserialize)]
struct ReviewEvent {
    event: String,
    scenario: Option<String>,
    profile: Option<String>,
    operation: Option<String>,
    name: Option<String>,
    facts: Option<Vec<(String, String)>>,
    id: Option<String>,
    intent: Option<Intent>,
    verdict: Option<String>,
    observed: Option<serde_json::Value>,
    expected: Option<String>,
    complete: Option<bool>,
}

#[derive(Deserialize)]
struct ObservedResponseJson {
    status: Option<u16>,
    error: Option<String>,
    form: Option<String>,
    note: Option<String>,
}

/// One scenario of a file of results.
#[derive(Default)]
struct RecordedRun {
    profile: String,
    scenario: String,
    complete: bool,
    forms: HashMap<(String, String), ResponseForm>,
    operations: IndexMap<String, Vec<SnapshotCase>>,
}

/// Accepts the behaviour that the results of a run contain, and returns the changed files.
///
/// # Errors
/// Returns an error if the text contains no results, or a file cannot be written.
pub fn accept_results(
    snapshots: &SnapshotStore,
    display_name: &str,
    text: &str,
    filter: Option<&Filter>,
) -> Result<Vec<SnapshotFile>, Vec<Diagnostic>> {
    let runs = parse_runs(display_name, text, filter)?;
    let mut changed = Vec::new();
    for run in runs {
        let whole = if run.complete && filter.is_none() { CaseCoverage::Complete } else { CaseCoverage::Unknown };
        for (operation, cases) in &run.operations {
            let file = snapshots.file_for(&run.profile, &run.scenario, operation);
            let before = read_snapshot(&file).map_err(|problem| vec![*problem])?;
            let head = before.as_ref().map_or_else(
                || snapshot_header(&format!("scenarios/{}.toml", run.scenario), &run.scenario, operation),
                |before| before.header.clone(),
            );
            let next = merge_snapshot(before.as_ref(), head, cases, whole);
            if before.as_ref() != Some(&next) && !next.lines.is_empty() {
                file.write_accepted(&write(&next)).map_err(store_error)?;
                file.remove_pending().map_err(store_error)?;
                changed.push(file);
            }
        }
    }
    Ok(changed)
}

fn parse_runs(display_name: &str, text: &str, filter: Option<&Filter>) -> Result<Vec<RecordedRun>, Vec<Diagnostic>> {
    let mut runs: Vec<RecordedRun> = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |reason: String| {
            let line = u32::try_from(index + 1).ok();
            vec![Diagnostic { document: Some(display_name.to_owned()), line, ..Diagnostic::error(reason) }]
        };
        let event: ReviewEvent = match serde_json::from_str(line) {
            Ok(event) => event,
            // The last line of a run that was killed may be incomplete.
            Err(_) if !text.ends_with('\n') && index > 0 && index + 1 == text.lines().count() => break,
            Err(error) => return Err(wrong(format!("invalid line of results: {error}"))),
        };
        if event.event == "run" {
            let (Some(scenario), Some(profile)) = (event.scenario, event.profile) else {
                return Err(wrong("the `run` event lacks `scenario` or `profile`".to_owned()));
            };
            runs.push(RecordedRun { profile, scenario, ..RecordedRun::default() });
            continue;
        }
        let Some(run) = runs.last_mut() else { return Err(wrong("results must begin with a `run` event".to_owned())) };
        match event.event.as_str() {
            "form" => {
                if let (Some(operation), Some(name), Some(facts)) = (event.operation, event.name, event.facts) {
                    run.forms.insert((operation, name), ResponseForm(facts));
                }
            }
            "case" => run.add_case(event, filter).map_err(wrong)?,
            "summary" => run.complete = event.complete.unwrap_or(false),
            _ => {}
        }
    }
    if runs.is_empty() {
        let problem = Diagnostic::error(format!("`{display_name}` contains no results"));
        return Err(vec![problem.with_hint("`overstep check --report ndjson=FILE` writes results")]);
    }
    Ok(runs)
}

impl RecordedRun {
    fn add_case(&mut self, event: ReviewEvent, filter: Option<&Filter>) -> Result<(), String> {
        let (Some(id), Some(operation), Some(intent), Some(observed)) =
            (event.id, event.operation, event.intent, event.observed)
        else {
            return Err("the `case` event lacks `id`, `operation`, `intent` or `observed`".to_owned());
        };
        let verdict = event.verdict.unwrap_or_default();
        if verdict == "unsendable" || filter.is_some_and(|filter| !filter.matches_id(&id)) {
            return Ok(());
        }
        let id: CaseId = id.parse().map_err(|error: CaseIdError| error.to_string())?;
        let state = if matches!(verdict.as_str(), "pass" | "diverges" | "unspecified") {
            let observed: ObservedResponseJson = serde_json::from_value(observed).map_err(|error| error.to_string())?;
            let form = match observed.form {
                None => None,
                Some(name) => {
                    let form = self.forms.get(&(operation.clone(), name.clone())).cloned();
                    Some(form.ok_or_else(|| format!("form `{name}` of `{operation}` is not defined"))?)
                }
            };
            let seen = ObservedBehavior { status: observed.status, error: observed.error, note: observed.note, form };
            CaseState::Observed(seen, event.expected.as_deref().and_then(DocumentedMark::new))
        } else {
            CaseState::NothingLearned
        };
        let SnapshotKey { place, side, variant } = SnapshotKey::new(&id, intent);
        self.operations.entry(operation).or_default().push(SnapshotCase { place, side, variant, state });
        Ok(())
    }
}
