//! Reviews pending snapshots: lists what they would change, and applies the choices of the reviewer.
//!
//! This module never prompts the user: it receives the choices.

use super::Filter;
use super::accepted::{header, parsed, snapshot, unusable};
use crate::generate::Intent;
use crate::judge::Spot;
use crate::report::Diagnostic;
pub use crate::snapshot::Unit;
use crate::snapshot::{Form, Mark, Ran, Seen, Snapshot, State, Whole, adopt, merged, units, write};
use crate::store::{SnapshotFile, Snapshots, StoreError, read_text};
use indexmap::IndexMap;
use serde::Deserialize;
use std::collections::HashMap;

/// A pending snapshot with its changes.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// The file of the snapshot.
    pub file: SnapshotFile,
    /// The changed lines that match the filter.
    pub units: Vec<Unit>,
    accepted: Option<Snapshot>,
    pending: Snapshot,
}

/// The choice for a changed line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
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
pub fn waiting(snapshots: &Snapshots, filter: Option<&Filter>) -> Result<Vec<Waiting>, Vec<Diagnostic>> {
    let mut found = Vec::new();
    for file in snapshots.waiting().map_err(failed)? {
        let path = file.waiting();
        let text = read_text(&path).map_err(failed)?;
        let pending = parsed(&path, &text).map_err(|problem| vec![*problem])?;
        let accepted = snapshot(&file).map_err(|problem| vec![*problem])?;
        let before = accepted.clone().unwrap_or_default();
        let mut units = units(&before, &pending);
        units.retain(|unit| filter.is_none_or(|filter| chosen(filter, &file, &[&before, &pending], &unit.place)));
        if !units.is_empty() || filter.is_none() {
            found.push(Waiting { file, units, accepted, pending });
        }
    }
    Ok(found)
}

/// Returns true if a filter matches any side or variant of a line.
fn chosen(filter: &Filter, file: &SnapshotFile, both: &[&Snapshot], place: &str) -> bool {
    let id = |variant: &str| format!("{}/{}/{place}/{variant}", file.scenario, file.operation);
    both.iter().filter_map(|snapshot| snapshot.line(place)).any(|line| {
        let variants = line.exceptions.iter().map(|(variant, _)| variant);
        line.sides.iter().map(|side| &side.name).chain(variants).any(|variant| filter.matches_id(&id(variant)))
    })
}

impl Waiting {
    /// Applies the choice for each line; lines without a choice stay pending.
    ///
    /// # Errors
    /// Returns an error if a file cannot be written.
    pub fn decide(&self, choices: &[(String, Choice)]) -> Result<(), Vec<Diagnostic>> {
        let before = self.accepted.clone().unwrap_or_default();
        let (mut accepted, mut pending) = (before.clone(), self.pending.clone());
        for (place, choice) in choices {
            match choice {
                Choice::Accept => adopt(&mut accepted, &self.pending, place),
                Choice::Reject => adopt(&mut pending, &before, place),
                Choice::Skip => {}
            }
        }
        let left = units(&accepted, &pending);
        if choices.iter().any(|(_, choice)| *choice == Choice::Accept) {
            accepted.header.clone_from(&self.pending.header);
            if left.is_empty() {
                // The pending snapshot has the order of the plan.
                accepted.clone_from(&pending);
            }
            if accepted.lines.is_empty() {
                self.file.unaccept().map_err(failed)?;
            } else {
                self.file.accept(&write(&accepted)).map_err(failed)?;
            }
        }
        if left.is_empty() { self.file.forget() } else { self.file.wait(&write(&pending)) }.map_err(failed)
    }
}

fn failed(error: StoreError) -> Vec<Diagnostic> {
    vec![unusable(&error)]
}

#[derive(Deserialize)]
struct Event {
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
struct ObservedAnswer {
    status: Option<u16>,
    error: Option<String>,
    form: Option<String>,
    note: Option<String>,
}

/// One scenario of a file of results.
#[derive(Default)]
struct Run {
    profile: String,
    scenario: String,
    complete: bool,
    forms: HashMap<(String, String), Form>,
    operations: IndexMap<String, Vec<Ran>>,
}

/// Accepts the behaviour that the results of a run contain, and returns the changed files.
///
/// # Errors
/// Returns an error if the text contains no results, or a file cannot be written.
pub fn accept_results(
    snapshots: &Snapshots,
    shown: &str,
    text: &str,
    filter: Option<&Filter>,
) -> Result<Vec<SnapshotFile>, Vec<Diagnostic>> {
    let runs = runs(shown, text, filter)?;
    let mut changed = Vec::new();
    for run in runs {
        let whole = if run.complete && filter.is_none() { Whole::Complete } else { Whole::Unknown };
        for (operation, cases) in &run.operations {
            let file = snapshots.file(&run.profile, &run.scenario, operation);
            let before = snapshot(&file).map_err(|problem| vec![*problem])?;
            let head = before.as_ref().map_or_else(
                || header(&format!("scenarios/{}.toml", run.scenario), &run.scenario, operation),
                |before| before.header.clone(),
            );
            let next = merged(before.as_ref(), head, cases, whole);
            if before.as_ref() != Some(&next) && !next.lines.is_empty() {
                file.accept(&write(&next)).map_err(failed)?;
                file.forget().map_err(failed)?;
                changed.push(file);
            }
        }
    }
    Ok(changed)
}

fn runs(shown: &str, text: &str, filter: Option<&Filter>) -> Result<Vec<Run>, Vec<Diagnostic>> {
    let mut runs: Vec<Run> = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let wrong = |reason: String| {
            let line = u32::try_from(index + 1).ok();
            vec![Diagnostic { document: Some(shown.to_owned()), line, ..Diagnostic::error(reason) }]
        };
        let event: Event = match serde_json::from_str(line) {
            Ok(event) => event,
            // The last line of a run that was killed may be incomplete.
            Err(_) if !text.ends_with('\n') && index > 0 && index + 1 == text.lines().count() => break,
            Err(error) => return Err(wrong(format!("invalid line of results: {error}"))),
        };
        if event.event == "run" {
            let (Some(scenario), Some(profile)) = (event.scenario, event.profile) else {
                return Err(wrong("the `run` event lacks `scenario` or `profile`".to_owned()));
            };
            runs.push(Run { profile, scenario, ..Run::default() });
            continue;
        }
        let Some(run) = runs.last_mut() else { return Err(wrong("results must begin with a `run` event".to_owned())) };
        match event.event.as_str() {
            "form" => {
                if let (Some(operation), Some(name), Some(facts)) = (event.operation, event.name, event.facts) {
                    run.forms.insert((operation, name), Form(facts));
                }
            }
            "case" => run.case(event, filter).map_err(wrong)?,
            "summary" => run.complete = event.complete.unwrap_or(false),
            _ => {}
        }
    }
    if runs.is_empty() {
        let problem = Diagnostic::error(format!("`{shown}` contains no results"));
        return Err(vec![problem.with_hint("`overstep check --report ndjson=FILE` writes results")]);
    }
    Ok(runs)
}

impl Run {
    fn case(&mut self, event: Event, filter: Option<&Filter>) -> Result<(), String> {
        let (Some(id), Some(operation), Some(intent), Some(observed)) =
            (event.id, event.operation, event.intent, event.observed)
        else {
            return Err("the `case` event lacks `id`, `operation`, `intent` or `observed`".to_owned());
        };
        let verdict = event.verdict.unwrap_or_default();
        if verdict == "unsendable" || filter.is_some_and(|filter| !filter.matches_id(&id)) {
            return Ok(());
        }
        let state = if matches!(verdict.as_str(), "pass" | "diverges" | "unspecified") {
            let observed: ObservedAnswer = serde_json::from_value(observed).map_err(|error| error.to_string())?;
            let form = match observed.form {
                None => None,
                Some(name) => {
                    let form = self.forms.get(&(operation.clone(), name.clone())).cloned();
                    Some(form.ok_or_else(|| format!("form `{name}` of `{operation}` is not defined"))?)
                }
            };
            let seen = Seen { status: observed.status, error: observed.error, note: observed.note, form };
            State::Seen(seen, event.expected.as_deref().and_then(Mark::new))
        } else {
            State::Unlearnt
        };
        let Spot { place, side, variant } = Spot::new(&id, intent);
        self.operations.entry(operation).or_default().push(Ran { place, side, variant, state });
        Ok(())
    }
}
