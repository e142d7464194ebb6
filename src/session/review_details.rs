//! Finds what a reviewer wants to know about pending lines in the results of the last run: whether they are as documented,
//! and an example.
//!
//! This module never decides anything, and never keeps more than one example per line.

use crate::case::CaseId;
use crate::judge::{SnapshotKey, Verdict};
use crate::report::{JudgedCaseEvent, RecordedEvent, ResultsConverter};
use crate::session::review::PendingSnapshot;
use indexmap::IndexMap;
use std::collections::HashMap;
use std::io;

/// How the cases of a line compare with the documentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum DocumentedState {
    /// The run has no case of the line.
    #[default]
    Unknown,
    /// Every case received what is documented.
    AsDocumented,
    /// The documents are silent for some of the cases.
    Undocumented,
    /// Some of the cases received something else than what is documented.
    Diverges,
}

/// What the last run says about a line.
#[derive(Clone, Debug, Default)]
pub struct LineDetails {
    /// How its cases compare with the documentation.
    pub state: DocumentedState,
    /// The number of its cases.
    pub cases: usize,
    /// The case that shows most: one that diverges, if there is one, and with its request.
    pub example: Option<Box<JudgedCaseEvent>>,
}

/// The details of all pending lines.
#[derive(Clone, Debug, Default)]
pub struct ReviewDetails {
    lines: HashMap<LineKey, LineDetails>,
    documents: IndexMap<String, String>,
    profile: String,
}

/// Profile, scenario, operation and place of a line.
type LineKey = (String, String, String, String);

impl ReviewDetails {
    /// Creates details without a run, for pending snapshots. Results are added as events.
    pub fn new(pending: &[PendingSnapshot]) -> Self {
        let mut lines = HashMap::new();
        for snapshot in pending {
            for unit in &snapshot.units {
                lines.insert(line_key(snapshot, &unit.place), LineDetails::default());
            }
        }
        Self { lines, ..Self::default() }
    }

    /// Returns the details of a line.
    pub fn of(&self, snapshot: &PendingSnapshot, place: &str) -> LineDetails {
        self.lines.get(&line_key(snapshot, place)).cloned().unwrap_or_default()
    }

    /// Returns the path in the repository of a document, by the name that sources use.
    pub fn document_path(&self, document: &str) -> Option<&str> {
        self.documents.get(document).map(String::as_str)
    }

    fn add_case(&mut self, case: Box<JudgedCaseEvent>) {
        let (Ok(id), Some(intent)) = (case.id.parse::<CaseId>(), case.intent) else { return };
        let place = SnapshotKey::new(&id, intent).place;
        let key = (self.profile.clone(), case.scenario.clone(), case.operation.clone(), place);
        let Some(line) = self.lines.get_mut(&key) else { return };
        let state = match case.verdict {
            Verdict::Pass => DocumentedState::AsDocumented,
            Verdict::Unspecified => DocumentedState::Undocumented,
            Verdict::Diverges => DocumentedState::Diverges,
            _ => return,
        };
        line.cases += 1;
        let shows_more =
            |before: &JudgedCaseEvent| state > line.state || (before.steps.is_empty() && !case.steps.is_empty());
        if line.example.as_deref().is_none_or(shows_more) {
            line.example = Some(case);
        }
        line.state = line.state.max(state);
    }
}

fn line_key(snapshot: &PendingSnapshot, place: &str) -> LineKey {
    let file = &snapshot.file;
    (file.profile.clone(), file.scenario.clone(), file.operation.clone(), place.to_owned())
}

impl ResultsConverter for ReviewDetails {
    fn convert_event(&mut self, event: RecordedEvent) -> io::Result<()> {
        match event {
            RecordedEvent::Run(run) => {
                self.documents.extend(run.documents);
                self.profile = run.profile;
            }
            RecordedEvent::Case(case) => self.add_case(case),
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}
