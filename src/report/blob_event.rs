//! The events of a blob, which holds everything that a merge needs of one shard: format `overstep-blob/1`.
//!
//! The lines of cases are those of the results; the events here hold what these lack.

use crate::judge::{CanaryRecord, FailureKind};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::time::SystemTime;

/// The name of the format.
pub const BLOB_FORMAT: &str = "overstep-blob/1";

/// An event of a blob, apart from the lines of cases.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum BlobEvent {
    /// The first line of a blob.
    Blob(BlobHeader),
    /// A scenario begins.
    Begin(ScenarioBegin),
    /// What the line of the next case lacks.
    Detail(CaseDetail),
    /// A form of responses that the following cases refer to by its name.
    Form(BlobForm),
    /// All controls were sent.
    Controls(ControlsEnd),
    /// The sizes with which an actual limit was searched.
    Limit(LimitAnswers),
    /// A scenario ends.
    End(ScenarioEnd),
    /// The last line of a blob: the run ended by itself.
    Finished,
}

/// What a whole blob is about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BlobHeader {
    /// Always [`BLOB_FORMAT`] in blobs that this version writes.
    pub format: String,
    /// The version of overstep.
    pub version: String,
    /// The shard: `3/8`; `1/1` if the run is not split.
    pub shard: String,
    /// The settings of the run, as they are kept for a replay.
    pub run: Json,
    /// The principals that the run could use, by scenario.
    pub principals: IndexMap<String, Vec<String>>,
}

/// What is known when a scenario begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ScenarioBegin {
    /// The scenario's name.
    pub scenario: String,
    /// The endpoint's base URL.
    pub endpoint: String,
    /// The run's id, the value of `{run}`.
    pub run: String,
    /// The version that the server reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// When the run began.
    pub started: SystemTime,
    /// The digest of the contract.
    pub contract: String,
    /// The digest of the whole plan.
    pub plan: String,
    /// What the canary showed.
    pub canary: CanaryRecord,
}

/// What the line of a case lacks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CaseDetail {
    /// How the server failed, if it sent no complete response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<FailureKind>,
    /// The message of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The form of the accepted response, if the response differs from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted_form: Option<Vec<(String, String)>>,
    /// Whether the accepted response breaks the contract.
    #[serde(skip_serializing_if = "is_false")]
    pub accepted_divergence: bool,
    /// Whether the result belongs to another shard, which sends the same case.
    #[serde(skip_serializing_if = "is_false")]
    pub borrowed: bool,
    /// Why the case was sent after all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<FollowUpReason>,
    /// The rule of the case, if it is known only after the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Why a case was sent after all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FollowUpReason {
    /// A control fails that had succeeded.
    BrokenControl,
    /// It is the shortest part of this sequence that fails.
    PartOf(String),
}

/// A form of responses.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BlobForm {
    /// The operation.
    pub operation: String,
    /// The name in the following lines of cases.
    pub name: String,
    /// The facts that make up the form.
    pub facts: Vec<(String, String)>,
}

/// What the controls showed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ControlsEnd {
    /// The operations of which no further case is sent.
    pub skipped: Vec<String>,
}

/// The sizes with which one side of a limit was searched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitAnswers {
    /// The operation.
    pub operation: String,
    /// The path of the member.
    pub member: String,
    /// The name of the constraint.
    pub constraint: String,
    /// Whether it is the maximum.
    pub upper: bool,
    /// The sizes as decimal numbers, each with whether it was accepted, if that is known.
    pub answers: Vec<(String, Option<bool>)>,
}

/// What is known when a scenario ends.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ScenarioEnd {
    /// Why not all cases of the shard were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
    /// The last output lines of a server whose exit ended the run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub server_output: Vec<String>,
    /// Why fewer workers were used than were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worker_note: Option<String>,
    /// Number of cases whose cleanup failed, with the first one's id and the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<(u64, String, String)>,
    /// Processor time of overstep and of the server, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processor_seconds: Option<(f64, f64)>,
    /// Duration in seconds.
    pub seconds: f64,
}
