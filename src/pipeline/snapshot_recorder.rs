//! Reads accepted behaviour before a run, and writes snapshots after it.
//!
//! It never removes accepted behaviour of cases that did not run.

use super::Job;
use crate::generate::{Level, Options, cases};
use crate::judge::{Change, Spot, Verdict};
use crate::report::{Diagnostic, Done, NewForm, NotRun, SnapshotNews};
use crate::snapshot::{Ran, Snapshot, State, Whole, merged, read, write};
use crate::store::{SnapshotFile, Snapshots, StoreError};
use indexmap::IndexMap;
use std::collections::{HashMap, HashSet};

/// What a run writes for responses that differ from the accepted ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Update {
    /// Writes nothing.
    #[default]
    No,
    /// Writes pending snapshots, to be reviewed.
    New,
    /// Accepts all responses.
    All,
}

/// The location of snapshots, and what a run may write there.
#[derive(Clone, Debug)]
pub struct Keeping {
    /// The directory of snapshots.
    pub snapshots: Snapshots,
    /// What the run may write.
    pub update: Update,
    /// The scenario's file, as named in the header of snapshots.
    pub source: String,
    /// The profile that snapshots belong to, if it is not the job's own.
    pub profile: Option<String>,
}

/// The accepted behaviour of a job's operations.
#[derive(Default)]
pub(super) struct Accepted {
    files: HashMap<String, (SnapshotFile, Option<Snapshot>)>,
}

impl Accepted {
    /// Reads the snapshots of all operations.
    pub fn read(job: &Job, keeping: Option<&Keeping>) -> Result<Self, Vec<Diagnostic>> {
        let mut files = HashMap::new();
        let mut wrong = Vec::new();
        for operation in keeping.map(|_| &job.contract.operations).into_iter().flatten() {
            let Some(keeping) = keeping else { break };
            let name = operation.name.as_str();
            let file =
                keeping.snapshots.file(keeping.profile.as_ref().unwrap_or(&job.profile), &job.scenario.name, name);
            match snapshot(&file) {
                Ok(snapshot) => {
                    files.insert(name.to_owned(), (file, snapshot));
                }
                Err(problem) => wrong.push(*problem),
            }
        }
        if wrong.is_empty() { Ok(Self { files }) } else { Err(wrong) }
    }

    /// Returns the accepted behaviour of an operation.
    pub fn of(&self, operation: &str) -> Option<&Snapshot> {
        self.files.get(operation)?.1.as_ref()
    }
}

/// Reads the accepted snapshot of an operation, if there is one.
pub(super) fn snapshot(file: &SnapshotFile) -> Result<Option<Snapshot>, Box<Diagnostic>> {
    let text = file.accepted().map_err(|error| Box::new(unusable(&error)))?;
    text.map(|text| parsed(&file.path, &text)).transpose()
}

/// Parses the text of a snapshot.
pub(super) fn parsed(path: &std::path::Path, text: &str) -> Result<Snapshot, Box<Diagnostic>> {
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

pub(super) fn unusable(error: &StoreError) -> Diagnostic {
    Diagnostic { hint: error.hint.clone(), ..Diagnostic::error(error.reason.clone()) }
}

/// Collects the responses of a run, in plan order.
pub(super) struct Record<'a> {
    job: &'a Job,
    keeping: Option<&'a Keeping>,
    accepted: &'a Accepted,
    operations: IndexMap<String, Seen>,
}

#[derive(Default)]
struct Seen {
    /// Names of forms: first the accepted ones, then those that the run adds.
    names: Snapshot,
    told: HashSet<u32>,
    cases: Vec<Ran>,
    differs: bool,
}

impl<'a> Record<'a> {
    pub fn new(job: &'a Job, keeping: Option<&'a Keeping>, accepted: &'a Accepted) -> Self {
        Self { job, keeping, accepted, operations: IndexMap::new() }
    }

    /// Records the result of a case, and names its form.
    pub fn add(&mut self, done: &mut Done) {
        let Some(keeping) = self.keeping else { return };
        let name = done.case.operation.as_str();
        if !self.operations.contains_key(name) {
            let mut seen = Seen::default();
            if let Some(accepted) = self.accepted.of(name) {
                seen.names.forms.clone_from(&accepted.forms);
            }
            self.operations.insert(name.to_owned(), seen);
        }
        let Some(operation) = self.operations.get_mut(name) else { return };
        let comparison = &done.comparison;
        if let Some(form) = comparison.seen.as_ref().and_then(|seen| seen.form.as_ref()) {
            let number = operation.names.intern(form);
            name_form(&mut done.line, number);
            if operation.told.insert(number) {
                done.new_form = Some(NewForm { name: format!("f{number}"), facts: form.0.clone() });
            }
        }
        operation.differs |= matches!(comparison.change, Change::Changed | Change::New);
        if keeping.update == Update::No || done.judgement.verdict == Verdict::Unsendable {
            return;
        }
        let state = match &comparison.seen {
            Some(seen) => State::Seen(seen.clone(), comparison.mark.clone()),
            None => State::Unlearnt,
        };
        let Spot { place, side, variant } = comparison.spot.clone();
        operation.cases.push(Ran { place, side, variant, state });
    }

    /// Writes the snapshots of the run; `complete` means that every case of the scenario ran. The accepted behaviour of
    /// operations that were not run stays unchanged.
    pub fn write(self, complete: bool, not_run: &[NotRun]) -> Result<SnapshotNews, Vec<Diagnostic>> {
        let mut news = SnapshotNews::default();
        let Some(keeping) = self.keeping.filter(|keeping| keeping.update != Update::No) else { return Ok(news) };
        let whole = complete;
        let mut planned = if whole { HashMap::new() } else { self.planned()? };
        let accepted = self.accepted;
        for (name, mut seen) in self.operations {
            if not_run.iter().any(|one| one.operation == name) {
                continue;
            }
            let Some((file, before)) = accepted.files.get(&name) else { continue };
            if !whole {
                seen.cases = filled(planned.remove(&name).unwrap_or_default(), seen.cases);
            }
            let vanishes = whole && before.as_ref().is_some_and(|before| has_more(before, &seen.cases));
            let failed = |error: StoreError| vec![unusable(&error)];
            let rewrites = whole && keeping.update == Update::All;
            if !seen.differs && !vanishes && !rewrites {
                if whole {
                    file.forget().map_err(failed)?;
                }
                continue;
            }
            let whole = if whole { Whole::Complete } else { Whole::Planned };
            let next = merged(before.as_ref(), header(&keeping.source, &file.scenario, &name), &seen.cases, whole);
            if next.lines.is_empty() && before.is_none() {
                continue;
            }
            if before.as_ref() == Some(&next) {
                file.forget().map_err(failed)?;
                continue;
            }
            if keeping.update == Update::All {
                file.accept(&write(&next)).map_err(failed)?;
                file.forget().map_err(failed)?;
                news.accepted += 1;
            } else {
                file.wait(&write(&next)).map_err(failed)?;
                news.waiting += 1;
            }
        }
        Ok(news)
    }

    /// Returns all cases that a complete run would send, by operation.
    fn planned(&self) -> Result<HashMap<String, Vec<Ran>>, Vec<Diagnostic>> {
        let mut planned: HashMap<String, Vec<Ran>> = HashMap::new();
        let differing = |name: &str| self.operations.get(name).is_some_and(|seen| seen.differs);
        if !self.operations.values().any(|seen| seen.differs) {
            return Ok(planned);
        }
        let options = Options { seed: self.job.seed, level: Level::Full };
        let all = cases(&self.job.contract, &self.job.scenario, options)
            .map_err(|error| vec![Diagnostic::error(error.to_string())])?;
        for case in all.filter(|case| case.unsendable.is_none() && differing(case.operation.as_str())) {
            let Spot { place, side, variant } = Spot::new(&case.id.0, case.intent);
            let ran = Ran { place, side, variant, state: State::NotRun };
            planned.entry(case.operation.as_str().to_owned()).or_default().push(ran);
        }
        Ok(planned)
    }
}

/// Returns the header of a snapshot, in insta's format.
pub(super) fn header(source: &str, scenario: &str, operation: &str) -> Vec<String> {
    let scalar = |text: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
        let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain);
        if is_plain { text.to_owned() } else { serde_json::Value::from(text).to_string() }
    };
    vec![format!("source: {}", scalar(source)), format!("expression: {}", scalar(&format!("{scenario}/{operation}")))]
}

/// Merges the recorded cases into the planned ones.
fn filled(plan: Vec<Ran>, seen: Vec<Ran>) -> Vec<Ran> {
    let mut known: IndexMap<(String, String), Ran> =
        seen.into_iter().map(|ran| ((ran.place.clone(), ran.variant.clone()), ran)).collect();
    let mut all: Vec<Ran> = plan
        .into_iter()
        .map(|ran| known.shift_remove(&(ran.place.clone(), ran.variant.clone())).unwrap_or(ran))
        .collect();
    all.extend(known.into_values());
    all
}

/// Returns true if a snapshot contains lines for cases that no longer exist.
fn has_more(before: &Snapshot, cases: &[Ran]) -> bool {
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
fn name_form(line: &mut Vec<u8>, number: u32) {
    const NONE: &[u8] = b"\"form\":null";
    // Quotes inside of strings are escaped with a backslash, so the first match is the field.
    if let Some(at) = memchr::memmem::find(line, NONE) {
        line.splice(at..at + NONE.len(), format!("\"form\":\"f{number}\"").into_bytes());
    }
}
