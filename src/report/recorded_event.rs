//! The events of recorded results, as converters to other formats receive them.
//!
//! Fields that older versions did not write have defaults, so that their results can be converted, too.

use super::{RecordedFinding, RecordedStep, VerdictCounts};
use crate::case::Intent;
use crate::contract::Provenance;
use crate::judge::{ObservedOutcome, SnapshotChange, ValueDifference, Verdict};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// An event of recorded results.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RecordedEvent {
    /// The run of a scenario begins.
    Run(Box<RunStartEvent>),
    /// A case was judged.
    Case(Box<JudgedCaseEvent>),
    /// A finding of the scenario.
    Finding(Box<RecordedFinding>),
    /// The run of a scenario ends.
    Summary(Box<RecordedSummary>),
    /// An event that converters do not need.
    #[serde(other)]
    Other,
}

/// The `run` event.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RunStartEvent {
    /// The version of overstep.
    pub version: String,
    /// The scenario's name.
    pub scenario: String,
    /// The endpoint's base URL.
    pub endpoint: String,
    /// The endpoint's name.
    pub profile: String,
    /// Seed of the generated data.
    pub seed: u64,
    /// The run's id.
    pub run: String,
    /// The version that the server reports.
    pub server: Option<String>,
    /// When the run began, in UTC: `2026-11-30T19:20:05Z`. Empty in results of older versions.
    pub started: String,
    /// Paths in the repository of the documents that are there, by the names that sources use.
    pub documents: IndexMap<String, String>,
    /// The path in the repository of the scenario's file.
    pub scenario_file: Option<String>,
}

impl RunStartEvent {
    /// Returns the file and line of a source `document:line`: the document's if it is in the repository, otherwise the
    /// first line of the scenario.
    pub fn locate(&self, source: Option<&str>) -> Option<(String, u64)> {
        let documented = source.and_then(|source| self.locate_document(source));
        documented.or_else(|| Some((self.scenario_file.clone()?, 1)))
    }

    /// Returns the file and line of a source `document:line`, if the document is in the repository.
    pub fn locate_document(&self, source: &str) -> Option<(String, u64)> {
        let (document, line) = source.rsplit_once(':')?;
        Some((self.documents.get(document)?.clone(), line.parse().ok().filter(|line| *line > 0)?))
    }
}

/// The `case` event.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[non_exhaustive]
pub struct JudgedCaseEvent {
    /// The id.
    pub id: String,
    /// The scenario.
    #[serde(default)]
    pub scenario: String,
    /// The operation.
    #[serde(default)]
    pub operation: String,
    /// The purpose of the case.
    pub intent: Option<Intent>,
    /// The verdict.
    pub verdict: Verdict,
    /// The code, if the case diverges or its response has changed.
    pub code: Option<String>,
    /// Whether it is an accepted or known divergence.
    #[serde(default)]
    pub known: bool,
    /// The comparison of its response with the accepted one.
    #[serde(default)]
    pub change: SnapshotChange,
    /// What was received.
    pub observed: ObservedOutcome,
    /// What is documented.
    #[serde(default)]
    pub documented: Json,
    /// Values that differ from those of a second endpoint.
    #[serde(default)]
    pub differs: Vec<ValueDifference>,
    /// Reason for the verdict.
    #[serde(default)]
    pub why: String,
    /// Where the rule is documented.
    pub source: Option<Provenance>,
    /// Duration of the judged step, in milliseconds.
    #[serde(default)]
    pub millis: f64,
    /// The steps that were sent, if the case did not pass.
    #[serde(default)]
    pub steps: Vec<RecordedStep>,
    /// The judged request as a curl line.
    pub curl: Option<String>,
    /// Output of the server during the case.
    #[serde(default)]
    pub server_output: Vec<String>,
}

impl JudgedCaseEvent {
    /// Describes what is documented: `status 200`, `400 invalid or 404 not_found`, `nothing: a byte order mark`.
    pub fn describe_documented(&self) -> String {
        let response = |one: &Json| {
            let status = one["status"].as_u64().map(|status| status.to_string());
            let words = [status, one["error"].as_str().map(str::to_owned)];
            words.into_iter().flatten().collect::<Vec<_>>().join(" ")
        };
        if let Some(errors) = self.documented["reject"].as_array() {
            let errors: Vec<String> = errors.iter().map(response).filter(|text| !text.is_empty()).collect();
            return if errors.is_empty() { "an error".to_owned() } else { errors.join(" or ") };
        }
        match (&self.documented["accept"], self.documented["unspecified"].as_str()) {
            (Json::Object(_), _) => match response(&self.documented["accept"]) {
                status if status.is_empty() => "success".to_owned(),
                status => format!("success with status {status}"),
            },
            (_, Some(why)) => format!("nothing ({why})"),
            (_, None) => "nothing".to_owned(),
        }
    }

    /// Returns true if the case counts as a finding, unless `--strict` made an accepted divergence one.
    pub fn is_finding(&self) -> bool {
        crate::judge::is_finding(self.verdict, self.known, self.change, false)
    }
}

/// The `summary` event.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RecordedSummary {
    /// The scenario.
    pub scenario: String,
    /// Cases by verdict, and by comparison with accepted behaviour.
    #[serde(flatten)]
    pub counts: VerdictCounts,
    /// Reasons why cases were not compared with the documentation.
    pub muted: Vec<String>,
    /// Notes about known divergences that expired or no longer occur.
    pub known_notes: Vec<String>,
    /// Coverage: pairs of reached and total, and a row per operation.
    pub coverage: Json,
    /// Whether all cases of the scenario were sent; absent in results of older versions.
    pub complete: Option<bool>,
    /// Why the run is incomplete.
    pub incomplete: Option<String>,
    /// Cases whose cleanup failed.
    pub left: Option<Json>,
    /// Operations that were not run.
    pub not_run: Vec<Json>,
    /// Duration in seconds.
    pub seconds: f64,
}
